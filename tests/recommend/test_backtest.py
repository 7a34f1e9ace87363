"""Rolling splits: cuts, what recommenders are handed, what is measured."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from planted_shop import AS_OF, make_shop, planted_orders
from siyu.datasets import Community, DataError, ParameterError
from siyu.recommend import OfferRecommender, list_quality, next_purchases
from siyu.recommend.evaluation.backtest_results import Backtest
from siyu.recommend.evaluation.backtesting import (
    BacktestOptions,
    backtest_offers,
    rolling_cuts,
)
from siyu.recommend.evaluation.own_baselines import own_frequency, popularity
from siyu.recommend.evaluation.reliability import probability_errors
from siyu.recommend.evaluation.variety import list_exposure, list_variety

CUTS = [AS_OF - pd.Timedelta(days=days) for days in (56, 28)]
TRIED = {"own": own_frequency(), "popular": popularity()}


@pytest.fixture(scope="module")
def found() -> Backtest:
    return backtest_offers(make_shop(), recommenders=TRIED, cuts=CUTS)


def table(rows: Any) -> pd.DataFrame:
    frame: pd.DataFrame = rows.to_pandas()
    return frame


def one(found: Backtest, cut: Any, which: str, name: str) -> pd.DataFrame:
    rows = table(found.members)
    kept = (rows["cut"] == cut) & (rows["list"] == which) & (rows["recommender"] == name)
    found_rows: pd.DataFrame = rows[kept].reset_index(drop=True)
    return found_rows


def test_cuts_end_where_the_records_end() -> None:
    c = make_shop(observed={"orders": (AS_OF - pd.Timedelta(days=196), AS_OF)})
    cuts = rolling_cuts(c, n_cuts=3)
    assert cuts == [AS_OF - pd.Timedelta(days=days) for days in (84, 56, 28)]


def test_cuts_leave_a_horizon_of_history() -> None:
    c = make_shop(observed={"orders": (AS_OF - pd.Timedelta(days=196), AS_OF)})
    cuts = rolling_cuts(c, n_cuts=99, step="7D")
    first = planted_orders()["order_time"].min()
    assert cuts[0] - first >= pd.Timedelta(days=28)
    assert cuts[0] - first < pd.Timedelta(days=35)
    assert set(np.diff(np.array(cuts))) == {pd.Timedelta(days=7)}


def test_records_too_short_for_a_cut_are_refused() -> None:
    with pytest.raises(DataError, match="two horizons of 120D"):
        rolling_cuts(make_shop(), horizon="120D")


def test_without_orders_the_table_is_named() -> None:
    with pytest.raises(DataError, match="orders"):
        rolling_cuts(Community(members=pd.DataFrame({"member_id": [1]}), tz="UTC"))


def test_rows_a_member_are_those_of_the_single_calls(found: Backtest) -> None:
    c, cut = make_shop(), CUTS[0]
    lists = popularity()(c, as_of=cut, only_new=True)
    truth = next_purchases(c, as_of=cut, only_new=True)
    wanted = list_quality(lists, truth)
    shown = lists[lists["member_id"].isin(truth["member_id"])]
    wanted = wanted.merge(list_variety(shown, c, as_of=cut), on="member_id")
    rows = one(found, cut, "new", "popular")[wanted.columns]
    pd.testing.assert_frame_equal(rows, wanted, check_dtype=False)


def test_exposure_is_that_of_the_measured_members(found: Backtest) -> None:
    c, cut = make_shop(), CUTS[1]
    lists = own_frequency()(c, as_of=cut)
    truth = next_purchases(c, as_of=cut)
    shown = lists[lists["member_id"].isin(truth["member_id"])]
    wanted = list_exposure(shown, c, as_of=cut).iloc[0]
    rows = table(found.exposure)
    row = rows[(rows["cut"] == cut) & (rows["list"] == "all") & (rows["recommender"] == "own")]
    assert row["gini"].tolist() == pytest.approx([wanted["gini"]])


def test_means_have_a_row_for_every_cut_list_recommender_and_measure(found: Backtest) -> None:
    means = found.means()
    keys = ["cut", "list", "recommender", "measure"]
    assert not means.duplicated(keys).any()
    assert len(means) == 2 * 2 * 2 * 9
    ndcg = one(found, CUTS[0], "all", "own")["ndcg"].mean()
    row = means[(means[keys] == [CUTS[0], "all", "own", "ndcg"]).all(axis=1)]
    assert row["mean"].tolist() == pytest.approx([ndcg])


def test_own_purchases_beat_popularity_by_a_paired_interval(found: Backtest) -> None:
    gains = found.differences("popular")
    rows = gains[(gains["measure"] == "ndcg") & (gains["list"] == "all")]
    assert rows["recommender"].tolist() == ["own", "own"]
    assert (rows["low"] > 0).all()


def test_segments_are_measured_apart(found: Backtest) -> None:
    stores = pd.DataFrame({"member_id": range(120), "store": np.arange(120) % 3})
    means = found.means(segments=stores)
    rows = means[(means["measure"] == "hit") & (means["list"] == "all")]
    assert set(rows["segment"]) == {"all", "0", "1", "2"}


def test_lists_are_kept(found: Backtest) -> None:
    lists = table(found.lists)
    assert lists.groupby(["cut", "list", "recommender", "member_id"]).size().max() == 10
    assert lists["probability"].isna().all()


def test_probabilities_are_judged_on_everybody_who_got_a_list() -> None:
    half = planted_orders()
    half = half[(half["member_id"] < 60) | (half["order_time"] < CUTS[0])]
    c = make_shop(orders=half)

    def sure(c: Community, **how: Any) -> Any:
        return popularity()(c, **how).assign(probability=0.5)

    options = BacktestOptions(k=2, lists=("all",))
    tried = {"sure": sure, "own": own_frequency()}
    found = backtest_offers(c, recommenders=tried, cuts=CUTS[:1], options=options)
    told = found.calibration()
    assert set(told["recommender"]) == {"sure"}
    assert told["n_pairs"].tolist() == [2 * 119] * 4  # one of 120 opted out
    lists, taken = table(found.lists), next_purchases(c, as_of=CUTS[0])
    wanted = probability_errors(lists[lists["recommender"] == "sure"], taken)
    assert told["estimate"].tolist() == wanted["estimate"].tolist()


def test_without_probabilities_there_is_nothing_to_judge(found: Backtest) -> None:
    with pytest.raises(DataError, match="no recommender gave probabilities"):
        found.calibration()


def test_a_recommender_is_handed_nothing_from_the_cut_on() -> None:
    seen = []

    def look(c: Community, *, as_of: Any, k: int, only_new: bool) -> Any:
        orders = c.orders
        assert orders is not None
        seen.append((orders["order_time"] < as_of).all())
        return popularity()(c, as_of=as_of, k=k, only_new=only_new)

    backtest_offers(make_shop(), recommenders={"look": look}, cuts=CUTS)
    assert seen == [True] * 4


def test_an_estimator_is_copied_and_fitted_at_every_cut() -> None:
    rec = OfferRecommender(ranker="never", random_state=0)
    c = make_shop()
    options = BacktestOptions(k=3, lists=("all",))
    found = backtest_offers(c, recommenders={"plain": rec}, cuts=CUTS[:1], options=options)
    assert not hasattr(rec, "model_")
    lists = OfferRecommender(ranker="never", random_state=0).fit(c, as_of=CUTS[0]).recommend(k=3)
    wanted = list_quality(lists, next_purchases(c, as_of=CUTS[0]), k=3)
    assert one(found, CUTS[0], "all", "plain")["ndcg"].tolist() == wanted["ndcg"].tolist()
    assert table(found.lists)["probability"].notna().any()


def test_an_estimator_is_handed_the_features_of_members() -> None:
    asked = []

    def features(c: Community, as_of: Any) -> pd.DataFrame:
        asked.append(as_of)
        ids = c.customers().to_pylist()
        return pd.DataFrame({"member_id": ids, "even": [float(one % 2) for one in ids]})

    options = BacktestOptions(lists=("all",), member_features=features)
    rec = OfferRecommender(ranker="never", random_state=0)
    backtest_offers(make_shop(), recommenders={"r": rec}, cuts=CUTS[:1], options=options)
    assert max(asked) == CUTS[0]


def test_a_member_without_a_list_counts_as_zero() -> None:
    def short(c: Community, *, as_of: Any, k: int, only_new: bool) -> Any:
        return popularity()(c, as_of=as_of, k=k, only_new=only_new, members=[1, 2])

    found = backtest_offers(make_shop(), recommenders={"short": short}, cuts=CUTS[:1])
    rows = one(found, CUTS[0], "all", "short")
    without = rows[~rows["member_id"].isin([1, 2])]
    assert len(without) > 100
    assert (without["ndcg"] == 0).all()
    assert without["novelty"].isna().all()


def test_a_horizon_beyond_the_records_is_refused() -> None:
    c = make_shop(observed={"orders": (AS_OF - pd.Timedelta(days=196), AS_OF)})
    with pytest.raises(DataError, match=r"ends 18\.0 days after the records"):
        backtest_offers(c, recommenders=TRIED, cuts=[AS_OF - pd.Timedelta(days=10)])


def test_a_cut_after_which_nobody_buys_is_refused() -> None:
    with pytest.raises(DataError, match="nobody bought anything that counts"):
        backtest_offers(make_shop(), recommenders=TRIED, cuts=[AS_OF + pd.Timedelta(days=400)])


def test_what_is_no_recommender_is_refused() -> None:
    with pytest.raises(ParameterError, match="a callable or has fit and recommend"):
        backtest_offers(make_shop(), recommenders={"x": 5}, cuts=CUTS[:1])


def test_no_recommenders_are_refused() -> None:
    with pytest.raises(ParameterError, match="needs recommenders and cuts"):
        backtest_offers(make_shop(), recommenders={}, cuts=CUTS)


def test_a_reference_that_was_not_measured_is_refused(found: Backtest) -> None:
    with pytest.raises(ParameterError, match="reference must be one of"):
        found.differences("nobody")


@pytest.mark.parametrize("wrong", [{"k": 0}, {"lists": ("some",)}, {"lists": ()}])
def test_options_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        BacktestOptions(**wrong)


def test_progress_counts_every_recommender_and_cut() -> None:
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))

    backtest_offers(make_shop(), recommenders=TRIED, cuts=CUTS, progress=tell)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_events_can_stand_for_purchases() -> None:
    events = planted_orders().rename(columns={"order_time": "event_time"})
    c = Community(events=events[["member_id", "event_time", "product_id"]].assign(event="play"))
    options = BacktestOptions(activity="events", lists=("all",))
    tried = {"own": own_frequency(activity="events")}
    found = backtest_offers(c, recommenders=tried, cuts=CUTS[:1], options=options)
    assert one(found, CUTS[0], "all", "own")["hit"].mean() > 0.5
