"""The mean over p ~ Beta(a, b) of the purchases until dropout, ``(1 - (1 + p z)^-s) / p``.

Equal to a closed form in the Gaussian hypergeometric function, which divides by a - 1 and has to
be summed with care for many purchases. Here instead p = 1 / (1 + exp(-y)): over y the integrand
is smooth, has one peak and falls exponentially on both sides, so that the trapezoidal rule
converges geometrically. Where a or b is below 1 the tail is long; there the integrand's value at
that end is taken out first, and its mean added in closed form.
"""

import numpy as np
import numpy.typing as npt

__all__ = ["mean_purchases"]

Floats = npt.NDArray[np.float64]

_NODES = 128
_DROP = 42.0  # exp(-42) is nothing beside 1
_BLOCK = 256  # rows at a time, so that temporary arrays stay in the cache


def mean_purchases(a: float, b: Floats, s: Floats, z: Floats) -> Floats:
    """Give the mean of ``(1 - (1 + p z)^-s) / p`` over p ~ Beta(a, b).

    Parameters
    ----------
    a : float > 0
    b, s, z : float64 arrays, n values; b > 0, s > 0, z >= 0

    Returns
    -------
    float64 array, n values between 0 and s z

    References
    ----------
    Trefethen & Weideman (2014), "The exponentially convergent trapezoidal rule", SIAM Review
    56(3), 385-458.

    Examples
    --------
    >>> mean_purchases(1.0, np.array([1.0]), np.array([1.0]), np.array([1.0]))  # log 2
    array([0.69314718])
    """
    found = np.empty(len(b))
    for start in range(0, len(b), _BLOCK):
        rows = slice(start, start + _BLOCK)
        found[rows] = _of_block(a, b[rows], s[rows], z[rows])
    return found


def _of_block(a: float, b: Floats, s: Floats, z: Floats) -> Floats:
    from scipy.special import betaln

    at_0 = s * z * (a < 1)
    at_1 = -np.expm1(-s * np.log1p(z)) * (b < 1)
    left, right = a + (a < 1), b + (b < 1)
    low, high = _ends(left, right)
    width = (high - low) / (_NODES - 1)
    y = low + width * np.arange(_NODES)[:, None]
    small = np.exp(-np.abs(y))
    both = np.log1p(small)
    p = np.where(y > 0, 1, small) / (1 + small)
    value = -np.expm1(-s * np.log1p(p * z)) / p
    value -= at_0 * (1 - p) + at_1 * p
    log_weight = a * np.minimum(y, 0) - b * np.maximum(y, 0) - (a + b) * both
    value *= np.exp(log_weight - betaln(a, b))
    line = (at_0 * b + at_1 * a) / (a + b)
    # One row after the other, so that a row alone gives the same bytes as among others.
    return np.asarray(line + width * np.add.accumulate(value, axis=0)[-1])


def _ends(left: float, right: Floats) -> tuple[Floats, Floats]:
    """Find where ``left log p + right log (1 - p)`` has dropped by `_DROP` below its top."""
    total, top = left + right, np.log(left / right)
    return top - _far(total, right / total), top + _far(total, left / total)


def _far(total: Floats, share: Floats) -> Floats:
    """Give the way from the top to the drop; Newton's method, from beyond: the drop is convex."""
    bend = _DROP / (total * share * (1 - share))
    way = bend + np.sqrt(2 * bend)
    for _ in range(20):
        beyond = np.logaddexp(np.log1p(-share), np.log(share) + way)
        drop = total * (beyond - share * way)
        slope = total * (np.exp(np.log(share) + way - beyond) - share)
        way = way - (drop - _DROP) / slope
    return np.asarray(way)
