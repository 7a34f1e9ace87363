"""What came next: how long after a moment the same member (or member and product) acted."""

import numpy as np
import numpy.typing as npt

__all__ = ["waits_of"]

Ints = npt.NDArray[np.int64]

_MS = 1_000
NEVER = np.iinfo(np.int64).max


def waits_of(begin: tuple[Ints, Ints], then: tuple[Ints, Ints]) -> Ints:
    """Give how long it took from each moment to the next act of the same code.

    Parameters
    ----------
    begin : (codes, times)
        Codes of 0 or more; instants in microseconds.
    then : (codes, times)
        The acts that may follow, in any order.

    Returns
    -------
    int64 array, one a moment
        Microseconds, in whole milliseconds, 0 for an act of the same one; the largest whole
        number where nothing followed.

    Examples
    --------
    >>> moments = np.array([0, 1]), np.array([5_000, 5_000])
    >>> acts = np.array([0, 0, 0]), np.array([9_000, 4_000, 7_000])
    >>> waits_of(moments, acts).tolist()
    [2000, 9223372036854775807]
    """
    (code, time), (acted, acted_at) = begin, then
    if not len(code) or not len(acted):
        return np.full(len(code), NEVER)
    first = min(int(time.min()), int(acted_at.min())) // _MS
    span = max(int(time.max()), int(acted_at.max())) // _MS - first + 1
    keys = acted * span + (acted_at // _MS - first)
    keys = keys if np.all(keys[1:] >= keys[:-1]) else np.sort(keys)
    wanted = code * span + (time // _MS - first)
    found = keys[np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)]
    followed = (found >= wanted) & (found // span == code)
    return np.where(followed, (found - wanted) * _MS, NEVER)
