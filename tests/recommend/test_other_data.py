"""The same recommender, with its defaults, on data that it was not made for."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets.ids import lookup
from siyu.datasets.intervals import paired_difference
from siyu.recommend import OfferRecommender, list_quality, next_purchases
from siyu.recommend.candidates.finding import Quotas, find_candidates
from siyu.recommend.evaluation.own_baselines import popularity

pytestmark = pytest.mark.filterwarnings("ignore::siyu.datasets.errors.SiyuWarning")

worlds: Any = import_module("elsewhere_worlds")
ONLY_CIRCLE = Quotas(**{**dict.fromkeys(Quotas.__slots__, 0), "circle": 25})


def fitted(world: Any, ranker: str = "never") -> OfferRecommender:
    rec = OfferRecommender(
        activity=world.activity, horizon=world.horizon, ranker=ranker, random_state=0
    )
    return rec.fit(world.community, as_of=world.as_of)


def future(world: Any) -> Any:
    return next_purchases(
        world.community,
        as_of=world.as_of,
        horizon=world.horizon,
        only_new=True,
        activity=world.activity,
    )


def ndcg(rec: OfferRecommender, truth: Any, *, only_new: bool = True) -> Any:
    return of(rec.recommend(only_new=only_new), truth)


def of(rows: Any, truth: Any) -> Any:
    return list_quality(rows, truth)["ndcg"].to_numpy()


def recall(rec: OfferRecommender, truth: pd.DataFrame, quotas: Quotas) -> float:
    """Give the share of what was taken next that is among 25 candidates of one source."""
    shop = rec.model_.shop
    member = lookup(pa.array(truth["member_id"]), shop.bought.members)
    product = lookup(pa.array(truth["product_id"]), shop.market.products)
    asked = np.unique(member)
    pairs = find_candidates(shop.market, shop.histories(asked), quotas)
    n = shop.market.n_products
    return float(np.isin(member * n + product, asked[pairs.row] * n + pairs.product).mean())


# Last.fm


@pytest.fixture(scope="module")
def listeners(siyu_data: Path) -> Any:
    return worlds.lastfm(0, siyu_data / "lastfm_hetrec", n_members=400)


def test_lists_of_artists_are_better_than_the_most_heard(listeners: Any) -> None:
    truth, rec = future(listeners), fitted(listeners)
    popular = popularity(None, activity="events")(
        listeners.community, as_of=listeners.as_of, only_new=True
    )
    found = paired_difference(ndcg(rec, truth), of(popular, truth), random_state=0)
    assert found.low > 0.03


def test_friends_hear_what_a_listener_hears_next(listeners: Any) -> None:
    truth = future(listeners)
    friends = recall(fitted(listeners), truth, ONLY_CIRCLE)
    strangers = recall(fitted(worlds.with_strangers(listeners, 0)), truth, ONLY_CIRCLE)
    assert friends > 0.15
    assert friends > 2 * strangers


@pytest.mark.slow
def test_friends_make_the_lists_of_artists_better_than_strangers_do(siyu_data: Path) -> None:
    world = worlds.lastfm(0, siyu_data / "lastfm_hetrec")
    truth = future(world)
    friends = ndcg(fitted(world, "always"), truth)
    strangers = ndcg(fitted(worlds.with_strangers(world, 0), "always"), truth)
    assert paired_difference(friends, strangers, random_state=0).low > 0


# Ciao


@pytest.mark.slow
def test_those_whom_one_trusts_rate_what_one_rates_next(siyu_data: Path) -> None:
    world = worlds.ciao("2003-01-01", siyu_data / "ciao")
    truth = future(world)
    trusted = recall(fitted(world), truth, ONLY_CIRCLE)
    strangers = recall(fitted(worlds.with_strangers(world, 0)), truth, ONLY_CIRCLE)
    assert trusted > 0.05
    assert trusted > 2 * strangers


# RetailRocket


@pytest.mark.slow
def test_views_tell_what_will_be_bought(siyu_data: Path) -> None:
    folder = siyu_data / "retailrocket_funnel"
    bought = worlds.retailrocket(0, folder, views=False)
    viewed = worlds.retailrocket(0, folder)
    truth = future(bought)
    with_views = ndcg(fitted(viewed), truth, only_new=False)
    found = paired_difference(with_views, ndcg(fitted(bought), truth), random_state=0)
    assert found.low > 0.1


# The synthetic community


@pytest.mark.slow
def test_lists_recover_planted_tastes() -> None:
    world = worlds.synthetic(0, 1_500)
    planted = world.community.truth["tastes"].set_index("member_id")
    goods = world.community.products
    assert goods is not None
    category = goods.set_index("product_id")["category"]
    rows = fitted(world, "auto").recommend(only_new=True)
    rows = rows[rows["source"].isin(["model", "fallback"])]
    popular = popularity()(world.community, as_of=world.as_of, only_new=True)
    popular = popular[popular["member_id"].isin(rows["member_id"])]
    ours, theirs = (planted_share(lists, planted, category) for lists in (rows, popular))
    assert len(ours) > 500
    assert ours.mean() > 0.65
    assert paired_difference(ours, theirs, random_state=0).low > 0.3


def planted_share(rows: pd.DataFrame, planted: pd.DataFrame, category: pd.Series) -> Any:
    """Give, a member, the share of the list that is of the three categories liked most."""
    place = planted.rank(axis=1, ascending=False).to_numpy()
    row = planted.index.get_indexer(pd.Index(rows["member_id"]))
    column = planted.columns.get_indexer(pd.Index(rows["product_id"].map(category)))
    is_first = pd.Series(place[row, column] <= 3)
    return is_first.groupby(rows["member_id"].to_numpy()).mean().to_numpy()
