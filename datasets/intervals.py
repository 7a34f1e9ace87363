"""Intervals: how far a mean, a ratio, a difference or a share can be trusted.

Units (members, groups) are resampled, never rows, so that rows of one unit may depend on each
other. Units are sorted by value before they are drawn: the order they come in changes nothing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DataError, ParameterError
from .ordering import opens_run
from .randomness import generator
from .shrinkage import shrink_mean, shrink_rate

__all__ = [
    "Interval",
    "bootstrap_mean",
    "bootstrap_ratio",
    "paired_difference",
    "shrink_mean",
    "shrink_rate",
    "wilson_bounds",
    "wilson_interval",
]

Floats = NDArray[np.float64]
RandomState = int | np.random.Generator | None

_CELLS = 2**18  # values drawn at once: 2 MB, so that they stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and what is believable around it.

    Attributes
    ----------
    estimate : float, NaN if nothing is known
    low, high : float
        NaN where the units cannot tell: fewer than two of them.
    level : float in (0, 1), the share of such intervals that hold the truth
    n : int, units behind it
    """

    estimate: float
    low: float
    high: float
    level: float
    n: int


def bootstrap_mean(
    values: Floats,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    random_state: RandomState = None,
) -> Interval:
    """Give the mean over units with its bootstrap percentile interval.

    Parameters
    ----------
    values : float64 array, one a unit
    level : float in (0, 1)
    n_resamples : int >= 1
    random_state : int, Generator or None

    Returns
    -------
    Interval
        In the unit of `values`. Cost: n_units * n_resamples; less where few distinct values
        occur. Memory: a few times `values`.

    Raises
    ------
    DataError
        If a value is unknown or infinite.
    ParameterError
        If `level` or `n_resamples` is out of range.

    References
    ----------
    Efron & Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13.

    Examples
    --------
    >>> import numpy as np
    >>> found = bootstrap_mean(np.arange(100.0), random_state=0)
    >>> found.estimate, found.low < 49.5 < found.high
    (49.5, True)
    """
    units = _units("values", values)
    return _percentiles(units, np.ones_like(units), (level, n_resamples), random_state)


def bootstrap_ratio(
    numerators: Floats,
    denominators: Floats,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    random_state: RandomState = None,
) -> Interval:
    """Give the ratio of two sums over units with its bootstrap percentile interval.

    Such as clicks over sends, where a unit (a member) has several of both.

    Parameters
    ----------
    numerators : float64 array, one a unit
    denominators : float64 array, one a unit, each 0 or more
    level, n_resamples, random_state
        As in `bootstrap_mean`.

    Returns
    -------
    Interval
        Its estimate is ``sum(numerators) / sum(denominators)``, NaN if the latter is 0.
        Resamples whose denominators are all 0 say nothing and do not count.

    Raises
    ------
    DataError, ParameterError
        As in `bootstrap_mean`; also if a denominator is negative or lengths differ.

    References
    ----------
    Davison & Hinkley (1997), "Bootstrap Methods and their Application", section 2.4.

    Examples
    --------
    >>> import numpy as np
    >>> found = bootstrap_ratio(np.array([1.0, 0, 2]), np.array([2.0, 1, 3]), random_state=0)
    >>> found.estimate, found.n
    (0.5, 3)
    """
    over = _units("denominators", denominators)
    if (over < 0).any():
        raise DataError("denominators must be 0 or more")
    units = _units("numerators", numerators, over.size)
    return _percentiles(units, over, (level, n_resamples), random_state)


def paired_difference(
    ours: Floats,
    theirs: Floats,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    random_state: RandomState = None,
) -> Interval:
    """Give the mean difference of two measures of the same units, with its interval.

    Units are drawn with both their values, so that what they share cancels out.

    Parameters
    ----------
    ours, theirs : float64 arrays, one value a unit, in the same order
    level, n_resamples, random_state
        As in `bootstrap_mean`.

    Returns
    -------
    Interval
        Of the mean of ``ours - theirs``; above 0 where ours is larger.

    Raises
    ------
    DataError, ParameterError
        As in `bootstrap_mean`; also if lengths differ.

    References
    ----------
    Efron & Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13.

    Examples
    --------
    >>> import numpy as np
    >>> base = np.arange(50.0)
    >>> paired_difference(base + 1, base, random_state=0)
    Interval(estimate=1.0, low=1.0, high=1.0, level=0.95, n=50)
    """
    first = _units("ours", ours)
    difference = first - _units("theirs", theirs, first.size)
    return bootstrap_mean(
        difference, level=level, n_resamples=n_resamples, random_state=random_state
    )


def wilson_interval(successes: int, trials: int, *, level: float = 0.95) -> Interval:
    """Give a share with Wilson's interval, sound for few trials and shares near 0 or 1.

    Parameters
    ----------
    successes : int in 0 .. trials
    trials : int >= 0
        Independent; use `bootstrap_ratio` where units have several each.
    level : float in (0, 1)

    Returns
    -------
    Interval
        Within [0, 1]; without trials the estimate is NaN and the interval all of [0, 1].

    Raises
    ------
    ParameterError
        If a count or `level` is out of range.

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference",
    J. American Statistical Association 22, 209-212; Brown, Cai & DasGupta (2001), Statistical
    Science 16(2), 101-133, formula 4.

    Examples
    --------
    >>> found = wilson_interval(1, 10)
    >>> round(found.low, 3), found.estimate, round(found.high, 3)
    (0.018, 0.1, 0.404)
    """
    _check_level(level)
    if not 0 <= successes <= trials:
        raise ParameterError(
            "successes", f"expected 0 <= successes <= trials, got {successes} of {trials}"
        )
    if not trials:
        return Interval(float("nan"), 0.0, 1.0, level, 0)
    share = successes / trials
    low, high = wilson_bounds(np.array([share]), np.array([trials]), level)
    return Interval(share, float(low[0]), float(high[0]), level, int(trials))


def wilson_bounds(
    share: Floats, trials: NDArray[np.number[Any]], level: float = 0.95
) -> tuple[Floats, Floats]:
    """Give the ends of Wilson's interval of many shares; see `wilson_interval`.

    Parameters
    ----------
    share : float64 array, n values from 0 to 1
    trials : array, n numbers of 0 or more
        Not only whole: a share drawn towards a prior rests on the prior's trials, too.
    level : float in (0, 1)

    Returns
    -------
    (low, high) : float64 arrays, n values from 0 to 1
        NaN where the share is; all of [0, 1] without trials.

    Examples
    --------
    >>> low, high = wilson_bounds(np.array([0.1]), np.array([10.0]))
    >>> low.round(3), high.round(3)
    (array([0.018]), array([0.404]))
    """
    from scipy.special import ndtri

    z2 = float(ndtri(0.5 + level / 2)) ** 2
    centre = (trials * share + z2 / 2) / (trials + z2)
    half = np.sqrt(z2 * (trials * share * (1 - share) + z2 / 4)) / (trials + z2)
    # The bounds are exact at the ends; rounding must not move them.
    low = np.where(share == 0, 0.0, np.clip(centre - half, 0.0, 1.0))
    high = np.where(share == 1, 1.0, np.clip(centre + half, 0.0, 1.0))
    return low, high


def _units(name: str, values: Floats, length: int | None = None) -> Floats:
    """Read one value a unit and refuse unknown ones."""
    units = np.asarray(values, np.float64)
    if units.ndim != 1 or (length is not None and units.size != length):
        raise ParameterError(name, f"{name} must hold one value a unit, got shape {units.shape}")
    n_wrong = int((~np.isfinite(units)).sum())
    if n_wrong:
        raise DataError(f"{name} must be known and finite, {n_wrong} of {units.size} are not")
    return units


def _check_level(level: float) -> None:
    """Refuse a level that is no share."""
    if not 0 < level < 1:
        raise ParameterError("level", f"level must lie between 0 and 1, got {level}")


def _percentiles(
    above: Floats, below: Floats, how: tuple[float, int], random_state: RandomState
) -> Interval:
    """Resample units, and take the percentiles of the ratio of sums."""
    level, n_resamples = how
    _check_level(level)
    if n_resamples < 1:
        raise ParameterError("n_resamples", f"n_resamples must be 1 or more, got {n_resamples}")
    rng = generator(random_state)
    order = np.lexsort((below, above))  # several times faster than distinct rows at once
    above, below = above[order], below[order]
    begins = np.flatnonzero(opens_run(above, below))
    pairs = np.column_stack([above[begins], below[begins]])
    counts = np.diff(np.append(begins, above.size))
    sums = counts @ pairs if above.size else np.zeros(2)
    with np.errstate(invalid="ignore"):
        estimate = float(np.divide(*sums))
    if above.size < 2 or not sums[1]:
        return Interval(estimate, float("nan"), float("nan"), level, above.size)
    drawn = _resampled_sums(pairs, counts, n_resamples, rng)
    drawn = drawn[drawn[:, 1] > 0]
    if not len(drawn):
        return Interval(estimate, float("nan"), float("nan"), level, above.size)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], tails)
    return Interval(estimate, float(low), float(high), level, above.size)


def _resampled_sums(
    pairs: Floats, counts: NDArray[np.int64], n_resamples: int, rng: np.random.Generator
) -> Floats:
    """Draw as many units as there are, again and again, and sum both columns of each draw."""
    n_units = int(counts.sum())
    # Where few distinct values occur, how often each is drawn is multinomial.
    few = len(pairs) * 8 <= n_units
    above, below = np.repeat(pairs, counts, axis=0).T.copy()
    differ = bool((below != below[0]).any())
    sums = np.full((n_resamples, 2), n_units * below[0])
    step = max(1, _CELLS // (len(pairs) if few else n_units))
    for begin in range(0, n_resamples, step):
        part = sums[begin : begin + step]
        if few:
            part[:] = rng.multinomial(n_units, counts / n_units, len(part)) @ pairs
            continue
        picked = rng.integers(0, n_units, (len(part), n_units), np.int32)
        part[:, 0] = above[picked].sum(axis=1)
        if differ:
            part[:, 1] = below[picked].sum(axis=1)
    return sums
