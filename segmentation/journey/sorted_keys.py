"""Who is among whole numbers in order."""

import numpy as np
import numpy.typing as npt

__all__ = ["is_among"]

Ints = npt.NDArray[np.int64]


def is_among(keys: Ints, ordered: Ints) -> npt.NDArray[np.bool_]:
    """Tell which keys are among ascending values.

    Examples
    --------
    >>> is_among(np.array([5, 2]), np.array([1, 2, 3])).tolist()
    [False, True]
    """
    if not len(ordered):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
    return np.asarray(ordered[at] == keys)
