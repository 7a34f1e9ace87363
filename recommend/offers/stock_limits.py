"""Lists that respect how many pieces of each offer there are, and until when."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.clock import INSTANT, instants, moment
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.estimates import known
from siyu.datasets.exact_sums import exact_sum, exact_total
from siyu.datasets.frames import Frame, from_arrow, to_arrow
from siyu.datasets.ids import encode, ids_in, lookup
from siyu.datasets.ordering import opens_run
from siyu.recommend.sorted_keys import Bools, Ints, run_starts, within_run

__all__ = ["StockPlan", "StockRules", "allocate_stock"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRules:
    """How stock limits lists.

    Parameters
    ----------
    k : int >= 1
        Length of the lists that come out.
    count : {"members", "takers"}
        What stock is compared with: the members who see the offer, or the takers expected among
        them (the sum of their probabilities).
    oversell : float > 0
        Stock times this may be promised.
    first : {"value", "gain"}
        Who gets what is scarce: the member from whom most is expected (probability x value), or
        the one who would lose most by the next product of the own list.
    as_of : Timestamp, datetime or str, optional
        With a zone. Offers whose ``ends_at`` is not later are left out.

    Examples
    --------
    >>> StockRules(k=3, count="takers").oversell
    1.0
    """

    k: int = 10
    count: str = "members"
    oversell: float = 1.0
    first: str = "value"
    as_of: Any = None

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ParameterError("k", f"k must be 1 or more, got {self.k}")
        if not 0 < self.oversell < np.inf:
            raise ParameterError("oversell", f"oversell must be above 0, got {self.oversell}")
        for name, allowed in (("count", ("members", "takers")), ("first", ("value", "gain"))):
            if getattr(self, name) not in allowed:
                raise ParameterError(
                    name, f"{name} must be {' or '.join(allowed)}, got {getattr(self, name)!r}"
                )
        if self.as_of is not None and pd.Timestamp(self.as_of).tzinfo is None:
            raise ParameterError("as_of", f"as_of needs a time zone here, got {self.as_of!r}")


@dataclass(frozen=True, slots=True, eq=False)
class StockPlan:
    """Lists that fit the stock, and what that cost.

    Attributes
    ----------
    lists : frame like the lists given, sorted by ``member_id``, ``rank``
        Ranks begin anew from 1; ``rank_before`` is the rank that was given.
    offers : frame, one row an offer with a limit, sorted by its id
        ``stock``; ``wanted`` : members who had it among their first k; ``given`` : who have it
        now; ``expected_takers`` : of those; ``cut`` : wanted and did not get it; ``ended``.
    value, value_without_limit : float
        Probability x value over all rows given, and over the first k rows of everybody.
    """

    lists: Frame
    offers: Frame
    value: float
    value_without_limit: float


def allocate_stock(lists: Frame, offers: Frame, *, rules: StockRules | None = None) -> StockPlan:
    """Shorten lists so that no offer is promised more often than there are pieces.

    Every member asks for the first k rows of the own list. An offer asked for too often keeps the
    members from whom most is expected, and turns the others down; they ask for the next row of
    their list; and so on until nobody is turned down. Give lists longer than k, or nothing can
    be refilled.

    Parameters
    ----------
    lists : frame with member_id, rank, offer_id or product_id, probability
        Rows without an offer have no limit. A column ``value`` says what a purchase is worth;
        without it each is worth 1.
    offers : frame with offer_id or product_id (as in `lists`), stock
        ``offers`` of a Community. Null stock, and offers not listed, have no limit;
        ``ends_at`` is read if `rules` name a moment.
    rules : StockRules, optional
        Default ``StockRules()``.

    Returns
    -------
    StockPlan
        The same whatever the order of rows; draws go to the smaller member id.

    Raises
    ------
    DataError
        If a column is missing, a member has a rank twice, a probability is unknown or not in
        [0, 1], or an offer is listed twice.

    Notes
    -----
    Deferred acceptance (Gale & Shapley 1962): no member could be given an offer in the place of
    somebody from whom less is expected. With ``first="value"`` and lists in order of probability
    x value this is the greedy plan, worth at least half of the best plan, and mostly within a few
    percent of it; budgets and the best plan are another matter. ``first="gain"`` is best where
    one offer is scarce and lists are short. With ``count="takers"`` stock
    may be passed by nobody, but by chance more members than expected can come.

    References
    ----------
    Gale & Shapley (1962), "College admissions and the stability of marriage", American
    Mathematical Monthly 69, 9-15.

    Examples
    --------
    >>> import pandas as pd
    >>> lists = pd.DataFrame({"member_id": [1, 1, 2, 2], "rank": [1, 2, 1, 2]})
    >>> lists = lists.assign(offer_id=["deal", "tea", "deal", "tea"], probability=[0.2, 0.1] * 2)
    >>> lists.loc[2, "probability"] = 0.3
    >>> offers = pd.DataFrame({"offer_id": ["deal", "tea"], "stock": [1, 50]})
    >>> plan = allocate_stock(lists, offers, rules=StockRules(k=1))
    >>> plan.lists[["member_id", "offer_id", "rank_before"]].values.tolist()
    [[1, 'tea', 2], [2, 'deal', 1]]
    """
    how = rules or StockRules()
    table, kind = to_arrow(lists)
    limits, _ = to_arrow(offers)
    asked = _Asked.of(table, limits, how)
    given = _accepted(asked, how)
    at = np.flatnonzero(given)
    out = table.take(pa.array(asked.row[at]))
    rank = within_run(run_starts(asked.member[at]), len(at)) + 1
    before = out["rank"]
    out = out.set_column(out.column_names.index("rank"), "rank", pa.array(rank, pa.int64()))
    if "rank_before" in out.column_names:
        out = out.drop_columns("rank_before")
    out = out.append_column("rank_before", before)
    first = asked.nth < how.k
    return StockPlan(
        from_arrow(out, kind),
        from_arrow(asked.report(given, first), kind),
        exact_total(asked.expected[at]),
        exact_total(asked.expected[first]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """The rows of the lists as arrays, by member and rank."""

    row: Ints
    member: Ints
    nth: Ints
    offer: Ints
    chance: Numbers
    expected: Numbers
    key: str
    ids: pa.Array
    stock: Numbers
    ended: Bools

    @classmethod
    def of(cls, table: pa.Table, limits: pa.Table, how: StockRules) -> "_Asked":
        """Read lists and limits."""
        key = _key(table, limits)
        member, _ = encode(table["member_id"])
        rank = np.asarray(table["rank"].to_numpy(), np.int64)
        row = np.lexsort((rank, member))
        repeated = int((~opens_run(member[row], rank[row])).sum())
        if repeated:
            raise DataError(f"a member has a rank twice in the lists: {repeated} rows too many")
        chance = _numbers(table, "probability")[row]
        wrong = int((~((chance >= 0) & (chance <= 1))).sum())
        if wrong:
            raise DataError(f"probability must lie in [0, 1], {wrong} of {len(row)} rows do not")
        value = _numbers(table, "value")[row] if "value" in table.column_names else 1.0
        ids = ids_in(limits[key])
        if len(ids) < limits.num_rows:
            raise DataError(
                f"each {key} must be listed once in offers, {limits.num_rows - len(ids)} are not"
            )
        at = np.argsort(lookup(limits[key], ids))
        stock = _numbers(limits, "stock")[at]
        return cls(
            row,
            member[row],
            within_run(run_starts(member[row]), len(row)),
            lookup(table[key], ids)[row],
            chance,
            np.nan_to_num(chance * value),
            key,
            ids,
            np.where(np.isnan(stock), np.inf, np.maximum(stock, 0.0)),
            _ended(limits, how)[at],
        )

    def room(self, how: StockRules) -> Numbers:
        """Give how much of each offer may be promised."""
        return np.where(self.ended, 0.0, self.stock * how.oversell)

    def report(self, given: Bools, first: Bools) -> pa.Table:
        """Say of every limited offer who wanted it and who has it."""
        n = len(self.ids)
        met = self.offer >= 0
        wanted = np.bincount(self.offer[met & first], minlength=n)
        has = np.bincount(self.offer[met & given], minlength=n)
        cut = np.bincount(self.offer[met & first & ~given], minlength=n)
        takers = exact_sum(self.offer, self.chance, n, met & given)
        columns = {
            self.key: self.ids,
            "stock": known(np.where(np.isfinite(self.stock), self.stock, np.nan)),
            "wanted": pa.array(wanted, pa.int64()),
            "given": pa.array(has, pa.int64()),
            "expected_takers": pa.array(takers),
            "cut": pa.array(cut, pa.int64()),
            "ended": pa.array(self.ended),
        }
        return pa.table(columns).filter(pa.array(np.isfinite(self.stock) | self.ended))


def _accepted(asked: _Asked, how: StockRules) -> Bools:
    """Tell which rows members are given in the end."""
    room, worth = asked.room(how), _priority(asked, how)
    need = asked.chance if how.count == "takers" else np.ones(len(asked.row))
    limited = asked.offer >= 0
    limited[limited] = np.isfinite(room[asked.offer[limited]])
    # Of each offer's rows, those wanted most come first.
    order = np.flatnonzero(limited)
    order = order[np.lexsort((asked.member[order], -worth[order], asked.offer[order]))]
    turned_down = np.zeros(len(asked.row), np.bool_)
    while True:
        left = np.flatnonzero(~turned_down)
        held = left[within_run(run_starts(asked.member[left]), len(left)) < how.k]
        asks = np.zeros(len(asked.row), np.bool_)
        asks[held] = True
        queue = order[asks[order]]
        offer = asked.offer[queue]
        refused = queue[_filled(need[queue], run_starts(offer)) > room[offer] * (1 + 1e-12)]
        if not len(refused):
            return asks
        turned_down[refused] = True


def _filled(need: Numbers, starts: Ints) -> Numbers:
    """Give for each row of every queue what it and those before it need, in exact steps."""
    # Whole numbers of 2**-40: running sums of them do not depend on where they begin.
    whole = np.rint(need * 2.0**40).astype(np.int64)
    running = np.cumsum(whole)
    before = np.zeros(len(need), np.int64)
    if len(starts):
        before = np.repeat((running - whole)[starts], np.diff(np.append(starts, len(need))))
    return (running - before) / 2.0**40


def _priority(asked: _Asked, how: StockRules) -> Numbers:
    """Give what an offer prefers members by."""
    if how.first == "value":
        return asked.expected
    # Who is turned down moves up by one: the first row beyond the list is gained instead.
    n_members = int(asked.member.max(initial=-1)) + 1
    instead = np.zeros(n_members)
    beyond = asked.nth == how.k
    instead[asked.member[beyond]] = asked.expected[beyond]
    return asked.expected - instead[asked.member]


def _key(table: pa.Table, limits: pa.Table) -> str:
    """Find what offers are named by in both tables."""
    for name in ("member_id", "rank", "probability"):
        if name not in table.column_names:
            raise DataError(f"lists lack the column {name}; there are: {table.column_names}")
    for name in ("offer_id", "product_id"):
        if name in limits.column_names and name in table.column_names:
            if "stock" not in limits.column_names:
                raise DataError("offers lack the column stock: without it nothing is limited")
            return name
    raise DataError("lists and offers must both have the column offer_id, or both product_id")


def _ended(limits: pa.Table, how: StockRules) -> Bools:
    """Tell which offers have ended."""
    if how.as_of is None or "ends_at" not in limits.column_names:
        return np.zeros(limits.num_rows, np.bool_)
    kind = limits["ends_at"].type
    if not pa.types.is_timestamp(kind) or kind.tz is None:
        raise DataError("offers.ends_at must have a time zone, as it has in a Community")
    ends = limits["ends_at"].cast(INSTANT)
    is_known = ends.is_valid().to_numpy()
    us = instants(ends.fill_null(pa.scalar(0, INSTANT)))
    return np.asarray(is_known & (us <= moment(how.as_of, "UTC")))


def _numbers(table: pa.Table, name: str) -> Numbers:
    """Read a number column; NaN where null."""
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), np.float64)
