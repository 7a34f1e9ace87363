"""Why one coupon has its score for one member: contributions that add up to it, with the facts."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from siyu.datasets.labels import words_of

from .coupon_features import COUPON_FAMILIES
from .coupon_state import CouponState, ScoredCoupons, score_coupons

__all__ = ["explain_coupon"]

_BASE = "base"


def explain_coupon(state: CouponState, member: int, offer: int) -> pa.Table | None:
    """Split the score of one coupon for one member; None if the member may not have it.

    Returns
    -------
    pa.Table
        ``family``, ``contribution`` (they sum to the score), ``zh``, ``en``; the largest
        contribution first, the base last.
    """
    scored = next(score_coupons(state, np.array([member])), None)
    if scored is None or offer not in scored.pairs.offer:
        return None
    row = int(np.flatnonzero(scored.pairs.offer == offer)[0])
    parts = _parts(state, scored, row)
    facts = _facts({name: float(values[row]) for name, values in scored.columns.items()})
    zh, en = words_of("family", "zh"), words_of("family", "en")
    names = sorted((name for name in parts if name != _BASE), key=lambda n: -abs(parts[n]))
    names.append(_BASE)
    return pa.table(
        {
            "family": pa.array(names, pa.large_string()),
            "contribution": pa.array([parts[name] for name in names], pa.float64()),
            "zh": pa.array([facts.get(n, (zh[n], ""))[0] for n in names], pa.large_string()),
            "en": pa.array([facts.get(n, ("", en[n]))[1] for n in names], pa.large_string()),
        }
    )


def _parts(state: CouponState, scored: ScoredCoupons, row: int) -> dict[str, float]:
    """Give each family's contribution."""
    if not state.ranker.uses_model:
        score, own = float(scored.score[row]), float(scored.columns["decayed_90"][row])
        rate = float(scored.columns["coupon_redeem_rate"][row])
        return {"own": own * rate, _BASE: score - own * rate}
    split = state.ranker.contributions(scored.matrix.take(np.array([row])))
    family = {one.name: one.family for one in state.features()}
    found = dict.fromkeys(COUPON_FAMILIES, 0.0)
    if not state.columns.names:
        del found["extra"]
    if not state.scene.groups:
        del found["group"]
    for name, part in split.items():
        if name != _BASE:
            found[family[name]] += part
    # Sums of many small parts: what rounding leaves over goes to the base.
    return {**found, _BASE: float(scored.score[row]) - sum(found.values())}


def _facts(row: Mapping[str, float]) -> dict[str, tuple[str, str]]:
    """Say in both languages what the features of one pair are."""
    trips, last, gap = row["trips"], row["last"], row["gap"]
    used, redeemed = row["coupon_lines"], row["redeemed"]
    facts = {
        "own": (
            (
                f"买过券内商品 {trips:.0f} 次，最近一次在 {last:.0f} 天前",
                f"bought the coupon's products {trips:.0f} times, last {last:.0f} days ago",
            )
            if trips
            else ("从未买过券内商品", "never bought any of the coupon's products")
        ),
        "popular": (
            f"近 84 天 {row['buyers_84']:.0%} 的会员买过券内商品",
            f"members who bought its products in the last 84 days: {row['buyers_84']:.0%}",
        ),
        "member": (
            f"近 28 天到店 {row['visits_28']:.0f} 次",
            f"visits in the last 28 days: {row['visits_28']:.0f}",
        ),
        "pool": (
            f"本次共有 {row['n_coupons']:.0f} 张券可选，剩余 {row['days']:.0f} 天",
            f"coupons to choose from: {row['n_coupons']:.0f}, days left: {row['days']:.0f}",
        ),
    }
    if not np.isnan(redeemed):
        facts["redeeming"] = (
            f"已核销 {redeemed:.0f} 张券",
            f"coupons redeemed so far: {redeemed:.0f}",
        )
    if not np.isnan(used):
        facts["coupon_use"] = (
            f"有 {used:.0f} 行订单用过券",
            f"order lines on which a coupon was used: {used:.0f}",
        )
    if not np.isnan(gap):
        facts["rhythm"] = (f"平均每 {gap:.0f} 天买一次", f"days between purchases: {gap:.0f}")
    if not np.isnan(row["offer_discount"]):
        facts["price"] = (
            f"券内商品近期平均让利 {row['offer_discount']:.0%}",
            f"taken off its products lately, on average: {row['offer_discount']:.0%}",
        )
    return facts
