"""KOC of each product category: who buys it credibly, and whom others follow into it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ordering import opens_run
from siyu.datasets.shrinkage import shrink_rate

from .koc_exclusions import exclusions
from .koc_facts import KocFacts, share_below
from .koc_followers import (
    CategoryBuying,
    Listening,
    category_buying,
    followers,
    listening,
)

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["koc_by_category"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_PRIOR_DAYS = 5.0  # purchase days that the usual shares are worth
_HALF_DAYS = 2.0  # purchase days in a category after which one is half credible


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """Members who bought of a category in the last year, by category."""

    category: Ints
    member: Ints
    n_days: Ints
    own_share: Floats
    n_listeners: Ints
    n_followers: Ints
    follow_rate: Floats
    score: Floats


def koc_by_category(  # noqa: PLR0913  (whom to leave out, by name and by suspicion, are two choices)
    c: "Community",
    *,
    as_of: Any,
    k: int = 10,
    categories: Iterable[str] | None = None,
    exclude: Any = None,
    exclude_suspected: bool = True,
    output: FrameKind = "pandas",
) -> Frame:
    r"""List for each product category who buys it credibly and is followed into it.

    Listeners are members who replied to this one, or trusted, mentioned, nominated or were
    referred by this one. A follower is a listener who bought of the category after the first
    such contact, and after this member had bought of it. It is what came after, not what came
    of it: friends like the same things. A contact without a date counts from the first.

    .. math:: \text{score} = \sqrt{R\left(\frac{d_c}{d_c + 2} \cdot
              \frac{d_c + 5 p_c}{d + 5}\right) \cdot R(l \, \hat f_c)}

    with :math:`d_c` own purchase days in the category and :math:`d` their sum over all
    categories, of the last 365;
    :math:`p_c` the share of the category in the days of all members; :math:`l` listeners and
    :math:`\hat f_c` the share of them who follow, shrunk towards that of all candidates of the
    category; R the share of the candidates whom one reaches or passes. So who is first buys it
    often, buys it rather than other things, and is followed: one alone does not do.

    Parameters
    ----------
    c : Community
        With orders that bear ``product_id``, products with ``category``, and any of messages
        with replies, referrals and ties.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    k : int
        How many to list a category, at most.
    categories : iterable of str, optional
        Which ones; default all.
    exclude : frame with ``member_id``, or ids in any array, list or set, optional
        Whom not to list.
    exclude_suspected : bool
        Whether to leave out members whose referrals look faked.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, sorted by ``category``, then ``rank``
        ``rank`` : from 1, of equals the smaller id first; ``member_id``; ``score`` : above 0, at
        most 1; ``n_days`` : own purchase days in the category; ``own_share`` : of all own days,
        shrunk; ``n_listeners``; ``n_followers``; ``follow_rate`` : shrunk. Members without a
        purchase of the category in the last 365 days, or without listeners, are not listed,
        nor are staff, members who opted out, and the excluded. Order lines of products without
        a category count nowhere.

    Raises
    ------
    DataError
        If a table or column needed is not there.
    ParameterError
        If `k` is below 1, or a category is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> days = pd.to_datetime(["2026-05-01", "2026-05-03"])
    >>> bought = pd.DataFrame({"member_id": ["ann", "bob"], "order_time": days, "amount": 9.0})
    >>> c = Community(
    ...     orders=bought.assign(product_id=1),
    ...     products=pd.DataFrame({"product_id": [1], "category": ["tea"]}),
    ...     messages=pd.DataFrame({"member_id": ["bob"], "message_time": days[:1]}).assign(
    ...         reply_to_member_id="ann"
    ...     ),
    ...     tz="UTC",
    ... )
    >>> listed = koc_by_category(c, as_of="2026-06-01")
    >>> listed[["category", "rank", "member_id", "n_days", "n_listeners", "n_followers"]]
      category  rank member_id  n_days  n_listeners  n_followers
    0      tea     1       ann       1            1            1
    """
    if k < 1:
        raise ParameterError("k", f"k must be 1 or more, got {k}")
    _require(c)
    known = c.before(as_of)
    facts = KocFacts(known, c.moment(as_of), known.customers(), ties=None)
    heard = listening(facts)
    if heard is None:
        raise DataError(
            "koc_by_category() needs to know who listens to whom: messages with "
            f"reply_to_member_id, referrals, or ties with kind; there are: {', '.join(c.tables())}"
        )
    buying = category_buying(facts)
    wanted = _wanted(buying.names, categories)
    found = _candidates(facts, buying, heard)
    stays = exclusions(facts, exclude, suspected=exclude_suspected) == 0
    listed = _first(found, k, stays[found.member] & wanted[found.category])
    return from_arrow(_table(facts, buying.names, found, listed), output)


def _require(c: "Community") -> None:
    c.require("orders", "products", call="koc_by_category()")
    for table, column in (("orders", "product_id"), ("products", "category")):
        rows = c.arrow(table)
        if rows is None or column not in rows.column_names:
            raise DataError(f"koc_by_category() needs the column {column} of {table}")


def _wanted(names: pa.Array, categories: Iterable[str] | None) -> npt.NDArray[np.bool_]:
    """Tell which categories were asked for."""
    known = names.to_pylist()
    if categories is None:
        return np.ones(len(known), dtype=np.bool_)
    asked = {categories} if isinstance(categories, str) else set(categories)
    unknown = sorted(asked - set(known), key=str)
    if unknown:
        raise ParameterError(
            "categories",
            f"no products are of the categories {', '.join(map(repr, unknown))}; "
            f"there are: {', '.join(known) or 'none'}",
        )
    return np.array([name in asked for name in known], dtype=np.bool_)


def _candidates(facts: KocFacts, buying: CategoryBuying, heard: Listening) -> _Candidates:
    """Measure everybody who bought of a category lately, and has listeners."""
    n, width = len(facts.members), max(len(buying.names), 1)
    listeners = np.bincount(heard.speaker, minlength=n)
    rows = np.flatnonzero((buying.n_days > 0) & (listeners[buying.member] > 0))
    rows = rows[np.argsort(buying.category[rows], kind="stable")]
    member, category = buying.member[rows], buying.category[rows]
    n_followers = followers(buying, heard, n)[rows]
    n_days = buying.n_days[rows]
    share = _own_share(buying, n, width)[rows]
    rate, score = np.zeros(len(rows)), np.zeros(len(rows))
    ends = np.append(np.flatnonzero(opens_run(category)), len(rows))
    for one in map(slice, ends[:-1], ends[1:]):  # each category by itself
        rate[one] = shrink_rate(n_followers[one], listeners[member[one]])
        credible = share_below(n_days[one] / (n_days[one] + _HALF_DAYS) * share[one])
        score[one] = np.sqrt(credible * share_below(rate[one] * listeners[member[one]]))
    return _Candidates(category, member, n_days, share, listeners[member], n_followers, rate, score)


def _own_share(buying: CategoryBuying, n: int, width: int) -> Floats:
    """Give the share of each row's category in the member's days, drawn to that of all."""
    of_member = np.bincount(buying.member, buying.n_days, n)[buying.member]
    of_category = np.bincount(buying.category, buying.n_days, width)
    usual = of_category / max(of_category.sum(), 1.0)
    return np.asarray(
        (buying.n_days + _PRIOR_DAYS * usual[buying.category]) / (of_member + _PRIOR_DAYS)
    )


def _first(found: _Candidates, k: int, may: npt.NDArray[np.bool_]) -> Ints:
    """Choose the first k of each category among those who may be listed, in order."""
    rows = np.flatnonzero(may)
    rows = rows[np.lexsort((found.member[rows], -found.score[rows], found.category[rows]))]
    return rows[_places(found.category[rows]) <= k]


def _places(category: Ints) -> Ints:
    """Count the rows of each category from 1, in their order."""
    begin = np.flatnonzero(opens_run(category))
    size = np.diff(np.append(begin, len(category)))
    return np.arange(1, len(category) + 1) - np.repeat(begin, size)


def _table(facts: KocFacts, names: pa.Array, found: _Candidates, rows: Ints) -> pa.Table:
    category = found.category[rows]
    return pa.table(
        {
            "category": names.take(pa.array(category)),
            "rank": _places(category),
            "member_id": facts.members.take(pa.array(found.member[rows])),
            "score": found.score[rows],
            "n_days": found.n_days[rows],
            "own_share": found.own_share[rows],
            "n_listeners": found.n_listeners[rows],
            "n_followers": found.n_followers[rows],
            "follow_rate": found.follow_rate[rows],
        }
    )
