"""Measure the same recommender on other data: friends, trust, views, planted tastes.

    python benchmarks/bench_recommend_elsewhere.py lastfm ciao retailrocket synthetic

``lastfm``        friends, and the artists that they hear: a random fifth is hidden, three draws
``ciao``          trust between people, and their dated ratings: the next 180 days at three cuts
``retailrocket``  half of the purchases are hidden: with the views of the members, and without
``synthetic``     tastes planted in three communities: do the lists recover them?

Every list of 10 comes from the same class with its defaults (but for `ranker`, so that trees and
plain model stand side by side). Prints markdown rows: NDCG@10 with 95 % intervals over members,
and paired differences. Ends with an error if trees that know the friends are no better than
popularity, or if, on Last.fm, friends are no better than strangers.
"""

import argparse
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from elsewhere_worlds import (
    World,
    ciao,
    lastfm,
    retailrocket,
    synthetic,
    with_strangers,
    without_circles,
)

from siyu.datasets import SiyuWarning
from siyu.datasets.intervals import Interval, bootstrap_mean, paired_difference
from siyu.recommend import OfferRecommender, list_quality, next_purchases
from siyu.recommend.evaluation.factor_baselines import matrix_factors
from siyu.recommend.evaluation.neighbour_baselines import item_item, nearest_mix
from siyu.recommend.evaluation.own_baselines import popularity

_TREES, _ALONE, _STRANGERS = "trees, friends known", "trees, friends unknown", "trees, strangers"
_POPULAR = "popularity"


def main() -> None:
    how = _arguments()
    data = Path(os.environ["SIYU_DATA"]) if "SIYU_DATA" in os.environ else Path()
    n = 250 if how.small else None
    draws = range(1 if how.small else 3)
    if "lastfm" in how.worlds:
        found = _pooled([_near_and_far(lastfm(draw, n_members=n)) for draw in draws])
        _print("Last.fm, friends", found, _ALONE)
        _refuse(found, friends_help=not how.small)
    if "ciao" in how.worlds:
        for cut in ("2006-01-01",) if how.small else ("2004-01-01", "2006-01-01", "2008-01-01"):
            found = _near_and_far(ciao(cut))
            _print(f"Ciao as of {cut}, trust", found, _ALONE)
            _refuse(found, friends_help=False)
    if "retailrocket" in how.worlds:
        folder = data / "retailrocket_funnel"
        found = _pooled([_views(folder, draw) for draw in draws])
        for name in ("of all products, viewed or not", "of products never seen"):
            rows = {n.removeprefix(f"{name}: "): q for n, q in found.items() if n.startswith(name)}
            _print(f"RetailRocket, hidden purchases {name}", rows, "plain model, purchases known")
    if "synthetic" in how.worlds:
        for draw in draws:
            _tastes(draw, 600 if how.small else 3_000)


def _near_and_far(world: World) -> dict[str, pd.Series]:
    """Measure lists of new products by baselines, and with friends, without, and with strangers."""
    truth = next_purchases(
        world.community,
        as_of=world.as_of,
        horizon=world.horizon,
        only_new=True,
        activity=world.activity,
    )
    alone = without_circles(world)
    makers: dict[str, Callable[[], Any]] = {
        _POPULAR: lambda: _baseline(popularity(None, activity=world.activity), alone),
        "item-item": lambda: _baseline(item_item(activity=world.activity), alone),
        "ALS": lambda: _baseline(matrix_factors(activity=world.activity), alone),
        "nearest members": lambda: _baseline(nearest_mix(activity=world.activity), alone),
        "plain model": lambda: _listed(alone, "never"),
        _STRANGERS: lambda: _listed(with_strangers(world, 0), "always"),
        _ALONE: lambda: _listed(alone, "always"),
        _TREES: lambda: _listed(world, "always"),
    }
    return {name: _ndcg(make(), truth) for name, make in makers.items()}


def _baseline(made: Any, world: World) -> Any:
    """List new products by a baseline."""
    return made(world.community, as_of=world.as_of, k=10, only_new=True)


def _fitted(world: World, ranker: str) -> OfferRecommender:
    """Fit the recommender with its defaults."""
    rec = OfferRecommender(
        activity=world.activity, horizon=world.horizon, ranker=ranker, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)  # undated ties; the plain model ranks
        return rec.fit(world.community, as_of=world.as_of)


def _listed(world: World, ranker: str, *, only_new: bool = True) -> Any:
    """List products by the recommender."""
    return _fitted(world, ranker).recommend(k=10, only_new=only_new)


def _ndcg(rows: Any, truth: Any) -> pd.Series:
    found: pd.Series = list_quality(rows, truth).set_index("member_id")["ndcg"]
    return found


def _views(folder: Path, draw: int) -> dict[str, pd.Series]:
    """Measure hidden purchases with and without views."""
    found = {}
    for seen, only_new in ((True, False), (False, True)):
        name = "of products never seen" if only_new else "of all products, viewed or not"
        worlds = {
            known: retailrocket(draw, folder, views=known == "views", views_of_hidden=seen)
            for known in ("purchases", "views")
        }
        # Both are asked about the same purchases: of members and products that both know.
        few = worlds["purchases"]
        truth = next_purchases(
            few.community, as_of=few.as_of, horizon="1D", only_new=True, activity="events"
        )
        for known, world in worlds.items():
            popular = popularity(None, activity="events")(
                world.community, as_of=world.as_of, only_new=only_new
            )
            found[f"{name}: popularity, {known} known"] = _ndcg(popular, truth)
            for ranker, called in (("never", "plain model"), ("auto", "chosen by itself")):
                rows = _listed(world, ranker, only_new=only_new)
                found[f"{name}: {called}, {known} known"] = _ndcg(rows, truth)
    return found


def _tastes(draw: int, n_members: int) -> None:
    """Tell how much of the lists is of the categories planted in each member."""
    world = synthetic(draw, n_members)
    planted = world.community.truth["tastes"].set_index("member_id")
    category = world.community.products.set_index("product_id")["category"]
    print(f"\nsynthetic community, draw {draw}, {n_members} members")
    print("| lists of | by | members | share of the member's 3 first categories | planted taste |")
    print("|---|---|---|---|---|")
    rec = _fitted(world, "auto")
    for only_new in (False, True):
        made = popularity()(world.community, as_of=world.as_of, only_new=only_new)
        rows = rec.recommend(k=10, only_new=only_new)
        rows = rows[rows["source"].isin(["model", "fallback"])]
        made = made[made["member_id"].isin(rows["member_id"])]
        best = np.sort(planted.loc[rows["member_id"].unique()].to_numpy(), axis=1)[:, -1]
        for by, lists in ((_POPULAR, made), ("recommender", rows)):
            first, taste = _planted_in(lists, planted, category)
            cells = [_interval(bootstrap_mean(one, random_state=0)) for one in (first, taste)]
            kind = "new products" if only_new else "all products"
            print(f"| {kind} | {by} | {len(first)} | {' | '.join(cells)} |")
        print(f"| {kind} | best possible | {len(best)} | 1.0000 | {best.mean():.4f} |")


def _planted_in(
    lists: pd.DataFrame, planted: pd.DataFrame, category: pd.Series
) -> tuple[np.ndarray, np.ndarray]:
    """Give, a member, the share of products in the 3 first categories, and the mean taste."""
    taste = planted.to_numpy()
    place = (-taste).argsort(axis=1).argsort(axis=1)
    row = planted.index.get_indexer(lists["member_id"])
    column = planted.columns.get_indexer(lists["product_id"].map(category))
    rows = pd.DataFrame({"first": place[row, column] < 3, "taste": taste[row, column]})
    means = rows.groupby(lists["member_id"].to_numpy()).mean()
    return means["first"].to_numpy(), means["taste"].to_numpy()


def _pooled(draws: list[dict[str, pd.Series]]) -> dict[str, pd.Series]:
    """Average each member over the draws."""
    return {
        name: pd.concat([found[name] for found in draws]).groupby(level=0).mean()
        for name in draws[0]
    }


def _print(title: str, found: Mapping[str, pd.Series], base: str) -> None:
    """Print one markdown row a list."""
    print(f"\n{title}: {len(found[base])} members")
    print(f"| list | NDCG@10 | over {base} |")
    print("|---|---|---|")
    for name, ndcg in found.items():
        over = paired_difference(ndcg.to_numpy(), found[base].to_numpy(), random_state=0)
        cells = [_interval(one) for one in (bootstrap_mean(ndcg.to_numpy(), random_state=0), over)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _interval(one: Interval) -> str:
    return f"{one.estimate:.4f} [{one.low:.4f}, {one.high:.4f}]"


def _refuse(found: Mapping[str, pd.Series], *, friends_help: bool) -> None:
    """End with an error where the figures do not say what they are quoted for."""

    def over(one: str, other: str) -> Interval:
        return paired_difference(found[one].to_numpy(), found[other].to_numpy(), random_state=0)

    if over(_TREES, _POPULAR).high < 0:
        raise SystemExit("popularity is better than the trees")
    if friends_help and not over(_TREES, _STRANGERS).low > 0:
        raise SystemExit("friends are no better than strangers")


@dataclass(frozen=True, slots=True)
class _How:
    worlds: list[str]
    small: bool


def _arguments() -> _How:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    every = ["lastfm", "ciao", "retailrocket", "synthetic"]
    parser.add_argument("worlds", nargs="*", default=every, metavar="world", help=", ".join(every))
    parser.add_argument("--small", action="store_true", help="one draw of fewer members")
    how = parser.parse_args()
    return _How(how.worlds, how.small)


if __name__ == "__main__":
    main()
