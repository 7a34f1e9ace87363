"""A tag of every member, and how much stands behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Found", "joined", "wilson_bounds"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_Z = 1.959963984540054
"""The quantile of the normal distribution that leaves 2.5 % beyond it."""


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


def wilson_bounds(share: Floats, trials: npt.NDArray[np.floating[Any]]) -> tuple[Floats, Floats]:
    """Give Wilson's 95 % interval of many shares.

    Parameters
    ----------
    share : float64 array, 0 to 1
    trials : float64 array, 0 or more

    Returns
    -------
    (low, high) : float64 arrays

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference",
    J. American Statistical Association 22, 209-212.

    Examples
    --------
    >>> low, high = wilson_bounds(np.array([0.1]), np.array([10.0]))
    >>> low.round(3), high.round(3)
    (array([0.018]), array([0.404]))
    """
    z2 = _Z * _Z
    centre = (share * trials + z2 / 2) / (trials + z2)
    half = _Z * np.sqrt(trials * share * (1 - share) + z2 / 4) / (trials + z2)
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


def _chain(parts: Sequence[Floats | None]) -> Floats | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known else None
