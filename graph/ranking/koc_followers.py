"""Who follows whom into a category: listeners who buy of it after the speaker did."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US
from siyu.datasets.ids import encode, lookup
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.ordering import distinct
from siyu.datasets.purchases import is_purchase
from siyu.graph.tie_rules import ATTENTION_KINDS
from siyu.graph.undated import UNDATED, times_of

from .koc_facts import KocFacts
from .koc_habits import YEAR

__all__ = ["CategoryBuying", "Listening", "category_buying", "followers", "listening"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CategoryBuying:
    """Who bought what category, a row a member and category, sorted by these.

    Attributes
    ----------
    names : pyarrow.Array
        The categories, sorted; `category` holds places in it.
    member, category : int64 arrays, n_rows
    n_days : int64 array
        Local days of the last year on which the member bought of it.
    first, last : int64 arrays
        Instants of the first and the last purchase of it, ever.
    """

    names: pa.Array
    member: Ints
    category: Ints
    n_days: Ints
    first: Ints
    last: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """Who listens to whom, a row a pair, and since when (us; `UNDATED`: nobody knows)."""

    listener: Ints
    speaker: Ints
    since: Ints


def category_buying(facts: KocFacts) -> CategoryBuying:
    """Count on which days members bought of each category; needs orders and products."""
    lines = _purchases(facts)
    bought = MemberRows.of(lines, time="order_time", members=facts.members)
    category, names = _categories(facts, bought.table["product_id"])
    rows = np.flatnonzero(category >= 0)
    key = bought.codes[rows] * max(len(names), 1) + category[rows]
    met, place = np.unique(key, return_inverse=True)
    first, last = np.full(len(met), np.iinfo(np.int64).max), np.full(len(met), UNDATED)
    np.minimum.at(first, place, bought.times[rows])
    np.maximum.at(last, place, bought.times[rows])
    lately = bought.times[rows] >= facts.end - YEAR * DAY_US
    days = bought.days(facts.known.tz)[rows][lately]
    span = int(days.max(initial=0)) + 1
    per_day = distinct(place[lately] * span + days)
    n_days = np.bincount(per_day // span, minlength=len(met))
    k = max(len(names), 1)
    return CategoryBuying(names, met // k, met % k, n_days, first, last)


def listening(facts: KocFacts) -> Listening | None:
    """Collect who replied to, trusted, mentioned, nominated, or was referred by whom.

    None if no table tells. A pair counts from its first contact; one without any date, always.
    """
    parts = [part for part in (_replies(facts), _attention(facts), _referred(facts)) if part]
    if not parts:
        return None
    listener, speaker, since = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = (listener >= 0) & (speaker >= 0) & (listener != speaker)
    n = max(len(facts.members), 1)
    pairs, place = np.unique(listener[kept] * n + speaker[kept], return_inverse=True)
    first = np.full(len(pairs), np.iinfo(np.int64).max)
    np.minimum.at(first, place, since[kept])
    return Listening(pairs // n, pairs % n, first)


def followers(buying: CategoryBuying, heard: Listening, n: int) -> Ints:
    """Count the listeners who bought after they began to listen, and after the speaker had.

    Parameters
    ----------
    buying : CategoryBuying
    heard : Listening
    n : int
        Number of members.

    Returns
    -------
    int64 array, one number a row of `buying`
        How many listeners of its member followed into its category.
    """
    k = max(len(buying.names), 1)
    starts = np.searchsorted(buying.member, np.arange(n + 1))
    size = np.diff(starts)[heard.listener]
    pair = np.repeat(np.arange(len(size)), size)
    place = np.arange(len(pair)) - np.repeat(np.cumsum(size) - size, size)
    theirs = starts[heard.listener][pair] + place
    own = buying.member * k + buying.category
    wanted = heard.speaker[pair] * k + buying.category[theirs]
    at = np.minimum(np.searchsorted(own, wanted), max(len(own) - 1, 0))
    later = np.maximum(heard.since[pair], buying.first[at])
    follows = (own[at] == wanted) & (buying.last[theirs] > later)
    return np.bincount(at[follows], minlength=len(own))


def _purchases(facts: KocFacts) -> pa.Table:
    orders = facts.known.arrow("orders")
    read = ["member_id", "order_time", "product_id"]
    return None if orders is None else orders.filter(is_purchase(orders)).select(read)


def _categories(facts: KocFacts, product_ids: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Give the category of each product as a code, -1 where unknown, and their names."""
    products = facts.known.arrow("products")
    if products is None:
        return np.full(len(product_ids), -1), pa.array([], pa.large_string())
    codes, names = encode(products["category"])
    at = lookup(product_ids, products["product_id"].combine_chunks())
    return np.where(at >= 0, np.append(codes, -1)[at], -1), names


def _replies(facts: KocFacts) -> tuple[Ints, Ints, Ints] | None:
    rows = facts.known.arrow("messages")
    if rows is None or "reply_to_member_id" not in rows.column_names:
        return None
    return _pairs(facts, rows, ("member_id", "reply_to_member_id", "message_time"))


def _attention(facts: KocFacts) -> tuple[Ints, Ints, Ints] | None:
    rows = facts.known.arrow("ties")
    if rows is None or "kind" not in rows.column_names:
        return None
    kinds = pa.array(ATTENTION_KINDS, pa.large_string())
    paid = rows.filter(pc.is_in(rows["kind"].cast(pa.large_string()), kinds))
    return _pairs(facts, paid, ("source", "target", "tie_time"))


def _referred(facts: KocFacts) -> tuple[Ints, Ints, Ints] | None:
    rows = facts.known.arrow("referrals")
    if rows is None:
        return None
    return _pairs(facts, rows, ("invitee_id", "inviter_id", "referral_time"))


def _pairs(
    facts: KocFacts, rows: pa.Table, columns: tuple[str, str, str]
) -> tuple[Ints, Ints, Ints]:
    listener, speaker, time = columns
    one, other = (lookup(rows[name], facts.members) for name in (listener, speaker))
    return one, other, times_of(rows, time)
