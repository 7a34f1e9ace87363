"""Worlds with planted groups of members, and worlds without any."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["groups_of_members", "no_groups", "rand_index"]

Ints = npt.NDArray[np.int64]


def groups_of_members(
    seed: int, k: int = 4, n: int = 1_200, *, apart: float = 3.0, drift: float = 0.0
) -> tuple[pd.DataFrame, Ints]:
    """Draw k groups that differ in six skewed numbers of unlike units; `drift` moves them all."""
    centers = np.random.default_rng(1_000 + k).normal(size=(k, 6)) * apart
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    x = centers[truth] + drift + rng.normal(size=(n, 6))
    amounts = np.exp(x * [0.5, 0.4, 0.3, 0.6, 0.5, 0.5]) * [1000, 1, 0.1, 50, 3, 20]
    frame = pd.DataFrame(amounts, columns=[f"amount_{i}" for i in range(6)])
    frame.insert(0, "member_id", rng.permutation(n) + 1)
    return frame, truth


def no_groups(seed: int, n: int = 1_200) -> pd.DataFrame:
    """Draw skewed, even, counted and coded columns that have nothing to do with one another."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        "member_id": np.arange(n),
        "spend": rng.lognormal(3, 1, n),
        "gap": rng.exponential(5, n),
        "share": rng.uniform(size=n),
        "visits": rng.poisson(3, n),
        "refunds": rng.poisson(0.2, n),
        "score": rng.normal(size=n),
        "is_owl": rng.random(n) < 0.4,
        "channel": rng.choice(["app", "shop", "web"], n, p=[0.5, 0.3, 0.2]),
    }
    return pd.DataFrame(columns)


def rand_index(found: Any, truth: Any) -> float:
    """Compare two groupings: 1 is equal, 0 chance."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(truth, found))
