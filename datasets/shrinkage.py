"""Rates and means of small units, drawn towards all units: empirical Bayes.

One invitee who bought is no conversion of 100 %. How much a unit's own numbers count follows from
how much units truly differ, estimated by the method of moments from all of them: that is the
prior, the population step. Given the prior, a unit's result depends on its own numbers alone.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DataError, ParameterError

__all__ = ["BetaPrior", "GammaPrior", "shrink_mean", "shrink_rate"]

Floats = NDArray[np.float64]

_WIDEST = 2.0**26  # two numbers below it fit into one float


@dataclass(frozen=True, slots=True)
class BetaPrior:
    """What is believed of a unit's rate before its own trials: Beta(mean, strength).

    Attributes
    ----------
    mean : float in (0, 1), NaN if there were no trials at all
    strength : float >= 1, how many trials the prior is worth

    Examples
    --------
    >>> prior = BetaPrior(mean=0.2, strength=10)
    >>> prior.posterior_mean([1, 0], [1, 0]).round(3).tolist()
    [0.273, 0.2]
    """

    mean: float
    strength: float

    @classmethod
    def of(cls, successes: ArrayLike, trials: ArrayLike) -> "BetaPrior":
        """Estimate the prior from all units, by the method of moments.

        The strength lies between 1 trial and all trials there are: the latter where units
        differ no more than chance makes them.

        Parameters
        ----------
        successes, trials : arrays of counts, one a unit, 0 <= successes <= trials

        References
        ----------
        Kleinman (1973), "Proportions with extraneous variance: single and independent samples",
        J. American Statistical Association 68, 46-54, with weights equal to the trials.
        """
        won, tried, n = _alike(*_rates(successes, trials))
        total = math.fsum(n * tried)
        if not total:
            return cls(math.nan, 1.0)
        mean = (math.fsum(n * won) + 0.5) / (total + 1.0)
        busy = tried > 0
        spread = math.fsum((n * tried)[busy] * (won[busy] / tried[busy] - mean) ** 2)
        n_others = int(n[busy].sum()) - 1
        room = total - math.fsum(n * tried**2) / total - n_others
        alike = (spread / (mean * (1 - mean)) - n_others) / room if room > 0 else 0.0
        strength = (1 - alike) / alike if alike > 0 else math.inf
        return cls(mean, min(max(strength, 1.0), max(total, 1.0)))

    def posterior_mean(self, successes: ArrayLike, trials: ArrayLike) -> Floats:
        """Give each unit's expected rate: between its own and the prior's."""
        won, tried = _rates(successes, trials)
        found: Floats = (won + self.mean * self.strength) / (tried + self.strength)
        return found

    def interval(
        self, successes: ArrayLike, trials: ArrayLike, level: float = 0.95
    ) -> tuple[Floats, Floats]:
        """Give the ends of each unit's central credible interval, in [0, 1]."""
        from scipy.special import betaincinv

        won, tried = _rates(successes, trials)
        alpha = won + self.mean * self.strength
        beta = tried - won + (1 - self.mean) * self.strength
        low, high = _tails(level)
        return betaincinv(alpha, beta, low), betaincinv(alpha, beta, high)


@dataclass(frozen=True, slots=True)
class GammaPrior:
    """What is believed of a unit's mean per exposure before its own total.

    Attributes
    ----------
    mean : float > 0, NaN if there was no exposure at all
    strength : float > 0, how much exposure the prior is worth
    dispersion : float > 0
        Variance of one exposure's value over its mean: 1 for counts (Poisson).

    Examples
    --------
    >>> prior = GammaPrior(mean=2.0, strength=4.0)
    >>> prior.posterior_mean([8, 0], [1, 0]).tolist()
    [3.2, 2.0]
    """

    mean: float
    strength: float
    dispersion: float = 1.0

    @classmethod
    def of(
        cls, total: ArrayLike, exposure: ArrayLike, variance: float | None = None
    ) -> "GammaPrior":
        """Estimate the prior from all units, by the method of moments.

        The strength is at most the exposure of all units: that, where units differ no more than
        chance makes them.

        Parameters
        ----------
        total, exposure : arrays of numbers of 0 or more, one a unit
            A unit without exposure has no total.
        variance : float > 0, optional
            Variance of the value of one exposure within a unit. The default holds for counts,
            where it equals the mean; **for money it must be given**, or units are drawn too
            little towards each other, and differently in cents.

        References
        ----------
        Bühlmann & Straub (1970), "Glaubwürdigkeit für Schadensätze", Mitteilungen der Vereinigung
        schweizerischer Versicherungsmathematiker 70, 111-133; for counts the same as Marshall
        (1991), "Mapping disease and mortality rates using empirical Bayes estimators", Applied
        Statistics 40(2), 283-294, unbiased.
        """
        got, over = _means(total, exposure)
        if variance is not None and not 0 < variance < math.inf:
            raise ParameterError("variance", f"variance must be above 0, got {variance}")
        whole, all_got = math.fsum(over), math.fsum(got)
        if not whole:
            return cls(math.nan, 1.0)
        # Nothing in total says that the mean is small, not that it is 0: half a count.
        mean = (all_got or 0.5) / whole
        within = mean if variance is None else variance
        busy = over > 0
        spread = math.fsum(over[busy] * (got[busy] / over[busy] - mean) ** 2)
        room = whole - math.fsum(over**2) / whole
        between = (spread - (int(busy.sum()) - 1) * within) / room if room > 0 else 0.0
        strength = within / between if between > 0 else math.inf
        return cls(mean, min(strength, whole), within / mean)

    def posterior_mean(self, total: ArrayLike, exposure: ArrayLike) -> Floats:
        """Give each unit's expected mean: between its own and the prior's."""
        got, over = _means(total, exposure)
        found: Floats = (got + self.mean * self.strength) / (over + self.strength)
        return found

    def interval(
        self, total: ArrayLike, exposure: ArrayLike, level: float = 0.95
    ) -> tuple[Floats, Floats]:
        """Give the ends of each unit's central credible interval, 0 or more.

        Exact for counts; for other values a quasi-Poisson approximation.
        """
        from scipy.special import gammaincinv

        got, over = _means(total, exposure)
        shape = (got + self.mean * self.strength) / self.dispersion
        scale = self.dispersion / (over + self.strength)
        low, high = _tails(level)
        return gammaincinv(shape, low) * scale, gammaincinv(shape, high) * scale


def shrink_rate(successes: ArrayLike, trials: ArrayLike, prior: BetaPrior | None = None) -> Floats:
    """Give each unit's rate, drawn towards the rate of all units.

    Parameters
    ----------
    successes, trials : arrays of counts, one a unit, 0 <= successes <= trials
    prior : BetaPrior, optional
        Default `BetaPrior.of` the same units. Its ``interval`` gives credible intervals.

    Returns
    -------
    float64 array, n_units values in (0, 1)
        A unit without trials has the prior's mean; NaN if nobody has any trials.

    Raises
    ------
    DataError
        If a count is negative, unknown, or there are more successes than trials.

    Examples
    --------
    >>> shrink_rate([1, 30, 5, 0], [1, 100, 90, 0]).round(2).tolist()
    [0.37, 0.3, 0.06, 0.19]
    """
    known = BetaPrior.of(successes, trials) if prior is None else prior
    return known.posterior_mean(successes, trials)


def shrink_mean(total: ArrayLike, exposure: ArrayLike, prior: GammaPrior | None = None) -> Floats:
    """Give each unit's mean per exposure, drawn towards the mean of all units.

    Parameters
    ----------
    total, exposure : arrays of numbers of 0 or more, one a unit
        Such as orders and days, or invitees and invitations.
    prior : GammaPrior, optional
        Default `GammaPrior.of` the same units **as counts**. For money pass
        ``GammaPrior.of(total, exposure, variance)`` with the variance within units.

    Returns
    -------
    float64 array, n_units values above 0
        A unit without exposure has the prior's mean; NaN if nobody has any exposure.

    Raises
    ------
    DataError
        If a number is negative, unknown or infinite, or a unit has a total without exposure.

    Examples
    --------
    >>> shrink_mean([4, 30, 0], [1, 10, 0]).round(2).tolist()
    [3.17, 3.05, 3.09]
    """
    known = GammaPrior.of(total, exposure) if prior is None else prior
    return known.posterior_mean(total, exposure)


def _rates(successes: ArrayLike, trials: ArrayLike) -> tuple[Floats, Floats]:
    """Read successes and trials."""
    won, tried = _pair(successes, trials)
    if (won > tried).any():
        n_wrong = int((won > tried).sum())
        raise DataError(f"{n_wrong} units have more successes than trials")
    return won, tried


def _alike(won: Floats, tried: Floats) -> tuple[Floats, Floats, Floats]:
    """Put units with the same whole numbers together, and say how many they are."""
    width = tried.max(initial=0.0) + 1.0
    whole = width < _WIDEST and np.all(won == np.rint(won)) and np.all(tried == np.rint(tried))
    if not whole:
        return won, tried, np.ones_like(won)
    pairs, n = np.unique((won * width + tried).astype(np.int64), return_counts=True)
    return (pairs // int(width)).astype(np.float64), pairs % width, n.astype(np.float64)


def _means(total: ArrayLike, exposure: ArrayLike) -> tuple[Floats, Floats]:
    """Read totals and exposures."""
    got, over = _pair(total, exposure)
    n_wrong = int(((over == 0) & (got > 0)).sum())
    if n_wrong:
        raise DataError(f"{n_wrong} units have a total without exposure")
    return got, over


def _pair(parts: ArrayLike, wholes: ArrayLike) -> tuple[Floats, Floats]:
    """Read two arrays of numbers of 0 or more, one value a unit each."""
    one, other = np.asarray(parts, np.float64), np.asarray(wholes, np.float64)
    if one.shape != other.shape:
        raise DataError(f"units differ in number: {one.shape} and {other.shape}")
    sound = np.isfinite(one) & np.isfinite(other) & (one >= 0) & (other >= 0)
    if not sound.all():
        raise DataError(f"{int((~sound).sum())} units have numbers that are unknown or below 0")
    return one, other


def _tails(level: float) -> tuple[float, float]:
    """Give the two probabilities that leave `level` between them."""
    if not 0 < level < 1:
        raise ParameterError("level", f"level must lie between 0 and 1, got {level}")
    return (1 - level) / 2, (1 + level) / 2
