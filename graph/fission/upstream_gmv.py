"""Credit for what members bought, to those who brought them, and to who brought those."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.spans import span_us
from siyu.graph.undated import UNDATED

from .forest_view import ForestView
from .referral_forest import ReferralForest

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["decayed_credit", "upstream_credit"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DECAY = 0.5
MAX_DEPTH = 2
_DEEPEST = 64


def upstream_credit(  # noqa: PLR0913 - one question, and each choice a word of it
    c: "Community",
    *,
    as_of: Any,
    decay: float = DECAY,
    max_depth: int = MAX_DEPTH,
    window: str | pd.Timedelta | None = None,
    share: bool = False,
    output: FrameKind = "pandas",
) -> Frame:
    r"""Credit what members bought to those who brought them, less with every step up.

    With :math:`g_j` the money member j brought (net of refunds, and 0 for who had bought
    before being brought) and :math:`d(i, j)` the steps from j up to i,

    .. math:: credit_i = \sum_{j:\ 1 \le d(i, j) \le D} \lambda^{d(i, j)} g_j

    With ``share=True`` the weights of a buyer's ancestors within D steps are scaled to add up
    to 1, so that every amount is credited whole, and all credit adds up to all that the brought
    members paid.

    Parameters
    ----------
    c : Community
        With referrals and orders.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    decay : float in (0, 1]
        :math:`\lambda`, the weight of each further step; 1 credits all steps alike.
    max_depth : int from 1 to 64
        D, how many steps up credit goes; 1 credits the inviter alone.
    window : str or Timedelta of at least a day, optional
        Count only what was bought, and sent back, within this time after the referral; members
        brought at an unknown time then count for nothing, with a warning. Default: all.
    share : bool
        Split each amount, rather than count it once for every ancestor.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a customer, sorted by ``member_id``
        ``credit`` : in the currency of the orders, >= 0;
        ``gmv_direct`` : what those paid whom the member brought; ``gmv`` : what all paid within
        `max_depth` steps below, neither decayed nor split; ``n_buyers`` : how many of them
        bought.

    Raises
    ------
    DataError
        If referrals or orders are missing.
    ParameterError
        If `decay`, `max_depth` or `window` is out of range.

    Warns
    -----
    SiyuWarning
        As `referral_stats`; if `window` leaves members out because it is not known when they
        were brought.

    Notes
    -----
    This tells where buyers came from. It is no scheme to pay by: rewards for more than the
    direct invitation are limited by law in many countries (in China by the rules against
    pyramid selling, which look at levels, entry fees and head counts), so have them checked.
    Nor is it an effect: some would have come without being brought.

    Examples
    --------
    Ann brought Bob, who brought Cid; Cid pays 100, which is 50 for Bob and 25 for Ann:

    >>> from siyu.datasets import Community
    >>> times = pa.array([1, 2], pa.timestamp("s", "UTC"))
    >>> referrals = {"inviter_id": ["ann", "bob"], "invitee_id": ["bob", "cid"]}
    >>> orders = {"member_id": ["cid"], "order_time": times[1:], "amount": [100.0]}
    >>> c = Community(
    ...     referrals=pa.table(referrals | {"referral_time": times}), orders=pa.table(orders)
    ... )
    >>> upstream_credit(c, as_of="2026-01-01")
      member_id  credit  gmv_direct    gmv  n_buyers
    0       ann    25.0         0.0  100.0         1
    1       bob    50.0       100.0  100.0         1
    2       cid     0.0         0.0    0.0         0
    """
    if not 0 < decay <= 1:
        raise ParameterError("decay", f"decay must be above 0 and at most 1, got {decay}")
    if not 1 <= max_depth <= _DEEPEST:
        raise ParameterError("max_depth", f"max_depth must be 1 to {_DEEPEST}, got {max_depth}")
    c.require("referrals", "orders", call="upstream_credit()")
    length = None if window is None else span_us("window", window)
    view = ForestView.of(c, as_of, "upstream_credit()", length)
    forest, money = view.forest, view.earned()
    if window is not None:
        _warn_undated(forest)
    gmv, direct, n_buyers = _plain(forest, money.gmv, money.bought, max_depth)
    columns = {
        "member_id": forest.ids,
        "credit": decayed_credit(forest, money.gmv, decay, max_depth, share=share),
        "gmv_direct": direct,
        "gmv": gmv,
        "n_buyers": n_buyers,
    }
    return from_arrow(pa.table(columns), output)


def decayed_credit(
    forest: ReferralForest,
    gmv: Floats,
    decay: float = DECAY,
    max_depth: int = MAX_DEPTH,
    *,
    share: bool = False,
) -> Floats:
    """Add up for every member what those below paid, weighted by decay to the distance.

    Parameters
    ----------
    forest : ReferralForest
    gmv : float64 array, n members
        What each member paid that counts.
    decay, max_depth, share
        As in `upstream_credit`.

    Returns
    -------
    float64 array, n members

    Examples
    --------
    >>> forest = ReferralForest.from_arrays([0, 1], [1, 2])
    >>> decayed_credit(forest, np.array([0.0, 0.0, 90.0]), share=True)
    array([30., 60.,  0.])
    """
    given = gmv
    if share:
        steps = np.minimum(forest.depth, max_depth)
        given = (
            gmv / np.concatenate([[1.0], np.cumsum(decay ** np.arange(1, max_depth + 1))])[steps]
        )
    credit = np.zeros(len(forest))
    for distance, member, ancestor in forest.above(max_depth):
        credit += decay**distance * exact_sum(ancestor, given[member], len(forest))
    return credit


def _plain(
    forest: ReferralForest, gmv: Floats, bought: npt.NDArray[np.bool_], max_depth: int
) -> tuple[Floats, Floats, Ints]:
    """Add up, undecayed: money within the depth, money one step below, and buyers."""
    n = len(forest)
    total, direct, buyers = np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int64)
    for distance, member, ancestor in forest.above(max_depth):
        paid = exact_sum(ancestor, gmv[member], n)
        direct = paid if distance == 1 else direct
        total += paid
        buyers += np.bincount(ancestor[bought[member]], minlength=n)
    return total, direct, buyers


def _warn_undated(forest: ReferralForest) -> None:
    n = int(np.count_nonzero((forest.parent >= 0) & (forest.time == UNDATED)))
    if n:
        warn(
            f"upstream_credit(): {n} members were brought at an unknown time; what they bought "
            "within the window is not known and not counted"
        )
