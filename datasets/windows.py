"""Windows in time: what a member did in the days before a moment.

Rows lie by member, then by time, as `siyu.datasets.member_rows.MemberRows` sorts them: member
``i`` has the rows ``starts[i]:starts[i + 1]``. A window is ``[at - length, at)``: its end is left
out, as ``as_of`` is everywhere, so that neighbouring windows neither overlap nor leave a gap.
Times and lengths are microseconds. Sums are exact: they depend neither on the order of rows of
one instant, nor on the other members.
"""

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError

__all__ = ["trailing_count", "trailing_sum", "training_cuts", "window_count", "window_sum"]

Ints = NDArray[np.int64]
Numbers = NDArray[np.int64] | NDArray[np.float64]

_COARSE = 2.0**20
_FINE = 2.0**56
_LARGEST_SUM = 2.0**42


def window_count(starts: Ints, times: Ints, at: int | Ints, length: int) -> Ints:
    """Count each member's rows in one window.

    Parameters
    ----------
    starts : int64 array, n_members + 1 offsets
    times : int64 array, n_rows, ascending within a member
    at : int, or int64 array with one instant a member
        End of the window, itself excluded.
    length : int > 0

    Returns
    -------
    int64 array, n_members

    Raises
    ------
    ParameterError
        If `length` is not above 0, or the arrays do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> window_count(np.array([0, 3, 4]), np.array([1, 5, 9, 9]), at=9, length=4).tolist()
    [1, 0]
    """
    low, high = _window_rows(starts, times, at, length)
    return high - low


def window_sum(starts: Ints, times: Ints, values: Numbers, at: int | Ints, length: int) -> Numbers:
    """Sum each member's values in one window.

    Parameters
    ----------
    starts, times, at, length
        As in `window_count`.
    values : int64 or float64 array, n_rows
        Finite; parts of a float below 2^-56 are rounded away.

    Returns
    -------
    array of the type of `values`, n_members
        0 where the window is empty.

    Raises
    ------
    ParameterError
        As in `window_count`; also if floats are not finite, or the absolute values of one
        window add up to 2^42 (4.4e12) or more.

    Examples
    --------
    >>> import numpy as np
    >>> starts, times, paid = np.array([0, 3]), np.array([1, 5, 9]), np.array([0.1, 0.2, 0.3])
    >>> window_sum(starts, times, paid, at=10, length=5).tolist()
    [0.5]
    """
    low, high = _window_rows(starts, times, at, length)
    return _range_sum(values, low, high, len(times))


def trailing_count(starts: Ints, times: Ints, length: int) -> Ints:
    """Count, at each row, the same member's rows in the window that ends there.

    Neither the row itself nor others of its instant are counted.

    Parameters
    ----------
    starts, times, length
        As in `window_count`.

    Returns
    -------
    int64 array, n_rows

    Raises
    ------
    ParameterError
        As in `window_count`.

    Examples
    --------
    >>> import numpy as np
    >>> trailing_count(np.array([0, 4, 5]), np.array([1, 5, 5, 9, 9]), length=4).tolist()
    [0, 1, 1, 2, 0]
    """
    low, high = _trailing_rows(starts, times, length)
    return high - low


def trailing_sum(starts: Ints, times: Ints, values: Numbers, length: int) -> Numbers:
    """Sum, at each row, the same member's values in the window that ends there.

    Neither the row itself nor others of its instant are summed.

    Parameters
    ----------
    starts, times, values, length
        As in `window_sum`.

    Returns
    -------
    array of the type of `values`, n_rows

    Raises
    ------
    ParameterError
        As in `window_sum`.

    Examples
    --------
    >>> import numpy as np
    >>> starts, times = np.array([0, 3]), np.array([1, 5, 9])
    >>> trailing_sum(starts, times, np.array([10, 20, 40]), length=8).tolist()
    [0, 10, 30]
    """
    low, high = _trailing_rows(starts, times, length)
    return _range_sum(values, low, high, len(times))


def training_cuts(
    first: int, as_of: int, horizon: int, n_cuts: int, step: int | None = None
) -> Ints:
    """Give earlier moments from which the outcome is known by now.

    A model is trained as if it stood at a cut: features from before it, labels from
    ``[cut, cut + horizon)``. The last cut is ``as_of - horizon``, so that no label looks at
    `as_of` or beyond; the others go back by `step`, as long as they lie after `first`.

    Parameters
    ----------
    first : int
        Instant of the first row: cuts lie after it, or there would be no history.
    as_of : int
        The moment of scoring.
    horizon : int > 0
        Length of the label's window.
    n_cuts : int >= 1
        At most so many.
    step : int > 0, optional
        Default `horizon`: label windows then do not overlap.

    Returns
    -------
    int64 array, 0 to n_cuts instants, ascending
        Empty if the history is not longer than the horizon.

    Raises
    ------
    ParameterError
        If `horizon`, `n_cuts` or `step` is out of range.

    Examples
    --------
    >>> training_cuts(first=0, as_of=100, horizon=28, n_cuts=5).tolist()
    [16, 44, 72]
    """
    gap = horizon if step is None else step
    for name, value in (("horizon", horizon), ("n_cuts", n_cuts), ("step", gap)):
        if value < 1:
            raise ParameterError(name, f"{name} must be 1 or more, got {value}")
    cuts: Ints = as_of - horizon - gap * np.arange(n_cuts - 1, -1, -1, dtype=np.int64)
    return cuts[cuts > first]


def _check(starts: Ints, times: Ints, length: int) -> None:
    """Refuse a window without length, and offsets of other rows."""
    if length < 1:
        raise ParameterError("length", f"length must be 1 microsecond or more, got {length}")
    if len(starts) < 1 or starts[0] != 0 or starts[-1] != len(times):
        raise ParameterError("starts", f"starts must run from 0 to the {len(times)} rows")


def _window_rows(starts: Ints, times: Ints, at: int | Ints, length: int) -> tuple[Ints, Ints]:
    """Find the first row of each member's window, and the first after it."""
    _check(starts, times, length)
    begin, end = starts[:-1], starts[1:]
    ends_at = np.broadcast_to(np.asarray(at, np.int64), begin.shape)
    high = _first_not_before(times, begin, end, ends_at)
    return _first_not_before(times, begin, high, ends_at - length), high


def _trailing_rows(starts: Ints, times: Ints, length: int) -> tuple[Ints, Ints]:
    """Find the first row of the window that ends at each row, and the first after it."""
    _check(starts, times, length)
    sizes = np.diff(starts)
    begin = np.repeat(starts[:-1], sizes)
    high = _first_not_before(times, begin, np.arange(len(times)), times)
    return _first_not_before(times, begin, high, times - length), high


def _first_not_before(times: Ints, begin: Ints, end: Ints, wanted: Ints) -> Ints:
    """Bisect many ascending stretches of rows at once: the first row not before an instant."""
    low, high = begin.copy(), end.copy()
    open_ = np.flatnonzero(low < high)
    while open_.size:
        middle = (low[open_] + high[open_]) // 2
        is_before = times[middle] < wanted[open_]
        low[open_[is_before]] = middle[is_before] + 1
        high[open_[~is_before]] = middle[~is_before]
        open_ = open_[low[open_] < high[open_]]
    return low


def _range_sum(values: Numbers, low: Ints, high: Ints, n_rows: int) -> Numbers:
    """Sum stretches of rows exactly, through running totals of whole numbers."""
    if values.shape != (n_rows,):
        raise ParameterError("values", f"expected {n_rows} values, got shape {values.shape}")
    if values.dtype.kind in "iub":
        return _whole_range_sum(values.astype(np.int64), low, high)
    reach = np.concatenate([[0.0], np.cumsum(np.abs(values))])
    largest = float((reach[high] - reach[low]).max(initial=0.0))
    if not (largest < _LARGEST_SUM and np.isfinite(values).all()):
        raise ParameterError(
            "values", f"values must be finite and a sum below {_LARGEST_SUM:.1e}, got {largest:.3e}"
        )
    # As in exact_sums: whole numbers of 2^-20, and the rest in 2^-56.
    coarse = np.rint(values * _COARSE)
    fine = np.rint((values - coarse / _COARSE) * _FINE)
    found: NDArray[np.float64] = (
        _whole_range_sum(coarse.astype(np.int64), low, high) / _COARSE
        + _whole_range_sum(fine.astype(np.int64), low, high) / _FINE
    )
    return found


def _whole_range_sum(values: Ints, low: Ints, high: Ints) -> Ints:
    """Sum stretches of whole numbers; a running total that wraps around cancels out."""
    running = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=running[1:])
    return running[high] - running[low]
