"""Churn forecasts: blind to the future, calibrated, the same in parts, and above recency."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from siyu.datasets import Community, SiyuWarning, make_community
from siyu.datasets.errors import DataError, ModelFileError, ParameterError
from siyu.segmentation.value.churn_models import ChurnModel
from strategies import AS_OF as SMALL_AS_OF
from strategies import shuffled, small_community, with_edited_future, with_later_rows

AS_OF = pd.Timestamp("2026-03-01", tz="Asia/Shanghai")
HORIZON = pd.Timedelta("28D")


def learn(c: Community, as_of: pd.Timestamp = AS_OF) -> ChurnModel:
    return ChurnModel(HORIZON, n_cuts=3, n_bags=1).fit(c, as_of=as_of)


def orders_before(c: Community, as_of: pd.Timestamp) -> Community:
    """Drop the later orders, and keep all other tables."""
    orders = c.orders
    assert orders is not None
    tables = {name: c.arrow(name) for name in c.tables() if name != "orders"}
    return Community(tz=c.tz, orders=orders[orders.order_time < as_of], **tables)


@pytest.fixture(scope="module")
def brand() -> Community:
    return make_community(500, random_state=4)


@pytest.fixture(scope="module")
def model(brand: Community) -> ChurnModel:
    return learn(brand)


@pytest.fixture
def _mind_no_small_world() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        yield


def test_it_learns_by_lightgbm_where_the_history_allows(model: ChurnModel) -> None:
    assert model.source_ == "LightGBM"
    assert model.cuts_[-1] == "2026-01-31T16:00:00.000000Z"  # 28 days before


def test_probabilities_and_visits_are_in_range(model: ChurnModel) -> None:
    told = model.predict().dropna()
    assert told.churn.between(0, 1).all()
    assert (told.expected_visits >= 0).all()
    assert (told.median_visits >= 0).all()
    assert told.churn.corr(told.expected_visits, method="spearman") < -0.8


def test_who_comes_at_all_comes_once_or_oftener(model: ChurnModel) -> None:
    told = model.predict().dropna()
    assert (told.expected_visits >= (1 - told.churn) * (1 - 1e-9)).all()
    lapsed = told[told.churn > 0.95]
    assert len(lapsed) > 5
    assert lapsed.expected_visits.mean() < 0.1


def test_medians_of_frequent_visitors_lie_near_their_means(model: ChurnModel) -> None:
    told = model.predict()
    often = told[told.expected_visits > 2.2]
    assert len(often) > 5
    assert often.median_visits.mean() == pytest.approx(often.expected_visits.mean(), rel=0.2)


def test_members_without_visits_are_prospects_not_churned(
    model: ChurnModel, brand: Community
) -> None:
    told = model.predict()
    orders = brand.before(AS_OF).orders
    assert orders is not None
    unknown = ~told.member_id.isin(orders.member_id[orders.amount >= 0])
    assert 0 < unknown.sum() < len(told)
    assert told[unknown].drop(columns="member_id").isna().all(axis=None)
    assert told[~unknown].notna().all(axis=None)


def test_the_future_changes_nothing_in_fit(model: ChurnModel, brand: Community) -> None:
    again = learn(orders_before(brand, AS_OF))
    pd.testing.assert_frame_equal(again.predict(), model.predict())


def test_the_future_changes_nothing_in_predict(model: ChurnModel, brand: Community) -> None:
    later = AS_OF + pd.Timedelta("40D")
    pd.testing.assert_frame_equal(
        model.predict(orders_before(brand, later), as_of=later), model.predict(brand, as_of=later)
    )


def test_the_snapshot_is_the_default(model: ChurnModel, brand: Community) -> None:
    pd.testing.assert_frame_equal(model.predict(brand, as_of=AS_OF), model.predict())


def test_the_order_of_rows_changes_no_byte(model: ChurnModel, brand: Community) -> None:
    pd.testing.assert_frame_equal(learn(shuffled(brand, 1)).predict(), model.predict())


def test_a_bucket_of_members_gives_the_same_numbers(model: ChurnModel, brand: Community) -> None:
    whole, orders = model.predict(), brand.orders
    assert orders is not None
    for rest in range(3):
        part = Community(tz=brand.tz, orders=orders[orders.member_id.map(hash) % 3 == rest])
        told = model.predict(part, as_of=AS_OF)
        expected = whole[whole.member_id.isin(told.member_id)].reset_index(drop=True)
        assert len(told)
        # In pandas a column of whole numbers is another type once a value is missing.
        pd.testing.assert_frame_equal(told, expected, check_dtype=False)


def test_opting_out_changes_nothing(model: ChurnModel, brand: Community) -> None:
    members = brand.members
    assert members is not None
    tables = {name: brand.arrow(name) for name in brand.tables() if name != "members"}
    out = Community(tz=brand.tz, members=members.assign(opt_out=True), **tables)
    pd.testing.assert_frame_equal(model.predict(out, as_of=AS_OF), model.predict())


def test_a_saved_model_says_the_same(model: ChurnModel, brand: Community, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    again = ChurnModel.load(tmp_path / "model")
    later = AS_OF + pd.Timedelta("9D")
    pd.testing.assert_frame_equal(again.predict(), model.predict())
    pd.testing.assert_frame_equal(
        again.predict(brand, as_of=later), model.predict(brand, as_of=later)
    )
    assert again.source_ == model.source_


def test_parameters_of_numpy_are_kept(tmp_path: Path) -> None:
    numbers: dict[str, Any] = {"n_bags": np.int32(1), "random_state": np.int64(3)}
    model = ChurnModel(pd.Timedelta("28D"), **numbers)
    with pytest.warns(SiyuWarning, match="MBG/NBD"):
        model.fit(small_community(1), as_of=SMALL_AS_OF).save(tmp_path / "model")
    again = ChurnModel.load(tmp_path / "model").get_params()
    assert again == ChurnModel("28D", n_bags=1, random_state=3).get_params()


def test_the_same_model_gives_the_same_bytes(model: ChurnModel, tmp_path: Path) -> None:
    model.save(tmp_path / "one")
    ChurnModel.load(tmp_path / "one").save(tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_damaged_bundle_is_refused(model: ChurnModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    path = tmp_path / "model" / "churn-0.txt"
    path.write_text(path.read_text().replace("leaf_value=0", "leaf_value=1", 1))
    with pytest.raises(ModelFileError, match="is damaged"):
        ChurnModel.load(tmp_path / "model")


def test_a_record_without_two_windows_falls_back_and_says_so(brand: Community) -> None:
    orders = brand.orders
    assert orders is not None
    late = orders[orders.order_time >= AS_OF - pd.Timedelta("50D")]
    with pytest.warns(SiyuWarning, match="does not hold two windows of 28 days"):
        model = learn(Community(orders=late, tz=brand.tz))
    assert model.source_ == "MBGNBD"
    assert model.calibration_ is not None  # on the one window that there is
    assert model.predict().churn.between(0, 1).all()


def test_few_members_fall_back_and_say_so() -> None:
    with pytest.warns(SiyuWarning, match="members of whom .* stayed away"):
        model = learn(small_community(1), SMALL_AS_OF)
    told = model.predict().dropna()
    assert model.source_ == "MBGNBD"
    assert told.churn.between(0, 1).all()
    assert told.churn.nunique() > 3


@pytest.mark.usefixtures("_mind_no_small_world")
@pytest.mark.parametrize("n", [0, 1, 2])
def test_next_to_nobody_is_legal_input(n: int, tmp_path: Path) -> None:
    orders = pd.DataFrame({"member_id": np.arange(n), "amount": np.ones(n)})
    orders["order_time"] = pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(
        np.arange(n), unit="D"
    )
    model = learn(Community(orders=orders, tz="UTC"), pd.Timestamp("2026-02-01", tz="UTC"))
    told = model.predict()
    assert told.member_id.tolist() == list(range(n))
    assert told.notna().all(axis=None)
    model.save(tmp_path / "model")
    pd.testing.assert_frame_equal(ChurnModel.load(tmp_path / "model").predict(), told)


@pytest.mark.usefixtures("_mind_no_small_world")
@pytest.mark.parametrize("seed", range(4))
def test_small_worlds_keep_the_rules_of_every_call(seed: int) -> None:
    c = small_community(seed)
    told = learn(c, SMALL_AS_OF).predict()
    others = [
        with_later_rows(c, small_community(seed + 100)),
        with_edited_future(c, seed),
        shuffled(c, seed),
        c.before(SMALL_AS_OF),
    ]
    for other in others:
        pd.testing.assert_frame_equal(learn(other, SMALL_AS_OF).predict(), told)
    named = learn(small_community(seed, text_ids=True), SMALL_AS_OF).predict()
    assert named.member_id.tolist() == [f"m{who:05d}" for who in told.member_id]
    pd.testing.assert_frame_equal(named.drop(columns="member_id"), told.drop(columns="member_id"))


@pytest.mark.usefixtures("_mind_no_small_world")
def test_events_are_an_activity_too() -> None:
    model = ChurnModel("28D", activity="events", n_bags=1)
    told = model.fit(small_community(2), as_of=SMALL_AS_OF).predict()
    assert told.churn.notna().sum() > 20


@pytest.mark.usefixtures("_mind_no_small_world")
def test_the_kind_of_frame_is_kept() -> None:
    import polars as pl

    orders = small_community(3).arrow("orders")
    assert orders is not None
    model = ChurnModel("28D", n_bags=1).fit(pl.from_arrow(orders), as_of=SMALL_AS_OF)
    assert isinstance(model.predict(), pl.DataFrame)
    assert isinstance(model.predict(output="pandas"), pd.DataFrame)


def test_an_absent_table_is_named() -> None:
    c = small_community(0)
    with pytest.raises(DataError, match="needs the table orders"):
        ChurnModel().fit(Community(tz=c.tz, events=c.arrow("events")), as_of=SMALL_AS_OF)


@pytest.mark.parametrize(
    "options",
    [
        {"horizon": "1h"},
        {"activity": "visits"},
        {"n_cuts": 0},
        {"n_cuts": 2.5},
        {"n_bags": 0},
        {"n_bags": "2"},
        {"random_state": None},
    ],
)
def test_parameters_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match="must be"):
        ChurnModel(**options).fit(small_community(0), as_of=SMALL_AS_OF)  # type: ignore[arg-type]


def test_data_and_as_of_come_together(model: ChurnModel, brand: Community) -> None:
    with pytest.raises(ParameterError, match="both data and as_of"):
        model.predict(brand)


def _outcome(c: Community, told: pd.DataFrame) -> tuple["pd.Series[float]", "pd.Series[bool]"]:
    """Give how long each member has been silent, and who will stay away."""
    orders = c.orders
    assert orders is not None
    bought = orders[orders.amount >= 0]
    before = bought[bought.order_time < AS_OF].groupby("member_id").order_time.max()
    after = (bought.order_time >= AS_OF) & (bought.order_time < AS_OF + HORIZON)
    silence = (AS_OF - before.reindex(told.member_id)).dt.total_seconds()
    return silence, ~told.member_id.isin(bought.member_id[after])


@pytest.mark.slow
def test_it_ranks_planted_worlds_clearly_above_recency_and_is_calibrated() -> None:
    gains, offs = [], []
    for seed in range(5):
        c = make_community(1_500, seed)
        told = ChurnModel(HORIZON, n_cuts=6, n_bags=1).fit(c, as_of=AS_OF).predict().dropna()
        silence, gone = _outcome(c, told)
        gains.append(roc_auc_score(gone, told.churn) - roc_auc_score(gone, silence))
        tenth = pd.qcut(told.churn, 5, labels=False, duplicates="drop")
        offs.append((told.churn - gone).groupby(tenth).mean().abs().mean())
    assert min(gains) > 0.01
    assert np.mean(gains) > 0.02
    assert np.mean(offs) < 0.05
