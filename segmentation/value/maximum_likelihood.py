"""Maximum likelihood of a few positive parameters, with a gradient, inside a box.

Newton's method on the logarithms of the parameters: the curvature comes from differences of
the analytic gradient, steps are kept short, and a parameter that wants to leave the box stays
on its wall. Matrices are as small as the number of parameters and sums are numpy's own, so
that no thread of a BLAS takes part and results repeat to the last bit.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Box", "Estimate", "Likelihood", "most_likely"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_MOST_STEPS = 200
_LONGEST_STEP = 2.0  # of a logarithm
_GAIN = 1e-13  # share of the log-likelihood: parameters are then right to about 1e-6
_TOUCH = 1e-12
_WIDTH = 1e-4  # of the differences of the gradient
_FLAT = 5.0  # standard error of a logarithm from which on the likelihood counts as flat


class Likelihood(Protocol):
    """The members' log-likelihood as a function of the parameters."""

    @property
    def members(self) -> float:
        """The members' total weight."""

    def at(self, params: Floats) -> tuple[float, Floats]:
        """Give the log-likelihood, and its gradient by the logarithms of the parameters."""


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Names, start and bounds of the parameters, all above 0."""

    names: tuple[str, ...]
    start: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """The parameters found, by name, how sure they are, and what to warn of."""

    params: dict[str, float]
    log_likelihood: float
    standard_errors: dict[str, float]
    converged: bool
    notes: tuple[str, ...]


def most_likely(likelihood: Likelihood, box: Box, part: Likelihood | None = None) -> Estimate:
    """Find the parameters under which the data are most likely.

    Parameters
    ----------
    likelihood : Likelihood
    box : Box
        Where to begin, and how far parameters may go.
    part : Likelihood, optional
        The same of a part of the members, to come close at a small price.

    Returns
    -------
    Estimate
        ``standard_errors`` come from the observed information, by the delta method; they are
        NaN for a parameter at its bound, and along a flat ridge of the likelihood.
        ``notes`` tell of bounds, ridges, and a search that did not end.
    """
    low, high = np.log(box.low), np.log(box.high)
    top = np.clip(np.log(box.start), low, high)
    if part is not None:
        top, _ = _climb(_Hill(part, low, high), top)
    hill = _Hill(likelihood, low, high)
    top, converged = _climb(hill, top)
    free = (top > low) & (top < high)
    errors = _standard_errors(hill, top, free)
    params = np.select([top <= low, top >= high], [box.low, box.high], np.exp(top))
    held = [name for name, inside in zip(box.names, free, strict=True) if not inside]
    return Estimate(
        dict(zip(box.names, params.tolist(), strict=True)),
        float(likelihood.at(params)[0]),
        dict(zip(box.names, (errors * params).tolist(), strict=True)),
        converged,
        _notes(held, is_flat=bool(np.isnan(errors[free]).any()), converged=converged),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Hill:
    """Minus the mean log-likelihood over the logarithms of the parameters."""

    likelihood: Likelihood
    low: Floats
    high: Floats

    def cost(self, at: Floats) -> tuple[float, Floats]:
        value, slope = self.likelihood.at(np.exp(at))
        return -value / self.likelihood.members, -slope / self.likelihood.members

    def inside(self, at: Floats) -> Floats:
        """Put what touches a wall, or lies beyond it, on the wall."""
        at = np.where(at <= self.low + _TOUCH, self.low, at)
        return np.where(at >= self.high - _TOUCH, self.high, at)

    def curvature(self, at: Floats, slope: Floats | None = None) -> Floats:
        """Give the second derivatives: from one side if the slope is known, else from both."""
        steps = _WIDTH * np.eye(len(at))
        if slope is not None:
            found = np.array([self.cost(at + step)[1] - slope for step in steps]) / _WIDTH
        else:
            both = [self.cost(at + step)[1] - self.cost(at - step)[1] for step in steps]
            found = np.array(both) / (2 * _WIDTH)
        return np.asarray((found + found.T) / 2)


def _climb(hill: _Hill, at: Floats) -> tuple[Floats, bool]:
    """Walk to the top; say whether it was reached."""
    cost, slope = hill.cost(at)
    for _ in range(_MOST_STEPS):
        step = _newton_step(hill, at, slope)
        gain = -float((step * slope).sum()) / 2
        enough = _GAIN * max(1.0, abs(cost))
        if gain < enough:
            return at, True
        step *= _allowed(hill, at, step)
        for halving in range(30):
            part = 0.5**halving
            there = hill.inside(at + part * step)
            new_cost, new_slope = hill.cost(there)
            if new_cost <= cost + 0.1 * part * float((step * slope).sum()):
                break
        else:  # no step gains: what is promised is less than rounding hides
            return at, gain < 1e3 * enough
        at, cost, slope = there, new_cost, new_slope
    return at, False


def _newton_step(hill: _Hill, at: Floats, slope: Floats) -> Floats:
    """Give Newton's step downhill; a parameter on a wall does not walk into it."""
    curvature = hill.curvature(at, slope)
    free = np.ones(len(at), dtype=np.bool_)
    while free.any():
        step = np.zeros(len(at))
        bends, ways = np.linalg.eigh(curvature[np.ix_(free, free)])
        bends = np.maximum(np.abs(bends), max(1e-10, 1e-8 * np.abs(bends).max()))
        along = (ways * slope[free, None]).sum(axis=0)
        step[free] = -(ways * (along / bends)).sum(axis=1)
        outwards = ((at <= hill.low) & (step < 0)) | ((at >= hill.high) & (step > 0))
        if not outwards.any():
            return step
        free &= ~outwards
    return np.zeros(len(at))


def _allowed(hill: _Hill, at: Floats, step: Floats) -> float:
    """Give the share of a step that is not too long and ends at the first wall."""
    room = np.where(step < 0, at - hill.low, hill.high - at)
    moves = step != 0
    shares = room[moves] / np.abs(step[moves])
    return float(min(1.0, shares.min(), _LONGEST_STEP / np.abs(step).max()))


def _standard_errors(hill: _Hill, at: Floats, free: Bools) -> Floats:
    """Give the standard errors of the logarithms; NaN where they are unknown."""
    errors = np.full(len(at), np.nan)
    inside = np.flatnonzero(free)
    if len(inside):
        bends, ways = np.linalg.eigh(hill.curvature(at)[np.ix_(inside, inside)])
        if bends[0] > 0:
            errors[inside] = np.sqrt((ways**2 / bends).sum(axis=1) / hill.likelihood.members)
    return np.where(errors < _FLAT, errors, np.nan)


def _notes(held: list[str], *, is_flat: bool, converged: bool) -> tuple[str, ...]:
    notes = []
    if not converged:
        notes.append("the search for the parameters did not end")
    if held:
        notes.append(
            f"{', '.join(held)} stopped at the bound: these members do not tell how far beyond, "
            "and there is no standard error (NaN)"
        )
    if is_flat:
        notes.append("the likelihood has a flat ridge, and standard errors are unknown (NaN)")
    return tuple(notes)
