"""Windows of the past to learn from: members as known at a cut, and what they brought after it."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.boosting import FeatureMatrix, TrainingRows
from siyu.datasets.clock import instants
from siyu.datasets.errors import SiyuWarning
from siyu.datasets.ids import lookup
from siyu.datasets.windows import training_cuts

from .koc_exclusions import exclusions
from .koc_facts import KocFacts
from .learned_features import Features, KocMoment, koc_features
from .outcome_windows import (
    Adoptions,
    Outcome,
    Referred,
    brought_between,
    followers_between,
    known_before,
    product_rows,
)

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = [
    "KocWindow",
    "Task",
    "label_window",
    "label_windows",
    "matrix_of",
    "past_cuts",
    "training_rows",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_BROUGHT = {"referrals": "referral_time", "orders": "order_time"}


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be foretold.

    Attributes
    ----------
    outcome : {"buyers", "gmv", "followers"}
    horizon : int, length of the window in microseconds
    """

    outcome: Outcome
    horizon: int


@dataclass(frozen=True, slots=True, eq=False)
class KocWindow:
    """Members at a cut, and what came of them.

    Attributes
    ----------
    cut : int, in microseconds
    members : sorted pyarrow.Array
        Who could be ranked at the cut: customers who had not opted out, and were not suspected
        of faking referrals.
    features : dict of name to float64 array over the members
    outcome : float64 array, >= 0
        What they brought in ``[cut, cut + horizon)``.
    """

    cut: int
    members: pa.Array
    features: Features
    outcome: Floats


def past_cuts(known: "Community", end: int, task: Task, n_cuts: int) -> Ints:
    """Give the cuts whose windows are over, the latest last; none if the record is too short.

    Cuts lie a horizon apart, so that no two windows overlap, and a horizon or more after the
    first row, so that there is something to know at each. No window reaches beyond what was
    recorded (``observed``): what nobody wrote down would pass for what did not happen.
    """
    tables = _BROUGHT
    if task.outcome == "followers":
        time = product_rows(known)[1]
        tables = {"orders" if time == "order_time" else "events": time}
    firsts = []
    for table, time in tables.items():
        rows = known.arrow(table)
        if rows is not None and time in rows.column_names and len(dated := rows[time].drop_null()):
            firsts.append(int(instants(dated).min()))
        end = min(end, known.observed.get(table, (end, end))[1])
    if not firsts:
        return np.zeros(0, dtype=np.int64)
    return training_cuts(max(firsts) + task.horizon, end, task.horizon, n_cuts)


def label_window(c: "Community", cut: int, task: Task) -> KocWindow:
    """Measure members at a cut, and count what they brought in the window after it."""
    at = KocMoment.of(c, cut)
    features = koc_features(at, task.horizon, task.outcome)
    outcome = _outcome_after(c, at, task)
    facts = KocFacts(at.known, at.end, at.members, None)
    rankable = exclusions(facts, None, suspected=True) == 0
    return KocWindow(
        cut,
        at.members.filter(pa.array(rankable)),
        {name: values[rankable] for name, values in features.items()},
        outcome[rankable],
    )


def label_windows(c: "Community", cuts: Ints, task: Task) -> list[KocWindow]:
    """Measure members at several cuts; what is to be warned of is said of the last one alone."""
    windows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        windows += [label_window(c, int(cut), task) for cut in cuts[:-1]]
    return windows + [label_window(c, int(cut), task) for cut in cuts[-1:]]


def training_rows(windows: Sequence[KocWindow], columns: Sequence[str]) -> TrainingRows:
    """Put windows below each other; what one of them has no table for is NaN there."""
    parts = [matrix_of(window.features, columns).values for window in windows]
    labels = np.concatenate([window.outcome for window in windows])
    return TrainingRows.of(FeatureMatrix(np.concatenate(parts), tuple(columns)), labels)


def matrix_of(features: Features, columns: Sequence[str]) -> FeatureMatrix:
    """Put features in the columns asked for."""
    n = len(next(iter(features.values()), np.zeros(0)))
    unknown = np.full(n, np.nan)
    values = np.empty((n, len(columns)), dtype=np.float32)
    for place, name in enumerate(columns):
        values[:, place] = features.get(name, unknown)
    return FeatureMatrix(values, tuple(columns))


def _outcome_after(c: "Community", at: KocMoment, task: Task) -> Floats:
    """Count what came in the window, by ties known at the cut alone."""
    end = at.end + task.horizon
    after = known_before(c, end)
    if task.outcome == "followers":
        adoptions = Adoptions(after, at.members)
        indptr, looked_to = at.attention.indptr, at.attention.indices
        return followers_between(adoptions, indptr, looked_to, at.end, end)
    members = after.customers()  # who came within the window may be brought, too
    brought = brought_between(Referred(after, members), at.end, end, task.outcome, len(members))
    place = lookup(at.members, members)
    return np.where(place >= 0, brought[place], 0.0)
