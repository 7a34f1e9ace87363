"""What the models expect of members: against simulated worlds, integrals and a peer."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln

from btyd_members import bg_world, pareto_world, peer
from siyu.segmentation.value.beta_mean import mean_purchases
from siyu.segmentation.value.bg_nbd import BGNBD
from siyu.segmentation.value.gamma_gamma import GammaGamma
from siyu.segmentation.value.mbg_nbd import MBGNBD
from siyu.segmentation.value.pareto_nbd import ParetoNBD

BG = {"r": 0.6, "alpha": 6.0, "a": 0.8, "b": 2.5}
PARETO = {"r": 0.6, "alpha": 8.0, "s": 0.7, "beta": 12.0}
MEMBERS = pd.DataFrame(
    {
        "x": [0, 0, 1, 3, 12, 40],
        "t_x": [0.0, 0.0, 2.0, 29.0, 30.0, 8.0],
        "T": [1.0, 30.0, 30.0, 30.0, 30.0, 39.0],
    }
)


def _known(model: Any, params: dict[str, float]) -> Any:
    model.params_ = params
    return model


@pytest.mark.parametrize("a", [0.05, 0.8, 1.0, 3.0, 40.0])
@pytest.mark.parametrize(("b", "s", "z"), [(0.3, 0.6, 0.5), (2.5, 4.0, 9.0), (90.0, 60.0, 2.0)])
def test_the_mean_over_beta_against_a_general_integrator(
    a: float, b: float, s: float, z: float
) -> None:
    k = min(a, 1.0)

    def part(u: float) -> float:  # p = u^(1/k), so that nothing is infinite at 0
        p = u ** (1 / k)
        purchases = -np.expm1(-s * np.log1p(p * z)) / p if p else s * z
        density = u ** (a / k - 1) * (1 - p) ** (b - 1) / k / np.exp(betaln(a, b))
        return float(density * purchases)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the integrator's own doubts
        near = quad(part, 0, 0.5, epsabs=0, epsrel=1e-11, limit=2_000)[0]
        far = quad(part, 0.5, 1, epsabs=0, epsrel=1e-11, limit=2_000)[0]
    found = mean_purchases(a, np.array([b]), np.array([s]), np.array([z]))[0]
    assert found == pytest.approx(near + far, rel=1e-6 if b < 1 else 1e-9)


@given(st.integers(0, 2**32 - 1))
def test_the_mean_over_beta_lies_between_those_of_its_neighbours(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = 10 ** rng.uniform(-3, 2.5), 10 ** rng.uniform(-3, 4)
    s, z = 10 ** rng.uniform(-3, 3), 10 ** rng.uniform(-6, 5)

    def mean(a: float, b: float) -> float:
        return float(mean_purchases(a, np.array([b]), np.array([s]), np.array([z]))[0])

    # Beta(a, b) is a mixture of Beta(a + 1, b) and Beta(a, b + 1), with weights a and b.
    mixed = (a * mean(a + 1, b) + b * mean(a, b + 1)) / (a + b)
    assert mean(a, b) == pytest.approx(mixed, rel=1e-8)
    assert 0 < mean(a, b) <= s * z * (1 + 1e-12)


def _lifetimes_bg() -> Any:
    fitter = peer().BetaGeoFitter()
    fitter.params_ = pd.Series(BG)
    return fitter


def test_bg_nbd_expects_what_lifetimes_does() -> None:
    columns = [MEMBERS[name] for name in ("x", "t_x", "T")]
    theirs = _lifetimes_bg().conditional_expected_number_of_purchases_up_to_time(39, *columns)
    ours = _known(BGNBD(), BG).expected_purchases(MEMBERS, 39)
    assert ours == pytest.approx(np.asarray(theirs), rel=1e-9)


def test_bg_nbd_is_as_sure_that_a_member_is_there_as_lifetimes() -> None:
    theirs = _lifetimes_bg().conditional_probability_alive(*(MEMBERS[n] for n in ("x", "t_x", "T")))
    assert _known(BGNBD(), BG).probability_alive(MEMBERS) == pytest.approx(np.asarray(theirs))


def test_mbg_nbd_expects_what_lifetimes_does() -> None:
    fitter = peer().ModifiedBetaGeoFitter()
    fitter.params_ = pd.Series(BG)
    columns = [MEMBERS[name] for name in ("x", "t_x", "T")]
    theirs = fitter.conditional_expected_number_of_purchases_up_to_time(39, *columns)
    model = _known(MBGNBD(), BG)
    assert model.expected_purchases(MEMBERS, 39) == pytest.approx(np.asarray(theirs), rel=1e-9)
    alive = np.asarray(fitter.conditional_probability_alive(*columns))
    assert model.probability_alive(MEMBERS) == pytest.approx(alive)


def test_pareto_nbd_expects_what_lifetimes_does() -> None:
    fitter = peer().ParetoNBDFitter()
    fitter.params_ = pd.Series(PARETO)
    columns = [MEMBERS[name] for name in ("x", "t_x", "T")]
    theirs = fitter.conditional_expected_number_of_purchases_up_to_time(39, *columns)
    model = _known(ParetoNBD(), PARETO)
    assert model.expected_purchases(MEMBERS, 39) == pytest.approx(np.asarray(theirs), rel=1e-8)
    alive = np.asarray(fitter.conditional_probability_alive(*columns))
    assert model.probability_alive(MEMBERS) == pytest.approx(alive, rel=1e-8)


@pytest.mark.parametrize(
    ("model", "drawn"),
    [
        (_known(BGNBD(), BG), lambda: bg_world(200_000, 0, horizon=20)),
        (_known(MBGNBD(), BG), lambda: bg_world(200_000, 1, horizon=20, at_first=1)),
        (_known(ParetoNBD(), PARETO), lambda: pareto_world(200_000, 2, horizon=20)),
    ],
    ids=["BG/NBD", "MBG/NBD", "Pareto/NBD"],
)
def test_a_simulated_world_buys_as_expected(model: Any, drawn: Any) -> None:
    members, later = drawn()
    expected = model.expected_purchases(members, 20)
    assert expected.mean() == pytest.approx(later.mean(), rel=0.02)
    for low, high in ((0, 0), (1, 1), (2, 4), (5, 1_000)):
        some = members.x.between(low, high).to_numpy()
        error = later[some].std() / np.sqrt(some.sum())
        assert abs(expected[some].mean() - later[some].mean()) < 4 * error


@pytest.mark.parametrize(
    ("model", "drawn"),
    [
        (_known(BGNBD(), BG), lambda: bg_world(200_000, 3, ages=(30, 30))),
        (_known(MBGNBD(), BG), lambda: bg_world(200_000, 4, ages=(30, 30), at_first=1)),
        (_known(ParetoNBD(), PARETO), lambda: pareto_world(200_000, 5, ages=(30, 30))),
    ],
    ids=["BG/NBD", "MBG/NBD", "Pareto/NBD"],
)
def test_new_members_buy_as_expected(model: Any, drawn: Any) -> None:
    bought = drawn()[0].x
    error = bought.std() / np.sqrt(len(bought))
    assert abs(model.expected_purchases_new(30) - bought.mean()) < 4 * error


@pytest.mark.parametrize(
    ("model", "drawn", "planted"),
    [
        (BGNBD(), lambda: bg_world(40_000, 6), BG),
        (MBGNBD(), lambda: bg_world(40_000, 7, at_first=1), BG),
        (ParetoNBD(), lambda: pareto_world(40_000, 8), PARETO),
    ],
    ids=["BG/NBD", "MBG/NBD", "Pareto/NBD"],
)
def test_planted_parameters_are_found_within_their_errors(
    model: Any, drawn: Any, planted: dict[str, float]
) -> None:
    model.fit(drawn()[0])
    for name, value in planted.items():
        error = model.standard_errors_[name]
        assert 0 < error < value
        assert abs(model.params_[name] - value) < 4 * error


@pytest.mark.parametrize(
    "model", [_known(BGNBD(), BG), _known(MBGNBD(), BG), _known(ParetoNBD(), PARETO)]
)
def test_a_longer_horizon_never_expects_less(model: Any) -> None:
    by_horizon = [model.expected_purchases(MEMBERS, h) for h in (0, 1e-6, 1, 10, 1e3, 1e8)]
    assert (np.diff(by_horizon, axis=0) > 0).all()
    assert (by_horizon[0] == 0).all()


def test_parameters_of_one_need_no_special_case() -> None:
    # Both closed forms divide by a - 1 or s - 1.
    near = {name: value + 1e-7 * (name in "as") for name, value in {**BG, "a": 1.0}.items()}
    at_one = _known(BGNBD(), {**BG, "a": 1.0}).expected_purchases(MEMBERS, 39)
    assert at_one == pytest.approx(_known(BGNBD(), near).expected_purchases(MEMBERS, 39), rel=1e-6)
    at_one = _known(ParetoNBD(), {**PARETO, "s": 1.0}).expected_purchases(MEMBERS, 39)
    close = _known(ParetoNBD(), {**PARETO, "s": 1.0 + 1e-7}).expected_purchases(MEMBERS, 39)
    assert at_one == pytest.approx(close, rel=1e-6)


MONEY = {"p": 6.25, "q": 3.74, "gamma": 15.44}


def test_the_expected_mean_lies_between_the_own_and_that_of_all() -> None:
    members = pd.DataFrame({"x": [0, 1, 9, 500], "mean_amount": [None, 80.0, 80.0, 80.0]})
    found = _known(GammaGamma(), MONEY).expected_mean(members)
    assert found[0] == pytest.approx(6.25 * 15.44 / 2.74)
    assert (np.diff(found) > 0).all()
    assert found[-1] == pytest.approx(80, abs=0.1)


def test_the_expected_mean_is_that_of_lifetimes() -> None:
    fitter = peer().GammaGammaFitter()
    fitter.params_ = pd.Series({"p": 6.25, "q": 3.74, "v": 15.44})
    members = pd.DataFrame({"x": [1, 3, 9], "mean_amount": [10.0, 35.0, 80.0]})
    theirs = fitter.conditional_expected_average_profit(members.x, members.mean_amount)
    ours = _known(GammaGamma(), MONEY).expected_mean(members)
    assert ours == pytest.approx(np.asarray(theirs))


def test_value_without_discount_is_purchases_times_mean() -> None:
    members = MEMBERS.assign(mean_amount=[np.nan, np.nan, 20.0, 35.0, 50.0, 10.0])
    money, model = _known(GammaGamma(), MONEY), _known(BGNBD(), BG)
    expected = money.expected_mean(members) * model.expected_purchases(members, 39)
    assert money.expected_value(members, model, 39) == pytest.approx(expected, rel=1e-14)


def test_discounted_value_is_the_sum_over_small_steps() -> None:
    members = MEMBERS.assign(mean_amount=[np.nan, np.nan, 20.0, 35.0, 50.0, 10.0])
    money, model = _known(GammaGamma(), MONEY), _known(ParetoNBD(), PARETO)
    ends = np.linspace(0, 52, 521)
    by_then = np.array([model.expected_purchases(members, end) for end in ends])
    discounts = 1.01 ** -((ends[1:] + ends[:-1]) / 2)
    expected = money.expected_mean(members) * (np.diff(by_then, axis=0).T * discounts).sum(axis=1)
    found = money.expected_value(members, model, 52, discount=0.01)
    assert found == pytest.approx(expected, rel=1e-6)
    assert (found < money.expected_value(members, model, 52)).all()
