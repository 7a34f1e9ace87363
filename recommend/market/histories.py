"""What was known of every member, product and pair at one moment, from the rows before it.

All statistics are built anew for every moment a model is trained or applied at, so that nothing
later can enter. Ages are days before the moment; ``decayed_h`` counts baskets, each weighing half
as much every ``h`` days.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.affinity import decay
from siyu.datasets.clock import DAY_US
from siyu.recommend.sorted_keys import Bools, Floats, Ints, Keyed, run_starts, run_sum
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import Setting

__all__ = ["HALF_LIVES", "GroupHistory", "Histories", "Segment"]

HALF_LIVES = (14, 45, 90, 180)
_MAIN_HALF_LIFE = 90

Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """What the members of each store, or each region, have bought lately.

    Attributes
    ----------
    of_member : int64 array, n_members
        The member's store or region, -1 unknown.
    n_members : float32 array, n_codes
        Members of each, active or not.
    buyers : Keyed by ``code x n_products + product``
        Column ``buyers``: distinct members who bought it there within the window.
    """

    of_member: Ints
    n_members: Floats
    buyers: Keyed


@dataclass(frozen=True, slots=True, eq=False)
class GroupHistory:
    """Every member's history in the groups of one attribute, such as categories.

    Attributes
    ----------
    codes : int64 array, n_products
        Group of every product, -1 unknown.
    n_groups : int
    members : Keyed by ``member x n_groups + group``
        Columns ``n`` (lines), ``decayed_45``, ``decayed_120``, ``last`` (age in days).
    recent : float32 array, n_groups
        Lines of all members, decayed by 45 days.
    """

    codes: Ints
    n_groups: int
    members: Keyed
    recent: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """The statistics of one moment.

    Attributes
    ----------
    n_products : int
    pairs : Keyed by ``member x n_products + product``
        One row a product that a member has bought.
    members, products : mapping of name to float32 array
    groups : mapping of attribute to GroupHistory
    place, region : Segment
        By the store where a member buys most, or is registered; by the member's region.
    """

    n_products: int
    pairs: Keyed
    members: Mapping[str, Floats]
    products: Mapping[str, Floats]
    groups: Mapping[str, GroupHistory]
    place: Segment
    region: Segment

    @classmethod
    def of(cls, bought: Purchases, moment: int, setting: Setting) -> "Histories":
        """Measure everything from purchases before a moment.

        Parameters
        ----------
        bought : Purchases
            All before `moment`.
        moment : int, microseconds since 1970 UTC
        setting : Setting

        Returns
        -------
        Histories

        Raises
        ------
        DataError
            If a basket lies at or after `moment`.
        """
        rows = _PairRows.of(bought, moment)
        pairs = _pairs(rows, bought, moment)
        home = _home(bought, moment, setting.registered)
        lately = rows.age <= setting.window / DAY_US
        lived_in = setting.region[rows.member]
        return cls(
            n_products=rows.n_products,
            pairs=pairs,
            members=_members(rows, pairs, bought, moment),
            products=_products(rows, pairs, lately),
            groups={name: _group(rows, codes) for name, codes in setting.attributes.items()},
            place=_segment(rows, lately, rows.place, home, len(bought.places)),
            region=_segment(rows, lately, lived_in, setting.region, setting.n_regions),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _PairRows:
    """The lines in order of member, product and time, with what the sums need."""

    n_members: int
    n_products: int
    member: Ints
    product: Ints
    place: Ints
    nth_basket: Ints
    age: Wide
    weights: dict[int, Wide]
    quantity: Wide
    amount: Wide
    discount: Wide
    starts: Ints

    @classmethod
    def of(cls, bought: Purchases, moment: int) -> "_PairRows":
        n_products = max(len(bought.products), 1)
        member = bought.line_member()
        # Lines are in order of member and time already: a stable sort by pair keeps the time.
        order = np.argsort(member * n_products + bought.line_product, kind="stable")
        basket = bought.line_basket[order]
        n_baskets = np.bincount(bought.basket_member, minlength=len(bought.members))
        first = np.cumsum(n_baskets) - n_baskets
        member, product = member[order], bought.line_product[order]
        time = bought.basket_time[basket]
        return cls(
            n_members=len(bought.members),
            n_products=n_products,
            member=member,
            product=product,
            place=bought.basket_place[basket],
            nth_basket=basket - first[member],
            age=(moment - time) / DAY_US,
            weights={half: decay(time, moment, half) for half in HALF_LIVES},
            quantity=bought.quantity[order],
            amount=bought.amount[order],
            discount=bought.discount[order],
            starts=run_starts(member, product),
        )

    def last(self) -> Ints:
        """Give the last line of every pair."""
        return np.append(self.starts[1:], len(self.member))[: len(self.starts)] - 1


def _pairs(rows: _PairRows, bought: Purchases, moment: int) -> Keyed:
    """Measure every product that a member has bought."""
    starts, last = rows.starts, rows.last()
    member = rows.member[starts]
    n = (last - starts + 1).astype(np.float64)
    n_baskets = np.bincount(bought.basket_member, minlength=rows.n_members)
    since_first = n_baskets[member] - rows.nth_basket[starts]
    gap = (rows.age[starts] - rows.age[last]) / np.maximum(n - 1, 1)
    quantity, amount = run_sum(rows.quantity, starts), run_sum(rows.amount, starts)
    discount = run_sum(rows.discount, starts)
    weight = decay(bought.basket_time, moment, _MAIN_HALF_LIFE)
    baskets = np.bincount(bought.basket_member, weight, minlength=rows.n_members)
    decayed = {half: run_sum(rows.weights[half], starts) for half in HALF_LIVES}
    columns = {
        "n": n,
        "n_84": run_sum((rows.age <= 84).astype(np.float64), starts),
        "last": rows.age[last],
        "first": rows.age[starts],
        "gap": np.where(n > 1, gap, np.nan),
        **{f"decayed_{half}": values for half, values in decayed.items()},
        # A member's weight may fall below what a float can hold: then the share is 0.
        "share": decayed[_MAIN_HALF_LIFE] / np.maximum(baskets[member], 1e-300),
        "rate": n / np.maximum(since_first, 1),
        "baskets_since": n_baskets[member] - 1 - rows.nth_basket[last],
        "price": _ratio(amount, quantity),
        "discount": _ratio(discount, amount + discount),
    }
    keys = member * rows.n_products + rows.product[starts]
    return Keyed(keys, _narrow(columns))


def _members(rows: _PairRows, pairs: Keyed, bought: Purchases, moment: int) -> Mapping[str, Floats]:
    """Measure every member."""
    n = rows.n_members
    age = (moment - bought.basket_time) / DAY_US
    n_baskets = np.bincount(bought.basket_member, minlength=n)
    n_lines = np.bincount(rows.member, minlength=n)
    amount = np.bincount(rows.member, rows.amount, minlength=n)
    discount = np.bincount(rows.member, rows.discount, minlength=n)
    owner = pairs.keys // rows.n_products
    n_pairs = np.bincount(owner, minlength=n)
    once = np.bincount(owner, pairs.columns["n"] == 1, minlength=n)
    last = np.full(n, np.inf)
    np.minimum.at(last, bought.basket_member, age)
    columns = {
        "n_baskets": n_baskets,
        "n_baskets_28": np.bincount(bought.basket_member, age <= 28, minlength=n),
        "n_baskets_84": np.bincount(bought.basket_member, age <= 84, minlength=n),
        "last": np.where(n_baskets > 0, last, np.nan),
        "n_products": n_pairs,
        "basket_size": _ratio(n_lines, n_baskets),
        "basket_amount": _ratio(amount, n_baskets),
        "discount": _ratio(discount, amount + discount),
        "once_share": _ratio(once, n_pairs),
    }
    return _narrow(columns)


def _products(rows: _PairRows, pairs: Keyed, lately: Bools) -> Mapping[str, Floats]:
    """Measure every product."""
    n = rows.n_products
    of = pairs.keys % n
    buyers = np.bincount(of, minlength=n)
    again = pairs.columns["n"] > 1
    recent = {
        days: np.bincount(of, pairs.columns["last"] <= days, minlength=n) for days in (7, 28, 84)
    }
    quantity = np.bincount(rows.product, rows.quantity, minlength=n)
    amount = np.bincount(rows.product, rows.amount, minlength=n)
    discount = np.bincount(rows.product, rows.discount, minlength=n)
    late = rows.age <= 14
    late_quantity = np.bincount(rows.product, rows.quantity * late, minlength=n)
    late_amount = np.bincount(rows.product, rows.amount * late, minlength=n)
    late_discount = np.bincount(rows.product, rows.discount * late, minlength=n)
    price = _ratio(amount, quantity)
    last = np.full(n, np.inf)
    np.minimum.at(last, rows.product, rows.age)
    gaps = np.bincount(of[again], pairs.columns["gap"][again], minlength=n)
    columns = {
        "buyers": buyers,
        **{f"buyers_{days}": values for days, values in recent.items()},
        "buyers_lately": np.bincount(of, _any_of(lately, rows.starts), minlength=n),
        "trend": (recent[28] + 1) / (recent[84] / 3 + 1),
        "trend_7": (recent[7] + 1) / (recent[28] / 4 + 1),
        "again": _ratio(np.bincount(of[again], minlength=n), buyers),
        "gap": _ratio(gaps, np.bincount(of[again], minlength=n)),
        "lines_per_buyer": _ratio(np.bincount(rows.product, minlength=n), buyers),
        "lines_28": np.bincount(rows.product, rows.age <= 28, minlength=n),
        "recent": np.bincount(rows.product, rows.weights[45], minlength=n),
        "last": np.where(buyers > 0, last, np.nan),
        "price": price,
        "price_now": _ratio(_ratio(late_amount, late_quantity), price),
        "discount": _ratio(discount, amount + discount),
        "discount_now": _ratio(late_discount, late_amount + late_discount),
    }
    return _narrow(columns)


def _group(rows: _PairRows, codes: Ints) -> GroupHistory:
    """Measure every member's history in the groups of one attribute."""
    n_groups = max(int(codes.max(initial=-1)) + 1, 1)
    group = codes[rows.product] if len(rows.product) else rows.product
    known = group >= 0
    key = rows.member[known] * n_groups + group[known]
    order = np.argsort(key, kind="stable")
    key, age = key[order], rows.age[known][order]
    weight = rows.weights[45][known][order]
    starts = run_starts(key)
    columns = {
        "n": np.diff(np.append(starts, len(key))),
        "decayed_45": run_sum(weight, starts),
        "decayed_120": run_sum(np.exp2(-age / 120), starts),
        "last": np.minimum.reduceat(age, starts) if len(age) else age,
    }
    recent = np.bincount(key % n_groups, weight, minlength=n_groups).astype(np.float32)
    return GroupHistory(codes, n_groups, Keyed(key[starts], _narrow(columns)), recent)


def _home(bought: Purchases, moment: int, registered: Ints) -> Ints:
    """Find where each member buys most, newer baskets counting more; else the registered place."""
    n_places = max(len(bought.places), 1)
    home = registered.copy()
    known = bought.basket_place >= 0
    key = bought.basket_member[known] * n_places + bought.basket_place[known]
    weight = decay(bought.basket_time[known], moment, _MAIN_HALF_LIFE)
    order = np.argsort(key, kind="stable")
    starts = run_starts(key[order])
    total, met = run_sum(weight[order], starts), key[order][starts]
    member, place = met // n_places, met % n_places
    best = np.lexsort((place, -total, member))
    firsts = run_starts(member[best])
    home[member[best][firsts]] = place[best][firsts]
    return home


def _segment(
    rows: _PairRows, lately: Bools, of_line: Ints, of_member: Ints, n_codes: int
) -> Segment:
    """Count the late buyers of every product in every store or region."""
    kept = lately & (of_line >= 0)
    pair = rows.member[kept] * rows.n_products + rows.product[kept]
    code = of_line[kept]
    order = np.lexsort((pair, code))
    once = order[run_starts(code[order], pair[order])]
    key = np.sort(code[once] * rows.n_products + pair[once] % rows.n_products)
    starts = run_starts(key)
    buyers = Keyed(key[starts], _narrow({"buyers": np.diff(np.append(starts, len(key)))}))
    n_members = np.bincount(of_member[of_member >= 0], minlength=n_codes)
    return Segment(of_member, n_members.astype(np.float32), buyers)


def _any_of(flags: Bools, starts: Ints) -> Wide:
    """Tell, as 0 or 1, whether any row of each run is flagged."""
    return np.minimum(run_sum(flags.astype(np.float64), starts), 1.0)


def _ratio(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Wide:
    """Divide where the whole is above 0; NaN elsewhere."""
    below = np.asarray(whole, np.float64)
    with np.errstate(invalid="ignore"):
        return np.where(below > 0, np.asarray(part) / np.where(below > 0, below, 1.0), np.nan)


def _narrow(columns: Mapping[str, NDArray[np.generic]]) -> dict[str, Floats]:
    """Store numbers in four bytes."""
    return {name: np.asarray(values, np.float32) for name, values in columns.items()}
