"""Tags of money: RFM class, spend, its trend, and tiers of value and activity."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.ordering import opens_run
from siyu.segmentation.recency import Buying, rfm_rows
from siyu.segmentation.records import maybe_missed
from siyu.segmentation.rfm_classes import RfmEdges, class_codes, edges_of, scores_of
from siyu.segmentation.visits import Visits

from .evidence import Found
from .facts import Facts, acts_of, grouped_once
from .found_values import distinct_pairs, flag_tag, recorded_for
from .order_lines import OrderLines

__all__ = ["TIERS", "TRENDS", "VALUE_BANDS", "ValueNorms", "value_norms", "value_tags"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

VALUE_BANDS = ("low", "middle", "high")
"""The codes of `value_band`."""

TRENDS = ("falling", "steady", "rising")
"""The codes of `value_trend`."""

TIERS = ("to_activate", "potential_koc", "silent_payer", "super_user")
"""The codes of `user_tier`: active or not, within those who spend little, then much."""

_YEAR, _LATELY = 365, 90
_BIG = 0.95
_RECENT_VISITS, _FEWEST_VISITS = 3, 6
_FALL, _RISE = 0.8, 1.25


@dataclass(frozen=True, slots=True, eq=False)
class ValueNorms:
    """What members spend and do, as a measure for each.

    `classes` and `thirds` are edges of recency, frequency and money. `big` is the value that
    one purchase day in twenty reaches; `spend` the median spend of a year of those who bought
    in it; `interactions` the median number in 90 days of those who had any.
    """

    classes: RfmEdges
    thirds: RfmEdges
    big: float
    spend: float
    interactions: float


def value_norms(facts: Facts) -> ValueNorms:
    """Measure what all members spend and do."""
    rows = grouped_once(facts, _rfm)
    visits = grouped_once(facts, _visit_values)
    spend, acts = grouped_once(facts, _spend, _YEAR), grouped_once(facts, _interactions)
    return ValueNorms(
        edges_of(rows, "median"),
        edges_of(rows, 3),
        _quantile(visits, _BIG),
        _quantile(spend[spend > 0], 0.5),
        _quantile(acts[acts > 0].astype(np.float64), 0.5),
    )


def value_tags(facts: Facts, norms: ValueNorms) -> dict[str, Found]:
    """Tag what members spend; a tag whose tables are absent is left out.

    Parameters
    ----------
    facts : Facts
    norms : ValueNorms
        Of the whole population.

    Returns
    -------
    dict of tag to Found
    """
    lines, visits = facts.purchases, facts.visits
    if lines is None or visits is None:
        return {}
    rows, n_visits = grouped_once(facts, _rfm), visits.count()
    never = rows["monetary"].is_null().to_numpy()
    band = scores_of(rows, norms.thirds)[2] - 1
    values = grouped_once(facts, _visit_values)
    big = (values >= norms.big) & (values > 0)
    n_big = np.bincount(visits.member[big], minlength=len(n_visits))
    tags = {
        "rfm_class": Found(class_codes(rows, norms.classes), n_visits),
        "purchase_value": Found(rows["monetary"].combine_chunks(), n_visits),
        "value_band": Found(_codes(VALUE_BANDS, band, never), n_visits),
        "value_trend": _trend(visits, values),
        "big_ticket": flag_tag(n_big > 0, n_visits, n_visits == 0),
        **_baskets(lines),
    }
    paid = lines.paid(lines.amount)
    lately = grouped_once(facts, _spend, _LATELY)
    if recorded_for(facts, "orders", _LATELY):
        share = pa.array(lately / np.where(paid > 0, paid, 1.0), mask=paid <= 0)
        tags["recent_spend_share"] = Found(share, n_visits)
        if _interactive(facts):
            tags["user_tier"] = _tier(facts, norms, n_visits)
    return tags


def _rfm(facts: Facts) -> pa.Table:
    """Measure recency, frequency and money."""
    lines, visits, n = facts.purchases, facts.visits, len(facts.members)
    missed = maybe_missed(facts.c, "orders", facts.members, facts.end)
    buying = Buying(np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n))
    if lines is not None and visits is not None:
        there = visits.count() > 0
        buying.last[there] = visits.last[visits.starts[1:][there] - 1]
        buying = Buying(visits.count(), buying.last, lines.money)
    return rfm_rows(facts.members, buying, facts.end, missed)


def _visit_values(facts: Facts) -> Floats:
    """Add up what was paid on each purchase day."""
    lines, visits = facts.purchases, facts.visits
    if lines is None or visits is None:
        return np.empty(0)
    opens = opens_run(lines.day, lines.codes)
    return exact_sum(np.cumsum(opens) - 1, lines.amount, len(visits.day))


def _spend(facts: Facts, days: int) -> Floats:
    """Add up what each member paid in the last `days` days."""
    if facts.purchases is None:
        return np.zeros(len(facts.members))
    lines = facts.purchases
    return lines.paid(lines.amount, lines.times >= facts.end - days * DAY_US)


def _interactions(facts: Facts) -> Ints:
    """Count each member's events and messages of the last 90 days."""
    acts = acts_of(facts, ("events", "messages"))
    late = acts.times >= facts.end - _LATELY * DAY_US
    return np.bincount(acts.codes[late], minlength=len(facts.members))


def _interactive(facts: Facts) -> bool:
    """Tell whether events or messages were recorded during the last 90 days."""
    there = [table for table in ("events", "messages") if facts.c.has(table)]
    return bool(there) and all(recorded_for(facts, table, _LATELY) for table in there)


def _baskets(lines: OrderLines) -> dict[str, Found]:
    """Tag lines and money an order, of lines whose order is known."""
    if lines.order is None:
        return {}
    known = lines.order.codes >= 0
    codes, order = lines.codes[known], lines.order.codes[known].astype(np.int64)
    new = opens_run(codes, order)  # most lines of an order stand together
    n_orders = distinct_pairs(codes[new], order[new], len(lines.starts) - 1)
    none, over = n_orders == 0, np.maximum(n_orders, 1)
    return {
        "basket_size": Found(pa.array(lines.count(known) / over, mask=none), n_orders),
        "basket_value": Found(
            pa.array(lines.paid(lines.amount, known) / over, mask=none), n_orders
        ),
    }


def _trend(visits: Visits, values: Floats) -> Found:
    """Compare the last three purchase days with those before; null below six."""
    n = visits.count()
    place_from_end = visits.starts[1:][visits.member] - np.arange(len(visits.member))
    recent = place_from_end <= _RECENT_VISITS
    new = exact_sum(visits.member, values, len(n), recent) / _RECENT_VISITS
    old = exact_sum(visits.member, values, len(n), ~recent) / np.maximum(n - _RECENT_VISITS, 1)
    code = np.select([new < _FALL * old, new > _RISE * old], [0, 2], 1)
    return Found(_codes(TRENDS, code, n < _FEWEST_VISITS), n)


def _tier(facts: Facts, norms: ValueNorms, n_visits: Ints) -> Found:
    """Cross spend of a year with interactions of 90 days."""
    spend, acts = grouped_once(facts, _spend, _YEAR), grouped_once(facts, _interactions)
    pays = (spend > 0) & (spend >= norms.spend)
    active = (acts > 0) & (acts >= norms.interactions)
    missed = maybe_missed(facts.c, "orders", facts.members, facts.end) & (n_visits == 0)
    return Found(_codes(TIERS, 2 * pays + active, missed), n_visits + acts)


def _codes(names: tuple[str, ...], codes: Ints, unknown: Bools) -> pa.Array:
    return pa.array(names).take(pa.array(codes, mask=unknown))


def _quantile(values: Floats, q: float) -> float:
    """Give a quantile that occurs; infinite without values."""
    return float(np.quantile(values, q, method="higher")) if len(values) else np.inf
