"""Buy-till-you-die models on CDNOW, against published figures.

Parameters and log-likelihoods: Fader, Hardie & Lee (2005), and the tests of R's CLVTools and
BTYDplus, on the tenth of the customers that the literature calibrates on, in weeks.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from siyu.datasets import SchemaError, load_cdnow
from siyu.segmentation.value.bg_nbd import BGNBD
from siyu.segmentation.value.btyd_frame import btyd_summary
from siyu.segmentation.value.gamma_gamma import GammaGamma
from siyu.segmentation.value.mbg_nbd import MBGNBD
from siyu.segmentation.value.pareto_nbd import ParetoNBD

ONE = pd.DataFrame({"x": [26], "t_x": [30.86], "T": [31.0]})
OTHER = pd.DataFrame({"x": [2], "t_x": [30.43], "T": [38.86]})


@pytest.fixture(scope="module")
def sample(siyu_data: Path) -> pd.DataFrame:
    orders = load_cdnow(siyu_data / "cdnow").orders
    assert orders is not None
    table: pd.DataFrame = btyd_summary(
        orders[orders.in_sample], as_of="1997-10-01", unit="7D", tz="UTC"
    )
    return table


@pytest.fixture(scope="module")
def bg(sample: pd.DataFrame) -> BGNBD:
    return BGNBD().fit(sample)


@pytest.fixture(scope="module")
def pareto(sample: pd.DataFrame) -> ParetoNBD:
    return ParetoNBD().fit(sample)


def _close(found: dict[str, float], *expected: float, rel: float = 1e-4) -> bool:
    return list(found.values()) == pytest.approx(list(expected), rel=rel)


def test_the_sample_is_the_published_one(sample: pd.DataFrame) -> None:
    assert (len(sample), sample.x.sum(), (sample.x > 0).sum()) == (2_357, 2_457, 946)
    assert sample["T"].max() == pytest.approx(272 / 7)  # from 1997-01-01 to 09-30


def test_the_whole_cohort_is_there(siyu_data: Path) -> None:
    table = btyd_summary(load_cdnow(siyu_data / "cdnow"), as_of="1997-10-01", unit="7D")
    assert len(table) == 23_570
    assert table["T"].between(27, 39).all()


def test_bg_nbd(bg: BGNBD) -> None:
    assert bg.log_likelihood_ == pytest.approx(-9582.4292, abs=1e-3)
    assert _close(bg.params_, 0.242594, 4.4136, 0.79292, 2.42589)
    assert bg.converged_
    assert bg.n_members_ == 2_357


def test_pareto_nbd(pareto: ParetoNBD) -> None:
    assert pareto.log_likelihood_ == pytest.approx(-9594.9762, abs=1e-3)
    assert _close(pareto.params_, 0.55328, 10.5776, 0.60624, 11.6689)


def test_standard_errors_of_pareto_nbd(pareto: ParetoNBD) -> None:
    expected = (0.0476264, 0.8427222, 0.1872594, 6.2105448)
    assert _close(pareto.standard_errors_, *expected, rel=1e-3)


def test_mbg_nbd(sample: pd.DataFrame) -> None:
    model = MBGNBD().fit(sample)
    assert model.log_likelihood_ == pytest.approx(-9582.1357, abs=1e-3)
    assert _close(model.params_, 0.524843, 6.183086, 0.891359, 1.614002)


def test_gamma_gamma(sample: pd.DataFrame) -> None:
    paid = sample[sample.mean_amount.isna() | (sample.mean_amount > 0)]
    model = GammaGamma().fit(paid)
    assert model.log_likelihood_ == pytest.approx(-4055.9177, abs=1e-3)
    assert _close(model.params_, 6.2496, 3.7442, 15.4435)
    assert model.n_members_ == 946


def test_the_mean_of_repeat_purchases(sample: pd.DataFrame) -> None:
    assert sample.mean_amount.mean() == pytest.approx(35.08, abs=0.005)


def test_purchases_of_a_new_member_within_a_year(bg: BGNBD, pareto: ParetoNBD) -> None:
    assert bg.expected_purchases_new(52) == pytest.approx(1.4440, abs=1e-4)
    assert pareto.expected_purchases_new(52) == pytest.approx(1.4734, abs=1e-4)


def test_a_frequent_buyer(bg: BGNBD, pareto: ParetoNBD) -> None:
    assert bg.expected_purchases(ONE, 52)[0] == pytest.approx(25.759, abs=1e-3)
    assert bg.probability_alive(ONE)[0] == pytest.approx(0.9689, abs=1e-4)
    assert pareto.expected_purchases(ONE, 52)[0] == pytest.approx(25.456, abs=1e-3)
    assert pareto.probability_alive(ONE)[0] == pytest.approx(0.9979, abs=1e-4)


def test_a_seldom_buyer(bg: BGNBD, pareto: ParetoNBD) -> None:
    assert bg.expected_purchases(OTHER, 39)[0] == pytest.approx(1.2259, abs=1e-4)
    assert pareto.expected_purchases(OTHER, 39)[0] == pytest.approx(1.4551, abs=1e-4)


def test_pareto_nbd_stays_finite_for_frequent_buyers() -> None:
    buyers = pd.DataFrame(
        {
            "x": (221, 254, 161, 204),
            "t_x": (103.42857, 97.14286, 94.71429, 98.57143),
            "T": (103.57143, 97.28571, 98.0, 99.42857),
        }
    )
    model = ParetoNBD()
    model.params_ = {"r": 0.5143, "alpha": 2.8845, "s": 0.2856, "beta": 14.1087}
    expected = [0.99960, 0.99956, 0.74949, 0.99425]
    assert model.probability_alive(buyers) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("model", [BGNBD(), MBGNBD(), ParetoNBD()])
def test_alive_is_no_churn_score_and_the_expected_purchases_are(
    siyu_data: Path, sample: pd.DataFrame, model: Any
) -> None:
    from sklearn.metrics import roc_auc_score

    later = load_cdnow(siyu_data / "cdnow").orders
    assert later is not None
    buys = sample.member_id.isin(later[later.order_time >= "1997-10-01"].member_id)
    model.fit(sample)
    by_count = roc_auc_score(buys, model.expected_purchases(sample, 39))
    by_alive = roc_auc_score(buys, model.probability_alive(sample))
    assert by_count > 0.77
    assert by_alive < by_count - 0.04
    if isinstance(model, BGNBD):
        assert by_alive == pytest.approx(0.316, abs=0.005)


def test_orders_of_one_day_are_one_purchase(siyu_data: Path) -> None:
    orders = load_cdnow(siyu_data / "cdnow").orders
    assert orders is not None
    orders = orders[orders.in_sample]
    days = orders.groupby(["member_id", "order_time"], as_index=False).amount.sum()
    by_rows = btyd_summary(orders, as_of="1997-10-01", unit="7D", tz="UTC")
    by_days = btyd_summary(days, as_of="1997-10-01", unit="7D", tz="UTC")
    assert len(orders) - len(days) == 223
    pd.testing.assert_frame_equal(by_rows, by_days)


@pytest.mark.parametrize("model", [BGNBD(), MBGNBD(), ParetoNBD()])
def test_counting_the_first_order_is_found_out(sample: pd.DataFrame, model: Any) -> None:
    with pytest.raises(SchemaError, match=r"x: above 0 where t_x is 0: leave out .*; 1411 rows"):
        model.fit(sample.assign(x=sample.x + 1))
