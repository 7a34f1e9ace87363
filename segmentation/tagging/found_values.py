"""Counts, rates and flags of members as tags with their evidence."""

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, instants
from siyu.datasets.intervals import wilson_bounds
from siyu.datasets.ordering import distinct
from siyu.datasets.shrinkage import BetaPrior, GammaPrior
from siyu.segmentation.records import is_recorded, joined_at

from .evidence import Found
from .facts import Facts, grouped_once
from .tallies import Tally

__all__ = [
    "above_all",
    "count_tag",
    "distinct_pairs",
    "flag_tag",
    "joined_when",
    "known_periods",
    "pace_tag",
    "rate_tag",
    "recorded_for",
    "share_tag",
    "usual_rate",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PERIOD_DAYS = 28
"""Paces are per 28 days: four whole weeks."""


def count_tag(values: Ints, unknown: Bools | None = None) -> Found:
    """Give a count, which is its own evidence; null where `unknown`."""
    return Found(pa.array(values, mask=unknown), values)


def flag_tag(flags: Bools, support: Ints, unknown: Bools | None = None) -> Found:
    """Give a flag, null where `unknown`."""
    return Found(pa.array(flags, mask=unknown), support)


def rate_tag(won: Ints, tried: Ints, prior: BetaPrior) -> Found:
    """Give a rate drawn towards that of all members; null without a trial."""
    rates = prior.posterior_mean(won, tried)
    values = pa.array(rates, mask=(tried == 0) | np.isnan(rates))
    return Found(values, tried, prior.strength, np.asarray(tried + prior.strength, np.float64))


def share_tag(tally: Tally, fewest: int = 1) -> Found:
    """Give the plain share of a tally; null below the fewest trials."""
    share = tally.hits / np.maximum(tally.trials, 1)
    trials = tally.trials.astype(np.float64)
    return Found(pa.array(share, mask=tally.trials < fewest), tally.trials, trials=trials)


def above_all(tally: Tally, prior: BetaPrior, fewest: int = 0, at_least: float = 0.0) -> Found:
    """Flag whose drawn share surely lies above everybody's; null without trials.

    Surely: the 95 % interval of the drawn share does. `fewest` hits and an own share of
    `at_least` are needed besides.
    """
    share = prior.posterior_mean(tally.hits, tally.trials)
    low, _ = wilson_bounds(share, tally.trials + prior.strength)
    flags = (low > prior.mean) & (tally.hits >= fewest)
    flags &= tally.hits >= at_least * tally.trials
    flag = flag_tag(flags, tally.trials, tally.trials == 0)
    return Found(flag.values, flag.support, prior.strength)


def usual_rate(won: Ints, tried: Ints) -> BetaPrior:
    """Learn how often all members succeed; those who never tried say nothing."""
    busy = np.flatnonzero(tried)
    return BetaPrior.of(won[busy], tried[busy])


def pace_tag(n: Ints, periods: Floats, prior: GammaPrior) -> Found:
    """Give a pace (times a period) drawn towards that of all members; null without exposure."""
    known = periods > 0
    pace = prior.posterior_mean(np.where(known, n, 0), periods)
    values = pa.array(pace, mask=~known | np.isnan(pace))
    if math.isnan(prior.mean):
        return Found(values, n)
    return Found(values, n, prior.mean * prior.strength)  # as many acts as the prior weighs


def known_periods(facts: Facts, days: int) -> Floats:
    """Give for how many periods of 28 days each member was known in the last `days` days."""
    joined = joined_when(facts)
    start = facts.end - days * DAY_US
    since = instants(joined.fill_null(pa.scalar(start).cast(joined.type)))
    known = (facts.end - np.maximum(since, start)) / (PERIOD_DAYS * DAY_US)
    return np.asarray(np.maximum(known, 0.0))


def joined_when(facts: Facts) -> pa.Array:
    """Give when each member joined, null where nobody wrote it down."""
    return grouped_once(facts, _joined)


def recorded_for(facts: Facts, table: str, days: int) -> bool:
    """Tell whether a table was recorded during the whole of the last `days` days."""
    return is_recorded(facts.c, table, facts.end, facts.end - days * DAY_US)


def distinct_pairs(codes: Ints, values: Ints, n: int) -> Ints:
    """Count the distinct values (0 or more) of each code below `n`."""
    span = int(values.max(initial=0)) + 1
    return np.bincount(distinct(codes * span + values) // span, minlength=n)


def _joined(facts: Facts) -> pa.Array:
    return joined_at(facts.c, facts.members)
