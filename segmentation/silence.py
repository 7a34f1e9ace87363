"""The population step of lifecycle stages: everybody's rhythm, and who comes back from silence."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from siyu.datasets.clock import DAY_US

from .return_curves import ReturnCurves, SilenceCounts
from .rhythm import Limit, Pace, Rhythm, pace_of, rhythm_of
from .stage_rules import StageRules
from .visits import Visits

__all__ = ["chance_to_return", "curves_of", "rhythm_for", "silences_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_ROUNDS = 3


def rhythm_for(visits: Visits, rules: StageRules, end: int) -> Rhythm:
    """Learn from all members what stages by these rules compare a member with.

    Parameters
    ----------
    visits : Visits
        Of all members, before `end`.
    rules : StageRules
    end : int
        The moment to look from (us), itself excluded.

    Returns
    -------
    Rhythm
        For ``method="model"`` with the curves of `ReturnCurves`. Which pauses end a run
        depends on the curves and the curves on the pauses: the rhythm is learned from all
        gaps, then runs and curves from each other in three rounds.
    """
    if rules.method != "model":
        return rhythm_of(visits, rules.churned_us)
    limit: Limit = _never
    rhythm = rhythm_of(visits, limit)
    curves = ReturnCurves.unlearned()
    for _ in range(_ROUNDS):
        curves = curves_of(visits, pace_of(visits, rhythm, limit), end)
        limit = rules.limits(curves).churned_us
    return replace(rhythm, returning=curves)


def curves_of(visits: Visits, pace: Pace, end: int) -> ReturnCurves:
    """Learn from all members' silences how the chance to come back falls."""
    return ReturnCurves.of(silences_of(visits, pace, end))


def silences_of(visits: Visits, pace: Pace, end: int) -> SilenceCounts:
    """Count the silences after all visits, in gaps as expected at the visit.

    Counts of disjoint groups of members add up; given the rhythm and the limit behind `pace`.
    """
    n = len(visits.member)
    lasts = np.ones(n, dtype=np.bool_)
    lasts[:-1] = visits.member[1:] != visits.member[:-1]
    until = np.full(n, end)
    until[:-1] = np.where(lasts[:-1], end, visits.first[1:])
    gaps = (until - visits.last) / DAY_US / pace.expected
    return SilenceCounts.of(gaps, pace.known, lasts)


def chance_to_return(visits: Visits, pace: Pace, curves: ReturnCurves, end: int) -> Floats:
    """Tell for each member with visits, in order, the chance to visit again after `end`."""
    at = visits.starts[1:][visits.count() > 0] - 1
    gaps = (end - visits.last[at]) / DAY_US / pace.expected[at]
    return curves.chance(gaps, pace.known[at])


def _never(expected: Floats, n_gaps: Ints) -> Ints:  # noqa: ARG001
    return np.full(len(expected), np.iinfo(np.int64).max)
