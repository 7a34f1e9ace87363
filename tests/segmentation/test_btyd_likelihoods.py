"""The likelihoods: against formulas written another way, and their gradients."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln, gammaln, logsumexp

from btyd_members import histories, peer
from siyu.segmentation.value.beta_geometric import BetaGeometric
from siyu.segmentation.value.gamma_gamma_likelihood import GammaGammaLikelihood
from siyu.segmentation.value.histories import Histories, read_histories
from siyu.segmentation.value.lifetime_integral import integrate
from siyu.segmentation.value.pareto_nbd_likelihood import ParetoNbdLikelihood

seeds = st.integers(0, 2**32 - 1)


def _params(seed: int, low: list[float], high: list[float]) -> np.ndarray:
    return np.exp(np.random.default_rng(seed).uniform(np.log(low), np.log(high)))


def _rows(members: pd.DataFrame, seed: int) -> tuple[Histories, np.ndarray]:
    weight = np.random.default_rng(seed).integers(1, 9, len(members)).astype(float)
    return read_histories(members).distinct(weight)


def _differences(likelihood: Any, params: np.ndarray) -> np.ndarray:
    """Differentiate by the logarithms of the parameters, by Richardson's extrapolation."""
    slopes = []
    for i in range(len(params)):
        step = np.zeros(len(params))
        step[i] = 1.0

        def along(h: float, step: np.ndarray = step) -> float:
            up, down = (
                likelihood.at(params * np.exp(h * step)),
                likelihood.at(params * np.exp(-h * step)),
            )
            return float((up[0] - down[0]) / (2 * h))

        slopes.append((4 * along(5e-4) - along(1e-3)) / 3)
    return np.array(slopes)


def _assert_gradient(likelihood: Any, params: np.ndarray) -> None:
    value, slope = likelihood.at(params)
    assert np.isfinite(value)
    scale = 1e-6 * (1 + np.abs(slope)) + 1e-11 * abs(value) + 1e-10 * np.abs(slope).sum()
    assert (np.abs(slope - _differences(likelihood, params)) <= scale).all()


@given(histories(), seeds, st.sampled_from([0, 1]))
def test_the_gradient_of_the_beta_geometric_family(
    members: pd.DataFrame, seed: int, at_first: int
) -> None:
    scale = max(members["T"].max(), 1e-3)
    params = _params(seed, [0.02, 0.01 * scale, 0.02, 0.02], [20, 10 * scale, 20, 20])
    _assert_gradient(BetaGeometric.of(*_rows(members, seed), at_first), params)


@given(histories(), seeds)
def test_the_gradient_of_pareto_nbd(members: pd.DataFrame, seed: int) -> None:
    scale = max(members["T"].max(), 1e-3)
    params = _params(
        seed, [0.02, 0.01 * scale, 0.02, 0.01 * scale], [20, 10 * scale, 20, 10 * scale]
    )
    _assert_gradient(ParetoNbdLikelihood.of(*_rows(members, seed)), params)


@given(st.integers(1, 30), seeds)
def test_the_gradient_of_gamma_gamma(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, mean = rng.integers(1, 200, n).astype(float), rng.lognormal(3, 1, n)
    likelihood = GammaGammaLikelihood.of(x, mean, rng.integers(1, 9, n).astype(float))
    _assert_gradient(likelihood, _params(seed, [0.1, 1.01, 1], [20, 20, 100]))


@given(histories(), seeds, st.sampled_from([0, 1]))
def test_beta_geometric_against_gamma_functions(
    members: pd.DataFrame, seed: int, at_first: int
) -> None:
    scale = max(members["T"].max(), 1e-3)
    r, alpha, a, b = params = _params(seed, [0.1, 0.1 * scale, 0.1, 0.1], [9, 9 * scale, 9, 9])
    rows, weight = _rows(members, seed)
    total = 0.0
    for x, t_x, age, w in zip(rows.x, rows.t_x, rows.T, weight, strict=True):
        n = x + at_first
        terms = [betaln(a, b + n) - betaln(a, b) - (r + x) * np.log(alpha + age)]
        if n:  # the last chance was taken
            terms.append(betaln(a + 1, b + n - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x))
        shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        total += w * (shared + logsumexp(terms))
    found = BetaGeometric.of(rows, weight, at_first).at(params)[0]
    assert found == pytest.approx(total, rel=1e-9, abs=1e-8)


def _log_chance_of_one(params: np.ndarray, x: int, t_x: float, age: float) -> float:
    """Write the Pareto/NBD likelihood of a member as a mean over the moment of leaving."""
    r, alpha, s, beta = params

    def left_at(t: float) -> float:
        return float(s * beta**s * (beta + t) ** -(s + 1) * (alpha + t) ** -(r + x))

    gone = quad(left_at, t_x, age, epsabs=0, epsrel=1e-11, limit=500)[0]
    there = (beta / (beta + age)) ** s * (alpha + age) ** -(r + x)
    shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    return float(shared + np.log(there + gone))


@pytest.mark.parametrize(
    ("x", "t_x", "age"),
    [
        (0, 0.0, 30.0),
        (1, 2.0, 30.0),
        (3, 29.0, 30.0),
        (12, 30.0, 30.0),
        (30, 8.0, 39.0),
        (0, 0.0, 0.0),
    ],
)
@pytest.mark.parametrize(
    "params",
    [(0.55, 10.6, 0.6, 11.7), (2.0, 3.0, 4.0, 90.0), (0.1, 50.0, 3.0, 2.0), (5, 9, 0.05, 9)],
)
def test_pareto_nbd_against_a_general_integrator(
    params: tuple[float, float, float, float], x: int, t_x: float, age: float
) -> None:
    rows = Histories(np.array([float(x)]), np.array([t_x]), np.array([age]))
    found = ParetoNbdLikelihood.of(rows, np.ones(1)).at(np.array(params))[0]
    assert found == pytest.approx(_log_chance_of_one(np.array(params), x, t_x, age), rel=1e-10)


def test_pareto_nbd_against_lifetimes() -> None:
    rng = np.random.default_rng(0)
    age = rng.uniform(5, 40, 300)
    x = rng.integers(0, 8, 300)
    t_x = np.where(x > 0, age * rng.random(300), 0)
    params = np.array([0.6, 9.0, 0.7, 12.0])
    theirs = peer().ParetoNBDFitter._conditional_log_likelihood(params, x, t_x, age)
    rows, weight = Histories(x.astype(float), t_x, age).distinct(np.ones(300))
    found = ParetoNbdLikelihood.of(rows, weight).at(params)[0]
    assert found == pytest.approx(theirs.sum(), rel=1e-10)


@given(seeds)
def test_the_lifetime_integral_against_fine_panels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    near, far = np.sort(100 * 10 ** rng.uniform(-5, 3, 2))
    p, q = 10 ** rng.uniform(-2, 3.5), 10 ** rng.uniform(0, 2.5)
    age = 100 * rng.random()
    t_x = age * rng.random() * (rng.random() < 0.6)
    nodes, weights = np.polynomial.legendre.leggauss(30)
    ends = np.log1p((age - t_x) / (near + t_x)) * np.r_[0, np.geomspace(1e-9, 1, 300)]
    half = np.diff(ends)[:, None] / 2
    w = ends[:-1, None] + half * (1 + nodes)
    t = t_x + (near + t_x) * np.expm1(w)
    logs = np.log(near + t) - p * np.log1p(t / near) - q * np.log1p(t / far)
    expected = logsumexp(logs, b=half * weights)
    found = integrate((near, far), (np.array([p]), np.array([q])), np.array([t_x]), np.array([age]))
    assert found.log[0] == pytest.approx(expected, rel=1e-7, abs=1e-7)


def test_gamma_gamma_against_the_mean_over_members() -> None:
    # The own rate is gamma (q, gamma); given it, the sum over x purchases is gamma (p x, rate).
    p, q, gamma, x, mean = 2.5, 3.0, 20.0, 4.0, 9.0

    def given_rate(v: float) -> float:
        own = q * np.log(gamma) + (q - 1) * np.log(v) - gamma * v - gammaln(q)
        spent = p * x * np.log(v) + (p * x - 1) * np.log(x * mean) - v * x * mean - gammaln(p * x)
        return float(np.exp(own + spent) * x)

    expected = np.log(quad(given_rate, 0, 20, epsabs=0, epsrel=1e-12, limit=500)[0])
    rows = np.array([x]), np.array([mean]), np.ones(1)
    found = GammaGammaLikelihood.of(*rows).at(np.array([p, q, gamma]))[0]
    assert found == pytest.approx(expected, rel=1e-10)
