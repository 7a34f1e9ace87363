"""The referrals that do not count, or are to be doubted."""

from typing import TYPE_CHECKING, Any

from siyu.datasets.frames import Frame, FrameKind, from_arrow

from .referral_forest import ReferralForest

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["referral_problems"]


def referral_problems(c: "Community", *, as_of: Any, output: FrameKind = "pandas") -> Frame:
    """List every referral that does not count, and every one to be doubted, with the reason.

    Parameters
    ----------
    c : Community
        With referrals, and members for the times of joining.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a referral and problem, sorted by problem, invitee, time and inviter
        ``problem`` : code, see `ReferralForest.problems`; ``inviter_id``, ``invitee_id``,
        ``referral_time`` (null if unknown); ``counted`` : whether the referral counts all the
        same. Rows not counted and members brought add up to all referrals.

    Raises
    ------
    DataError
        If there are no referrals.

    Warns
    -----
    SiyuWarning
        If referrals are undated.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from siyu.datasets import Community
    >>> times = pa.array([1, 2], pa.timestamp("s", "UTC"))
    >>> referrals = {"inviter_id": ["ann", "bob"], "invitee_id": ["bob", "bob"]}
    >>> c = Community(referrals=pa.table(referrals | {"referral_time": times}))
    >>> referral_problems(c, as_of="2026-01-01")[["problem", "invitee_id", "counted"]]
           problem invitee_id  counted
    0  self_invite        bob    False
    """
    c.require("referrals", call="referral_problems()")
    return from_arrow(ReferralForest.of(c.before(as_of), c.moment(as_of)).problems, output)
