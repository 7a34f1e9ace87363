"""A list of numbers a member, of any length: gaps between visits, amounts, hours."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .exact_sums import exact_sum

__all__ = ["Ragged"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Numbers of each member, one member after another.

    Parameters
    ----------
    values : float64 array, n_values
    starts : int64 array, n_members + 1
        Member ``i`` owns ``values[starts[i]:starts[i + 1]]``.

    Examples
    --------
    >>> gaps = Ragged(np.array([1.0, 3.0, 8.0]), np.array([0, 2, 2, 3]))
    >>> gaps.count(), gaps.mean()
    (array([2, 0, 1]), array([ 2., nan,  8.]))
    """

    values: Floats
    starts: npt.NDArray[np.int64]

    def codes(self) -> npt.NDArray[np.int64]:
        """Give the member of each value."""
        return np.repeat(np.arange(len(self.starts) - 1), self.count())

    def count(self) -> npt.NDArray[np.int64]:
        """Count the values of each member."""
        return np.diff(self.starts)

    def sum(self) -> Floats:
        """Sum the values of each member; 0 without values."""
        return exact_sum(self.codes(), self.values, len(self.starts) - 1)

    def mean(self) -> Floats:
        """Average the values of each member; NaN without values."""
        return _divide(self.sum(), self.count())

    def std(self) -> Floats:
        """Give the sample standard deviation (n - 1) of each member; NaN below two values."""
        away = self.values - np.repeat(self.mean(), self.count())
        squares = exact_sum(self.codes(), away * away, len(self.starts) - 1)
        n = self.count()
        return np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)

    def last(self) -> Floats:
        """Give the last value of each member; NaN without values."""
        filled = np.append(self.values, np.nan)
        return np.asarray(np.where(self.count() > 0, filled[self.starts[1:] - 1], np.nan))

    def quantile(self, q: float) -> Floats:
        """Give the `q` quantile (0..1) of each member, linear between values, as numpy does."""
        n = self.count()
        if not len(self.values):
            return np.full(len(n), np.nan)
        ordered = self.values[np.lexsort((self.values, self.codes()))]
        at = np.maximum(n - 1, 0) * q
        low = np.floor(at).astype(np.int64)
        first = np.minimum(self.starts[:-1] + low, len(ordered) - 1)
        second = np.minimum(first + (at > low), len(ordered) - 1)
        share = at - low
        value = ordered[first] * (1 - share) + ordered[second] * share
        return np.where(n > 0, value, np.nan)


def _divide(total: Floats, n: npt.NDArray[np.int64]) -> Floats:
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))
