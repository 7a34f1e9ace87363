"""Whether members buy what others of their group have just bought, beyond chance and season."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from siyu.datasets.clock import local_day
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.intervals import bootstrap_ratio
from siyu.datasets.ordering import opens_run
from siyu.datasets.spans import span_us
from siyu.datasets.windows import trailing_count

from .group_facts import GroupFacts, group_facts

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["PeerEffect", "peer_effect"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
RandomState = int | np.random.Generator | None


@dataclass(frozen=True, slots=True, eq=False)
class PeerEffect:
    """How often group mates had bought the same product shortly before, against expectation.

    Attributes
    ----------
    ratio, low, high : float
        Observed over expected, with a bootstrap interval over groups; 1 is no conformity.
    level : float
    n_purchases : int
        Purchases compared: a member, a product, a local day and a group each.
    n_observed : int
        Purchases of the same product by group mates in the windows before them.
    n_expected : float
    excess_per_purchase : float
        Observed less expected, a purchase.
    n_incomparable : int
        Purchases left out because outside the group nobody bought the product around then.
    n_groups : int
    """

    ratio: float
    low: float
    high: float
    level: float
    n_purchases: int
    n_observed: int
    n_expected: float
    excess_per_purchase: float
    n_incomparable: int
    n_groups: int


def peer_effect(
    c: "Community",
    *,
    as_of: Any,
    window: Any = "7D",
    around: Any = "28D",
    n_resamples: int = 2000,
    random_state: RandomState = 0,
) -> PeerEffect:
    """Measure conformity within groups: purchases that follow group mates' of the same product.

    For a purchase of product p at time t by a member of group g, the observed number is how often
    others of g bought p within `window` before t. Expected is how often others of g bought p
    within `around` before or after t, times the share that the `window` before t holds of what
    **members of other groups** bought of p within `around`. So a group's taste for p, the
    season and a promotion of p change both alike; what is left is that purchases of one group lie
    closer together than those of others.

    **This is no causal effect**: a message to this group alone has the same trace as conformity.
    Where one purchase does draw others, those after t raise the expectation, too, and the ratio
    is too low rather than too high.

    Parameters
    ----------
    c : Community
        With memberships, and orders with ``product_id``.
    as_of : Timestamp, datetime or str
        Itself excluded.
    window, around : Timedelta or str, a day or more
        `around` must be at least `window`.
    n_resamples : int >= 1
    random_state : int, Generator or None

    Returns
    -------
    PeerEffect
        Cost: n log n of the purchases.

    Raises
    ------
    DataError
        If memberships, orders or ``orders.product_id`` are missing.
    ParameterError
        If a span or `random_state` makes no sense.

    References
    ----------
    Knox (1964), "The detection of space-time interactions", Applied Statistics 13(1), 25-30:
    close pairs against what place and time alone give. Manski (1993), Review of Economic Studies
    60(3), 531-542, on why such data do not tell influence from shared circumstances.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=500, random_state=1)
    >>> found = peer_effect(c, as_of="2026-07-01")
    >>> found.low < 1 < found.high  # in this world nobody makes others buy
    True
    """
    length, reach = span_us("window", window), span_us("around", around)
    if reach < length:
        told = f"around must be at least the window, got {around!r} and {window!r}"
        raise ParameterError("around", told)
    c.require("memberships", "orders", call="peer_effect()")
    facts = group_facts(c, as_of, "peer_effect()")
    rows = _purchases(facts)
    near = _around(rows, length, reach)
    mates = near["group"][1] - near["own"][1]
    others = [near["all"][i] - near["group"][i] for i in (0, 1)]
    comparable = (mates == 0) | (others[1] > 0)
    observed = np.where(comparable, near["group"][0] - near["own"][0], 0)
    expected = np.where(comparable, mates * others[0] / np.maximum(others[1], 1), 0.0)
    n = len(facts.groups)
    seen = np.bincount(rows.group, observed, n).astype(np.float64)
    due = exact_sum(rows.group, expected, n)
    there = np.bincount(rows.group, minlength=n) > 0
    # Where nothing at all is expected, nothing can be said.
    shown = seen[there] if due.any() else np.zeros(int(there.sum()))
    found = bootstrap_ratio(shown, due[there], n_resamples=n_resamples, random_state=random_state)
    n_kept, total = int(comparable.sum()), float(due.sum())
    n_observed = int(seen.sum())
    return PeerEffect(
        ratio=found.estimate,
        low=found.low,
        high=found.high,
        level=found.level,
        n_purchases=n_kept,
        n_observed=n_observed,
        n_expected=total,
        excess_per_purchase=(n_observed - total) / n_kept if n_kept else float("nan"),
        n_incomparable=int((~comparable).sum()),
        n_groups=found.n,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Purchases in groups; `purchase` is the place among the distinct purchases."""

    group: Ints
    purchase: Ints
    member: Ints
    product: Ints
    time: Ints


def _purchases(facts: GroupFacts) -> _Rows:
    """Give each member's purchase of a product on a day once, in every group of the member."""
    bought, stays = facts.purchases(), facts.stays
    if bought is None or stays is None or bought.product is None:
        raise DataError("peer_effect() needs memberships, and orders with product_id")
    day = local_day(bought.time, facts.known.tz)
    order = np.lexsort((bought.time, day, bought.product, bought.member))
    order = order[bought.product[order] >= 0]
    first = order[opens_run(bought.member[order], bought.product[order], day[order])]
    member, product, time = bought.member[first], bought.product[first], bought.time[first]
    row, stay = stays.holding(member, time)
    # Purchases of members who are in no group are nobody's to compare with.
    purchase = np.unique(row, return_inverse=True)[1]
    return _Rows(stays.group[stay], purchase, member[row], product[row], time[row])


def _around(rows: _Rows, length: int, reach: int) -> dict[str, tuple[Ints, Ints]]:
    """Count, around each purchase, those of its group, of its member, and of everybody.

    Each as a pair: within the window before, and within `reach` before and after.
    """
    single = np.unique(rows.purchase, return_index=True)[1]
    everybody = _near(rows.product[single], rows.time[single], length, reach)
    width = int(rows.product.max(initial=0)) + 1
    pair = rows.group * width + rows.product
    code = np.unique(pair, return_inverse=True)[1]
    own = np.unique(np.stack([code, rows.member]), axis=1, return_inverse=True)[1]
    return {
        "all": (everybody[0][rows.purchase], everybody[1][rows.purchase]),
        "group": _near(code, rows.time, length, reach),
        "own": _near(own.ravel(), rows.time, length, reach),
    }


def _near(codes: Ints, times: Ints, length: int, reach: int) -> tuple[Ints, Ints]:
    """Count the rows of the same code in the window before each row, and around it."""
    order = np.lexsort((times, codes))
    n = int(codes.max(initial=-1)) + 1
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=n))])
    ahead = times[order]
    before = trailing_count(starts, ahead, length)
    wide = trailing_count(starts, ahead, reach)
    # Looking forward is looking back on a clock that runs backwards.
    after = trailing_count(len(codes) - starts[::-1], -ahead[::-1], reach)[::-1]
    found = np.empty((2, len(codes)), np.int64)
    found[0, order], found[1, order] = before, wide + after
    return found[0], found[1]
