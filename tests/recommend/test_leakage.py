"""Leaks that were planted are found, each by its own check; honest recommenders pass."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planted_shop import AS_OF, make_shop, planted_orders
from siyu.datasets import Community, DataError, ParameterError, SiyuWarning
from siyu.recommend import OfferRecommender
from siyu.recommend.evaluation.backtesting import BacktestOptions
from siyu.recommend.evaluation.leakage import LeakageOptions, leakage_report
from siyu.recommend.evaluation.made_up_future import with_a_made_up_future
from siyu.recommend.evaluation.own_baselines import own_frequency, popularity
from siyu.recommend.evaluation.single_features import feature_aucs
from siyu.recommend.ranking.training import earlier_moments
from siyu.recommend.tables.purchases import Purchases

CUT = AS_OF - pd.Timedelta(days=28)


def verdicts(recommender: Any, c: Community | None = None, **options: Any) -> pd.DataFrame:
    if "member_features" in options:
        options["lists"] = BacktestOptions(member_features=options.pop("member_features"))
    how = LeakageOptions(**options)
    shop = make_shop() if c is None else c
    found = leakage_report(shop, as_of=CUT, recommender=recommender, options=how)
    table: pd.DataFrame = found.set_index("check")
    return table


def words(found: pd.DataFrame, check: str) -> str:
    return str(found.loc[check, "found"])


def peeking(c: Community, **how: Any) -> Any:
    """List what sells at any time: the moment is not looked at."""
    return popularity(None)(c, **{**how, "as_of": pd.Timestamp("2100-01-01", tz="UTC")})


def counted(orders: pd.DataFrame) -> pd.DataFrame:
    found: pd.DataFrame = (
        orders.groupby("member_id").size().rename("visits").astype(float).reset_index()
    )
    return found


def visits(c: Community, as_of: Any) -> pd.DataFrame:
    orders = c.orders
    assert orders is not None
    known = orders[orders["order_time"] < as_of]
    return counted(known)


def visits_of_all_times(c: Community, _as_of: Any) -> pd.DataFrame:
    orders = c.orders
    assert orders is not None
    return counted(orders)


def test_an_honest_baseline_passes() -> None:
    found = verdicts(own_frequency())
    assert found["passed"].dropna().all()
    assert "the same, byte for byte" in words(found, "later_rows")


@pytest.mark.slow
def test_the_recommender_passes() -> None:
    rec = OfferRecommender(ranker="always", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        found = verdicts(rec, member_features=visits)
    assert found["passed"].dropna().all()


def test_the_plain_recommender_passes() -> None:
    found = verdicts(OfferRecommender(ranker="never", random_state=0))
    assert found.loc["later_rows", "passed"]


def test_lists_that_know_later_rows_are_caught() -> None:
    found = verdicts(peeking)
    assert not found.loc["later_rows", "passed"]
    assert "change the lists of" in words(found, "later_rows")


def test_without_records_after_the_cut_a_future_is_made_up() -> None:
    past = make_shop().before(CUT)
    assert not verdicts(peeking, past).loc["later_rows", "passed"]
    assert verdicts(own_frequency(), past).loc["later_rows", "passed"]


def test_products_unknown_at_the_cut_are_caught() -> None:
    late = planted_orders().assign(product_id="new", order_time=AS_OF)
    c = make_shop(orders=pd.concat([planted_orders(), late]))
    found = verdicts(peeking, c)
    assert not found.loc["unknown_products", "passed"]
    assert "'new'" in words(found, "unknown_products")


def test_a_product_launched_before_the_cut_is_known() -> None:
    products = pd.DataFrame({"product_id": ["fresh"], "launched_at": [CUT - pd.Timedelta("1D")]})

    def fresh(_c: Community, **_how: Any) -> pd.DataFrame:
        return pd.DataFrame({"member_id": [1], "rank": [1], "product_id": ["fresh"]})

    assert verdicts(fresh, make_shop(products=products)).loc["unknown_products", "passed"]
    products["launched_at"] = CUT
    assert not verdicts(fresh, make_shop(products=products)).loc["unknown_products", "passed"]


def test_members_met_later_are_caught() -> None:
    late = planted_orders().assign(member_id=9_999, order_time=AS_OF).iloc[:5]
    c = make_shop(orders=pd.concat([planted_orders(), late]))
    assert not verdicts(peeking, c).loc["unknown_members", "passed"]
    assert verdicts(popularity(), c).loc["unknown_members", "passed"]


def test_label_windows_must_end_by_the_cut() -> None:
    days = pd.Timedelta(days=28)
    good = [(CUT - days, CUT), (CUT - 2 * days, CUT - days)]
    assert verdicts(popularity(), windows=good).loc["label_windows", "passed"]
    bad = [*good, (CUT, CUT + days)]
    found = verdicts(popularity(), windows=bad)
    assert not found.loc["label_windows", "passed"]
    assert str(CUT + days) in words(found, "label_windows")


def test_the_label_windows_of_the_recommender_end_by_the_cut() -> None:
    c, days = make_shop(), pd.Timedelta(days=28)
    bought = Purchases.of(c.before(CUT))
    moments = earlier_moments(bought, c.moment(CUT), days // pd.Timedelta("1us"), 4)
    starts = [pd.Timestamp(int(one), unit="us", tz="UTC") for one in moments]
    found = verdicts(popularity(), c, windows=[(one, one + days) for one in starts])
    assert len(starts) == 4
    assert found.loc["label_windows", "passed"]


def test_windows_that_were_not_told_are_not_judged() -> None:
    assert verdicts(popularity())["passed"].isna()["label_windows"]


def test_features_that_look_ahead_are_caught() -> None:
    found = verdicts(popularity(), member_features=visits_of_all_times)
    assert not found.loc["member_features", "passed"]
    assert "visits" in words(found, "member_features")


def test_honest_features_pass() -> None:
    found = verdicts(popularity(), member_features=visits)
    assert found.loc["member_features", "passed"]
    assert found.loc["member_features_change", "passed"]


def test_a_table_computed_once_is_pointed_out() -> None:
    table = visits(make_shop(), AS_OF)
    found = verdicts(popularity(), member_features=lambda _c, _as_of: table)
    assert found["passed"].isna()["member_features_change"]
    assert "visits" in words(found, "member_features_change")


def test_a_feature_too_good_to_be_true_is_caught() -> None:
    orders = planted_orders()
    gone = orders["member_id"] < 60
    orders = orders[~gone | (orders["order_time"] < CUT - pd.Timedelta(days=28))]
    later = orders[(orders["order_time"] >= CUT - pd.Timedelta(days=28))]
    told = set(later.loc[later["order_time"] < CUT, "member_id"])

    def too_good(c: Community, as_of: Any) -> pd.DataFrame:
        ids = c.before(as_of).customers().to_pylist()
        return pd.DataFrame({"member_id": ids, "leak": [float(one in told) for one in ids]})

    c = make_shop(orders=orders)
    found = verdicts(popularity(), c, member_features=too_good)
    assert not found.loc["single_features", "passed"]
    assert "leak 1.000" in words(found, "single_features")
    assert verdicts(popularity(), c, member_features=visits).loc["single_features", "passed"]


def test_features_without_member_id_are_refused() -> None:
    with pytest.raises(DataError, match="no column member_id"):
        verdicts(popularity(), member_features=lambda _c, _t: pd.DataFrame({"x": [1.0]}))


def test_the_area_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    came = rng.random(200) < 0.3
    values = np.round(came + rng.normal(size=200), 1).astype(np.float32)
    found = feature_aucs({"x": values, "turned": -values}, came)
    assert found["auc"].tolist() == pytest.approx([roc_auc_score(came, values)] * 2)


def test_equal_outcomes_have_no_area() -> None:
    assert feature_aucs({"x": np.arange(3.0)}, [True] * 3)["auc"].isna().all()


def test_an_outcome_of_another_length_is_refused() -> None:
    with pytest.raises(ParameterError, match="outcome must have 3 values, got 2"):
        feature_aucs({"x": np.arange(3.0)}, [True, False])


def test_a_made_up_future_leaves_the_past_alone() -> None:
    c = make_shop()
    other = with_a_made_up_future(c, CUT)
    first, second = c.before(CUT).arrow("orders"), other.before(CUT).arrow("orders")
    assert first is not None
    assert first.equals(second)
    assert len(other.arrow("orders") or []) > len(c.arrow("orders") or [])


def test_an_area_out_of_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="highest_auc must lie in"):
        LeakageOptions(highest_auc=0.5)


def test_new_lists_alone_can_be_checked() -> None:
    found = verdicts(popularity(), lists=BacktestOptions(lists=("new",), k=3))
    assert found.loc["later_rows", "passed"]
