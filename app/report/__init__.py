"""The report: figures as functions, and one self-contained page set."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from .build import build_report
    from .report_input import ReportInput

__all__ = ["ReportInput", "build_report"]

__getattr__, __dir__ = attach(
    __name__,
    {"ReportInput": "siyu.report.report_input", "build_report": "siyu.report.build"},
)
