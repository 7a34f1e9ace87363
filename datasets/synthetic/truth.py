"""The planted truth: what the simulator knows and the tables do not tell."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from siyu.datasets.frames import from_arrow

from .arrays import Ints
from .catalogue import CATEGORIES
from .columns import ids, taken, words
from .lifecycle import Lives
from .members import CHANNELS, Traits
from .roster import Roster
from .seasons import DAY, Span

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PlantedTruth", "lives_truth", "members_truth", "tastes_truth"]


class PlantedTruth(Mapping[str, "pd.DataFrame"]):
    """Tables by name; each access gives a fresh pandas frame, `arrow` the Arrow table.

    Parameters
    ----------
    tables : mapping of name to pyarrow.Table

    Examples
    --------
    >>> truth = PlantedTruth({"rings": pa.table({"ring_id": ["ring0001"]})})
    >>> list(truth), truth["rings"].shape, truth.arrow("rings").num_rows
    (['rings'], (1, 1), 1)
    """

    __slots__ = ("_tables",)

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._tables = dict(tables)

    def __getitem__(self, name: str) -> "pd.DataFrame":
        frame: pd.DataFrame = from_arrow(self._tables[name], "pandas")
        return frame

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}={t.num_rows:,} rows" for name, t in self._tables.items())
        return f"PlantedTruth({sizes})"

    def arrow(self, name: str) -> pa.Table:
        """Give one table as Arrow."""
        return self._tables[name]


def members_truth(
    span: Span,
    roster: Roster,
    traits: Traits,
    gone: tuple[Ints, Ints],
    member_ids: pa.Array,
) -> pa.Table:
    """Build ``truth["members"]``; `gone` holds when members quit messages, and left the brand."""
    n = len(roster)
    quit_at, left_day = gone
    left = span.seen(np.minimum(left_day, span.days) * DAY)
    return pa.table(
        {
            "member_id": taken(member_ids, np.arange(n)),
            "community": ids("com", roster.community, 4),
            "inviter_id": taken(member_ids, roster.inviter),
            "generation": pa.array(roster.generation),
            "is_broker": pa.array(roster.is_broker),
            "is_fraud": pa.array(roster.is_fraud),
            "ring_id": ids("ring", roster.ring, 4),
            "is_spammer": pa.array(traits.is_spammer),
            "influence": pa.array(roster.influence),
            "sharing": pa.array(roster.sharing),
            "talk": pa.array(traits.talk),
            "is_buyer": pa.array(traits.is_buyer),
            "is_one_shot": pa.array(traits.is_one_shot),
            "gap_days": pa.array(traits.gap_days),
            "gap_shape": pa.array(traits.gap_shape),
            "lifetime_days": pa.array(traits.lifetime_days),
            "price_sensitivity": pa.array(traits.price_sensitivity),
            "coupon_response": pa.array(traits.coupon_response),
            "tolerance": pa.array(traits.tolerance),
            **{f"openness_{c}": pa.array(traits.openness[:, i]) for i, c in enumerate(CHANNELS)},
            "top_category": words(CATEGORIES, traits.taste.argmax(axis=1)),
            "archetype": pa.array(traits.archetype),
            "hour": pa.array(traits.hour % 24.0),
            "is_night_owl": pa.array(traits.is_night_owl),
            "keeps_member_day": pa.array(traits.keeps_member_day),
            "quit_at": span.instants(quit_at),
            "left_at": span.instants(left),
        }
    )


def tastes_truth(traits: Traits, member_ids: pa.Array) -> pa.Table:
    """Build ``truth["tastes"]``: the share of every category in a member's baskets."""
    shares = {f"{c}": pa.array(traits.taste[:, i]) for i, c in enumerate(CATEGORIES)}
    return pa.table({"member_id": taken(member_ids, np.arange(len(traits))), **shares})


def lives_truth(span: Span, lives: Lives, member_ids: pa.Array) -> pa.Table:
    """Build ``truth["lives"]``: the intervals in which members buy at their rhythm."""
    return pa.table(
        {
            "member_id": taken(member_ids, lives.member),
            "since": span.instants(lives.start * DAY),
            "until": span.instants(span.seen(np.minimum(lives.end, span.days) * DAY)),
        }
    )
