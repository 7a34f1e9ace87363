"""The likelihood of having left between two moments, an integral over the moment.

Over w = log((near + t) / (near + t_x)), the logarithm of

    (1 + t / near)^-p (1 + t / far)^-q  dt        (near <= far)

is smooth and concave, whatever the powers; so Gauss-Legendre nodes between t_x and where the
integrand has all but vanished (or T) give the integral and the means under it: to fourteen
digits as a rule, and to seven in the farthest corner of the parameters. The closed form in the
Gaussian hypergeometric function is slow and loses its digits for frequent buyers, where it
subtracts two numbers that are nearly equal.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LifetimeIntegral", "integrate"]

Floats = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_DROP = 36.0  # exp(-36) is nothing beside 1
_BLOCK = 1 << 12  # rows at a time, so that temporary arrays stay in the cache


@dataclass(frozen=True, slots=True, eq=False)
class LifetimeIntegral:
    """The integral's logarithm (-inf where t_x = T), and means under the integrand.

    ``log_near`` and ``log_far`` are the means of log(1 + t / near) and log(1 + t / far),
    ``near`` and ``far`` of t / (near + t) and t / (far + t).
    """

    log: Floats
    log_near: Floats
    log_far: Floats
    near: Floats
    far: Floats


def integrate(
    scales: tuple[float, float], powers: tuple[Floats, Floats], t_x: Floats, age: Floats
) -> LifetimeIntegral:
    """Integrate over t from `t_x` to `age`.

    Parameters
    ----------
    scales : (near, far), floats above 0, near <= far
    powers : (p, q), float64 arrays of n values above 0
    t_x, age : float64 arrays of n values, 0 <= t_x <= age

    Returns
    -------
    LifetimeIntegral
        Arrays of n values, all finite but ``log``.
    """
    found = np.empty((5, len(t_x)))
    for start in range(0, len(t_x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        found[:, rows] = _of_block(scales, (powers[0][rows], powers[1][rows]), t_x[rows], age[rows])
    return LifetimeIntegral(*found)


def _of_block(
    scales: tuple[float, float], powers: tuple[Floats, Floats], t_x: Floats, age: Floats
) -> Floats:
    (near, far), (p, q) = scales, powers
    begin = near + t_x
    width = _reach(scales, powers, t_x, np.log1p((age - t_x) / begin))
    log_begin, log_begin_far = np.log1p(t_x / near), np.log1p(t_x / far)
    sums = np.zeros((5, len(t_x)))
    for node, weight in zip((_NODES + 1) / 2, _WEIGHTS / 2, strict=True):
        w = node * width
        on = begin * np.expm1(w)  # from t_x to the node
        more_far = np.log1p(on / (far + t_x))
        part = weight * np.exp((1 - p) * w - q * more_far)
        t = t_x + on
        sums[0] += part
        sums[1] += part * w
        sums[2] += part * more_far
        sums[3] += part * (t / (near + t))
        sums[4] += part * (t / (far + t))
    means = sums / sums[0]
    means[1] += log_begin
    means[2] += log_begin_far
    with np.errstate(divide="ignore"):  # nothing lies between t_x and T: log 0
        means[0] = np.log(sums[0] * width) + np.log(begin) - p * log_begin - q * log_begin_far
    return np.asarray(means)


def _reach(
    scales: tuple[float, float], powers: tuple[Floats, Floats], t_x: Floats, width: Floats
) -> Floats:
    """Shorten the way to where the integrand is exp(-36) of what it is at t_x.

    Newton's method from beyond; the logarithm is concave, so that it never overshoots.
    """
    (near, far), (p, q) = scales, powers
    begin, far_begin = near + t_x, far + t_x
    fall = p + q * begin / far_begin - 1
    way = np.where(fall * width > _DROP, _DROP / np.maximum(fall, 1e-300), width)
    for _ in range(4):
        on = begin * np.expm1(way)
        height = (1 - p) * way - q * np.log1p(on / far_begin) + _DROP
        slope = (1 - p) - q * (begin + on) / (far_begin + on)
        way = np.where(height < 0, way - height / np.minimum(slope, -1e-300), way)
    return way
