"""Waiting times of which some have not ended yet: the Kaplan-Meier curve.

Who joined last week and has not bought is no non-buyer: the member has only been watched for a
week. The curve counts everybody for as long as they were watched.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .estimates import LEVEL, Triple, shares

__all__ = ["Waiting"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """The Kaplan-Meier curve of times until something happened.

    Parameters
    ----------
    watched : int64 array, n units, ascending
        For how long each was watched: until it happened or the record ended.
    at, n_at_risk, n_happened : int64 arrays, one value for each time at which it happened
        How many were still waiting just before, and to how many it happened.
    waiting : float64 array
        The share still waiting just after.
    greenwood : float64 array
        Running sum of ``d / (n (n - d))``; infinite once nobody waits any more.

    References
    ----------
    Kaplan & Meier (1958), "Nonparametric estimation from incomplete observations", J. American
    Statistical Association 53, 457-481. Intervals: Kalbfleisch & Prentice (1980), "The
    Statistical Analysis of Failure Time Data", log(-log) of the curve with Greenwood's variance.

    Examples
    --------
    >>> curve = Waiting.of(np.array([2, 3, 3, 5]), np.array([True, True, False, True]))
    >>> curve.waiting.tolist(), curve.quantile(0.5)[0]
    ([0.75, 0.5, 0.0], 3.0)
    """

    watched: Ints
    at: Ints
    n_at_risk: Ints
    n_happened: Ints
    waiting: Floats
    greenwood: Floats

    @classmethod
    def of(cls, watched: Ints, happened: Bools) -> "Waiting":
        """Build the curve; who stopped being watched at a moment was still waiting then."""
        times = np.sort(watched)
        at, n_happened = np.unique(watched[happened], return_counts=True)
        n_at_risk = len(times) - np.searchsorted(times, at, side="left")
        left = n_at_risk - n_happened
        waiting = np.cumprod(left / n_at_risk, dtype=np.float64)
        with np.errstate(divide="ignore"):
            terms = n_happened / (n_at_risk * left.astype(np.float64))
        greenwood = np.cumsum(terms, dtype=np.float64)
        return cls(times, at, n_at_risk, n_happened, waiting, greenwood)

    def at_risk(self, at: Ints) -> Ints:
        """Count who was watched for at least so long and was still waiting just before."""
        return np.asarray(len(self.watched) - np.searchsorted(self.watched, at, side="left"))

    def happened_by(self, at: Ints) -> Triple:
        """Give the share to whom it has happened by each time, with its interval.

        NaN beyond the longest time anybody was watched, unless it had happened to all. Where it
        has happened to nobody (or to all) the curve has no variance; the interval is then
        Wilson's of those at risk (or of all).
        """
        place = np.searchsorted(self.at, at, side="right")
        waiting = np.concatenate(([1.0], self.waiting))[place]
        variance = np.concatenate(([0.0], self.greenwood))[place]
        low, high = _log_log(waiting, variance)
        share = 1 - waiting
        risk = self.at_risk(at)
        sure = (waiting == 1) | (waiting == 0)
        trials = np.where(waiting == 1, risk, len(self.watched))
        _, low_sure, high_sure = shares(np.where(waiting == 0, trials, 0), trials)
        low, high = np.where(sure, low_sure, low), np.where(sure, high_sure, high)
        longest = self.watched[-1] if len(self.watched) else -1
        unseen = (np.asarray(at) > longest) & (waiting > 0)
        return tuple(np.where(unseen, np.nan, part) for part in (share, low, high))  # type: ignore[return-value]

    def quantile(self, share: float) -> tuple[float, float, float]:
        """Give when it had happened to this share, with the ends of its interval.

        NaN where so many were not reached; an upper end of NaN is open.

        References
        ----------
        Brookmeyer & Crowley (1982), "A confidence interval for the median survival time",
        Biometrics 38, 29-41, on the log(-log) scale.
        """
        low, high = _log_log(self.waiting, self.greenwood)
        # The bounds of the share that happened: the upper one crosses first.
        return (
            self._first(self.waiting <= 1 - share + 1e-12),
            self._first(high >= share),
            self._first(low >= share),
        )

    def _first(self, crossed: Bools) -> float:
        return float(self.at[np.argmax(crossed)]) if crossed.any() else float("nan")


def _log_log(waiting: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Give the ends of the interval of the share that happened."""
    from scipy.special import ndtri

    with np.errstate(divide="ignore", invalid="ignore"):
        step = ndtri(0.5 + LEVEL / 2) * np.sqrt(variance) / np.log(waiting)
        low = 1 - waiting ** np.exp(step)
        high = 1 - waiting ** np.exp(-step)
    return np.where(waiting == 0, np.nan, low), np.where(waiting == 0, 1.0, high)
