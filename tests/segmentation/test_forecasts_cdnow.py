"""Forecasts of CDNOW's sample, weeks 40 to 78: why P(alive) is no churn score, and who is best."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pytest
from sklearn.metrics import roc_auc_score

from siyu.datasets import Community, load_cdnow
from siyu.datasets.intervals import paired_difference
from siyu.segmentation.value.backtesting import BacktestOptions, backtest
from siyu.segmentation.value.btyd_forecasts import BtydForecast, history_summary
from siyu.segmentation.value.forecast_scores import poisson_terms
from siyu.segmentation.value.visit_history import History

AS_OF, DAYS = "1997-10-01", 273


@pytest.fixture(scope="module")
def sample(siyu_data: Path) -> Community:
    orders = load_cdnow(siyu_data / "cdnow").arrow("orders")
    assert orders is not None
    return Community(orders=orders.filter(pc.equal(orders["in_sample"], True)), tz="UTC")


@pytest.fixture(scope="module")
def history(sample: Community) -> History:
    known = sample.before(AS_OF)
    return History.of(known, sample.moment(AS_OF), "orders", known.customers())


@pytest.fixture(scope="module")
def came(sample: Community, history: History) -> npt.NDArray[np.int64]:
    later = History.of(sample, sample.moment("1998-07-01"), "orders", history.members)
    return later.between(-DAYS, 0)[0]


def test_the_holdout_is_the_published_one(came: npt.NDArray[np.int64]) -> None:
    assert (len(came), came.sum()) == (2357, 1882)


def test_alive_ranks_who_buys_again_below_chance_and_expectation_well_above(
    history: History, came: npt.NDArray[np.int64]
) -> None:
    model = BtydForecast.fit("BGNBD", history)
    _, summary = history_summary(history)
    alive = model.model.probability_alive(summary)
    assert roc_auc_score(came > 0, alive) == pytest.approx(0.316, abs=0.002)
    expected = model.expected(summary, DAYS)
    assert roc_auc_score(came > 0, expected) == pytest.approx(0.773, abs=0.002)


@pytest.mark.slow
def test_the_pick_is_no_worse_than_pareto_nbd_on_the_holdout(
    sample: Community, history: History, came: npt.NDArray[np.int64]
) -> None:
    how = BacktestOptions(n_bags=2, n_resamples=10)
    found = backtest(sample, as_of=AS_OF, horizon=f"{DAYS}D", options=how)
    told = found.pick().predict().visits.to_numpy()
    peer = BtydForecast.fit("ParetoNBD", history).expected(history_summary(history)[1], DAYS)
    ours, theirs = (poisson_terms(came, one) for one in (told, peer))
    assert paired_difference(ours, theirs, random_state=0).high >= 0
