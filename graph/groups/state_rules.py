"""The state of a group: new, growing, stable, dying or dead, by one readable rule."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, local_day
from siyu.datasets.ordering import distinct
from siyu.graph.undated import UNDATED

from .group_facts import GroupFacts
from .rhythm import began_at

__all__ = ["BECAUSE", "STATES", "Talkativeness", "state_of", "talkativeness"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

STATES = ("new", "growing", "stable", "dying", "dead")
BECAUSE = (
    "silent",
    "began_lately",
    "talk_falls",
    "may_fall_silent",
    "members_leave",
    "members_join",
    "little_changes",
)
"""Why a group is in its state, in the order in which the rule asks."""

_STATE_OF = ("dead", "new", "dying", "dying", "dying", "growing", "stable")
_MONTH = 28
_DEAD, _IN_DANGER = 0.5, 0.8
_FALL, _SURE, _OVERDISPERSION = 0.6, 1.64, 2.0
_LOSS, _GROWTH = -0.1, 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Talkativeness:
    """How much each group talked in the last 28 days and in up to 84 days before.

    Attributes
    ----------
    now, before : int64 arrays, n_groups
        Pairs of a member and a local day on which the member acted.
    days_before : int64 array, 0..84
        Of them, those on which the group was there and its talk recorded.
    age : float64 array, days; NaN where the beginning is unknown
    """

    now: Ints
    before: Ints
    days_before: Ints
    age: Floats


def talkativeness(facts: GroupFacts) -> Talkativeness | None:
    """Count the member-days of talk, lately and before; None where nothing tells of acts."""
    if facts.talk is None:
        return None
    n, tz = len(facts.groups), facts.known.tz
    today = int(local_day(np.array([facts.end]), tz)[0])
    talk = facts.talk.of_customers().since(facts.end - 5 * _MONTH * DAY_US)
    day = today - local_day(talk.time, tz)
    near = day <= 4 * _MONTH
    # The days of 16 weeks and a group's members fit into one number.
    keys = distinct(((talk.group * len(facts.members) + talk.member) * 128 + day)[near])
    group, ago = keys // 128 // max(len(facts.members), 1), keys % 128
    began = began_at(facts)
    age = np.where(began == UNDATED, np.nan, (facts.end - began) / DAY_US)
    # Days before the record began are no days without talk.
    recorded = facts.known.observed.get(facts.activity, (UNDATED, 0))[0]
    watched = np.fmin(age, (facts.end - recorded) / DAY_US if recorded != UNDATED else np.inf)
    days_before = np.clip(np.floor(np.where(np.isnan(age), 0, watched)) - _MONTH, 0, 3 * _MONTH)
    return Talkativeness(
        np.bincount(group[ago <= _MONTH], minlength=n),
        np.bincount(group[ago > _MONTH], minlength=n),
        days_before.astype(np.int64),
        age,
    )


def state_of(
    survival: Floats, talk: Talkativeness, net_growth: Floats | None
) -> tuple[pa.Array, pa.Array]:
    """Name the state of every group, and why; the first rule that holds decides.

    ==========  ===================  ========================================================
    state       because              rule
    ==========  ===================  ========================================================
    dead        ``silent``           a member less likely than not acts within 28 days:
                                     survival below 0.5
    new         ``began_lately``     began less than 28 days ago
    dying       ``talk_falls``       member-days of talk fell by 40 % or more against the up
                                     to 84 days before, beyond chance (z below -1.64)
    dying       ``may_fall_silent``  survival below 0.8
    dying       ``members_leave``    net loss of more than 10 % of the members in 28 days
    growing     ``members_join``     net gain of 30 % or more in 28 days
    stable      ``little_changes``   otherwise
    ==========  ===================  ========================================================

    Parameters
    ----------
    survival : float64 array, n_groups, as `survival_of` gives it for 28 days
    talk : Talkativeness
    net_growth : float64 array, n_groups, or None
        Joins less leaves within 28 days, over the members before; NaN where unknown.

    Returns
    -------
    (state, because) : pyarrow arrays of text
        Null where survival is unknown.
    """
    growth = np.full(len(survival), np.nan) if net_growth is None else net_growth
    rules = np.stack(
        [
            survival < _DEAD,
            talk.age < _MONTH,
            _falls(talk),
            survival < _IN_DANGER,
            growth < _LOSS,
            growth >= _GROWTH,
            np.ones(len(survival), np.bool_),
        ]
    )
    first = rules.argmax(axis=0)
    unknown = np.isnan(survival)
    because = pa.array(BECAUSE).take(pa.array(first, mask=unknown))
    return pa.array(_STATE_OF).take(pa.array(first, mask=unknown)), because


def _falls(talk: Talkativeness) -> npt.NDArray[np.bool_]:
    """Tell where talk fell by much and beyond chance, given the talk of both times together.

    The count of the last 28 days is binomial given both counts; member-days come in bursts, so
    that its variance is taken twice as large.
    """
    share = _MONTH / (_MONTH + talk.days_before)
    both = talk.now + talk.before
    spread = np.sqrt(_OVERDISPERSION * np.maximum(both, 1) * share * np.maximum(1 - share, 1e-9))
    surely = (talk.now - both * share) / spread < -_SURE
    usual = talk.before * _MONTH / np.maximum(talk.days_before, 1)
    much = talk.now + 0.5 < _FALL * (usual + 0.5)
    return np.asarray(surely & much & (talk.days_before >= _MONTH))
