"""Tags of when members come: stage, rhythm, regularity, what is due."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import INSTANT, instants
from siyu.segmentation.records import maybe_missed
from siyu.segmentation.rhythm import Rhythm
from siyu.segmentation.stages import StageRules, known_stages, stage_table
from siyu.segmentation.visits import Visits

from .evidence import Found
from .facts import Facts
from .found_values import flag_tag

__all__ = ["rhythm_tags"]

Ints = npt.NDArray[np.int64]

_FEWEST_GAPS = 3
_NEVER = np.iinfo(np.int64).max


def rhythm_tags(facts: Facts, rhythm: Rhythm) -> dict[str, Found]:
    """Tag stage, rhythm and what is due.

    Parameters
    ----------
    facts : Facts
    rhythm : Rhythm
        Of the whole population.

    Returns
    -------
    dict of tag to Found
        Of events where there are no orders; the flags of buying of orders alone.
    """
    visits = facts.visits
    if visits is None:
        return {}
    staged = stage_table(visits, facts.members, rhythm, StageRules(), facts.end)
    staged = known_stages(staged, facts.c, facts.activity, facts.end)
    n_visits, strength = visits.count(), rhythm.strength
    gaps = np.maximum(n_visits - 1, 0)
    due = staged["next_due"].combine_chunks()
    tags = {
        "stage": Found(staged["stage"].combine_chunks(), n_visits),
        "purchase_rhythm_days": Found(staged["expected_gap"].combine_chunks(), gaps, strength),
        "next_due": Found(due, gaps, strength),
        "overdue_ratio": Found(staged["overdue_ratio"].combine_chunks(), gaps, strength),
        "rhythm_regularity": _regularity(visits, gaps),
    }
    if facts.activity == "orders":
        missed = maybe_missed(facts.c, "orders", facts.members, facts.end) & (n_visits < 2)
        overdue = instants(due.fill_null(pa.scalar(_NEVER, INSTANT))) < facts.end
        once = flag_tag((n_visits == 1) & overdue, n_visits, missed)
        tags |= {"repeat_buyer": flag_tag(n_visits > 1, n_visits, missed), "one_time_buyer": once}
    return tags


def _regularity(visits: Visits, n_gaps: Ints) -> Found:
    """Give 1 less the coefficient of variation of the gaps, at least 0."""
    gaps = np.diff(visits.day, prepend=0)
    gaps[visits.is_first()] = 0
    n = len(n_gaps)
    days, squares = np.bincount(visits.member, gaps, n), np.bincount(visits.member, gaps**2, n)
    enough = n_gaps >= _FEWEST_GAPS
    k, days = np.where(enough, n_gaps, 2), np.where(enough, days, 1.0)
    variance = np.maximum(squares - days**2 / k, 0.0) / (k - 1)
    regular = np.clip(1 - np.sqrt(variance) / (days / k), 0.0, 1.0)
    return Found(pa.array(regular, mask=~enough), n_gaps)
