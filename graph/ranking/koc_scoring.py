"""From components to a score: weights that add up to 1 over what is known of a member."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from siyu.datasets.errors import DataError, ParameterError, warn

from .koc_components import COMPONENTS, NEEDS, Component

__all__ = ["KocWeights", "Scores", "scores_of"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_HALF_SURE = {
    "bridging": 10,
    "trust": 10,
    "referral": 3,
    "sharing": 3,
    "purchases": 5,
    "activity": 10,
    "tenure": 0,
}
"""Observations after which a component is half sure: n / (n + this); a date is no estimate."""


_STRONG_FROM = 0.8


@dataclass(frozen=True, slots=True)
class KocWeights:
    """How much each component counts in the score; only their proportions matter.

    The score of a member is the weighted mean of the components that are known of the member.

    Raises
    ------
    ParameterError
        If a weight is negative or missing, all are 0, or their sum is beyond all numbers.

    Examples
    --------
    >>> only = dict.fromkeys(["referral", "sharing", "purchases", "activity", "tenure"], 0)
    >>> KocWeights(bridging=1, trust=3, **only).shares(["bridging", "trust"])
    {'bridging': 0.25, 'trust': 0.75}
    """

    bridging: float = 0.25
    trust: float = 0.20
    referral: float = 0.20
    sharing: float = 0.10
    purchases: float = 0.10
    activity: float = 0.10
    tenure: float = 0.05

    def __post_init__(self) -> None:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        wrong = [
            name for name, weight in given.items() if not (np.isfinite(weight) and weight >= 0)
        ]
        if wrong or not 0 < sum(given.values()) < np.inf:
            raise ParameterError(
                "weights",
                "weights must be 0 or more, one of them above 0, and add up to a number; got "
                f"{given}",
            )

    def shares(self, names: list[str]) -> dict[str, float]:
        """Give the weights of some components, so that they add up to 1."""
        total = sum(getattr(self, name) for name in names)
        return {name: getattr(self, name) / total if total else 0.0 for name in names}


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Score of every member, and what it is made of.

    Attributes
    ----------
    names : list of str, k components that were measured
    strength : float64 array, n x k
        The components, 0..1; NaN where one is not known of a member.
    adds : float64 array, n x k
        What each adds to the score.
    is_strong : bool array, n x k
        Whether it is 0.8 or more, with proof.
    score : float64 array, n, 0..1
    confidence : float64 array, n, 0..1
        What share of the score rests on enough observations, times the share of all weights
        that could be measured.
    """

    names: list[str]
    strength: Floats
    adds: Floats
    is_strong: Flags
    score: Floats
    confidence: Floats


def scores_of(measured: Mapping[str, Component], weights: KocWeights) -> Scores:
    """Weigh the components of every member.

    Parameters
    ----------
    measured : mapping of component to Component
    weights : KocWeights

    Returns
    -------
    Scores

    Raises
    ------
    DataError
        If nothing was measured, or nothing that has a weight.
    """
    shares = _shares(measured, weights)
    strength = np.column_stack([one.values for one in measured.values()])
    is_known = ~np.isnan(strength)
    weight = np.array([shares[name] for name in measured]) * is_known
    total = weight.sum(axis=1, keepdims=True)
    own = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    adds = own * np.nan_to_num(strength)
    score = adds.sum(axis=1)
    seen = np.column_stack([one.n_seen for one in measured.values()]).astype(np.float64)
    half = np.array([_HALF_SURE[name] for name in measured])
    sure = np.divide(seen, seen + half, out=np.zeros_like(seen), where=seen > 0)
    rests = np.divide((adds * sure).sum(axis=1), score, out=np.zeros_like(score), where=score > 0)
    covered = total[:, 0] * _coverage(list(measured), weights)
    return Scores(list(measured), strength, adds, _strong(measured), score, rests * covered)


def _strong(measured: Mapping[str, Component]) -> Flags:
    """Tell which components are strong enough to be given as a reason."""
    columns = [
        (one.values >= _STRONG_FROM) & (True if one.is_proved is None else one.is_proved)
        for one in measured.values()
    ]
    return np.column_stack(columns)


def _shares(measured: Mapping[str, Component], weights: KocWeights) -> dict[str, float]:
    """Spread the weights over the components that were measured, and say so."""
    if not measured:
        needs = "; ".join(f"{name}: {NEEDS[name]}" for name in COMPONENTS)
        raise DataError(f"koc() finds no table to rank members by; it can use {needs}")
    shares = weights.shares(list(measured))
    if not any(shares.values()):
        weighed = "; ".join(f"{n}: {NEEDS[n]}" for n in COMPONENTS if getattr(weights, n))
        raise DataError(f"koc() can measure nothing that has a weight; needed are {weighed}")
    missing = [f"{n} (needs {NEEDS[n]})" for n in COMPONENTS if n not in measured]
    if missing:
        said = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
        warn(f"koc(): not measured and null: {'; '.join(missing)}. The score weighs {said}")
    return shares


def _coverage(names: list[str], weights: KocWeights) -> float:
    """Give the share of all weights that components which were measured bear."""
    shares = weights.shares(list(COMPONENTS))
    return sum(shares[name] for name in names)
