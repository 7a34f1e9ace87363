"""Cascades: every tree of the referral forest as one row."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import take
from siyu.graph.undated import UNDATED

from .forest_campaigns import Campaigns
from .forest_view import ForestView, known_times
from .referral_forest import ReferralForest

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["cascade_stats"]

Ints = npt.NDArray[np.int64]


def cascade_stats(c: "Community", *, as_of: Any, output: FrameKind = "pandas") -> Frame:
    """Describe every cascade: a member whom nobody brought, and all who came through them.

    Parameters
    ----------
    c : Community
        With referrals, orders for the money, and campaigns for their kinds.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a tree of two members or more, sorted by ``root_id``
        ``n_members`` : the root included, int >= 2; ``n_inviting`` : of those, who brought
        somebody; ``depth`` : generations below the root, int >= 1; ``breadth`` : the most
        members in one of them; ``structural_virality`` : mean steps between two members, from
        1 (two members) over just below 2 (a star) to (n_members + 1) / 3 (a chain);
        ``started_at``, ``last_at`` : first and last referral of known time, null if none;
        ``duration_days`` : between them, float >= 0;
        ``n_buyers``, ``gmv`` : of the members brought (the root was not), who first bought
        after that, and what they paid since, net of refunds; null without orders;
        ``campaign_id`` : if all referrals of the tree belong to one campaign, else null;
        ``campaign_kind`` : if all belong to campaigns of one kind, else null.

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
    A cascade is what has grown so far; the young ones are not done.

    References
    ----------
    Goel, Anderson, Hofman & Watts (2016), "The structural virality of online diffusion",
    Management Science 62(1), 180-196.

    Examples
    --------
    >>> import warnings
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=300, random_state=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # the simulator plants circles and self-invites
    ...     found = cascade_stats(c, as_of="2026-07-01")
    >>> bool((found["breadth"] < found["n_members"]).all())
    True
    """
    view = ForestView.of(c, as_of, "cascade_stats()")
    forest, shape = view.forest, view.forest.shape
    root = np.flatnonzero((forest.parent < 0) & (shape.size > 1))
    start, end, undated = _span(forest)
    dated = ~undated[root]
    lasted = np.where(dated, end[root] - np.where(dated, start[root], 0), 0) / DAY_US
    campaigns = Campaigns.of(view.known, forest)
    campaign = _the_only(forest, campaigns.campaign)[root]
    kind = _the_only(forest, campaigns.kind)[root]
    columns = {
        "root_id": take(forest.ids, root),
        "n_members": shape.size[root].astype(np.int64),
        "n_inviting": 1 + shape.below((forest.height > 0).astype(np.int64))[root],
        "depth": forest.height[root],
        "breadth": forest.breadth[root],
        "structural_virality": forest.structural_virality[root],
        "started_at": known_times(start[root], ~dated),
        "last_at": known_times(end[root], ~dated),
        "duration_days": pa.array(lasted, mask=~dated),
        **_money(view, root),
        "campaign_id": take(campaigns.ids, campaign),
        "campaign_kind": take(campaigns.kinds, kind),
    }
    return from_arrow(pa.table(columns), output)


def _span(forest: ReferralForest) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """Give the first and last known time of each root's tree, and where there is none."""
    n, time = len(forest), forest.time
    known = np.flatnonzero(time != UNDATED)
    start, end = np.full(n, np.iinfo(np.int64).max), np.full(n, UNDATED)
    np.minimum.at(start, forest.root[known], time[known])
    np.maximum.at(end, forest.root[known], time[known])
    return start, end, end == UNDATED


def _the_only(forest: ReferralForest, codes: Ints) -> Ints:
    """Give for each root the code that all members brought in its tree share, else -1."""
    brought = np.flatnonzero(forest.parent >= 0)
    root, code = forest.root[brought], codes[brought]
    low, high = np.full(len(forest), np.iinfo(np.int64).max), np.full(len(forest), -1)
    np.minimum.at(low, root, code)
    np.maximum.at(high, root, code)
    return np.where(low == high, high, -1)


def _money(view: ForestView, root: Ints) -> dict[str, Any]:
    if view.money is None:
        return {
            "n_buyers": pa.nulls(len(root), pa.int64()),
            "gmv": pa.nulls(len(root), pa.float64()),
        }
    shape = view.forest.shape
    return {
        "n_buyers": shape.below(view.money.bought.astype(np.int64))[root],
        "gmv": shape.below_exactly(view.money.gmv)[root],
    }
