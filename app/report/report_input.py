"""What the report is made from: the community and whatever the steps made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from siyu.datasets.community import Community
from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, to_arrow

__all__ = ["ReportInput"]

_NEEDS = {
    "tags": ("member_id",),
    "rfm": ("member_id", "recency", "frequency", "monetary"),
    "koc": ("member_id", "rank", "score"),
    "ties": ("source", "target"),
    "communities": ("member_id", "community"),
    "recommendations": ("member_id", "rank", "product_id", "score", "probability", "source"),
}

Words = str | tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReportInput:
    """Everything a report may tell about; parts that are None are named as absent.

    Parameters
    ----------
    community : Community
        Its rows at or after `as_of` are not looked at.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    tags : frame, optional
        From ``siyu.segmentation.tag``: ``member_id``, ``stage`` and one column a tag.
    rfm : frame, optional
        ``member_id``, ``recency``, ``frequency``, ``monetary``.
    koc : frame, optional
        From ``siyu.graph.koc``.
    ties, communities : frames, optional
        For the picture of the network: ``source``, ``target``, ``weight``; ``member_id``,
        ``community``.
    recommendations : frame, optional
        From ``OfferRecommender.recommend``.
    validation : frame, or mapping of method to (estimate, low, high), optional
        ``OfferRecommender.validation_``, or the metric of ``"model"`` and of each baseline.
    metric : str
        Name of that metric.
    skipped : mapping of step to reason
        Steps that were not done. Reasons are a string, or a pair (Chinese, English).
    warnings : sequence
        Strings, pairs, or ``SiyuWarning`` objects raised on the way.
    manifest : mapping
        What else identifies the run: ``versions``, ``sha256`` (of files), ``random_state``.
    names : bool
        Show ids of members. Default: only ranks.
    id_key : str, optional
        With a key, members bear a short keyed hash by which they are found again.

    Raises
    ------
    ParameterError
        If a frame lacks a column; all are named at once.

    Examples
    --------
    >>> import pandas as pd
    >>> members = pd.DataFrame({"member_id": ["a", "b"]})
    >>> ReportInput(community=Community(members=members), as_of="2026-01-01").names
    False
    """

    community: Community
    as_of: Any
    tags: Frame | None = None
    rfm: Frame | None = None
    koc: Frame | None = None
    ties: Frame | None = None
    communities: Frame | None = None
    recommendations: Frame | None = None
    validation: Frame | Mapping[str, tuple[float, float, float]] | None = None
    metric: str = "NDCG@10"
    skipped: Mapping[str, Words] = field(default_factory=dict)
    warnings: Sequence[Any] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    names: bool = False
    id_key: str | None = None

    def __post_init__(self) -> None:
        missing = []
        for part, columns in _NEEDS.items():
            frame = getattr(self, part)
            there = to_arrow(frame)[0].column_names if frame is not None else columns
            missing += [f"{part}.{name}" for name in columns if name not in there]
        if missing:
            raise ParameterError("results", f"the report misses columns: {', '.join(missing)}")
