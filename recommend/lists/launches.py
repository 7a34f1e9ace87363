"""The bonus of launches, found once for a shop: it does not depend on who is asked for."""

from dataclasses import replace

import numpy as np

from siyu.datasets.errors import warn
from siyu.recommend.market.neighbours import sample_rows
from siyu.recommend.sorted_keys import run_starts

from .batches import Wanted, pairs_for, score_pairs
from .exposure import Favour, favour_for
from .limits import Limits
from .model import Model

__all__ = ["favour_launches"]

_SAMPLE = 2_048  # members whose lists the bonus is measured on


def favour_launches(model: Model, wanted: Wanted) -> Wanted:
    """Give launches the bonus that their share of rows takes.

    Parameters
    ----------
    model : Model
    wanted : Wanted
        Its own limits may ban products for single members; that does not move the bonus.

    Warns
    -----
    SiyuWarning
        If there are too few launches to reach the share.
    """
    limits = wanted.limits
    if limits is None or not limits.rules.launch_share:
        return wanted
    lists = [(wanted.which, replace(wanted, limits=limits))]
    if limits.rules.min_new_share and not wanted.only_new:
        lists.append(("new", replace(wanted, only_new=True)))
    found = {which: _favour(model, one, limits) for which, one in lists}
    short = min(one.share for one in found.values())
    if short < limits.rules.launch_share - 1e-9:
        warn(
            f"launches fill {short:.1%} of the rows at most, launch_share asks for "
            f"{limits.rules.launch_share:.1%}: too few products were launched within launch_age"
        )
    bonus = {which: one.bonus for which, one in found.items()}
    return replace(wanted, limits=replace(limits, launch_bonus=bonus))


def _favour(model: Model, wanted: Wanted, limits: Limits) -> Favour:
    """Measure the bonus of one kind of list on a fixed sample of members."""
    shop = model.shop
    buyers = shop.bought.basket_member[run_starts(shop.bought.basket_member)]
    codes = sample_rows(buyers, _SAMPLE, 0)
    if not len(codes):
        return Favour(0.0, 0.0)
    everyone = replace(limits, member=codes, banned=())
    wanted = replace(wanted, limits=everyone)
    histories = shop.histories(codes)
    pairs = pairs_for(model, shop.market, histories, wanted)
    scored = score_pairs(shop.market, histories, model, pairs, wanted.which)
    likely = np.flatnonzero(limits.is_likely(scored.probability))
    is_launch = limits.is_launch[pairs.product[likely]]
    return favour_for(
        pairs.row[likely],
        scored.score[likely],
        is_launch,
        wanted.k,
        limits.rules.launch_share,
    )
