"""Generations: how referrals go on from step to step."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow

from .forest_view import ForestView

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["generations"]


def generations(c: "Community", *, as_of: Any, output: FrameKind = "pandas") -> Frame:
    """Add up all cascades by generation: who goes on inviting, and what they buy.

    Generation 0 are the members whom nobody brought and who brought somebody; whoever neither
    brought nor was brought is in none.

    Parameters
    ----------
    c : Community
        With referrals, and orders for the money.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a generation, sorted by ``generation`` (0, 1, ...)
        ``n_members`` : of it; ``n_inviting`` : of those, who brought somebody;
        ``inviting_share`` : n_inviting / n_members; ``n_brought`` : members they brought, the
        next generation; ``branching`` : n_brought / n_members, above 1 while it grows;
        ``n_won`` : members of this generation who had not bought before they were brought;
        ``n_buyers`` : of those, who bought since; ``conversion`` : n_buyers / n_won;
        ``gmv`` : what they paid, net of refunds. The last four are null for generation 0,
        which nobody brought, and without orders.

    Raises
    ------
    DataError
        If there are no referrals.

    Warns
    -----
    SiyuWarning
        As `referral_stats`.

    Notes
    -----
    Later generations are younger: they had less time to invite and to buy, so that falling
    rates need not mean that they are worse. Generation 0 branches by construction.

    Examples
    --------
    >>> from siyu.datasets import Community
    >>> referrals = {"inviter_id": ["ann", "ann", "bob"], "invitee_id": ["bob", "cid", "dan"]}
    >>> times = pa.array([1, 2, 3], pa.timestamp("s", "UTC"))
    >>> orders = {"member_id": ["dan"], "order_time": times[2:], "amount": [20.0]}
    >>> c = Community(
    ...     referrals=pa.table(referrals | {"referral_time": times}), orders=pa.table(orders)
    ... )
    >>> found = generations(c, as_of="2026-01-01")
    >>> found[["generation", "n_members", "n_inviting", "branching", "n_buyers"]]
       generation  n_members  n_inviting  branching  n_buyers
    0           0          1           1        2.0      <NA>
    1           1          2           1        0.5         0
    2           2          1           0        0.0         1
    """
    view = ForestView.of(c, as_of, "generations()")
    forest = view.forest
    some = np.flatnonzero((forest.parent >= 0) | (forest.n_direct > 0))
    depth = forest.depth[some]
    n = int(depth.max()) + 1 if len(some) else 0
    members = np.bincount(depth, minlength=n)
    inviting = np.bincount(depth[forest.n_direct[some] > 0], minlength=n)
    brought = np.append(members[1:], np.zeros(min(n, 1), dtype=np.int64))
    columns = {
        "generation": np.arange(n),
        "n_members": members,
        "n_inviting": inviting,
        "inviting_share": inviting / np.maximum(members, 1),
        "n_brought": brought,
        "branching": brought / np.maximum(members, 1),
        **_money(view, n),
    }
    return from_arrow(pa.table(columns), output)


def _money(view: ForestView, n: int) -> dict[str, pa.Array]:
    if view.money is None:
        kinds = {"n_won": pa.int64(), "n_buyers": pa.int64()}
        kinds |= {"conversion": pa.float64(), "gmv": pa.float64()}
        return {name: pa.nulls(n, kind) for name, kind in kinds.items()}
    depth, money, first = view.forest.depth, view.money, np.arange(n) == 0
    won = np.bincount(depth[money.won], minlength=n)
    buyers = np.bincount(depth[money.bought], minlength=n)
    return {
        "n_won": pa.array(won, mask=first),
        "n_buyers": pa.array(buyers, mask=first),
        "conversion": pa.array(buyers / np.maximum(won, 1), mask=won == 0),
        "gmv": pa.array(exact_sum(depth, money.gmv, n), mask=first)
        if n
        else pa.array([], pa.float64()),
    }
