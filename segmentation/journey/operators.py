"""Operators: how much results differ between the staff who look after members."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, warn
from siyu.datasets.estimates import known, named_columns, shares
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import encode
from siyu.datasets.ordering import distinct
from siyu.datasets.purchases import is_purchase
from siyu.datasets.shrinkage import BetaPrior

from .audience import Audience, audience_of
from .paths import earliest
from .periods import days_us

__all__ = ["operator_spread"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def operator_spread(
    data: Community,
    *,
    as_of: Any,
    within_days: float = 30.0,
    output: FrameKind | None = None,
) -> Frame:
    """Compare the staff by how many of the members they added buy soon after.

    Small numbers make the best and the worst: each operator's share is drawn towards that of
    all by as much as chance alone would explain, and ``between_sd`` tells how much operators
    truly differ. Near 0, the routine works whoever follows it.

    Parameters
    ----------
    data : Community
        With staff_links (dated by ``added_at``) and orders.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    within_days : float > 0
        A purchase within so many days after being added counts.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default pandas.

    Returns
    -------
    frame, one row an operator, by ``staff_id``
        ``n_members`` : members linked; ``n_judged`` : of those, added at least `within_days`
        before `as_of`; ``n_bought`` : of n_judged, who bought in time; ``share``, ``low``,
        ``high`` : n_bought / n_judged (Wilson, 95 %); ``expected``, ``expected_low``,
        ``expected_high`` : the share drawn towards all (empirical Bayes, 95 % credible);
        ``overall_share`` : of all links; ``between_sd`` : standard deviation of the operators'
        true shares; both the same in all rows. Null where nobody can be judged.

    Raises
    ------
    DataError
        If staff_links or orders are missing, or no link is dated.
    ParameterError
        If `within_days` is out of range.

    Warns
    -----
    SiyuWarning
        If undated links are left out, or links from before orders were recorded.

    Notes
    -----
    Operators may have been given different members: a difference need not be theirs. A member
    with two operators counts for both.

    References
    ----------
    Kleinman (1973), J. American Statistical Association 68, 46-54.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=500, random_state=0)
    >>> found = operator_spread(c, as_of="2026-07-01")
    >>> bool((abs(found["expected"] - found["overall_share"]) < 0.1).all())
    True
    """
    window = days_us("within_days", within_days)
    a = audience_of(data, as_of, ("staff_links", "orders"), (), "operator_spread()")
    member, staff, added, ids = _links(a)
    bought = _bought_within(a, member, added, window)
    recorded = added >= (np.iinfo(np.int64).min if a.begin is None else a.begin)
    judged = (added + window <= a.end) & recorded
    if n_old := int(np.count_nonzero(~recorded)):
        warn(f"operator_spread(): {n_old} links are older than the record; they are not judged")

    def count(mask: Bools) -> Ints:
        return np.bincount(staff[mask], minlength=len(ids))

    n, n_judged = count(np.ones(len(staff), np.bool_)), count(judged)
    n_bought = count(judged & bought)
    prior = BetaPrior.of(n_bought, n_judged)
    low, high = prior.interval(n_bought, n_judged)  # NaN where the prior is
    expected = prior.posterior_mean(n_bought, n_judged)
    spread = np.sqrt(prior.mean * (1 - prior.mean) / (prior.strength + 1))
    overall = n_bought.sum() / n_judged.sum() if n_judged.any() else np.nan
    columns = {
        "staff_id": ids,
        "n_members": pa.array(n),
        "n_judged": pa.array(n_judged),
        "n_bought": pa.array(n_bought),
        **named_columns(shares(n_bought, n_judged)),
        **named_columns((expected, low, high), ("expected", "expected_low", "expected_high")),
        "overall_share": known(np.full(len(n), overall)),
        "between_sd": known(np.full(len(n), spread)),
    }
    return from_arrow(pa.table(columns), output or "pandas")


def _links(a: Audience) -> tuple[Ints, Ints, Ints, pa.Array]:
    """Give each link once: member, operator, and since when."""
    table = a.c.arrow("staff_links")
    rows, of, at = a.rows("staff_links", "added_at", columns=("staff_id",))
    if table is not None and table.num_rows and not len(of):
        raise DataError("operator_spread() needs dated links: staff_links.added_at")
    if table is not None and (n := table.num_rows - len(of)):
        warn(f"operator_spread(): {n} links are left out: undated, or not of a customer")
    staff, ids = encode(rows["staff_id"]) if len(of) else (of, pa.array([], pa.int64()))
    met, place = np.unique(of * max(len(ids), 1) + staff, return_inverse=True)
    added = earliest(place, at, len(met))
    return met // max(len(ids), 1), met % max(len(ids), 1), added, ids


def _bought_within(a: Audience, member: Ints, added: Ints, window: int) -> Bools:
    """Tell after which links the member bought in time."""
    rows, of, at = a.rows("orders", "order_time", columns=("amount", "quantity"))
    bought = is_purchase(rows)
    of, at = of[bought], at[bought]
    moments = distinct(np.concatenate([at, added, added + window]))

    def key(who: Ints, when: Ints) -> Ints:
        return who * (len(moments) + 1) + np.searchsorted(moments, when)

    keys = np.sort(key(of, at))
    first = np.searchsorted(keys, key(member, added))
    return np.asarray(np.searchsorted(keys, key(member, added + window)) > first)
