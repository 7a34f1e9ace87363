"""Every member's place in the referral forest, and what grew below."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import take
from siyu.datasets.ordering import distinct
from siyu.graph.undated import UNDATED

from .forest_view import ForestView, known_times
from .referral_forest import ReferralForest
from .upstream_gmv import decayed_credit

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["referral_stats"]

Ints = npt.NDArray[np.int64]


def referral_stats(c: "Community", *, as_of: Any, output: FrameKind = "pandas") -> Frame:
    """Tell of every member who brought them, whom they brought, and how that went on.

    Referrals make a forest: see `ReferralForest` for who counts as brought by whom where
    several claim it, or claims run in a circle.

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
    frame, one row a customer, sorted by ``member_id``; staff are left out
        ``inviter_id`` : who brought the member, null for nobody;
        ``referred_at`` : when, null if unknown;
        ``root_id`` : where the chain of inviters begins, the member for a root;
        ``depth`` : generation, 0 for a root;
        ``n_invited`` : members invited, those whom somebody else had brought first too;
        ``n_direct`` : members brought;
        ``n_downstream`` : members brought, by those, and so on;
        ``max_depth`` : generations below; ``breadth`` : the most members in one of them;
        ``structural_virality`` : mean steps between two members of the subtree, float >= 1;
        2 (all brought by one) and below is a broadcast, more is passing on; null for who
        brought nobody;
        ``n_buyers`` : of ``n_downstream``, who first bought after being brought;
        ``gmv`` : what those paid since, net of refunds, in the currency of the orders;
        ``upstream_credit`` : the share of it as in `upstream_credit` with its usual decay and
        depth. The last three are null without orders.

    Raises
    ------
    DataError
        If there are no referrals.

    Warns
    -----
    SiyuWarning
        If referrals cannot be right (see `referral_problems`) or are undated, and if orders
        are missing or begin too late.

    Notes
    -----
    Whatever happened is told so far: late generations are still growing. Who was brought
    before referrals were recorded looks like a root.
    Time is O(n log d) for trees of depth d, memory O(n).

    References
    ----------
    Goel, Anderson, Hofman & Watts (2016), "The structural virality of online diffusion",
    Management Science 62(1), 180-196.

    Examples
    --------
    >>> from siyu.datasets import Community
    >>> referrals = {"inviter_id": ["ann", "ann", "bob"], "invitee_id": ["bob", "cid", "dan"]}
    >>> times = pa.array([1, 2, 3], pa.timestamp("s", "UTC"))
    >>> orders = {"member_id": ["dan"], "order_time": times[2:], "amount": [20.0]}
    >>> c = Community(
    ...     referrals=pa.table(referrals | {"referral_time": times}), orders=pa.table(orders)
    ... )
    >>> found = referral_stats(c, as_of="2026-01-01")
    >>> found[["member_id", "root_id", "depth", "n_direct", "n_downstream", "gmv"]]
      member_id root_id  depth  n_direct  n_downstream   gmv
    0       ann     ann      0         2             3  20.0
    1       bob     ann      1         1             1  20.0
    2       cid     ann      1         0             0   0.0
    3       dan     ann      2         0             0   0.0
    """
    view = ForestView.of(c, as_of, "referral_stats()")
    forest, time = view.forest, view.forest.time
    columns = {
        "member_id": forest.ids,
        "inviter_id": take(forest.ids, forest.parent),
        "referred_at": known_times(time, time == UNDATED),
        "root_id": take(forest.ids, forest.root),
        "depth": forest.depth,
        "n_invited": _n_invited(forest),
        "n_direct": forest.n_direct,
        "n_downstream": forest.n_below,
        "max_depth": forest.height,
        "breadth": forest.breadth,
        "structural_virality": pa.array(forest.structural_virality, from_pandas=True),
        **_money(view),
    }
    return from_arrow(pa.table(columns), output)


def _n_invited(forest: ReferralForest) -> Ints:
    """Count the distinct members whom each member invited, whoever was first."""
    claims, n = forest.claims, len(forest)
    kept = claims.can_count()
    pairs = distinct(claims.inviter[kept] * n + claims.invitee[kept])
    return np.bincount(pairs // max(n, 1), minlength=n)


def _money(view: ForestView) -> dict[str, Any]:
    if view.money is None:
        n = len(view.forest)
        kinds = {"n_buyers": pa.int64(), "gmv": pa.float64(), "upstream_credit": pa.float64()}
        return {name: pa.nulls(n, kind) for name, kind in kinds.items()}
    shape, money = view.forest.shape, view.money
    return {
        "n_buyers": shape.below(money.bought.astype(np.int64)),
        "gmv": shape.below_exactly(money.gmv),
        "upstream_credit": decayed_credit(view.forest, money.gmv),
    }
