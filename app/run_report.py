"""The report of one run: what its steps found, handed to the pages."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from siyu.manifest import versions
from siyu.report import build_report
from siyu.report.report_input import ReportInput

if TYPE_CHECKING:
    from siyu.pipeline import RunOptions, RunResult

__all__ = ["report_of"]


def report_of(result: "RunResult", options: "RunOptions") -> str:
    """Build the page set of a run.

    Parameters
    ----------
    result : RunResult
    options : RunOptions

    Returns
    -------
    str
        HTML, complete in itself.
    """
    as_of = pd.Timestamp(result.as_of, unit="us", tz="UTC").tz_convert(result.community.tz)
    offers = result.offers
    page: str = build_report(
        ReportInput(
            community=result.community,
            as_of=as_of,
            tags=result.tags,
            rfm=_rfm(result, as_of),
            koc=None if result.koc is None else result.koc.ranked,
            recommendations=None if offers is None else offers.recommendations,
            validation=None if offers is None else offers.recommender.validation_,
            skipped=result.skipped,
            warnings=result.warnings,
            manifest={"versions": versions(), "random_state": options.random_state},
            ties=None if result.koc is None else result.koc.ties,
            communities=_communities(result),
        ),
        lang=options.lang,
    )
    return page


def _rfm(result: "RunResult", as_of: Any) -> Any:
    if not result.community.has("orders"):
        return None
    from siyu.segmentation import rfm

    return rfm(result.community, as_of=as_of)


def _communities(result: "RunResult") -> Any:
    if result.koc is None:
        return None
    from siyu.graph import MemberGraph, communities

    return communities(MemberGraph.from_ties(result.koc.ties))
