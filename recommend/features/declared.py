"""The features of a pair of member and product, declared once.

`FEATURES` is the list for every community; each attribute of the products and each column of the
caller adds a few. Training, batch and explanation read the same list. Families gather features
for explanations. Ages are days; NaN is unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from siyu.datasets.boosting import FeatureMatrix
from siyu.recommend.candidates.finding import Candidates
from siyu.recommend.market.market import Market
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.market.product_lines import LINE
from siyu.recommend.sorted_keys import Bools, Floats, Ints
from siyu.recommend.tables.circles import LEADERS

__all__ = ["FAMILIES", "FEATURES", "Feature", "feature_list", "feature_matrix"]

FAMILIES = ("own", "rhythm", "alike", "circle", "group", "popular", "price", "member", "extra")


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Pairs beside the market and the histories they are read from.

    What several features look up is looked up once: `found` keeps the places.
    """

    market: Market
    histories: MemberHistories
    pairs: Candidates
    keys: Ints
    at: Ints
    known: Bools
    found: dict[str, tuple[Ints, Bools, Bools]] = field(default_factory=dict)

    @classmethod
    def of(cls, market: Market, histories: MemberHistories, pairs: Candidates) -> "View":
        keys = pairs.row * market.n_products + pairs.product
        return cls(market, histories, pairs, keys, *histories.pairs.find(keys))

    def own(self, name: str, missing: float = 0) -> Floats:
        """Read a statistic of the pair; `missing` if the member never bought the product."""
        return self.histories.pairs.read(name, self.at, self.known, missing)

    def member(self, name: str) -> Floats:
        """Read a statistic of the member."""
        return self.histories.numbers[name][self.pairs.row]

    def given(self, name: str) -> Floats:
        """Read a column that the caller computed."""
        return self.histories.extra[name][self.pairs.row]

    def product(self, name: str) -> Floats:
        """Read a statistic of the product."""
        return self.market.numbers[name][self.pairs.product]

    def score(self, source: str) -> Floats:
        """Read the score of a source of candidates."""
        return self.pairs.scores[source]

    def nearby(self) -> Floats:
        """Count the late buyers in the member's store; NaN where that is unknown."""
        buyers = self.market.place.buyers
        home = self.histories.place[self.pairs.row]
        keys = home * self.market.n_products + self.pairs.product
        counts = buyers.read("buyers", *buyers.find(keys), 0)
        return np.where(home >= 0, counts, np.float32(np.nan))

    def nearby_lift(self) -> Floats:
        """Compare those with what the store's share of all buyers would give."""
        share = self.market.place.share[self.histories.place[self.pairs.row]]
        lift: Floats = (self.nearby() + 1) / (share * self.product("buyers_lately") + 1)
        return lift

    def circle(self, name: str, missing: float = 0) -> Floats:
        """Read what the member's circle did; NaN where nobody is known to be near."""
        goods = self.histories.circle_goods
        if "circle" not in self.found:
            self.found["circle"] = (*goods.find(self.keys), self.circle_size() > 0)
        at, known, is_near = self.found["circle"]
        return np.where(is_near, goods.read(name, at, known, missing), np.float32(np.nan))

    def share_of_all(self) -> Floats:
        """Give the share of all members who ever bought the product."""
        share: Floats = self.product("buyers") / np.float32(max(self.market.n_members, 1))
        return share

    def circle_size(self) -> Floats:
        """Count the members near the member."""
        return self.histories.circle_size[self.pairs.row]

    def group(self, attribute: str, name: str, missing: float = 0) -> Floats:
        """Read the member's history in the product's group; NaN where the group is unknown."""
        group, history = self.market.groups[attribute], self.histories.groups[attribute]
        place = f"group {attribute}"
        if place not in self.found:
            code = group.codes[self.pairs.product]
            keys = self.pairs.row * group.n_groups + code
            self.found[place] = (*history.find(keys), code >= 0)
        at, known, has_group = self.found[place]
        return np.where(has_group, history.read(name, at, known, missing), np.float32(np.nan))

    def share_in_group(self, attribute: str) -> Floats:
        """Give the product's share of its group's recent lines."""
        group = self.market.groups[attribute]
        code = group.codes[self.pairs.product]
        share = _over(self.product("recent"), group.recent[code])
        return np.where(code >= 0, share, np.float32(np.nan))


@dataclass(frozen=True, slots=True)
class Feature:
    """One column: its name, the family it is explained with, and how it is read.

    Parameters
    ----------
    name : str
    family : one of `FAMILIES`
    read : callable from a view of n_pairs pairs to a float32 array, n_pairs
    """

    name: str
    family: str
    read: Callable[[View], Floats]


_NAN = float("nan")

FEATURES: tuple[Feature, ...] = (
    Feature("n", "own", lambda v: v.own("n")),
    Feature("n_84", "own", lambda v: v.own("n_84")),
    Feature("last", "own", lambda v: v.own("last", _NAN)),
    Feature("decayed_14", "own", lambda v: v.own("decayed_14")),
    Feature("decayed_45", "own", lambda v: v.own("decayed_45")),
    Feature("decayed_90", "own", lambda v: v.own("decayed_90")),
    Feature("decayed_180", "own", lambda v: v.own("decayed_180")),
    Feature("share", "own", lambda v: v.own("share")),
    Feature("rate", "own", lambda v: v.own("rate")),
    Feature("gap", "rhythm", lambda v: v.own("gap", _NAN)),
    Feature("due", "rhythm", lambda v: _over(v.own("last", _NAN), v.own("gap", _NAN))),
    Feature("due_usual", "rhythm", lambda v: _over(v.own("last", _NAN), v.product("gap"))),
    Feature("baskets_since", "rhythm", lambda v: v.own("baskets_since", _NAN)),
    Feature("expected", "rhythm", lambda v: v.own("rate") * v.member("n_baskets_84")),
    Feature("neighbours", "alike", lambda v: v.score("neighbours")),
    Feature("taste", "alike", lambda v: v.score("taste")),
    Feature("together", "alike", lambda v: v.score("together")),
    Feature("lately", "alike", lambda v: v.score("lately")),
    Feature("baskets", "alike", lambda v: v.score("baskets")),
    Feature("lines", "group", lambda v: v.score("lines")),
    Feature("buyers_7", "popular", lambda v: v.product("buyers_7")),
    Feature("buyers_28", "popular", lambda v: v.product("buyers_28")),
    Feature("buyers_84", "popular", lambda v: v.product("buyers_84")),
    Feature("trend", "popular", lambda v: v.product("trend")),
    Feature("trend_7", "popular", lambda v: v.product("trend_7")),
    Feature("bought_again", "popular", lambda v: v.product("again")),
    Feature("usual_gap", "popular", lambda v: v.product("gap")),
    Feature("lines_per_buyer", "popular", lambda v: v.product("lines_per_buyer")),
    Feature("lines_28", "popular", lambda v: v.product("lines_28")),
    Feature("last_sold", "popular", lambda v: v.product("last")),
    Feature("first_sold", "popular", lambda v: v.product("first")),
    Feature("tried_28", "popular", lambda v: v.product("tried_28")),
    Feature("new_buyers_14", "popular", lambda v: v.product("new_buyers_14")),
    Feature("new_buyers_28", "popular", lambda v: v.product("new_buyers_28")),
    Feature("buyers", "popular", lambda v: v.product("buyers")),
    Feature("buyers_3", "popular", lambda v: v.product("buyers_3")),
    Feature("buyers_14", "popular", lambda v: v.product("buyers_14")),
    Feature("nearby", "popular", lambda v: v.nearby()),
    Feature("nearby_lift", "popular", lambda v: v.nearby_lift()),
    Feature("price", "price", lambda v: v.product("price")),
    Feature("price_now", "price", lambda v: v.product("price_now")),
    Feature("price_paid", "price", lambda v: _over(v.own("price", _NAN), v.product("price"))),
    Feature("discount", "price", lambda v: v.product("discount")),
    Feature("discount_now", "price", lambda v: v.product("discount_now")),
    Feature("discount_had", "price", lambda v: v.own("discount", _NAN)),
    Feature("visits_28", "member", lambda v: v.member("n_baskets_28")),
    Feature("visits_84", "member", lambda v: v.member("n_baskets_84")),
    Feature("last_visit", "member", lambda v: v.member("last")),
    Feature("basket_size", "member", lambda v: v.member("basket_size")),
    Feature("basket_amount", "member", lambda v: v.member("basket_amount")),
    Feature("discount_share", "member", lambda v: v.member("discount")),
    Feature("once_share", "member", lambda v: v.member("once_share")),
    Feature("n_products", "member", lambda v: v.member("n_products")),
    Feature("n_tried_28", "member", lambda v: v.member("n_tried_28")),
    Feature("price_to_usual", "price", lambda v: _over(v.product("price"), v.member("unit_price"))),
)


OF_CIRCLES: tuple[Feature, ...] = (
    Feature("circle_share", "circle", lambda v: v.circle("score")),
    Feature("circle_n", "circle", lambda v: v.circle("n")),
    Feature("circle_last", "circle", lambda v: v.circle("last", _NAN)),
    Feature("circle_lift", "circle", lambda v: _over(v.circle("score"), v.share_of_all())),
    Feature("circle_size", "circle", lambda v: v.circle_size()),
)
"""Features of shops that know who is near whom."""

OF_FEW_PRODUCTS = (Feature("foretold", "alike", lambda v: v.score("foretold")),)
"""Features of shops of few products, for which a linear model is solved."""

OF_COUPONS = (Feature("coupon", "price", lambda v: v.score("coupons")),)
"""Features of shops that give coupons."""


def feature_list(
    attributes: Sequence[str],
    extra: Sequence[str],
    *,
    circles: bool = False,
    coupons: bool = False,
    linear: bool = False,
) -> tuple[Feature, ...]:
    """List all features of a model.

    Parameters
    ----------
    attributes : names of the product attributes it groups by
    extra : names of the columns that the caller computes
    circles : whether anything tells who is near whom
    coupons : whether there are coupons for products
    linear : whether the market has a linear model of products

    Examples
    --------
    >>> len(feature_list(["category"], ["tag"])) - len(FEATURES)
    7
    """
    grouped = [
        feature for name in (*attributes, *_lines(attributes)) for feature in _of_group(name)
    ]
    near = OF_CIRCLES if circles else ()
    if circles and LEADERS in extra:
        near += (Feature("circle_led", "circle", lambda v: v.circle("led")),)
    near += OF_COUPONS if coupons else ()
    near += OF_FEW_PRODUCTS if linear else ()
    return (*FEATURES, *near, *grouped, *(_of_extra(name) for name in extra))


def feature_matrix(
    market: Market, histories: MemberHistories, pairs: Candidates, features: Sequence[Feature]
) -> FeatureMatrix:
    """Read the features of pairs.

    Parameters
    ----------
    market : Market
    histories : MemberHistories
    pairs : Candidates, n_pairs
    features : n_features of them, as of `feature_list`

    Returns
    -------
    FeatureMatrix, n_pairs x n_features
        A pair's features do not depend on the other pairs.
    """
    view = View.of(market, histories, pairs)
    values = np.empty((len(pairs), len(features)), np.float32)
    for column, feature in enumerate(features):
        values[:, column] = feature.read(view)
    return FeatureMatrix(values, tuple(feature.name for feature in features))


def _lines(attributes: Sequence[str]) -> tuple[str, ...]:
    """Name the product lines, where they are more than one of the attributes."""
    return (LINE,) if {"brand", "category"} <= set(attributes) else ()


def _of_group(attribute: str) -> list[Feature]:
    """Declare the features of one product attribute."""

    def own_share(v: View) -> Floats:
        return _over(v.own("n"), v.group(attribute, "n"))

    readers: Mapping[str, Callable[[View], Floats]] = {
        "n": lambda v: v.group(attribute, "n"),
        "decayed_45": lambda v: v.group(attribute, "decayed_45"),
        "decayed_120": lambda v: v.group(attribute, "decayed_120"),
        "last": lambda v: v.group(attribute, "last", _NAN),
        "own_share": own_share,
        "share": lambda v: v.share_in_group(attribute),
    }
    return [Feature(f"{attribute}:{name}", "group", read) for name, read in readers.items()]


def _of_extra(name: str) -> Feature:
    """Declare the feature of one column of the caller."""
    return Feature(f"extra:{name}", "extra", lambda v: v.given(name))


def _over(part: Floats, whole: Floats) -> Floats:
    """Divide where the whole is above 0; NaN elsewhere."""
    above = whole > 0
    return np.where(above, part / np.where(above, whole, np.float32(1)), np.float32(np.nan))
