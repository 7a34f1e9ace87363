"""A fitted coupon model: how it ranks, and the coupons and members of one moment."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.boosting import FeatureMatrix
from siyu.datasets.community import Community
from siyu.datasets.errors import ParameterError
from siyu.recommend.sorted_keys import Ints, run_starts
from siyu.recommend.tables.member_columns import MemberColumns, MemberFeatures, compute_columns

from .coupon_features import CouponFeature, coupon_features
from .coupon_pairs import CouponPairs, pairs_running
from .coupon_ranker import CouponRanker
from .coupon_scene import CouponScene
from .launch_odds import any_of, launch_features, launch_matrix
from .pair_features import CouponNumbers, pair_columns, pair_matrix, plain_score

__all__ = ["CouponState", "ScoredCoupons", "scene_at", "score_coupons", "shown_offers"]

Numbers = NDArray[np.float64]

_CHUNK = 200_000  # pairs whose features are held at once


@dataclass(frozen=True, slots=True, eq=False)
class CouponState:
    """All that a fit leaves behind.

    Attributes
    ----------
    horizon : int, microseconds
    columns : MemberColumns
    ranker : CouponRanker
    scene : CouponScene
    """

    horizon: int
    columns: MemberColumns
    ranker: CouponRanker
    scene: CouponScene

    def features(self) -> tuple[CouponFeature, ...]:
        """List the features."""
        return coupon_features(tuple(self.scene.groups), self.columns)


@dataclass(frozen=True, slots=True, eq=False)
class ScoredCoupons:
    """Whole lists with what the model says of them.

    Attributes
    ----------
    pairs : CouponPairs, n_pairs
    columns : mapping of feature name to float64 array, n_pairs
    matrix : FeatureMatrix, n_pairs
    score, probability : float64 arrays, n_pairs
    any_probability : float64 array, n_lists
        Of redeeming anything of the list.
    """

    pairs: CouponPairs
    columns: dict[str, Numbers]
    matrix: FeatureMatrix
    score: Numbers
    probability: Numbers
    any_probability: Numbers


def scene_at(
    c: Community, moment: int, state: CouponState, member_features: MemberFeatures | None
) -> CouponScene:
    """Look at a community that is cut at `moment` as the model does.

    Raises
    ------
    ParameterError
        If the model learned from columns of the caller and there is no callable to give them.
    """
    scene = CouponScene.of(c, moment, state.horizon, tuple(state.scene.groups))
    if not state.columns.names:
        return scene
    if member_features is None:
        listed = ", ".join(state.columns.names)
        raise ParameterError(
            "member_features",
            f"the model learned from the member columns {listed}: "
            "give the callable that computes them",
        )
    table = compute_columns(member_features, c, moment)
    return replace(scene, extra=state.columns.read(table, scene.bought.members, moment))


def shown_offers(scene: CouponScene) -> Ints:
    """Select the coupons that run, and are not used up: ascending codes.

    ``stock`` is what is left; of ``budget`` the face value of every use is taken off, whoever's
    it was. What is unknown hides nothing.
    """
    pool = scene.pool
    runs = (pool.starts <= scene.moment) & (pool.ends > scene.moment)
    gone = (pool.stock < 1) | (pool.budget_left <= 0)  # NaN is neither
    return np.flatnonzero(runs & ~gone)


def score_coupons(state: CouponState, members: Ints) -> Iterator[ScoredCoupons]:
    """Score the coupons that members may have, a bounded number of pairs at a time.

    Parameters
    ----------
    state : CouponState
    members : int64 array, ascending codes
        Lists are whole, with coupons that are used up and those already redeemed.
    """
    scene = state.scene
    everything = np.arange(len(scene.pool.offers))
    pairs = pairs_running(scene.pool, scene.moment, members, everything)
    if not len(pairs):
        return
    numbers = CouponNumbers.of(scene, np.unique(pairs.offer))
    borders = _member_borders(pairs)
    for low, high in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        yield _scored(state, numbers, pairs.take(np.arange(low, high)))


def _member_borders(pairs: CouponPairs) -> Ints:
    """Cut the pairs into chunks of whole members."""
    first = run_starts(pairs.member)
    return np.append(first[run_starts(first // _CHUNK)], len(pairs))


def _scored(state: CouponState, numbers: CouponNumbers, pairs: CouponPairs) -> ScoredCoupons:
    """Score some members' lists."""
    ranker, features = state.ranker, state.features()
    columns = pair_columns(numbers, pairs)
    matrix = pair_matrix(columns, features)
    if ranker.uses_model:
        odds = ranker.odds(matrix)
        score, chance = ranker.score(matrix, odds), ranker.scale.probability(odds)
    else:
        score = plain_score(columns)
        chance = ranker.plain_scale.probability(np.log(score))
    starts = pairs.list_starts()
    odds = any_of(chance, starts)
    if ranker.uses_model:
        of_list = launch_matrix(matrix, starts, launch_features(features))
        odds = ranker.launch.odds(of_list, odds)
    whole = ranker.launch.scale.probability(odds)
    return ScoredCoupons(pairs, columns, matrix, score, chance, whole)
