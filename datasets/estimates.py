"""Shares, means and differences of many groups at once, each with what is believable around it."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .intervals import wilson_bounds

__all__ = ["LEVEL", "Triple", "differences", "known", "means", "named_columns", "shares"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Triple = tuple[Floats, Floats, Floats]
"""Estimates with both ends of their intervals; NaN where nothing is known."""

LEVEL = 0.95


def shares(n: Ints, of: Ints, level: float = LEVEL) -> Triple:
    """Give the shares ``n / of`` with Wilson intervals; NaN where `of` is 0.

    Examples
    --------
    >>> share, low, high = shares(np.array([1, 0]), np.array([10, 0]))
    >>> share, low.round(3), high.round(3)
    (array([0.1, nan]), array([0.018,   nan]), array([0.404,   nan]))
    """
    share = np.where(of > 0, n / np.maximum(of, 1), np.nan)
    return share, *wilson_bounds(share, of, level)


def means(total: Floats, squares: Floats, n: Ints, level: float = LEVEL) -> Triple:
    """Give means with Student's t intervals from sums and sums of squares.

    Examples
    --------
    >>> mean, low, high = means(np.array([6.0]), np.array([14.0]), np.array([3]))
    >>> mean, low.round(2), high.round(2)
    (array([2.]), array([-0.48]), array([4.48]))
    """
    from scipy.special import stdtrit

    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 0, total / n, np.nan)
        spread = np.maximum(squares - n * mean**2, 0.0) / np.where(n > 1, n - 1, np.nan)
        half = stdtrit(np.maximum(n - 1, 1), 0.5 + level / 2) * np.sqrt(spread / n)
    return mean, mean - half, mean + half


def differences(ours: Triple, theirs: Triple) -> Triple:
    """Give the differences of two independent shares, the interval made of their intervals.

    References
    ----------
    Newcombe (1998), "Interval estimation for the difference between independent proportions",
    Statistics in Medicine 17, 873-890, method 10 (square and add).

    Examples
    --------
    >>> ours, theirs = np.array([56]), np.array([48])
    >>> gap = differences(shares(ours, np.array([70])), shares(theirs, np.array([80])))
    >>> [part.round(4).tolist() for part in gap]
    [[0.2], [0.0524], [0.3339]]
    """
    (p, low_p, high_p), (q, low_q, high_q) = ours, theirs
    gap = p - q
    low = gap - np.sqrt((p - low_p) ** 2 + (high_q - q) ** 2)
    return gap, low, gap + np.sqrt((high_p - p) ** 2 + (q - low_q) ** 2)


def known(values: Floats | Ints, unless: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Write numbers, null where they are NaN or `unless` holds.

    Examples
    --------
    >>> known(np.array([1.0, np.nan])).to_pylist()
    [1.0, None]
    """
    mask = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), np.bool_)
    return pa.array(values, mask=mask if unless is None else mask | unless)


def named_columns(
    triple: Triple,
    names: tuple[str, str, str] = ("share", "low", "high"),
    unless: npt.NDArray[np.bool_] | None = None,
) -> dict[str, pa.Array]:
    """Write estimates and their intervals as columns, null where nothing is known.

    Examples
    --------
    >>> list(named_columns(shares(np.array([1]), np.array([2]))))
    ['share', 'low', 'high']
    """
    return {name: known(part, unless) for name, part in zip(names, triple, strict=True)}
