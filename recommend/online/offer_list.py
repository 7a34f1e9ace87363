"""The answer of the online call: the rows of one list, and what of the request did not count."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.recommend.lists.list_table import SOURCES, ListRows
from siyu.recommend.lists.model import Model
from siyu.recommend.lists.reasons import REASONS

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
    types : tuple of pa.DataType
        Of the ids of member, product and offer.
    """

    rows: tuple[Offer, ...]
    notes: Mapping[str, int]
    types: tuple[pa.DataType, pa.DataType, pa.DataType]

    @classmethod
    def of(
        cls, member_id: Any, found: Sequence[ListRows], model: Model, notes: Mapping[str, int]
    ) -> "OfferList":
        """Write the list of one member, who is the only one of the model's shop."""
        products, terms = model.shop.market.products, model.terms
        types = (model.shop.addressed.type, products.type, terms.offered.ids.type)
        rows: list[Offer] = []
        for part in found:
            offer = terms.pick(np.zeros(len(part.product), np.int64), part.product).tolist()
            probability = part.probability.tolist()
            rows += map(
                Offer,
                [member_id] * len(offer),
                part.rank.tolist(),
                [products[at].as_py() for at in part.product.tolist()],
                [None if at < 0 else terms.offered.ids[at].as_py() for at in offer],
                part.score.tolist(),
                [None if one != one else one for one in probability],  # noqa: PLR0124
                [SOURCES[at] for at in part.source.tolist()],
                [REASONS[at] for at in part.reason.tolist()],
            )
        return cls(tuple(rows), notes, types)

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
        member, product, offer = self.types
        text, number = pa.large_string(), pa.float64()
        kinds = (member, pa.int64(), product, offer, number, number, text, text)
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(kinds)
        arrays = [pa.array(one, kind) for one, kind in zip(columns, kinds, strict=True)]
        return from_arrow(pa.Table.from_arrays(arrays, list(Offer._fields)), output)
