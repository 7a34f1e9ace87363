"""The answer of the online call: the rows of one list, and what of the request did not count."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.recommend.lists.list_table import COLUMNS

__all__ = ["Offer", "OfferList"]


class Offer(NamedTuple):
    """One row of a list; the columns of `OfferRecommender.recommend`."""

    member_id: Any
    rank: int
    product_id: Any
    offer_id: Any
    score: float
    probability: float | None
    source: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class OfferList(Sequence[Offer]):
    """The list of one member, best first.

    Attributes
    ----------
    rows : tuple of Offer
    notes : mapping of name to int
        How many of the request's rows did not count: ``before_snapshot`` and ``not_before_now``
        (by their time), ``unknown_products`` (that the snapshot does not know), ``no_purchases``
        (no product, a negative amount, no quantity), ``not_used`` (of a table that tells the
        model nothing of this member).
    table : pa.Table
    """

    rows: tuple[Offer, ...]
    notes: Mapping[str, int]
    table: pa.Table

    @classmethod
    def of(cls, table: pa.Table, notes: Mapping[str, int]) -> "OfferList":
        """Read the rows of a table of lists."""
        columns = (table[name].to_pylist() for name in COLUMNS)
        return cls(tuple(map(Offer, *columns)), notes, table)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: Any) -> Any:
        return self.rows[at]

    def __iter__(self) -> Iterator[Offer]:
        return iter(self.rows)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Give the rows as dictionaries, such as JSON takes them."""
        return [row._asdict() for row in self.rows]

    def to_frame(self, output: FrameKind = "pandas") -> Frame:
        """Give the rows as a frame like that of `OfferRecommender.recommend`."""
        return from_arrow(self.table, output)
