"""What is known of every product at one moment, from the purchases of everybody before it.

Members are gone through some thousands at a time, with fixed borders: the memory is bounded, and
the sums are the same bytes at every run.
"""

from collections.abc import Mapping

import numpy as np

from siyu.recommend.sorted_keys import Bools, Floats, run_sum
from siyu.recommend.tables.purchases import Purchases

from .pair_rows import PairRows, Wide, measure_pairs, narrow, ratio

__all__ = ["product_numbers"]

_MEMBERS = 65_536  # measured at once
_LATE_DAYS = 14
_YEAR_DAYS = 364  # the same weekdays a year ago
_RECENT_DAYS = (3, 7, 14, 28, 84)
_NEW_DAYS = (14, 28)


def product_numbers(bought: Purchases, moment: int, lately_days: float) -> Mapping[str, Floats]:
    """Measure every product.

    Parameters
    ----------
    bought : Purchases
        Of everybody, all before `moment`.
    moment : int, microseconds since 1970 UTC
    lately_days : float
        How far back "lately" reaches.

    Returns
    -------
    mapping of name to float32 array, n_products (at least 1)
        ``buyers`` (distinct members), ``buyers_3``, ``_7``, ``_14``, ``_28``, ``_84``,
        ``buyers_lately``,
        ``buyers_season`` (in the horizon's weeks a year ago); ``new_buyers_14``, ``_28``
        (first-time buyers), ``tried_28`` (their share of all buyers of 28 days);
        ``trend``, ``trend_7`` (buyers of 28 and 7 days against the usual); ``again`` (share of
        buyers who bought twice), ``gap`` (their mean days between purchases),
        ``lines_per_buyer``, ``lines_28``, ``recent`` (lines, half as much every 45 days),
        ``last``, ``first`` (days since the last and the first sale); ``price`` (a unit, as
        paid), ``price_now`` (of 14 days, over the price), ``discount`` and ``discount_now``
        (shares of the shelf price). NaN is unknown.
    """
    n_products = max(len(bought.products), 1)
    total: dict[str, Wide] = {}
    last, first = np.full(n_products, np.inf), np.full(n_products, -np.inf)
    for start in range(0, max(len(bought.members), 1), _MEMBERS):
        some = bought.of_members(np.arange(start, min(start + _MEMBERS, len(bought.members))))
        rows = PairRows.of(some, moment)
        for name, values in _sums(rows, some, moment, lately_days).items():
            total[name] = total[name] + values if name in total else values
        np.minimum.at(last, rows.product, rows.age)
        np.maximum.at(first, rows.product, rows.age)
    was_sold = total["buyers"] > 0
    ages = {"last": np.where(was_sold, last, np.nan), "first": np.where(was_sold, first, np.nan)}
    return narrow({**_columns(total), **ages})


def _sums(rows: PairRows, bought: Purchases, moment: int, lately_days: float) -> dict[str, Wide]:
    """Add up, over some members, what the columns are made of."""
    pairs = measure_pairs(rows, bought, moment)
    n = rows.n_products
    of = pairs.keys % n
    again = pairs.columns["n"] > 1
    lately = run_sum((rows.age <= lately_days).astype(np.float64), rows.starts) > 0
    last_year = (rows.age <= _YEAR_DAYS) & (rows.age > _YEAR_DAYS - lately_days)
    season = run_sum(last_year.astype(np.float64), rows.starts) > 0
    late = rows.age <= _LATE_DAYS

    def by_pair(values: Wide | Bools | None = None) -> Wide:
        return np.bincount(of, values, minlength=n).astype(np.float64)

    def by_line(values: Wide | Bools | None = None) -> Wide:
        return np.bincount(rows.product, values, minlength=n).astype(np.float64)

    age = pairs.columns["last"]
    return {
        "buyers": by_pair(),
        **{f"buyers_{days}": by_pair(age <= days) for days in _RECENT_DAYS},
        "buyers_lately": by_pair(lately),
        "buyers_season": by_pair(season),
        **{f"new_buyers_{days}": by_pair(pairs.columns["first"] <= days) for days in _NEW_DAYS},
        "again": by_pair(again),
        "gaps": by_pair(np.where(again, pairs.columns["gap"], 0)),
        "lines": by_line(),
        "lines_28": by_line(rows.age <= 28),
        "recent": by_line(rows.weights[45]),
        "quantity": by_line(rows.quantity),
        "amount": by_line(rows.amount),
        "discount": by_line(rows.discount),
        "late_quantity": by_line(rows.quantity * late),
        "late_amount": by_line(rows.amount * late),
        "late_discount": by_line(rows.discount * late),
    }


def _columns(total: Mapping[str, Wide]) -> dict[str, Wide]:
    """Turn the sums into the columns."""
    price = ratio(total["amount"], total["quantity"])
    late_price = ratio(total["late_amount"], total["late_quantity"])
    shelf, late_shelf = (
        total["amount"] + total["discount"],
        total["late_amount"] + total["late_discount"],
    )
    return {
        "buyers": total["buyers"],
        **{f"buyers_{days}": total[f"buyers_{days}"] for days in _RECENT_DAYS},
        "buyers_lately": total["buyers_lately"],
        "buyers_season": total["buyers_season"],
        **{f"new_buyers_{days}": total[f"new_buyers_{days}"] for days in _NEW_DAYS},
        "tried_28": ratio(total["new_buyers_28"], total["buyers_28"]),
        "trend": (total["buyers_28"] + 1) / (total["buyers_84"] / 3 + 1),
        "trend_7": (total["buyers_7"] + 1) / (total["buyers_28"] / 4 + 1),
        "again": ratio(total["again"], total["buyers"]),
        "gap": ratio(total["gaps"], total["again"]),
        "lines_per_buyer": ratio(total["lines"], total["buyers"]),
        "lines_28": total["lines_28"],
        "recent": total["recent"],
        "price": price,
        "price_now": ratio(late_price, price),
        "discount": ratio(total["discount"], shelf),
        "discount_now": ratio(total["late_discount"], late_shelf),
    }
