"""The backtest: every method by every measure, on the past alone."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from siyu.datasets import Community, make_community
from siyu.datasets.errors import DataError, ParameterError
from siyu.segmentation.value.backtesting import Backtest, BacktestOptions, backtest
from siyu.segmentation.value.forecast_trials import Trial, run_trials
from siyu.segmentation.value.visit_history import History
from strategies import shuffled, small_community

AS_OF = pd.Timestamp("2026-03-01", tz="Asia/Shanghai")
FAST = BacktestOptions(n_bags=1, n_resamples=20)
MEASURES = ("mae", "rmse", "log_likelihood", "decile_error", "bias", "auc")


def run(c: Community, **more: object) -> Backtest:
    return backtest(c, as_of=AS_OF, horizon="56D", options=FAST, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def brand() -> Community:
    return make_community(500, random_state=4)


@pytest.fixture(scope="module")
def found(brand: Community) -> Backtest:
    return run(brand)


@pytest.fixture(scope="module")
def trial(brand: Community) -> Trial:
    known = brand.before(AS_OF)
    history = History.of(known, brand.moment(AS_OF), "orders", known.customers())
    trial = run_trials(history, 56, n_bags=1)
    assert trial is not None
    return trial


def test_every_measure_of_every_method_is_told(found: Backtest) -> None:
    names = found.scores.model.tolist()
    assert names[:6] == ["zero", "x/T", "recency", "BGNBD", "MBGNBD", "ParetoNBD"]
    assert {"LightGBM", "LightGBM x BTYD", "BGNBD + LightGBM"} < set(names)
    for name in MEASURES:
        assert {name, f"{name}_low", f"{name}_high"} < set(found.scores.columns)
    assert found.scores.drop(columns=["model"]).notna().all(axis=None)


def test_zero_is_minus_all_of_the_total_and_ranks_nobody(found: Backtest) -> None:
    zero = found.scores.set_index("model").loc["zero"]
    assert zero.bias == -1
    assert zero.auc == 0.5


def test_scores_are_those_of_the_window_before_as_of(found: Backtest, trial: Trial) -> None:
    scores = found.scores.set_index("model")
    for name in ("recency", "BGNBD", "LightGBM"):
        forecast = trial.forecasts[name]
        assert scores.mae[name] == pytest.approx(np.abs(forecast - trial.visits).mean())
        assert scores.auc[name] == pytest.approx(roc_auc_score(trial.visits > 0, forecast))
    assert found.cuts == ["2026-01-03T16:00:00.000000Z"]
    assert found.n_members == len(trial.visits)


def test_differences_are_to_the_best(found: Backtest) -> None:
    rows = found.differences.set_index("model")
    assert not rows.loc[found.best].any()
    assert rows.log_likelihood["zero"] < rows.log_likelihood_high["zero"] < 0


def test_the_best_is_no_plain_rule_and_level_with_the_highest_likelihood(found: Backtest) -> None:
    assert found.best not in ("zero", "x/T", "recency")
    scores = found.scores.set_index("model").log_likelihood
    assert scores[found.best] > scores.max() - 0.03


def test_the_future_changes_nothing(found: Backtest, brand: Community) -> None:
    again = run(brand.before(AS_OF))
    pd.testing.assert_frame_equal(again.scores, found.scores)
    pd.testing.assert_frame_equal(again.differences, found.differences)


def test_the_order_of_rows_changes_no_byte(found: Backtest, brand: Community) -> None:
    again = run(shuffled(brand, 3))
    pd.testing.assert_frame_equal(again.scores, found.scores)
    assert again.best == found.best


def test_the_pick_forecasts_from_as_of_on(found: Backtest) -> None:
    model = found.pick()
    assert model.source_ == found.best
    assert model.as_of_ == "2026-02-28T16:00:00.000000Z"
    assert model.predict().visits.notna().any()


def test_models_narrow_the_choice_but_not_the_table(found: Backtest, brand: Community) -> None:
    narrow = run(brand, models=["MBGNBD"])
    assert narrow.best == "MBGNBD"
    assert narrow.scores.model.tolist() == found.scores.model.tolist()


def test_any_blend_may_be_asked_for(brand: Community) -> None:
    asked = run(brand, models=["MBGNBD + BGNBD"])
    assert asked.best == "MBGNBD + BGNBD"
    assert asked.pick().source_ == "MBGNBD + BGNBD"
    assert asked.scores.model.tolist()[-1] == "MBGNBD + BGNBD"


def test_several_windows_follow_each_other(brand: Community) -> None:
    many = backtest(
        brand,
        as_of=AS_OF,
        horizon="28D",
        options=BacktestOptions(n_bags=1, n_resamples=5, n_windows=3),
    )
    days = pd.to_datetime(pd.Series(many.cuts)).diff().dropna()
    assert (days == pd.Timedelta("28D")).all()
    assert len(many.cuts) == 3


def test_a_long_horizon_is_tried_on_a_third_of_the_record(brand: Community) -> None:
    orders = brand.orders
    assert orders is not None
    late = Community(tz=brand.tz, orders=orders[orders.order_time >= AS_OF - pd.Timedelta("150D")])
    tried = backtest(late, as_of=AS_OF, horizon="200D", options=FAST)
    assert tried.window == 49
    assert tried.horizon == 200


def test_a_method_without_skill_is_not_chosen(trial: Trial) -> None:
    rng = np.random.default_rng(0)
    worse = {"BGNBD": rng.permutation(trial.forecasts["BGNBD"]), "MBGNBD": trial.visits + 0.01}
    judged = Trial(
        trial.cuts, trial.window, trial.visits, trial.money, worse, trial.cut, trial.member
    )
    assert judged.best() == "MBGNBD"


def test_a_method_of_clearly_lower_likelihood_is_not_chosen(trial: Trial) -> None:
    # "MBGNBD" knows most of the buyers, and swears that the others never come: better by absolute
    # and squared error, total and ranking.
    came = np.where(np.arange(400) % 4 == 0, 30, 0)
    sure = np.where(np.arange(400) % 40 < 12, 0.0, came / 0.7)
    forecasts = {"BGNBD": np.full(400, 1.1 * came.mean()), "MBGNBD": sure}
    rows = np.zeros(400, np.int64)
    judged = Trial(trial.cuts, trial.window, came, came * 1.0, forecasts, rows, rows)
    assert judged.best() == "BGNBD"


def test_a_record_too_short_for_a_trial_is_refused() -> None:
    orders = pd.DataFrame({"member_id": [1, 2], "amount": [1.0, 1.0]})
    orders["order_time"] = AS_OF - pd.to_timedelta([9, 5], unit="D")
    with pytest.raises(DataError, match="four weeks or more before as_of; the record has 2"):
        backtest(orders, as_of=AS_OF)


def test_unknown_models_are_refused() -> None:
    with pytest.raises(ParameterError, match="models must be of BGNBD"):
        backtest(small_community(0), as_of=AS_OF, models=["Oracle"])


@pytest.mark.parametrize(
    "options", [{"level": 0}, {"n_windows": 0}, {"n_windows": 1.5}, {"activity": "x"}]
)
def test_options_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match="must"):
        BacktestOptions(**options)  # type: ignore[arg-type]
