"""Rows to learn from: the coupons of past launches, as they looked when they began."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.boosting import FeatureMatrix
from siyu.datasets.clock import DAY_US
from siyu.datasets.community import Community
from siyu.recommend.sorted_keys import Bools, Ints
from siyu.recommend.tables.member_columns import MemberColumns, MemberFeatures, compute_columns

from .coupon_features import CouponFeature, coupon_features
from .coupon_pairs import CouponPairs, pairs_at_launch
from .coupon_scene import CouponScene
from .pair_features import CouponNumbers, pair_columns, pair_matrix, plain_score

__all__ = ["EVER", "LaunchRows", "Recall", "rows_of_launches"]

EVER = -(2**62)
"""A moment before every launch."""

_WATCHED_DAYS = 7.0  # a launch that still runs teaches once it was watched so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Which launches are learned from.

    Parameters
    ----------
    since : int, microseconds
        Only launches from then on.
    n_launches : int
        At most so many, the latest.
    n_rows : int
        Rows of one launch at most; members are drawn at random if there are more.
    random_state : int
    """

    since: int = EVER
    n_launches: int = 60
    n_rows: int = 500_000
    random_state: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class LaunchRows:
    """One row a member and coupon, in order of launch, member and offer.

    Attributes
    ----------
    pairs : CouponPairs, n_rows
    matrix : FeatureMatrix, n_rows
    plain : float64 array, n_rows, above 0
        The score without training.
    redeemed : bool array, n_rows
        Before the coupon's end and before the moment of the fit.
    """

    pairs: CouponPairs
    matrix: FeatureMatrix
    plain: NDArray[np.float64]
    redeemed: Bools

    def take(self, rows: Ints) -> "LaunchRows":
        """Take some rows, in their order."""
        return LaunchRows(
            self.pairs.take(rows),
            self.matrix.take(rows),
            self.plain[rows],
            self.redeemed[rows],
        )

    def lists(self) -> Ints:
        """Give every row the number of its list: a launch and a member."""
        opens = np.zeros(len(self.pairs), np.int64)
        opens[self.pairs.list_starts()] = 1
        return np.cumsum(opens) - 1


def rows_of_launches(
    c: Community,
    scene: CouponScene,
    recall: Recall,
    member_features: MemberFeatures | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[LaunchRows | None, MemberColumns]:
    """Look at every past launch as it began, and see what was redeemed.

    Features come from rows before the launch; the outcome from rows before the scene's moment. A
    launch that was still running then counts with the days it was watched, from a week on.

    Parameters
    ----------
    c : Community
        Cut at the scene's moment.
    scene : CouponScene
    recall : Recall
    member_features : callable, optional
        Asked once for every launch, with the community cut there.
    progress : callable (launches done, launches in all), optional

    Returns
    -------
    (rows, columns)
        No rows if there were no launches.
    """
    launches = _chosen(scene, recall)
    moments = scene.pool.launch_starts()[launches]
    tables = _columns_at(c, moments, member_features)
    columns = MemberColumns.learn([tables[moment] for moment in sorted(tables)])
    features = coupon_features(tuple(scene.groups), columns)
    parts = []
    for done, (launch, moment) in enumerate(zip(launches.tolist(), moments.tolist(), strict=True)):
        extra = columns.read(tables.get(moment), scene.bought.members, moment)
        at = replace(scene.before(moment), extra=extra)
        part = _rows(scene, at, launch, recall, features)
        if part is not None:
            parts.append(part)
        if progress is not None:
            progress(done + 1, len(launches))
    return (_joined(parts) if parts else None), columns


def _chosen(scene: CouponScene, recall: Recall) -> Ints:
    """Choose the launches that are old enough to have taught something."""
    starts = scene.pool.launch_starts()
    old = starts <= scene.moment - _WATCHED_DAYS * DAY_US
    return np.flatnonzero((starts >= recall.since) & old)[-recall.n_launches :]


def _columns_at(
    c: Community, moments: Ints, member_features: MemberFeatures | None
) -> dict[int, pa.Table]:
    """Ask the caller for the columns at every moment, once each."""
    if member_features is None:
        return {}
    found = {}
    for moment in np.unique(moments).tolist():
        cut = c.before(pd.Timestamp(moment, unit="us", tz="UTC"))
        found[moment] = compute_columns(member_features, cut, moment)
    return found


def _rows(
    now: CouponScene,
    then: CouponScene,
    launch: int,
    recall: Recall,
    features: tuple[CouponFeature, ...],
) -> LaunchRows | None:
    """Build the rows of one launch."""
    everybody = np.arange(len(now.bought.members))
    pairs = pairs_at_launch(
        now.pool, launch, now.moment, everybody, recall.n_rows, recall.random_state
    )
    if not len(pairs):
        return None
    columns = pair_columns(CouponNumbers.of(then, np.unique(pairs.offer)), pairs)
    return LaunchRows(
        pairs,
        pair_matrix(columns, features),
        plain_score(columns),
        _outcome(now, pairs),
    )


def _outcome(now: CouponScene, pairs: CouponPairs) -> Bools:
    """Tell which pairs ended in a redemption between the beginning and the end."""
    keys = now.redeemed_keys()
    wanted = pairs.member * len(now.pool.offers) + pairs.offer
    if not len(keys):
        return np.zeros(len(pairs), np.bool_)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    begin = now.pool.starts[pairs.offer]
    time = now.redeemed.time[at]
    return np.asarray((keys[at] == wanted) & (time >= begin) & (time < pairs.ends), np.bool_)


def _joined(parts: list[LaunchRows]) -> LaunchRows:
    """Put the launches one after the other."""
    pairs = CouponPairs(
        np.concatenate([part.pairs.member for part in parts]),
        np.concatenate([part.pairs.launch for part in parts]),
        np.concatenate([part.pairs.offer for part in parts]),
        np.concatenate([part.pairs.ends for part in parts]),
    )
    matrices = [part.matrix for part in parts]
    values = np.concatenate([one.values for one in matrices])  # noqa: PD011
    return LaunchRows(
        pairs,
        FeatureMatrix(values, matrices[0].columns),
        np.concatenate([part.plain for part in parts]),
        np.concatenate([part.redeemed for part in parts]),
    )
