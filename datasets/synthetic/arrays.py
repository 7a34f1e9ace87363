"""Names of array types, and three small array moves that every part of the simulator makes."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Bools", "Floats", "Ints", "expit", "inverse_cdf", "pick_from", "running_place"]

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]


def expit(logit: Floats) -> Floats:
    """Turn log-odds into probabilities."""
    probability: Floats = 1.0 / (1.0 + np.exp(-logit))
    return probability


def inverse_cdf(cumulative: Floats, row: Ints, u: Floats) -> Ints:
    """Draw a column for each `row` of a table of cumulative shares that end in 1.

    `cumulative` is (n_rows, n_columns), rising along a row; `u` lies in [0, 1).
    """
    width = cumulative.shape[1]
    flat = (cumulative + np.arange(len(cumulative))[:, None]).ravel()
    found: Ints = np.searchsorted(flat, row + u, side="right") - row * width
    return np.clip(found, 0, width - 1)


def pick_from(starts: Ints, row: Ints, u: Floats) -> Ints:
    """Draw a position in each `row` of a ragged list with the given offsets; -1 if it is empty."""
    size = starts[row + 1] - starts[row]
    at = starts[row] + np.minimum((u * size).astype(np.int64), size - 1)
    return np.where(size > 0, at, -1)


def running_place(sorted_keys: Ints) -> Ints:
    """Count the rows of each run of equal keys from 0."""
    if not len(sorted_keys):
        return np.zeros(0, np.int64)
    is_first = np.r_[True, sorted_keys[1:] != sorted_keys[:-1]]
    first = np.flatnonzero(is_first)
    return np.arange(len(sorted_keys)) - np.repeat(first, np.diff(np.r_[first, len(sorted_keys)]))
