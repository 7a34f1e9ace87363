"""A fit, step by step: check the parameters, build the windows, train, judge, keep the shop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError
from siyu.recommend.lists.model import Model, shop_at
from siyu.recommend.lists.terms import terms_at
from siyu.recommend.market.market import MarketOptions
from siyu.recommend.ranking.goals import GOALS, goal_of
from siyu.recommend.ranking.growing import BLEND, OBJECTIVES, GrowingOptions
from siyu.recommend.ranking.ranker import LISTS, Ranker, RankerOptions, fit_ranker
from siyu.recommend.ranking.training import Recipe, Window, build_windows, earlier_moments
from siyu.recommend.tables.levels import PRODUCT
from siyu.recommend.tables.member_columns import MemberColumns, MemberFeatures
from siyu.recommend.tables.purchases import ACTIVITIES, Purchases
from siyu.recommend.tables.related import Relations
from siyu.recommend.tables.setting import default_attributes

from .parameters import microseconds, one_of, seed_of, whole_number

__all__ = ["Progress", "check_choices", "fit_model", "shown"]

Progress = Callable[[int, int], None]
_CHOICES = {
    "kind": ("product", "coupon"),
    "goal": GOALS,
    "activity": ACTIVITIES,
    "ranker": ("auto", "always", "never"),
    "objective": OBJECTIVES,
}
_WINDOWS_OF_PRODUCTS = 2
_WINDOWS_OF_LEVEL = 6
_SHARE_OF_MISSES = 0.35  # in shops of many products; where they are few, it costs quality
_MOST_ROWS = 30_000  # members of all windows: bounds the memory
_COLUMNS = ("list", "n_members", "model", "fallback", "difference", "low", "high")


def fit_model(
    parameters: Mapping[str, Any],
    community: Community,
    as_of: Any,
    member_features: MemberFeatures | None,
    progress: Progress | None,
) -> tuple[Model, str]:
    """Fit a model.

    Parameters
    ----------
    parameters : mapping
        Those of `OfferRecommender`.
    community : Community
    as_of : moment
        Itself excluded.
    member_features : callable, optional
    progress : callable, optional

    Returns
    -------
    (model, told)
        What is to be told of it: empty, or why the plain model ranks.
    """
    check_choices(parameters)
    c, moment = community.before(as_of), community.moment(as_of)
    bought = Purchases.of(c, activity=parameters["activity"])
    recipe = _recipe(parameters, len(bought.products))
    attributes = default_attributes(c, bought.products)
    if recipe.goal == "new_category" and "category" not in attributes:
        raise DataError("the goal new_category needs the column category in the table products")
    recipe = replace(recipe, attributes=attributes, relations=Relations.of(c))
    until = min(c.observed.get(recipe.activity, (0, moment))[1], moment)
    # The oldest window only serves to choose between trees and plain model.
    n_windows = 1 if parameters["ranker"] == "never" else _n_windows(parameters) + 1
    recipe = replace(recipe, n_members=min(recipe.n_members, _MOST_ROWS // n_windows))
    moments = earlier_moments(bought, until, recipe.horizon, n_windows)
    windows, recipe = build_windows(c, bought, moments, recipe, member_features, progress)
    ranker = fit_ranker(windows, _options(parameters, recipe), recipe.categorical())
    shop = shop_at(c, bought, moment, recipe, member_features)
    if progress is not None:
        progress(len(moments) + 1, len(moments) + 1)
    told = ""
    if parameters["ranker"] != "never" and ranker.ranks("all") is None:
        told = f"the plain model ranks ('fallback'): {_why_plain(ranker, windows, recipe.goal)}"
    return Model(recipe, ranker, shop, terms_at(c, bought, moment, recipe.goal)), told


def shown(model: Model) -> tuple[pd.Timestamp, dict[str, str], dict[str, float], pd.DataFrame]:
    """Give what a recommender shows of itself: moment, who ranks, importance, validation."""
    ranker = model.ranker
    return (
        pd.Timestamp(model.shop.market.moment, unit="us", tz="UTC"),
        {name: "fallback" if ranker.ranks(name) is None else "model" for name in LISTS},
        ranker.importance(),
        _validation(ranker),
    )


def _validation(ranker: Ranker) -> pd.DataFrame:
    """Write the comparisons that decided, one row a kind of list."""
    rows = [
        {
            "list": one.list,
            "n_members": one.n_members,
            "model": one.model,
            "fallback": one.fallback,
            "difference": one.difference.estimate,
            "low": one.difference.low,
            "high": one.difference.high,
        }
        for one in ranker.comparisons
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def check_choices(parameters: Mapping[str, Any]) -> None:
    """Refuse a parameter that is not among its choices, or is no count.

    Raises
    ------
    ParameterError
        Naming it.
    """
    for name, allowed in _CHOICES.items():
        one_of(name, parameters[name], allowed)
    whole_number("n_jobs", parameters["n_jobs"])
    if parameters["n_windows"] is not None:
        whole_number("n_windows", parameters["n_windows"])


def _recipe(parameters: Mapping[str, Any], n_products: int) -> Recipe:
    """Lay down how markets, candidates and features are made, for a shop of so many products."""
    is_money = goal_of(parameters["goal"]).is_money
    if is_money and parameters["objective"] not in (BLEND, "binary"):
        raise ParameterError(
            "objective",
            f"the goal {parameters['goal']} orders by probability times worth and needs the "
            f"objective 'blend' or 'binary', got {parameters['objective']!r}",
        )
    return Recipe(
        activity=parameters["activity"],
        goal=parameters["goal"],
        horizon=microseconds(parameters["horizon"]),
        attributes=(),
        columns=MemberColumns({}),
        options=MarketOptions.of(n_products, seed_of(parameters["random_state"])),
    )


def _n_windows(parameters: Mapping[str, Any]) -> int:
    """Count the windows to train on: more of them where products are few."""
    given = parameters["n_windows"]
    if given is not None:
        return int(given)
    return _WINDOWS_OF_PRODUCTS if parameters["level"] == PRODUCT else _WINDOWS_OF_LEVEL


def _options(parameters: Mapping[str, Any], recipe: Recipe) -> RankerOptions:
    """Say how the trees are grown."""
    return RankerOptions(
        use=parameters["ranker"],
        n_windows=_n_windows(parameters),
        goal=recipe.goal,
        growing=GrowingOptions(
            objective=parameters["objective"],
            n_jobs=parameters["n_jobs"],
            random_state=recipe.options.factors.random_state,
        ),
        share_of_misses=_SHARE_OF_MISSES if recipe.options.linear is None else 1.0,
    )


def _why_plain(ranker: Ranker, windows: Sequence[Window], goal: str) -> str:
    """Say why the trees do not rank lists of all products."""
    if not windows:
        return "the history is shorter than two horizons, so there is nothing to train on"
    judged = [one for one in ranker.comparisons if one.list == "all"]
    if not judged:
        return "too few purchases to train on and to judge by"
    found = judged[0]
    if np.isnan(found.difference.low):
        return f"only {found.n_members} members bought in the newest window: too few to judge by"
    measure = "NDCG@10" if goal_of(goal).metric == "ndcg" else "captured value at 10"
    return (
        f"on {found.n_members} members of the newest window the trees have {measure} "
        f"{found.model:.4f}, the plain model {found.fallback:.4f} (difference "
        f"{found.difference.low:+.4f} to {found.difference.high:+.4f})"
    )
