"""BTYD forecasts at any day of a history: probabilities of silence on a world of known rates."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from siyu.datasets.errors import DataError
from siyu.segmentation.value.btyd_forecasts import BTYD_NAMES, BtydForecast, history_summary
from siyu.segmentation.value.visit_history import History

PARAMS = {"r": 0.8, "alpha": 4.0, "s": 0.6, "beta": 10.0}


def world(n: int, age: float, ahead: float) -> tuple[pa.Table, npt.NDArray[np.bool_]]:
    """Draw Pareto/NBD members: their summary after `age` weeks, and who is silent `ahead`."""
    rng = np.random.default_rng(0)
    rate = rng.gamma(PARAMS["r"], 1 / PARAMS["alpha"], n)
    life = rng.exponential(1 / rng.gamma(PARAMS["s"], 1 / PARAMS["beta"], n))
    gaps = rng.exponential(1, (n, 400)) / rate[:, None]
    times = np.cumsum(gaps, axis=1)
    there = times < life[:, None]
    before = there & (times < age)
    after = there & (times >= age) & (times < age + ahead)
    last = np.where(before, times, 0).max(axis=1)
    columns = {"x": before.sum(axis=1).astype(float), "t_x": last, "T": np.full(n, age)}
    return pa.table(columns), np.asarray(after.sum(axis=1) == 0)


def test_the_probability_of_silence_is_calibrated_where_the_model_is_true() -> None:
    summary, silent = world(20_000, 40.0, 12.0)
    none = BtydForecast.of("ParetoNBD", PARAMS).none_expected(summary, 84)
    assert none.mean() == pytest.approx(silent.mean(), abs=0.01)
    for group in np.array_split(np.argsort(none), 10):
        assert none[group].mean() == pytest.approx(silent[group].mean(), abs=0.04)


@pytest.mark.parametrize("name", BTYD_NAMES)
def test_known_params_forecast_as_the_fit_did(name: str) -> None:
    day = np.array([-90, -60, -9, -80, -70, -20, -5])
    one = np.ones(len(day), np.int64)
    starts = np.array([0, 3, 5, 6, 7])
    history = History(pa.array([1, 2, 3, 4]), starts, day, one > 0, np.full(len(day), 2.0), one, 0)
    fitted = BtydForecast.fit(name, history)
    _, summary = history_summary(history)
    again = BtydForecast.of(name, fitted.params)
    assert again.expected(summary, 28).tolist() == fitted.expected(summary, 28).tolist()


def test_nobody_teaches_nothing() -> None:
    none = np.zeros(0, np.int64)
    empty = History(pa.array([1]), np.zeros(2, np.int64), none, none > 0, np.zeros(0), none, 0)
    with pytest.raises(DataError, match="members who visited, and there are none"):
        BtydForecast.fit("BGNBD", empty)
