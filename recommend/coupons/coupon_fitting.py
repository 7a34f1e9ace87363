"""How a coupon model is fitted, and what is told of the fit."""

from dataclasses import replace
from typing import Any

import pandas as pd

from siyu.datasets.community import Community
from siyu.datasets.errors import warn
from siyu.recommend.tables.member_columns import MemberFeatures, compute_columns

from .coupon_features import coupon_features
from .coupon_lists import Progress
from .coupon_ranker import CouponRanker, LearnedColumns, RankerSettings
from .coupon_scene import CouponScene
from .coupon_state import CouponState
from .launch_rows import LaunchRows, Recall, rows_of_launches

__all__ = ["fit_state", "validation_of"]

_VALIDATION = (
    "n_members",
    "n_lists",
    "n_redeemed",
    "model_ndcg",
    "fallback_ndcg",
    "gain",
    "low",
    "high",
)


def fit_state(
    community: Community,
    as_of: Any,
    how: tuple[int, Recall, RankerSettings],
    asking: tuple[MemberFeatures | None, Progress | None],
) -> tuple[CouponState, str]:
    """Learn from the launches before a moment.

    Parameters
    ----------
    community : Community
    as_of : Timestamp, datetime or str
    how : (horizon in microseconds, Recall, RankerSettings)
    asking : (member_features, progress), as in `CouponModel.fit`

    Returns
    -------
    (state, told)
        What is to be told of it: empty, or why the fallback ranks.
    """
    (horizon, recall, settings), (member_features, progress) = how, asking
    c, moment = community.before(as_of), community.moment(as_of)
    scene = CouponScene.of(c, moment, horizon)
    _warn_of(scene)
    rows, columns = rows_of_launches(c, scene, recall, member_features, progress)
    learned = LearnedColumns(
        coupon_features(tuple(scene.groups), columns),
        tuple(f"extra:{name}" for name in columns.categorical()),
    )
    ranker = CouponRanker.fit(rows, learned, settings)
    if columns.names and member_features is not None:
        table = compute_columns(member_features, c, moment)
        scene = replace(scene, extra=columns.read(table, scene.bought.members, moment))
    state = CouponState(horizon, columns, ranker, scene)
    return state, "" if ranker.uses_model else _why(ranker, rows)


def validation_of(ranker: CouponRanker) -> pd.DataFrame:
    """Show the comparison that decided; no row where nothing could be compared."""
    one = ranker.comparison
    rows = [] if one is None else [_row(one)]
    return pd.DataFrame(rows, columns=list(_VALIDATION))


def _warn_of(scene: CouponScene) -> None:
    """Say which coupons are left out, of everything or of what is learned from."""
    if scene.pool.n_undated:
        warn(f"{scene.pool.n_undated} coupons without starts_at are left out")
    late = int((~scene.pool.was_prompt()).sum())
    if late:
        warn(
            f"{late} personal coupons were issued more than a day after they began: they are "
            "ranked, but not learned from"
        )


def _row(one: Any) -> dict[str, Any]:
    """Show a comparison."""
    found = {name: getattr(one, name) for name in _VALIDATION[:5]}
    return {**found, "gain": one.gain.estimate, "low": one.gain.low, "high": one.gain.high}


def _why(ranker: CouponRanker, rows: LaunchRows | None) -> str:
    """Say why the fallback ranks."""
    if rows is None:
        return "no launch of coupons is a week old"
    if ranker.comparison is None:
        return (
            f"{int(rows.redeemed.sum())} redemptions of past launches are too few to learn from "
            "and to judge by"
        )
    gain = ranker.comparison.gain
    return (
        f"on the latest launches, with {ranker.comparison.n_redeemed} redemptions, the model gains "
        f"{gain.low:+.4f} to {gain.high:+.4f} nats a member"
    )
