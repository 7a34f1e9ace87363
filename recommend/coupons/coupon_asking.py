"""Whom the caller asks about: members, and one member with one coupon."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from siyu.datasets.errors import DataError, warn
from siyu.datasets.ids import lookup
from siyu.recommend.lists.model import ids_like
from siyu.recommend.sorted_keys import Ints

from .coupon_explanation import explain_coupon
from .coupon_scene import CouponScene
from .coupon_state import CouponState

__all__ = ["asked_members", "explain_one", "member_codes"]


def asked_members(scene: CouponScene, members: Sequence[Any] | pa.Array) -> pa.Array:
    """Sort out the members that the caller asks for; warn of what was odd about them."""
    asked = ids_like(members, "members", scene.addressed.type)
    is_staff = lookup(asked, scene.staff) >= 0
    if is_staff.any():
        warn(f"{int(is_staff.sum())} of the members asked for are staff and get no list")
    asked = asked.filter(pa.array(~is_staff))
    n_unknown = int((lookup(asked, scene.addressed) < 0).sum())
    if n_unknown:
        warn(f"{n_unknown} of the members asked for are not known: coupons open to all, if any")
    return asked


def member_codes(scene: CouponScene, members: Sequence[Any] | pa.Array | None) -> Ints:
    """Give the codes of members with personal scores: all, or some of those asked for."""
    if members is None:
        return np.arange(len(scene.bought.members))
    found = lookup(asked_members(scene, members), scene.bought.members)
    return found[found >= 0]


def explain_one(state: CouponState, member_id: Any, offer_id: Any) -> pa.Table:
    """Take apart the score of one coupon for one member.

    Raises
    ------
    DataError
        If the member or the coupon is not known, or the member cannot have it.
    """
    scene = state.scene
    asked = ids_like([member_id], "member_id", scene.addressed.type)
    named = ids_like([offer_id], "offer_id", scene.pool.offers.type)
    member = int(lookup(asked, scene.bought.members)[0])
    offer = int(lookup(named, scene.pool.offers)[0])
    if offer < 0:
        moment = pd.Timestamp(scene.moment, unit="us", tz="UTC")
        raise DataError(f"offer {offer_id!r} is no coupon known before {moment}")
    found = None if member < 0 else explain_coupon(state, member, offer)
    if found is None:
        raise DataError(
            f"member {member_id!r} has no personal score for {offer_id!r}: not known, opted "
            "out, or not among those who may have the coupon now"
        )
    return found
