"""What members bring about within a window: buyers, their money, or followers."""

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import instants
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ids import encode, lookup
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.purchases import is_purchase
from siyu.graph.fission.forest_claims import Claims
from siyu.graph.tie_arrays import Codes
from siyu.graph.tie_rules import ATTENTION_KINDS
from siyu.graph.undated import UNDATED

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = [
    "Adoptions",
    "Outcome",
    "Referred",
    "attention_of",
    "brought_between",
    "followers_between",
    "instant_of",
    "known_before",
    "product_rows",
    "require_outcome",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

Outcome = Literal["buyers", "gmv", "followers"]
"""What is to be brought about; `siyu.graph.KocModel` says what each means."""

_BLOCK = 2**21  # pairs of a follower's adoption and somebody looked to, in memory at once


def require_outcome(outcome: object) -> None:
    """Refuse what is no outcome."""
    if outcome not in get_args(Outcome):
        known = ", ".join(get_args(Outcome))
        raise ParameterError("outcome", f"outcome must be one of {known}; got {outcome!r}")


def known_before(c: "Community", end: int) -> "Community":
    """Give the community as it was known just before an instant in microseconds."""
    return c.before(instant_of(end))


def instant_of(us: int) -> pd.Timestamp:
    """Give an instant in microseconds as a timestamp with its zone."""
    return pd.Timestamp(us, unit="us", tz="UTC")


class Referred:
    """Who referred whom first, and when each of the referred first bought.

    Order lines that are grouped by member already may be given, to spare the work.

    Attributes
    ----------
    inviter, invitee : int64 arrays
        Positions among the members, sorted by invitee; the earliest referral counts, undated
        ones last, at one instant the inviter with the smaller id. Staff are not among them.
    time : int64 array
        Of the referral, or `UNDATED`.
    bought_at : float64 array
        First purchase of the invitee, in microseconds; NaN if none is known.
    is_won : bool array
        Whether the invitee had not bought before the referral.
    """

    __slots__ = ("bought_at", "invitee", "inviter", "is_won", "orders", "time")

    def __init__(
        self, known: "Community", members: pa.Array, orders: MemberRows | None = None
    ) -> None:
        referrals, lines = known.arrow("referrals"), known.arrow("orders")
        if referrals is None or lines is None:
            there = ", ".join(known.tables()) or "none"
            raise DataError(
                "buyers and their money need the tables referrals and orders; this community "
                f"has: {there}. With ties, and orders or events that name products, "
                "outcome='followers' can be learned"
            )
        if orders is None:
            orders = MemberRows.of(lines, time="order_time", members=members)
        self.orders = orders
        claims = Claims.of(referrals, members)
        row = claims.first(len(members))
        self.invitee = np.flatnonzero(row >= 0)
        self.inviter, self.time = claims.inviter[row[self.invitee]], claims.time[row[self.invitee]]
        bought = self.orders.where(is_purchase(self.orders.table)).first_time()
        self.bought_at = bought[self.invitee]
        self.is_won = ~(self.bought_at < np.where(self.time == UNDATED, -np.inf, self.time))

    def bought_between(self, start: int, end: int) -> npt.NDArray[np.bool_]:
        """Tell which invitees were won by a first purchase within a window."""
        return self.is_won & (self.bought_at >= start) & (self.bought_at < end)


def brought_between(
    referred: Referred, start: int, end: int, outcome: Outcome, n_members: int
) -> Floats:
    """Count the invitees of each member who first bought within a window, or their money.

    The money is what those new buyers paid within the window, less refunds, at least 0 each.
    """
    came = referred.bought_between(start, end)
    if outcome == "buyers":
        return np.bincount(referred.inviter[came], minlength=n_members).astype(np.float64)
    inside = (referred.orders.times >= start) & (referred.orders.times < end)
    spent = np.maximum(referred.orders.where(inside).sum("amount"), 0)
    return exact_sum(referred.inviter[came], spent[referred.invitee[came]], n_members)


class Adoptions:
    """When each member first bought, or first acted on, each product.

    Attributes
    ----------
    source : {"orders", "events"}
        Purchases where orders name products, else every event that does.
    member, product : int64 arrays
        Codes, sorted by both.
    time : int64 array, the first time
    n_products : int
    """

    __slots__ = ("member", "n_products", "product", "source", "time")

    def __init__(self, known: "Community", members: pa.Array) -> None:
        rows, time = product_rows(known)
        self.source = "orders" if time == "order_time" else "events"
        member = lookup(rows["member_id"], members)
        product, names = encode(rows["product_id"])
        when = instants(rows[time])
        kept = (member >= 0) & (product >= 0)
        self.n_products = max(len(names), 1)
        key, when = member[kept] * self.n_products + product[kept], when[kept]
        order = np.lexsort((when, key))
        key, first = np.unique(key[order], return_index=True)
        self.member, self.product = key // self.n_products, key % self.n_products
        self.time = when[order][first]

    @property
    def key(self) -> Ints:
        """Member and product in one number, ascending."""
        return np.asarray(self.member * self.n_products + self.product)


def followers_between(
    adoptions: Adoptions, indptr: Ints, looked_to: Codes, start: int, end: int
) -> Floats:
    """Count, for each member, first adoptions within a window of what she adopted before.

    Parameters
    ----------
    adoptions : Adoptions
    indptr, looked_to : arrays, n + 1 and m
        Rows of whom each member looks to: the followers' side.
    start, end : int
        In microseconds, the end excluded.

    Returns
    -------
    float64 array, n
        Pairs of a follower and a product: who looks to her first adopted it within the window,
        after she had done so (before the window, or earlier in it).
    """
    n = len(indptr) - 1
    rows = np.flatnonzero((adoptions.time >= start) & (adoptions.time < end))
    n_pairs = np.diff(indptr)[adoptions.member[rows]]
    found = np.zeros(n)
    if not n_pairs.sum():
        return found
    key, ends = adoptions.key, np.cumsum(n_pairs)
    cuts = np.searchsorted(ends, np.arange(_BLOCK, ends[-1] + _BLOCK, _BLOCK), side="right")
    for low, high in zip(np.concatenate([[0], cuts[:-1]]), cuts, strict=True):
        part, many = rows[low:high], n_pairs[low:high]
        row = np.repeat(part, many)
        step = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
        leader = looked_to[indptr[adoptions.member[row]] + step].astype(np.int64)
        wanted = leader * adoptions.n_products + adoptions.product[row]
        at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        after = (key[at] == wanted) & (adoptions.time[at] < adoptions.time[row])
        found += np.bincount(leader[after], minlength=n)
    return found


def attention_of(ties: pa.Table) -> pa.Table:
    """Keep the ties by which the source looks to the target; all of them if none is such."""
    if "kind" not in ties.column_names:
        return ties
    paid = ties.filter(pc.is_in(ties["kind"], pa.array(ATTENTION_KINDS, pa.large_string())))
    return paid if paid.num_rows else ties


def product_rows(known: "Community") -> tuple[pa.Table, str]:
    """Give the rows that tell who took up which product: purchases, else events; and their time.

    Raises
    ------
    DataError
        If neither orders nor events name products.
    """
    orders, events = known.arrow("orders"), known.arrow("events")
    if orders is not None and "product_id" in orders.column_names:
        return orders.filter(pa.array(is_purchase(orders))), "order_time"
    if events is not None and "product_id" in events.column_names:
        return events, "event_time"
    raise DataError(
        "followers need orders or events with product_id; this community has: "
        f"{', '.join(known.tables()) or 'none'}"
    )
