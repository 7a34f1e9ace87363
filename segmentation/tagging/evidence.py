"""A tag of every member, and how much stands behind it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Found"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One tag of every member, and the evidence behind each value.

    Parameters
    ----------
    values : pyarrow.Array, one a member
        Null where unknown or not applicable.
    support : int64 array, one a member
        How much of the tag's unit of evidence (``Tag.support``: lines, orders, acts ...) it
        was made of.
    strength : float > 0
        How many units the population's habit weighs in a value that is drawn towards it; for
        others, how many units make a value half certain. Confidence is
        ``support / (support + strength)``.
    """

    values: pa.Array
    support: Ints
    strength: float = 5.0
