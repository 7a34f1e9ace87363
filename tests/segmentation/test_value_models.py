"""Value forecasts: blind to the future, the same in parts, intervals that hold what they say."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, SiyuWarning, make_community
from siyu.datasets.errors import DataError, ModelFileError, ParameterError
from siyu.segmentation.value.money_forecasts import ValueBands
from siyu.segmentation.value.value_models import ValueModel
from strategies import AS_OF as SMALL_AS_OF
from strategies import shuffled, small_community, with_edited_future, with_later_rows

AS_OF = pd.Timestamp("2026-03-01", tz="Asia/Shanghai")
HORIZON = pd.Timedelta("56D")


def learn(c: Community, as_of: pd.Timestamp = AS_OF, **options: object) -> ValueModel:
    return ValueModel(HORIZON, n_bags=1, **options).fit(c, as_of=as_of)  # type: ignore[arg-type]


def with_orders(c: Community, orders: pd.DataFrame) -> Community:
    tables = {name: c.arrow(name) for name in c.tables() if name != "orders"}
    return Community(tz=c.tz, orders=orders, **tables)


@pytest.fixture(scope="module")
def brand() -> Community:
    return make_community(500, random_state=4)


@pytest.fixture(scope="module")
def model(brand: Community) -> ValueModel:
    return learn(brand)


@pytest.fixture
def _mind_no_small_world() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        yield


def test_the_forecast_is_in_range(model: ValueModel) -> None:
    told = model.predict().dropna()
    assert (told.visits >= 0).all()
    assert (told.low <= told.value).all()
    assert (told.value <= told.high).all()
    assert told.value.sum() > 0


def test_it_says_what_forecasts(model: ValueModel) -> None:
    assert "NBD" in model.source_ or "LightGBM" in model.source_
    assert model.value_source_ in ("GammaGamma", "LightGBM")
    assert model.trial_window_ == 56


def test_the_future_changes_nothing(model: ValueModel, brand: Community) -> None:
    orders = brand.orders
    assert orders is not None
    again = learn(with_orders(brand, orders[orders.order_time < AS_OF]))
    pd.testing.assert_frame_equal(again.predict(), model.predict())
    later = AS_OF + pd.Timedelta("30D")
    cut = with_orders(brand, orders[orders.order_time < later])
    pd.testing.assert_frame_equal(
        model.predict(cut, as_of=later), model.predict(brand, as_of=later)
    )


def test_the_order_of_rows_changes_no_byte(model: ValueModel, brand: Community) -> None:
    pd.testing.assert_frame_equal(learn(shuffled(brand, 2)).predict(), model.predict())


def test_the_snapshot_is_the_default(model: ValueModel, brand: Community) -> None:
    pd.testing.assert_frame_equal(model.predict(brand, as_of=AS_OF), model.predict())


@pytest.mark.parametrize("method", ["LightGBM x BTYD", "BGNBD + LightGBM", "ParetoNBD"])
def test_a_bucket_of_members_gives_the_same_numbers(brand: Community, method: str) -> None:
    model, orders = learn(brand, method=method), brand.orders
    assert orders is not None
    whole = model.predict()
    for rest in range(3):
        part = Community(tz=brand.tz, orders=orders[orders.member_id.map(hash) % 3 == rest])
        told = model.predict(part, as_of=AS_OF)
        expected = whole[whole.member_id.isin(told.member_id)].reset_index(drop=True)
        assert len(told)
        pd.testing.assert_frame_equal(told, expected, check_exact=True)


def test_a_saved_model_says_the_same(model: ValueModel, brand: Community, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    again = ValueModel.load(tmp_path / "model")
    later = AS_OF + pd.Timedelta("9D")
    pd.testing.assert_frame_equal(again.predict(), model.predict())
    pd.testing.assert_frame_equal(
        again.predict(brand, as_of=later), model.predict(brand, as_of=later)
    )
    again.save(tmp_path / "two")
    for path in (tmp_path / "model").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_damaged_bundle_is_refused(model: ValueModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    (tmp_path / "model" / "snapshot.parquet").write_bytes(b"PAR1")
    with pytest.raises(ModelFileError, match="snapshot"):
        ValueModel.load(tmp_path / "model")


def test_a_horizon_as_long_as_the_record_is_carried_on(brand: Community) -> None:
    orders = brand.orders
    assert orders is not None
    late = Community(tz=brand.tz, orders=orders[orders.order_time >= AS_OF - pd.Timedelta("150D")])
    model = ValueModel("150D", n_bags=1).fit(late, as_of=AS_OF)
    assert 0 < model.trial_window_ <= 50
    short = ValueModel("30D", n_bags=1, method="MBGNBD").fit(late, as_of=AS_OF)
    assert model.predict().visits.sum() > 2 * short.predict().visits.sum()


def test_few_members_fall_back_and_say_so() -> None:
    with pytest.warns(SiyuWarning, match="too few members for LightGBM"):
        model = learn(small_community(1), SMALL_AS_OF)
    assert "LightGBM" not in model.source_
    assert model.predict().visits.notna().sum() > 20


@pytest.mark.usefixtures("_mind_no_small_world")
@pytest.mark.parametrize("n", [0, 1, 2])
def test_next_to_nobody_is_legal_input(n: int, tmp_path: Path) -> None:
    orders = pd.DataFrame({"member_id": np.arange(n), "amount": np.ones(n)})
    orders["order_time"] = pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(
        np.arange(n), unit="D"
    )
    model = learn(Community(orders=orders, tz="UTC"), pd.Timestamp("2026-03-01", tz="UTC"))
    told = model.predict()
    assert told.member_id.tolist() == list(range(n))
    assert told[["visits", "value"]].notna().all(axis=None)
    model.save(tmp_path / "model")
    pd.testing.assert_frame_equal(ValueModel.load(tmp_path / "model").predict(), told)


@pytest.mark.usefixtures("_mind_no_small_world")
@pytest.mark.parametrize("seed", range(3))
def test_small_worlds_keep_the_rules_of_every_call(seed: int) -> None:
    c = small_community(seed)
    told = learn(c, SMALL_AS_OF).predict()
    for other in (
        with_later_rows(c, small_community(seed + 100)),
        with_edited_future(c, seed),
        shuffled(c, seed),
        c.before(SMALL_AS_OF),
    ):
        pd.testing.assert_frame_equal(learn(other, SMALL_AS_OF).predict(), told)
    named = learn(small_community(seed, text_ids=True), SMALL_AS_OF).predict()
    assert named.member_id.tolist() == [f"m{who:05d}" for who in told.member_id]
    pd.testing.assert_frame_equal(named.drop(columns="member_id"), told.drop(columns="member_id"))


@pytest.mark.usefixtures("_mind_no_small_world")
def test_events_have_visits_and_no_value() -> None:
    model = learn(small_community(2), SMALL_AS_OF, activity="events")
    told = model.predict()
    assert told.visits.notna().sum() > 20
    assert told[["value", "low", "high"]].isna().all(axis=None)
    assert model.value_source_ == "none"


def test_an_absent_table_is_named() -> None:
    c = small_community(0)
    with pytest.raises(DataError, match="needs the table orders"):
        learn(Community(tz=c.tz, events=c.arrow("events")), SMALL_AS_OF)


@pytest.mark.parametrize(
    "options",
    [
        {"level": 1.0},
        {"level": "high"},
        {"activity": "visits"},
        {"random_state": -1},
        {"random_state": 1.5},
    ],
)
def test_parameters_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match="must"):
        learn(small_community(0), SMALL_AS_OF, **options)


@pytest.mark.parametrize("method", ["Oracle", ""])
def test_an_unknown_method_is_refused(brand: Community, method: str) -> None:
    with pytest.raises(ParameterError, match="none of the methods at hand"):
        learn(brand, method=method)


def test_a_blend_of_ones_own_has_intervals_too(brand: Community) -> None:
    found = learn(brand, method="MBGNBD + BGNBD").predict()
    assert (found.low.notna() == found.visits.notna()).all()


def test_a_record_that_ended_is_told_in_predict_too(model: ValueModel, brand: Community) -> None:
    tables = {name: brand.arrow(name) for name in ("orders", "members")}
    span = {"orders": ("2024-01-01", AS_OF - pd.Timedelta(days=20))}
    c = Community(tz=brand.tz, observed=span, **tables)
    with pytest.warns(SiyuWarning, match=r"ValueModel.predict\(\): the record ended before as_of"):
        model.predict(c, as_of=AS_OF)


def test_bands_give_back_the_quantiles_they_were_shown() -> None:
    rng = np.random.default_rng(0)
    value = rng.gamma(2.0, 50.0, 20_000)
    money = value * rng.gamma(1.0, 1.0, 20_000)
    low, high = ValueBands.fit(value, money, 0.9).bounds(value, float(value.mean()))
    assert np.mean((money >= low) & (money <= high)) == pytest.approx(0.9, abs=0.01)


@pytest.mark.slow
def test_intervals_hold_what_they_say_on_planted_worlds() -> None:
    inside, bias = [], []
    for seed in range(4):
        c = make_community(1_200, seed)
        told = learn(c).predict().dropna()
        orders = c.orders
        assert orders is not None
        later = (orders.order_time >= AS_OF) & (orders.order_time < AS_OF + HORIZON)
        money = orders[later].groupby("member_id").amount.sum().reindex(told.member_id)
        paid = money.fillna(0).to_numpy()
        inside.append(((paid >= told.low) & (paid <= told.high)).mean())
        bias.append(told.value.sum() / paid.sum() - 1)
    assert 0.86 < np.mean(inside) < 0.98
    assert abs(np.mean(bias)) < 0.2
