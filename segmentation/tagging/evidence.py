"""A tag of every member, and how much stands behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Found", "joined"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


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
        ``weight / (weight + strength)``.
    trials : float64 array, one a member, optional
        For a share: how many yes-or-no answers it rests on, those that the population adds
        included; its interval follows. None: no interval.
    weight : float64 array, one a member, optional
        What counts of the support after decay; default all of it.
    """

    values: pa.Array
    support: Ints
    strength: float = 5.0
    trials: Floats | None = None
    weight: Floats | None = None

    def confidence(self) -> Floats:
        """Give the weight of the member's own evidence in each value, 0 to 1."""
        own = self.support if self.weight is None else self.weight
        return np.asarray(own / (own + self.strength))


def joined(parts: Sequence[dict[str, Found]]) -> dict[str, Found]:
    """Put the same tags of several blocks of members one after another."""
    if len(parts) == 1:
        return parts[0]
    tags = {}
    for name, first in parts[0].items():
        blocks = [part[name] for part in parts]
        tags[name] = Found(
            pa.concat_arrays([block.values for block in blocks]),
            np.concatenate([block.support for block in blocks]),
            first.strength,
            _chain([block.trials for block in blocks]),
            _chain([block.weight for block in blocks]),
        )
    return tags


def _chain(parts: Sequence[Floats | None]) -> Floats | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known else None
