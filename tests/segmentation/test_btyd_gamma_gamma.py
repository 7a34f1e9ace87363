"""The gamma-gamma model of money."""

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from siyu.datasets import DataError, ParameterError, SchemaError, SiyuWarning, load_cdnow
from siyu.segmentation.value.bg_nbd import BGNBD
from siyu.segmentation.value.btyd_frame import btyd_summary
from siyu.segmentation.value.gamma_gamma import GammaGamma

FEW = pd.DataFrame({"x": [2, 0, 6, 1, 3, 1], "mean_amount": [22.0, np.nan, 80.0, 35.0, 11.0, 5.0]})


def _world(n: int, seed: int, p: float = 4.0, q: float = 3.5, gamma: float = 20.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.geometric(0.3, n)
    mean = rng.gamma(p * x, 1 / rng.gamma(q, 1 / gamma, n)) / x
    return pd.DataFrame({"x": x, "mean_amount": mean})


def test_planted_parameters_are_found_within_their_errors() -> None:
    model = GammaGamma().fit(_world(30_000, 0))
    for name, planted in {"p": 4.0, "q": 3.5, "gamma": 20.0}.items():
        error = model.standard_errors_[name]
        assert 0 < error < planted / 10
        assert abs(model.params_[name] - planted) < 4 * error


def test_the_expected_mean_is_right_on_average() -> None:
    rng = np.random.default_rng(1)
    own = 4.0 / rng.gamma(3.5, 1 / 20, 200_000)
    mean = rng.gamma(4.0 * 2, own / 4.0) / 2
    model = GammaGamma()
    model.params_ = {"p": 4.0, "q": 3.5, "gamma": 20.0}
    expected = model.expected_mean(pd.DataFrame({"x": 2, "mean_amount": mean}))
    for some in (mean < 15, (mean >= 15) & (mean < 50), mean >= 50):
        error = (own - expected)[some].std() / np.sqrt(some.sum())
        assert abs((own - expected)[some].mean()) < 4 * error


def test_zero_amounts_are_left_out_of_the_fit_alone_and_told() -> None:
    more = pd.concat([FEW, pd.DataFrame({"x": [1, 2], "mean_amount": [0.0, -3.0]})])
    with pytest.warns(SiyuWarning, match="2 repeat buyers paid 0 or less") as caught:
        model = GammaGamma().fit(more)
    told = caught[0].message
    assert isinstance(told, SiyuWarning)
    assert told.problems.row.tolist() == [6, 7]
    assert told.problems.mean_amount.tolist() == [0.0, -3.0]
    assert model.params_ == GammaGamma().fit(FEW).params_
    assert model.n_members_ == 5
    found = model.expected_mean(more)
    assert (np.isfinite(found) & (found > 0)).all()


def test_the_zero_amounts_of_cdnow_do_not_spoil_its_value(siyu_data: Path) -> None:
    cohort = btyd_summary(load_cdnow(siyu_data / "cdnow"), as_of="1997-10-01", unit="7D")
    with pytest.warns(SiyuWarning, match="1 repeat buyers paid 0 or less"):
        model = GammaGamma().fit(cohort)
    value = model.expected_value(cohort, BGNBD().fit(cohort), 39, discount=0.002)
    assert np.isfinite(value).all()
    assert 20 < value.mean() < 35


@settings(max_examples=25)
@given(st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_every_legal_summary_is_finite(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 10 ** rng.integers(1, 5), n)
    members = pd.DataFrame({"x": x, "mean_amount": 10 ** rng.uniform(-6, 9, n)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        model = GammaGamma().fit(members)
    found = model.expected_mean(pd.concat([members, members.assign(x=0)]))
    assert np.isfinite([*found, model.log_likelihood_]).all()
    assert (found > 0).all()


@given(st.randoms())
def test_the_order_of_rows_changes_no_byte(random: Any) -> None:
    order = list(range(len(FEW)))
    random.shuffle(order)
    one, other = GammaGamma().fit(FEW), GammaGamma().fit(FEW.iloc[order])
    assert one.params_ == other.params_
    assert one.standard_errors_ == other.standard_errors_


def test_the_order_of_many_rows_changes_no_byte() -> None:
    members = _world(20_000, 2)
    mixed = members.sample(frac=1, random_state=0)
    assert GammaGamma().fit(members).params_ == GammaGamma().fit(mixed).params_


def test_another_currency_scales_gamma_alone() -> None:
    members = _world(2_000, 3)
    dollars, cents = GammaGamma().fit(members), GammaGamma().fit(members * [1, 100])
    assert cents.params_["p"] == pytest.approx(dollars.params_["p"], rel=1e-4)
    assert cents.params_["gamma"] == pytest.approx(100 * dollars.params_["gamma"], rel=1e-4)
    assert cents.standard_errors_["q"] == pytest.approx(dollars.standard_errors_["q"], rel=1e-3)


def test_weights_are_repeated_rows() -> None:
    weight = [3, 2, 1, 4, 2, 5]
    repeated = FEW.loc[np.repeat(FEW.index, weight)]
    assert GammaGamma().fit(FEW, sample_weight=weight).params_ == GammaGamma().fit(repeated).params_


def test_a_tail_without_a_mean_is_held_at_a_finite_one() -> None:
    members = _world(500, 4, q=0.5)
    with pytest.warns(SiyuWarning, match="q stopped at the bound"):
        model = GammaGamma().fit(members)
    assert model.params_["q"] == 1.01
    assert np.isnan(model.standard_errors_["q"])
    assert np.isfinite(model.expected_mean(members.assign(x=0))).all()


def test_members_who_never_bought_have_the_mean_of_all_and_no_value() -> None:
    members = pd.DataFrame(
        {"x": [0, None], "t_x": [0, None], "T": [9, None], "mean_amount": [None, None]}, dtype=float
    )
    model, purchases = GammaGamma().fit(FEW), BGNBD()
    purchases.params_ = {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5}
    first, other = model.expected_mean(members)
    assert first == other
    assert np.isnan(model.expected_value(members, purchases, 9)).tolist() == [False, True]


BROKEN: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "mean_amount: must be known where x is above 0; 1 rows, first in row 0": (
        SchemaError,
        {"mean_amount": [np.nan, np.nan, 80, 35, 11, 5]},
    ),
    "mean_amount: must be finite; 1 rows": (SchemaError, {"mean_amount": [np.inf, 0, 8, 3, 1, 5]}),
    "x: must be a whole number of 0 or more; 2 rows": (SchemaError, {"x": [-2, 0, 6, 1.5, 3, 1]}),
    "x: must be finite; 1 rows": (SchemaError, {"x": [2, 0, np.inf, 1, 3, 1]}),
    "learns from members who bought again for money": (DataError, {"x": 0}),
}


@pytest.mark.parametrize(("told", "case"), BROKEN.items())
def test_what_it_cannot_learn_from_is_refused(
    told: str, case: tuple[type[Exception], dict[str, Any]]
) -> None:
    error, columns = case
    with pytest.raises(error, match=told):
        GammaGamma().fit(FEW.assign(**columns))


@pytest.mark.parametrize(
    ("options", "told"), [({"discount": -0.1}, "discount must"), ({"horizon": -1}, "horizon must")]
)
def test_odd_values_are_refused(options: dict[str, float], told: str) -> None:
    purchases = BGNBD()
    purchases.params_ = {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5}
    members = FEW.assign(t_x=[4, 0, 5, 6, 7, 8.0], T=9.0)
    with pytest.raises(ParameterError, match=told):
        GammaGamma().fit(FEW).expected_value(members, purchases, **{"horizon": 9, **options})


def test_it_behaves_as_an_estimator() -> None:
    model = GammaGamma()
    assert model.get_params() == {}
    assert model.fit(FEW) is model
    assert not hasattr(clone(model), "params_")
    assert pickle.loads(pickle.dumps(model)).params_ == model.params_


def test_it_must_be_fitted_first() -> None:
    with pytest.raises(NotFittedError, match="This GammaGamma instance is not fitted"):
        GammaGamma().expected_mean(FEW)
