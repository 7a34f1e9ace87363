"""The products worth scoring for each member, source by source."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.recommend.candidates.recall import RecallOptions, source_recall

__all__ = [
    "RecallOptions",
    "source_recall",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "RecallOptions": "siyu.recommend.candidates.recall",
        "source_recall": "siyu.recommend.candidates.recall",
    },
)
