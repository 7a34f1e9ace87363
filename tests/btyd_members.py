"""Random legal purchase histories, for tests of the buy-till-you-die models."""

import importlib
import warnings
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

__all__ = ["bg_world", "histories", "pareto_world", "peer"]


def peer() -> Any:
    """Import lifetimes, which no longer fits the pandas of today without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("lifetimes")


@st.composite
def histories(draw: st.DrawFn, max_members: int = 25) -> pd.DataFrame:
    """Draw members with any legal history: nobody's second purchase, thousands, T of 0."""
    n = draw(st.integers(1, max_members))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    most = draw(st.sampled_from([1, 5, 100, 5_000]))
    longest = draw(st.sampled_from([1e-3, 1.0, 60.0, 1e5]))
    x = rng.integers(0, most + 1, n) * (rng.random(n) < 0.6)
    age = longest * rng.random(n) * (rng.random(n) < 0.9)
    x[age == 0] = 0
    share = np.where(rng.random(n) < 0.2, 1.0, np.maximum(rng.random(n), 1e-6))
    return pd.DataFrame({"x": x, "t_x": np.where(x > 0, age * share, 0.0), "T": age})


def pareto_world(
    n: int, seed: int, ages: tuple[float, float] = (20.0, 40.0), horizon: float = 0.0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Let members of a Pareto/NBD world (r .6, alpha 8, s .7, beta 12) buy, also after T."""
    rng = np.random.default_rng(seed)
    rate, life = rng.gamma(0.6, 1 / 8, n), rng.exponential(1 / rng.gamma(0.7, 1 / 12, n))
    return _watched(rng, rate, life, np.full(n, 10**9), ages, horizon)


def bg_world(
    n: int,
    seed: int,
    ages: tuple[float, float] = (20.0, 40.0),
    horizon: float = 0.0,
    at_first: int = 0,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Let members of a BG/NBD world (r .6, alpha 6, a .8, b 2.5) buy, also after T.

    With `at_first` = 1 they may leave right after their first purchase, as in MBG/NBD.
    """
    rng = np.random.default_rng(seed)
    rate, leave = rng.gamma(0.6, 1 / 6, n), rng.beta(0.8, 2.5, n)
    stop = rng.geometric(np.maximum(leave, 1e-9)) - at_first
    return _watched(rng, rate, np.full(n, np.inf), stop, ages, horizon)


def _watched(
    rng: np.random.Generator,
    rate: np.ndarray,
    life: np.ndarray,
    stop: np.ndarray,
    ages: tuple[float, float],
    horizon: float,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Give the histories by age T, and the purchases within `horizon` after it."""
    n = len(rate)
    age = rng.uniform(*ages, n)
    x, last, later, at = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    done, who = np.zeros(n), np.flatnonzero(stop > 0)
    while len(who):
        at[who] += rng.exponential(1 / rate[who])
        who = who[at[who] <= np.minimum(life[who], age[who] + horizon)]
        seen = who[at[who] <= age[who]]
        x[seen] += 1
        last[seen] = at[seen]
        later[who] += at[who] > age[who]
        done[who] += 1
        who = who[done[who] < stop[who]]
    return pd.DataFrame({"x": x.astype(int), "t_x": last, "T": age}), later
