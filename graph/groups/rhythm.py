"""Whether a group still lives: its silence against its own rhythm."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.clock import DAY_US, local_clock, local_day
from siyu.datasets.ordering import distinct
from siyu.datasets.shrinkage import GammaPrior
from siyu.graph.undated import UNDATED

from .group_facts import GroupFacts

__all__ = ["MEAN_LIFE_DAYS", "Rhythm", "began_at", "rhythm_of", "survival_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MEAN_LIFE_DAYS = 200.0
"""How long a group is taken to live on, on average, whatever its age."""

_HALF_LIFE = 28.0
_MOST = 50.0  # of an exponent: beyond it a group is as good as dead


@dataclass(frozen=True, slots=True, eq=False)
class Rhythm:
    """How often customers act in each group of late, and for how long none has.

    Attributes
    ----------
    rate : float64 array, n_groups
        Active days a day, between 0 and about 1: an active day is a local day on which a
        customer acts. Older days weigh less (half after 28 days), and few days are drawn
        towards the rate of all groups. NaN for a group whose beginning is unknown.
    silence : float64 array
        Whole local days since the last active day; since the beginning, where there is none.
    """

    rate: Floats
    silence: Floats


def began_at(facts: GroupFacts) -> Ints:
    """Give the first sign of each group: its creation, else the first act, joining or send.

    Returns
    -------
    int64 array, n_groups
        Microseconds; `UNDATED` for a group without any dated sign.
    """
    first = np.full(len(facts.groups), np.iinfo(np.int64).max)
    if facts.talk is not None:
        np.minimum.at(first, facts.talk.group, facts.talk.time)
    if facts.stays is not None:
        dated = facts.stays.joined != UNDATED
        np.minimum.at(first, facts.stays.group[dated], facts.stays.joined[dated])
    sends = facts.group_sends()
    if sends is not None:
        np.minimum.at(first, *sends)
    signs = np.where(first == np.iinfo(np.int64).max, UNDATED, first)
    return np.where(facts.created != UNDATED, facts.created, signs)


def rhythm_of(facts: GroupFacts) -> Rhythm | None:
    """Measure the rhythm of every group; None where no table tells of acts."""
    if facts.talk is None:
        return None
    n, tz = len(facts.groups), facts.known.tz
    began = began_at(facts)
    recorded = facts.known.observed.get(facts.activity, (UNDATED, 0))[0]
    known = began != UNDATED
    since = local_day(np.where(known, np.maximum(began, recorded), 0), tz)
    today = -int(-local_clock(np.array([facts.end]), tz)[0] // DAY_US)
    talk = facts.talk.of_customers()
    group, day = _active_days(talk.group, local_day(talk.time, tz))
    weight = 0.5 ** ((today - day) / _HALF_LIFE)
    count = np.bincount(group, weight, n)
    age = np.maximum(today - since, 1)
    exposure = _HALF_LIFE / np.log(2) * (1 - 0.5 ** (age / _HALF_LIFE))
    prior = GammaPrior.of(count[known], exposure[known])
    rate = (count + prior.mean * prior.strength) / (exposure + prior.strength)
    last = np.where(known, since - 1, today)
    np.maximum.at(last, group, day)
    silence = np.maximum(today - 1 - last, 0).astype(np.float64)
    return Rhythm(np.where(known, rate, np.nan), np.where(known, silence, np.nan))


def survival_of(rhythm: Rhythm, days: float, mean_life: float = MEAN_LIFE_DAYS) -> Floats:
    """Give the chance that a customer acts in each group within the days to come.

    A group is alive or dead; while alive it has active days at its own `rate` r, and it dies at
    a rate of m = 1 / `mean_life`. After a silence of s days it is still alive with probability
    1 / (1 + m / (r + m) (exp((r + m) s) - 1)), and a group alive now acts within d days, before
    it dies, with probability r / (r + m) (1 - exp(-(r + m) d)).

    Parameters
    ----------
    rhythm : Rhythm
    days : float > 0
    mean_life : float > 0, in days

    Returns
    -------
    float64 array, n_groups values in [0, 1]
        NaN where the rhythm is unknown.

    References
    ----------
    Schmittlein, Morrison & Colombo (1987), "Counting your customers", Management Science 33(1),
    1-24, formula for P(alive) given the rates.

    Examples
    --------
    >>> rhythm = Rhythm(np.array([0.5, 0.5, 0.02]), np.array([0.0, 30.0, 30.0]))
    >>> survival_of(rhythm, 28.0).round(2)
    array([0.99, 0.  , 0.33])
    """
    dies = 1.0 / mean_life
    both = rhythm.rate + dies
    odds = dies / both * np.expm1(np.minimum(both * rhythm.silence, _MOST))
    acts = rhythm.rate / both * -np.expm1(-both * days)
    return np.asarray(acts / (1 + odds))


def _active_days(group: Ints, day: Ints) -> tuple[Ints, Ints]:
    """Give each group's distinct days, sorted."""
    if not len(group):
        return group, day
    low = int(day.min())
    width = int(day.max()) - low + 1
    keys = distinct(group * width + (day - low))
    return keys // width, keys % width + low
