"""The stage each member is expected in next, learned from how members passed on before."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import instants
from siyu.datasets.community import Community, as_community, kind_of
from siyu.datasets.errors import warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup
from siyu.datasets.spans import span_us
from siyu.datasets.windows import training_cuts

from .records import table_of
from .stage_rules import StageRules
from .stages import STAGES, TIMES, chosen_rules
from .stages_over_time import stages_at_moments

__all__ = ["Moves", "next_stage", "next_stages"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_N = len(STAGES)
_LATE = np.array([0.5, 1.0, 1.5, 2.5, 4.0])  # overdue ratios between which members are alike
_N_LATE = len(_LATE) + 1
_WINDOWS = 6
_STRENGTH = 20.0  # members: how much all of a stage count against those equally late


def next_stage(
    data: Community | Frame,
    *,
    as_of: Any,
    within: Any = "28D",
    activity: Literal["orders", "events"] = "orders",
    rules: StageRules | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Tell in which lifecycle stage each member is expected to be after a span of time.

    Learned from up to six earlier spans of the same length: of the members who were in the
    same stage and equally late for their next visit, how many were in which stage at its end.

    Parameters
    ----------
    data : Community, or frame of schema `activity`
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    within : Timedelta or str, one day or more
        The span after which the stage is asked for.
    activity, output
        As in `lifecycle`.
    rules : StageRules, optional
        As in `lifecycle`; also the way to another method.

    Returns
    -------
    frame, sorted by ``member_id``
        ``stage`` : now; ``next_stage`` : the most probable stage `within` from now, often the
        same; ``probability`` : its, 0 to 1; ``to_prospect``, ``to_new``, ... ``to_won_back`` :
        that of each stage, adding up to 1. Null where the stage is unknown or nobody was in it
        at an earlier moment.

    Raises
    ------
    DataError
        If the table `activity` is missing.
    ParameterError
        If an argument is out of range.

    Warns
    -----
    SiyuWarning
        As `lifecycle`; if there is no earlier span to learn from; or if members are in a stage
        that is unknown or new.

    Notes
    -----
    With ``n`` earlier members in the same stage and band of ``overdue_ratio`` (cut at 0.5, 1,
    1.5, 2.5 and 4), ``n_j`` of whom passed to stage ``j``, and ``p_j`` the share of all in that
    stage who did: ``(n_j + 20 p_j) / (n + 20)``. One more member, who stays, is added to each
    stage, so that nothing is certain from one case. A season that earlier spans did not have is
    not foreseen.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> told = next_stage(make_community(300, random_state=0), as_of="2026-06-03")
    >>> told.columns[:5].tolist()
    ['member_id', 'stage', 'next_stage', 'probability', 'to_prospect']
    >>> told.loc[told.stage == "churned", "next_stage"].unique().tolist()
    ['churned']
    """
    rules = chosen_rules(activity, "own_gap", rules)
    c = as_community(data, activity)
    length, end = span_us("within", within), c.moment(as_of)
    times = instants(table_of(c.before(as_of), activity, "next_stage()")[TIMES[activity]])
    cuts = training_cuts(int(times.min(initial=end)), end, length, _WINDOWS)
    staged = list(stages_at_moments(c, [*cuts.tolist(), end], activity, rules))
    moves = Moves.none()
    for (_, before, _), (_, after, _) in pairwise(staged):
        moves += Moves.between(before, after)
    _, now, doubts = staged[-1]
    told = next_stages(now, moves)
    for doubt in doubts.values():
        warn(f"next_stage(): {doubt}")
    if not len(cuts):
        warn(f"next_stage(): there is no whole span of {within} before as_of to learn from")
    elif n := told["probability"].null_count:
        warn(f"next_stage(): {n} members are in an unknown stage, or one nobody was in before")
    return from_arrow(told, output or kind_of(data))


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """How many members passed from a stage and lateness to a stage: the population step.

    `n` is (n_stages, n_bands, n_stages); counts of disjoint groups of members, or of several
    spans, add up.
    """

    n: Ints

    @classmethod
    def none(cls) -> "Moves":
        """Give no moves at all."""
        return cls(np.zeros((_N, _N_LATE, _N), dtype=np.int64))

    @classmethod
    def between(cls, before: pa.Table, after: pa.Table) -> "Moves":
        """Count the moves between two tables of `stage_table`."""
        stage, band = _place(before)
        at = lookup(before["member_id"], after["member_id"].combine_chunks())
        reached = np.append(_place(after)[0], -1)[at]
        known = (stage >= 0) & (reached >= 0)
        cell = (stage * _N_LATE + band) * _N + reached
        n = np.bincount(cell[known], minlength=_N * _N_LATE * _N)
        return cls(n.reshape(_N, _N_LATE, _N))

    def __add__(self, other: "Moves") -> "Moves":
        return Moves(self.n + other.n)

    def probabilities(self) -> Floats:
        """Give the probability of each stage after each, (n_stages, n_bands, n_stages)."""
        of_stage = self.n.sum(axis=1) + np.eye(_N)
        common = (of_stage / of_stage.sum(axis=1, keepdims=True))[:, None, :]
        seen = self.n.sum(axis=2, keepdims=True)
        found: Floats = (self.n + _STRENGTH * common) / (seen + _STRENGTH)
        return np.where(self.n.sum(axis=(1, 2))[:, None, None] > 0, found, np.nan)


def next_stages(staged: pa.Table, moves: Moves) -> pa.Table:
    """Expect the next stage of each member: the kernel of `next_stage`, for any chunk of members.

    Parameters
    ----------
    staged : pyarrow.Table of `stage_table`
    moves : Moves
        Of the whole population.

    Returns
    -------
    pyarrow.Table
        See `next_stage`.
    """
    stage, band = _place(staged)
    chances = moves.probabilities()[stage, band]
    unknown = (stage < 0) | np.isnan(chances).any(axis=1)
    best = np.where(unknown, 0, np.nan_to_num(chances).argmax(axis=1))
    likely = chances[np.arange(len(best)), best]
    columns = {
        "member_id": staged["member_id"],
        "stage": staged["stage"],
        "next_stage": pa.array(STAGES).take(pa.array(best, mask=unknown)),
        "probability": pa.array(likely, mask=unknown),
    }
    each = {f"to_{name}": pa.array(chances[:, j], mask=unknown) for j, name in enumerate(STAGES)}
    return pa.table({**columns, **each})


def _place(staged: pa.Table) -> tuple[Ints, Ints]:
    """Give the place of each member's stage (-1 if unknown), and of the overdue ratio."""
    stage = lookup(staged["stage"], pa.array(STAGES))
    late = pc.fill_null(staged["overdue_ratio"], 0.0).to_numpy()
    return stage, np.searchsorted(_LATE, late, side="left")
