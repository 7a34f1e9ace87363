"""Training windows: the shop as it stood at earlier moments, and what was bought next."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.boosting import FeatureMatrix
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.windows import training_cuts
from siyu.recommend.candidates.finding import Candidates, Quotas, find_candidates
from siyu.recommend.features.declared import Feature, feature_list, feature_matrix
from siyu.recommend.market.market import Market, MarketOptions
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.market.neighbours import sample_rows
from siyu.recommend.offers.worth import Worth
from siyu.recommend.sorted_keys import Bools, Floats, Ints, run_starts
from siyu.recommend.tables.circles import LEADERS
from siyu.recommend.tables.member_columns import MemberColumns, MemberFeatures, compute_columns
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.related import Relations
from siyu.recommend.tables.setting import MemberFacts, Setting

from .goals import goal_of

__all__ = ["Recipe", "Window", "build_windows", "earlier_moments", "worth_at"]

Wide = NDArray[np.float64]

_ROWS = 65_536  # pairs whose features are read at once: bounds the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How snapshots, candidates and features are made: the same at every moment.

    Parameters
    ----------
    activity : {"orders", "events"}
    horizon : int, microseconds
    attributes : product attributes that group products
    columns : MemberColumns
        What the caller's columns are.
    relations : Relations
        Whether the shop has circles and coupons.
    goal : one of `siyu.recommend.ranking.goals.GOALS`
    quotas : Quotas
    options : MarketOptions
    n_members : int
        Members a training window learns from, drawn at random if there are more.
    """

    activity: str
    horizon: int
    attributes: tuple[str, ...]
    columns: MemberColumns
    relations: Relations = field(default_factory=Relations)
    goal: str = "repurchase"
    quotas: Quotas = field(default_factory=Quotas)
    options: MarketOptions = field(default_factory=MarketOptions)
    n_members: int = 5_000

    def features(self) -> tuple[Feature, ...]:
        """List the features."""
        named = self.columns.names
        has, linear = self.relations, self.options.linear is not None
        return feature_list(
            self.attributes, named, circles=has.circles, coupons=has.coupons, linear=linear
        )

    def categorical(self) -> tuple[str, ...]:
        """Name the features that hold categories."""
        return tuple(f"extra:{name}" for name in self.columns.categorical())

    def market(
        self, c: Community, bought: Purchases, moment: int, extra: pa.Table | None
    ) -> tuple[Market, MemberFacts]:
        """Build the market at a moment from the purchases before it; read the members' facts."""
        columns = self.columns.read(extra, bought.members, moment)
        setting = Setting.of(c, bought, self.attributes, self.horizon, columns)
        facts = self.relations.read(c, bought, moment, setting.facts, columns.get(LEADERS))
        return Market.of(bought, moment, setting, self.options), facts

    def suited(self, market: Market, histories: MemberHistories, pairs: Candidates) -> Candidates:
        """Keep the pairs that can serve the goal: for new categories, none bought from before."""
        if goal_of(self.goal).relevant != "new_category":
            return pairs
        group, bought = market.groups["category"], histories.groups["category"]
        code = group.codes[pairs.product]
        return pairs.take((code >= 0) & ~bought.find(pairs.row * group.n_groups + code)[1])

    def matrix(
        self, market: Market, histories: MemberHistories, pairs: Candidates
    ) -> FeatureMatrix:
        """Read all features, a bounded number of pairs at a time."""
        features = self.features()
        if len(pairs) <= _ROWS:
            return feature_matrix(market, histories, pairs, features)
        values = np.empty((len(pairs), len(features)), np.float32)
        for start in range(0, len(pairs), _ROWS):
            part = slice(start, start + _ROWS)
            values[part] = feature_matrix(market, histories, pairs.take(part), features).values
        return FeatureMatrix(values, tuple(feature.name for feature in features))


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Candidates at an earlier moment, and what the members bought next.

    Attributes
    ----------
    moment : int, microseconds since 1970 UTC
    pairs : Candidates, n_pairs
    matrix : FeatureMatrix, n_pairs rows
    is_new : bool array, n_pairs
        The member had never bought the product.
    buyers : float32 array, n_pairs
        Members who bought the product lately.
    bought : bool array, n_pairs
        Within the horizon, as the goal has it.
    n_relevant, n_relevant_new : int64 arrays, n_rows
        Products that each member bought so, candidates or not, of those sold before the moment;
        and those among them that were new to the member.
    hits : int64 array, ascending
        These pairs, ``row x n_products + product``.
    hit_is_new : bool array, n_hits
    worth : float64 array, n_products
        What one purchase of each product brings; 1 for goals that are not money.
    """

    moment: int
    pairs: Candidates
    matrix: FeatureMatrix
    is_new: Bools
    buyers: Floats
    bought: Bools
    n_relevant: Ints
    n_relevant_new: Ints
    hits: Ints
    hit_is_new: Bools
    worth: Wide

    @classmethod
    def of(
        cls, recipe: Recipe, market: Market, histories: MemberHistories, hits: Ints, worth: Wide
    ) -> "Window":
        """Put the candidates of members beside the purchases that followed.

        Parameters
        ----------
        recipe : Recipe
        market : Market
        histories : MemberHistories, n_rows
            Of the members to learn from.
        hits : int64 array, ascending
            Their relevant pairs within the horizon, ``row x n_products + product``.
        worth : float64 array, n_products
        """
        n_products, n_rows = market.n_products, len(histories)
        pairs = recipe.suited(market, histories, find_candidates(market, histories, recipe.quotas))
        hits = hits[market.numbers["buyers"][hits % n_products] > 0]
        is_new = ~histories.pairs.find(hits)[1]
        keys = pairs.row * n_products + pairs.product
        return cls(
            moment=market.moment,
            pairs=pairs,
            matrix=recipe.matrix(market, histories, pairs),
            is_new=~histories.pairs.find(keys)[1],
            buyers=market.numbers["buyers_lately"][pairs.product],
            bought=np.isin(keys, hits),
            n_relevant=np.bincount(hits // n_products, minlength=n_rows),
            n_relevant_new=np.bincount(hits[is_new] // n_products, minlength=n_rows),
            hits=hits,
            hit_is_new=is_new,
            worth=worth,
        )


def earlier_moments(bought: Purchases, until: int, horizon: int, n: int) -> Ints:
    """Give the moments of the training windows, oldest first.

    Each has at least one horizon of history before it, and its window ends at or before `until`.
    """
    if not len(bought.basket_time):
        return np.zeros(0, np.int64)
    return training_cuts(int(bought.basket_time.min()) + horizon, until, horizon, n)


def worth_at(c: Community, bought: Purchases, moment: int, goal: str) -> Wide:
    """Give what one purchase of each product brings, as known at a moment.

    Parameters
    ----------
    c : Community
        Cut at `moment` or later.
    bought : Purchases
        Before `moment`; gives the codes.
    moment : int, microseconds
    goal : one of `siyu.recommend.ranking.goals.GOALS`

    Returns
    -------
    float64 array, n_products (at least 1)
        Money for gmv and margin, NaN where unknown; else 1.

    Raises
    ------
    DataError
        If the goal is margin and no product has a cost.
    """
    found = np.ones(max(len(bought.products), 1))
    if not goal_of(goal).is_money:
        return found
    worth = Worth.of(c, bought, moment)
    if goal_of(goal).worth == "margin" and len(bought.products) and np.isnan(worth.cost).all():
        raise DataError("the goal margin needs products.cost, and no product bought has one")
    found[: len(bought.products)] = worth.to(goal)
    return found


def build_windows(
    c: Community,
    bought: Purchases,
    moments: Ints,
    recipe: Recipe,
    member_features: MemberFeatures | None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Window], Recipe]:
    """Build the training windows.

    Parameters
    ----------
    c : Community
        Cut at the moment of the fit.
    bought : Purchases
        Of `c`.
    moments : int64 array, ascending
    recipe : Recipe
        Its columns are learned here.
    member_features : callable, optional
        Asked once for every moment, with the community cut there.
    progress : callable (windows done, windows and one in all), optional

    Returns
    -------
    (windows, recipe)
        Without windows in which nothing was bought.
    """
    tables = [_columns_at(c, int(moment), member_features) for moment in moments]
    recipe = replace(
        recipe, columns=MemberColumns.learn([one for one in tables if one is not None])
    )
    windows = []
    for moment, table in zip(moments.tolist(), tables, strict=True):
        windows.append(_window(c, bought, moment, recipe, table))
        if progress is not None:
            progress(len(windows), len(moments) + 1)
    return [window for window in windows if window.n_relevant.any()], recipe


def _window(
    c: Community, bought: Purchases, moment: int, recipe: Recipe, table: pa.Table | None
) -> Window:
    """Build the window of one moment from a sample of those who had bought by then."""
    earlier = bought.before(moment)
    market, facts = recipe.market(c, earlier, moment, table)
    buyers = earlier.basket_member[run_starts(earlier.basket_member)]
    codes = sample_rows(buyers, recipe.n_members, recipe.options.factors.random_state)
    before = earlier.of_members(codes)
    histories = MemberHistories.of(market, before, moment, facts.of_members(codes))
    later = bought.between(moment, moment + recipe.horizon).of_members(codes)
    goal, worth = goal_of(recipe.goal), worth_at(c, earlier, moment, recipe.goal)
    category = market.groups["category"].codes if goal.relevant == "new_category" else None
    hits = goal.hits(before, later, category, worth)
    return Window.of(recipe, market, histories, hits.keys, worth)


def _columns_at(
    c: Community, moment: int, member_features: MemberFeatures | None
) -> pa.Table | None:
    """Ask the caller for the columns at one moment."""
    if member_features is None:
        return None
    import pandas as pd

    cut = c.before(pd.Timestamp(moment, unit="us", tz="UTC"))
    return compute_columns(member_features, cut, moment)
