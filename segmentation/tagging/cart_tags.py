"""Tags of carts: whether what members put in is bought."""

import numpy as np
import numpy.typing as npt

from siyu.datasets.clock import DAY_US
from siyu.datasets.ids import encode
from siyu.datasets.shrinkage import BetaPrior

from .event_rows import CART, EventRows, recent_events
from .evidence import Found
from .facts import Facts, grouped_once
from .found_values import count_tag, flag_tag, rate_tag
from .next_after import waits_of

__all__ = ["cart_outcomes", "cart_tags"]

Ints = npt.NDArray[np.int64]

_DAYS = 90
_WAIT_US = 3 * DAY_US
_FEWEST = 3


def cart_tags(facts: Facts, usual: BetaPrior) -> dict[str, Found]:
    """Tag what became of the carts of the last 90 days.

    Parameters
    ----------
    facts : Facts
        With purchases.
    usual : BetaPrior
        Of the share of carts that all members leave; its mean is NaN where nobody has a cart.

    Returns
    -------
    dict of tag to `Found`
        Nothing where nobody has a cart.
    """
    if np.isnan(usual.mean):
        return {}
    left, filled = grouped_once(facts, cart_outcomes)
    share = rate_tag(left, filled, usual)
    mostly = (left * 2 >= filled) & (filled >= _FEWEST)
    waiting = grouped_once(facts, _carts)[2] & (grouped_once(facts, _carts)[1] >= _WAIT_US)
    carts = grouped_once(facts, _carts)[0]
    return {
        "cart_left_share": share,
        "cart_abandoner": flag_tag(mostly, filled, filled < _FEWEST),
        "carts_waiting": count_tag(np.bincount(carts.codes[waiting], minlength=carts.n_members)),
    }


def cart_outcomes(facts: Facts) -> tuple[Ints, Ints]:
    """Count each member's carts that were left for three days, and all that are so old."""
    carts, waits, young = grouped_once(facts, _carts)
    old, n = ~young, len(facts.members)
    left = np.bincount(carts.codes[old & (waits >= _WAIT_US)], minlength=n)
    return left, np.bincount(carts.codes[old], minlength=n)


def _carts(facts: Facts) -> tuple[EventRows, Ints, npt.NDArray[np.bool_]]:
    """Give the carts, how long (us) each waited for its purchase, and which are under 3 days old.

    A cart waits for a purchase of its product by the member; where either side does not tell
    products, for any purchase.
    """
    carts = recent_events(facts, _DAYS).named(CART)
    bought = facts.purchases
    young = carts.times >= facts.end - _WAIT_US
    if bought is None:
        return carts, np.full(len(carts.codes), np.iinfo(np.int64).max), young
    since = np.flatnonzero(bought.times >= facts.end - _DAYS * DAY_US)
    acted, acted_at = bought.codes[since], bought.times[since]
    waits = waits_of((carts.codes, carts.times), (acted, acted_at))
    if bought.product is not None and "product_id" in carts.table.column_names:
        wanted, ids = encode(carts.column("product_id"))
        lines = bought.product.among(ids)[since]
        told, known = wanted >= 0, lines >= 0
        pairs = carts.codes[told] * len(ids) + wanted[told]
        met, code = np.unique(pairs, return_inverse=True)
        line = acted[known] * len(ids) + lines[known]
        place = np.minimum(np.searchsorted(met, line), max(len(met) - 1, 0))
        same = met[place] == line if len(met) else np.zeros(len(line), dtype=np.bool_)
        acts = (place[same], acted_at[known][same])
        waits[told] = waits_of((code.astype(np.int64), carts.times[told]), acts)
    return carts, waits, young
