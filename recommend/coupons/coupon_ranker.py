"""Scores and probabilities of coupons: a line and trees together, or affinity x past rate.

The log-odds of a redemption are the mean of a logistic line's and of boosted trees'; each set of
trees sees all redemptions and its own draw of the other rows. Within a list, trees trained to
order (LambdaRank) add their say. On launches that neither has seen, model and fallback are
compared by the likelihood of what happened, both made probabilities in the same way.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.boosting import (
    BoostedTrees,
    BoostingOptions,
    FeatureMatrix,
    TrainingRows,
    train,
)
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.intervals import Interval, paired_difference
from siyu.datasets.randomness import generator
from siyu.recommend.evaluation.metrics import measure
from siyu.recommend.sorted_keys import Bools, Ints, run_starts, within_run

from .coupon_features import CouponFeature
from .launch_odds import LaunchOdds, any_of, launch_features, launch_matrix
from .launch_rows import LaunchRows
from .redeem_line import OddsScale, RedeemLine

__all__ = ["CouponComparison", "CouponRanker", "CouponTrees", "LearnedColumns", "RankerSettings"]

Numbers = NDArray[np.float64]

_STRENGTH = 500.0  # of the line's prior
_ORDER_WEIGHT = 0.25  # of the ordering trees, beside log-odds
_FEWEST, _FEWEST_JUDGED = 50, 25  # redemptions to learn from, and to judge by
_JUDGED_SHARE = 1 / 3  # of the redemptions, about, the latest
_LEVEL = 0.8
_AT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerSettings:
    """How the ranker is trained.

    Parameters
    ----------
    use : {"auto", "always", "never"}
    n_seeds : int >= 1
        Sets of trees, each on its own draw of rows without a redemption.
    rows_a_redemption : int >= 1
        Rows without a redemption that are drawn for every one with it.
    n_jobs, random_state : int
    """

    use: str = "auto"
    n_seeds: int = 3
    rows_a_redemption: int = 100
    n_jobs: int = 1
    random_state: int = 0

    def odds_trees(self, seed: int) -> BoostingOptions:
        """Say how trees for the log-odds are grown."""
        return replace(_ODDS, num_threads=self.n_jobs, random_state=seed)

    def order_trees(self, seed: int) -> BoostingOptions:
        """Say how trees for the order are grown."""
        return replace(_ORDER, num_threads=self.n_jobs, random_state=seed)


_ODDS = BoostingOptions(
    objective="binary",
    n_trees=150,
    n_leaves=15,
    learning_rate=0.05,
    min_data_in_leaf=100,
    max_bin=127,
    lambda_l2=20.0,
    feature_fraction=0.4,
    bagging_fraction=0.8,
)
_ORDER = replace(_ODDS, objective="lambdarank", n_leaves=7)


@dataclass(frozen=True, slots=True)
class LearnedColumns:
    """The features that are learned from.

    Attributes
    ----------
    features : tuple of CouponFeature
    categorical : tuple of str
        Names of those that hold categories: only trees read them.
    """

    features: tuple[CouponFeature, ...]
    categorical: tuple[str, ...] = ()

    def numeric(self) -> tuple[CouponFeature, ...]:
        """Give the features that a line can read."""
        return tuple(one for one in self.features if one.name not in self.categorical)

    def fitted(self, options: BoostingOptions, n_rows: int) -> BoostingOptions:
        """Name the categories; let leaves be smaller where there are few rows."""
        least = int(np.clip(n_rows // 100, 5, options.min_data_in_leaf))
        return replace(options, categorical=self.categorical, min_data_in_leaf=least)


@dataclass(frozen=True, slots=True, eq=False)
class CouponTrees:
    """Boosted trees and what their draw of rows adds to the log-odds.

    Attributes
    ----------
    trees : BoostedTrees
    shift : float
    """

    trees: BoostedTrees
    shift: float

    def predict(self, matrix: FeatureMatrix, n_jobs: int) -> Numbers:
        """Score every row."""
        return self.trees.predict(matrix, num_threads=n_jobs, raw=True) + self.shift


@dataclass(frozen=True, slots=True)
class CouponComparison:
    """Model and fallback on launches that the model had not seen.

    Attributes
    ----------
    n_members, n_lists, n_redeemed : int
        Members; lists of theirs with a redemption; redemptions.
    model_ndcg, fallback_ndcg : float
        NDCG@10 over those lists; NaN without.
    gain : Interval
        Log-likelihood a member that the model has over the fallback, in nats, with its paired
        80 % interval.
    """

    n_members: int
    n_lists: int
    n_redeemed: int
    model_ndcg: float
    fallback_ndcg: float
    gain: Interval

    @property
    def model_wins(self) -> bool:
        """Tell whether the model is better, with nine chances in ten."""
        return bool(self.gain.low > 0)


@dataclass(frozen=True, slots=True, eq=False)
class CouponRanker:
    """What turns features into scores and probabilities.

    Attributes
    ----------
    line : RedeemLine, or None if there was too little to learn from
    odds_trees, order_trees : tuples of CouponTrees
    uses_model : bool
    scale, plain_scale : OddsScale
        From the model's log-odds, and from the logarithm of the fallback's score.
    comparison : CouponComparison or None
    launch : LaunchOdds
    n_jobs : int
    """

    line: RedeemLine | None
    odds_trees: tuple[CouponTrees, ...]
    order_trees: tuple[CouponTrees, ...]
    uses_model: bool
    scale: OddsScale
    plain_scale: OddsScale
    comparison: CouponComparison | None
    launch: LaunchOdds
    n_jobs: int = 1

    @classmethod
    def fit(
        cls,
        rows: LaunchRows | None,
        columns: LearnedColumns,
        settings: RankerSettings,
    ) -> "CouponRanker":
        """Learn from past launches, compare with the fallback on the latest, and choose.

        Parameters
        ----------
        rows : LaunchRows, in order of launch, or None
        columns : LearnedColumns
        settings : RankerSettings
        """
        unknown, as_is = OddsScale(float("nan"), float("nan")), OddsScale(0.0, 1.0)
        launch = LaunchOdds(None, as_is)
        nothing = cls(None, (), (), False, unknown, unknown, None, launch, settings.n_jobs)
        if rows is None:
            return nothing
        nothing = replace(nothing, plain_scale=OddsScale.of(np.log(rows.plain), rows.redeemed))
        n_redeemed = int(rows.redeemed.sum())
        if settings.use == "never" or n_redeemed < _FEWEST or n_redeemed == len(rows.redeemed):
            return nothing
        nothing = replace(nothing, scale=as_is)
        learned, later = _split(rows)
        if len(later):
            judged = _grown(nothing, rows.take(learned), columns, settings)
            nothing = _judged(nothing, judged, rows.take(later), columns)
        wins = nothing.comparison is not None and nothing.comparison.model_wins
        if settings.use == "auto" and not wins:
            return nothing
        scale = nothing.launch.scale
        grown = _grown(nothing, rows, columns, settings)
        return replace(grown, uses_model=True, launch=replace(grown.launch, scale=scale))

    def odds(self, matrix: FeatureMatrix) -> Numbers:
        """Give the log-odds of a redemption as line and trees see them."""
        if self.line is None:
            return np.full(len(matrix.values), np.nan)
        trees = _mean([one.predict(matrix, self.n_jobs) for one in self.odds_trees])
        return (self.line.predict(matrix) + trees) / 2

    def score(self, matrix: FeatureMatrix, odds: Numbers) -> Numbers:
        """Give what a list is ordered by: the log-odds, and what the ordering trees add."""
        if not self.order_trees:
            return odds
        order = _mean([one.predict(matrix, self.n_jobs) for one in self.order_trees])
        return odds + _ORDER_WEIGHT * order

    def contributions(self, matrix: FeatureMatrix) -> dict[str, float]:
        """Split the score of the first row over the features; they sum to it with ``base``."""
        found = dict.fromkeys(matrix.columns, 0.0)
        if self.line is not None:
            parts = self.line.parts(matrix, 0) / 2
            for name, part in zip(self.line.names, parts.tolist(), strict=True):
                found[name] += part
        for group, weight in ((self.odds_trees, 0.5), (self.order_trees, _ORDER_WEIGHT)):
            for one in group:
                split = one.trees.contributions(matrix, num_threads=1)[0] * weight / len(group)
                for name, part in zip(one.trees.columns, split.tolist(), strict=False):
                    found[name] += part
        odds = self.odds(matrix)
        # The base, and what rounding leaves over.
        found["base"] = float(self.score(matrix, odds)[0]) - sum(found.values())
        return found

    def importance(self) -> dict[str, float]:
        """Give each feature's share of the gain of the trees for the log-odds."""
        found: dict[str, float] = {}
        for one in self.odds_trees:
            for name, share in one.trees.importance().items():
                found[name] = found.get(name, 0.0) + share / len(self.odds_trees)
        return found


def _grown(
    base: CouponRanker, rows: LaunchRows, columns: LearnedColumns, settings: RankerSettings
) -> CouponRanker:
    """Fit line and trees."""
    odds, order = [], []
    teaching = _teaching(rows)
    for at in range(settings.n_seeds):
        seed = settings.random_state + 1_000 * at
        kept, share = _drawn(rows.redeemed, settings.rows_a_redemption, seed)
        some = TrainingRows.of(rows.matrix.take(kept), rows.redeemed[kept])
        options = columns.fitted(settings.odds_trees(seed), len(kept))
        odds.append(CouponTrees(train(some, options), float(np.log(share))))
        if len(teaching):
            matrix, lists = rows.matrix.take(teaching), rows.lists()[teaching]
            listed = TrainingRows.of(matrix, rows.redeemed[teaching], queries=lists)
            options = columns.fitted(settings.order_trees(seed), len(teaching))
            order.append(CouponTrees(train(listed, options), 0.0))
    kept, share = _drawn(rows.redeemed, settings.rows_a_redemption, settings.random_state)
    weights = np.where(rows.redeemed[kept], 1.0, 1.0 / share)
    read = columns.numeric()
    line = RedeemLine.fit(rows.matrix.take(kept), read, rows.redeemed[kept], weights, _STRENGTH)
    of_list, starts = launch_features(columns.numeric()), rows.pairs.list_starts()
    launch = LaunchOdds.fit(
        launch_matrix(rows.matrix, starts, of_list),
        of_list,
        np.logical_or.reduceat(rows.redeemed, starts),
    )
    return replace(base, line=line, odds_trees=tuple(odds), order_trees=tuple(order), launch=launch)


def _judged(
    base: CouponRanker, judged: CouponRanker, seen: LaunchRows, columns: LearnedColumns
) -> CouponRanker:
    """Learn from launches that the judged model has not seen what its scores mean."""
    odds = judged.odds(seen.matrix)
    scale = OddsScale.of(odds, seen.redeemed)
    starts = seen.pairs.list_starts()
    listed = launch_matrix(seen.matrix, starts, launch_features(columns.numeric()))
    whole = judged.launch.odds(listed, any_of(scale.probability(odds), starts))
    of_any = OddsScale.of(whole, np.logical_or.reduceat(seen.redeemed, starts))
    launch = LaunchOdds(None, of_any if np.isfinite(of_any.base) else base.launch.scale)
    comparison = _compare(judged, seen, odds, scale)
    return replace(base, scale=scale, launch=launch, comparison=comparison)


def _split(rows: LaunchRows) -> tuple[Ints, Ints]:
    """Part the rows by launch into those to learn from and the later ones to judge by.

    The later ones hold about a third of the redemptions, as far as both parts have enough; if no
    border gives both enough, there is nothing to judge by.
    """
    launches = np.unique(rows.pairs.launch)
    at = np.searchsorted(launches, rows.pairs.launch)
    before = np.cumsum(np.bincount(at[rows.redeemed], minlength=len(launches)))
    after = before[-1] - before
    enough = np.flatnonzero((before >= _FEWEST) & (after >= _FEWEST_JUDGED))
    if not len(enough):
        return np.arange(len(at)), np.zeros(0, np.int64)
    best = enough[np.argmin(np.abs(after[enough] - _JUDGED_SHARE * before[-1]))]
    return np.flatnonzero(at <= best), np.flatnonzero(at > best)


def _drawn(redeemed: Bools, rows_a_redemption: int, seed: int) -> tuple[Ints, float]:
    """Draw rows without a redemption; give all kept rows and the share that was drawn."""
    others = int((~redeemed).sum())
    share = min(1.0, rows_a_redemption * int(redeemed.sum()) / max(others, 1))
    if share >= 1.0:
        return np.arange(len(redeemed)), 1.0
    drawn = generator(seed).random(len(redeemed)) < share
    return np.flatnonzero(redeemed | drawn), share


def _teaching(rows: LaunchRows) -> Ints:
    """Select the lists that hold both a redeemed coupon and another."""
    lists = rows.lists()
    n = np.bincount(lists)
    hits = np.bincount(lists[rows.redeemed], minlength=len(n))
    return np.flatnonzero(((hits > 0) & (hits < n))[lists])


def _mean(values: list[Numbers]) -> Numbers:
    """Average, always in one order."""
    total = values[0]
    for one in values[1:]:
        total = total + one
    return total / len(values)


def _compare(
    judged: CouponRanker, seen: LaunchRows, odds: Numbers, scale: OddsScale
) -> CouponComparison:
    """Measure model and fallback on launches that the model has not seen."""
    plain = np.log(seen.plain)
    plain_scale = OddsScale.of(plain, seen.redeemed)
    gain = _likelihood(scale.probability(odds), seen.redeemed)
    gain = gain - _likelihood(plain_scale.probability(plain), seen.redeemed)
    members, at = np.unique(seen.pairs.member, return_inverse=True)
    of_member = exact_sum(at, gain, len(members))
    nothing = np.zeros(len(members))
    difference = paired_difference(of_member, nothing, level=_LEVEL, random_state=0)
    lists = seen.lists()
    n = np.bincount(lists[seen.redeemed], minlength=int(lists.max()) + 1)
    found = [
        _ndcg(lists, one, seen.redeemed, n) for one in (judged.score(seen.matrix, odds), plain)
    ]
    n_lists = int((n > 0).sum())
    return CouponComparison(
        len(members), n_lists, int(seen.redeemed.sum()), found[0], found[1], difference
    )


def _likelihood(chance: Numbers, redeemed: Bools) -> Numbers:
    """Give the log-likelihood of every row's outcome."""
    kept = np.clip(chance, 1e-9, 1 - 1e-9)
    return np.where(redeemed, np.log(kept), np.log1p(-kept))


def _ndcg(lists: Ints, score: Numbers, redeemed: Bools, n_relevant: Ints) -> float:
    """Average NDCG@10 over the lists with a redemption; NaN without."""
    order = np.lexsort((np.arange(len(lists)), -score, lists))
    rank = within_run(run_starts(lists[order]), len(order)) + 1
    top = rank <= _AT
    hit = redeemed[order][top]
    quality = measure(lists[order][top], rank[top], hit, n_relevant, _AT)
    has = n_relevant > 0
    return float(quality.ndcg[has].mean()) if has.any() else float("nan")
