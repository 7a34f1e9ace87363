"""Why one product has its score: contributions that add up to it, by family of features.

Trees are taken apart with TreeSHAP; the plain model is a sum by itself. Each family comes with a
sentence of facts in Chinese and English.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from siyu.datasets.boosting import FeatureMatrix
from siyu.datasets.labels import words_of
from siyu.recommend.candidates.finding import Candidates
from siyu.recommend.features.declared import FAMILIES
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.ranking.goals import goal_of

from .batches import Wanted, given_pairs, plain_parts_of, score_pairs
from .model import Model

__all__ = ["explain_pair"]

_BASE, _WORTH = "base", "worth"


def explain_pair(model: Model, pair: tuple[int, int], wanted: Wanted) -> pa.Table:
    """Split the score of one product for one member.

    Parameters
    ----------
    model : Model
    pair : (member code, product code)
    wanted : Wanted
        The list it is explained for.

    Returns
    -------
    pa.Table
        ``family``, ``contribution`` (they sum to the score), ``zh``, ``en``; the largest
        contribution first, the base last.
    """
    recipe, market = model.recipe, model.shop.market
    member, product = pair
    histories = model.shop.histories(np.array([member]))
    one = given_pairs(market, histories, np.array([product]))
    matrix = recipe.matrix(market, histories, one)
    parts = _parts(model, histories, one, wanted.which, matrix)
    facts = _facts(matrix)
    if _WORTH in parts:
        facts[_WORTH] = _fact_of_worth(float(model.terms.worth[product]))
    names = sorted((name for name in parts if name != _BASE), key=lambda n: -abs(parts[n]))
    names += [_BASE] if _BASE in parts else []
    zh, en = words_of("family", "zh"), words_of("family", "en")
    return pa.table(
        {
            "family": pa.array(names, pa.large_string()),
            "contribution": pa.array([parts[name] for name in names], pa.float64()),
            "zh": pa.array([facts.get(n, ("", ""))[0] or zh[n] for n in names], pa.large_string()),
            "en": pa.array([facts.get(n, ("", ""))[1] or en[n] for n in names], pa.large_string()),
        }
    )


def _parts(
    model: Model,
    histories: MemberHistories,
    one: Candidates,
    which: str,
    matrix: FeatureMatrix,
) -> dict[str, float]:
    """Give each family's contribution."""
    recipe, market = model.recipe, model.shop.market
    scored = score_pairs(market, histories, model, one, which)
    trees, is_money = model.ranker.ranks(which), goal_of(recipe.goal).is_money
    worth = {_WORTH: float(scored.earning[0])} if is_money else {}
    if trees is None and not is_money:
        plain = plain_parts_of(market, histories, one, which)
        return {name: float(part[0]) for name, part in plain.items()}
    if trees is None:
        return {**worth, _BASE: float(scored.likely[0])}
    split = trees.contributions(matrix, num_threads=1)[0]
    family = {feature.name: feature.family for feature in recipe.features()}
    parts = dict.fromkeys(FAMILIES, 0.0)
    for name, value in zip(trees.columns, split, strict=False):
        parts[family[name]] += float(value)
    there = {
        "extra": recipe.columns.names,
        "group": recipe.attributes,
        "circle": recipe.relations.circles,
    }
    parts = {name: part for name, part in parts.items() if there.get(name, True)}
    # Sums of many small parts: what rounding leaves over goes to the base.
    return {**parts, **worth, _BASE: float(scored.likely[0]) - sum(parts.values())}


def _fact_of_worth(worth: float) -> tuple[str, str]:
    """Say what a purchase brings."""
    if np.isnan(worth):
        return "一次购买带来多少未知", "what a purchase brings is not known"
    return f"一次购买约带来 {worth:.2f}", f"a purchase brings about {worth:.2f}"


def _facts(matrix: FeatureMatrix) -> dict[str, tuple[str, str]]:
    """Say in both languages what the features of one pair are."""
    row: Mapping[str, float] = dict(
        zip(matrix.columns, matrix.values[0].astype(float).tolist(), strict=True)
    )
    n, last, gap = row["n"], row["last"], row["gap"]
    facts = {
        "own": (
            (
                f"买过 {n:.0f} 次，最近一次在 {last:.0f} 天前",
                f"times bought: {n:.0f}, last {last:.0f} days ago",
            )
            if n
            else ("从未买过", "never bought")
        ),
        "popular": (
            f"近 28 天有 {row['buyers_28']:.0f} 位会员购买",
            f"members who bought it in the last 28 days: {row['buyers_28']:.0f}",
        ),
        "member": (
            f"近 28 天到店 {row['visits_28']:.0f} 次",
            f"visits in the last 28 days: {row['visits_28']:.0f}",
        ),
    }
    if not np.isnan(gap):
        facts["rhythm"] = (f"平均每 {gap:.0f} 天买一次", f"days between purchases of it: {gap:.0f}")
    now = row["price_now"]
    if not np.isnan(now):
        facts["price"] = (f"近期价格为平时的 {now:.0%}", f"price lately {now:.0%} of the usual")
    near = row.get("circle_n", float("nan"))
    if not np.isnan(near):
        facts["circle"] = (
            f"好友和群友中有 {near:.0f} 位买过",
            f"friends and group mates who bought it: {near:.0f}",
        )
    return facts
