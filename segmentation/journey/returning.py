"""Coming back after a task, such as a daily check-in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.community import Community, kind_of
from siyu.datasets.errors import ParameterError
from siyu.datasets.estimates import means, named_columns
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ordering import distinct
from siyu.segmentation.whole_numbers import require_whole

from .aarrr import ACTS, OTHER_TABLES, acts_of, event_days
from .audience import Audience, audience_of
from .periods import first_whole

__all__ = ["return_after"]

Ints = npt.NDArray[np.int64]


def return_after(
    data: Community | Frame,
    *,
    as_of: Any,
    event: str = "checkin",
    days: Sequence[int] = (1, 7),
    weeks: int = 4,
    output: FrameKind | None = None,
) -> Frame:
    """Tell how many come back 1 and 7 days after a task, beside days on which they did none.

    A member's days with the task are compared with the same member's other active days, at most
    so many weeks away from one of them. So who is lively anyway stands on both sides.

    Parameters
    ----------
    data : Community, or frame of schema `events`
        With events.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    event : str
        The task, such as ``"checkin"``.
    days : sequence of int >= 1
        Come back means: active exactly so many local days later.
    weeks : int >= 1
        How far away from a task day the days compared with may lie.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a
        Community.

    Returns
    -------
    frame, one row for each of `days`
        ``day``; ``n_members`` : members with days of both kinds; ``n_task_days``,
        ``n_other_days`` : such days of theirs; ``share_after``, ``after_low``, ``after_high`` :
        mean over members of the share of their task days that they came back from;
        ``share_usual``, ``usual_low``, ``usual_high`` : of their other active days;
        ``difference``, ``low``, ``high`` : the former less the latter, by member. Means over
        members with 95 % intervals (Student); null for less than two.

    Raises
    ------
    DataError
        If events are missing.
    ParameterError
        If `days` or `weeks` is out of range.

    Warns
    -----
    SiyuWarning
        If the record of events ended before `as_of`.

    Notes
    -----
    Active is any purchase, event, message or invitation. On which days people do a task is
    their own choice: the difference is no proof that the task brought them back.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=500, random_state=0)
    >>> found = return_after(c, as_of="2026-07-01")
    >>> found["day"].tolist()
    [1, 7]
    """
    wanted = sorted(set(days))
    if not wanted:
        raise ParameterError("days", "days must be whole numbers of 1 or more, got none")
    for day in wanted:
        require_whole("days", day, 1)
    require_whole("weeks", weeks, 1)
    a = audience_of(data, as_of, ("events",), OTHER_TABLES, "return_after()")
    found = _Days.of(a, event, 7 * weeks)
    rows = [found.compare(step, len(a.members)) for step in wanted]
    counts = np.array([row[0] for row in rows], np.int64)
    sums = np.array([row[1] for row in rows], np.float64)
    names = (
        ("share_after", "after_low", "after_high"),
        ("share_usual", "usual_low", "usual_high"),
        ("difference", "low", "high"),
    )
    columns = {
        "day": pa.array(wanted, pa.int64()),
        "n_members": pa.array(counts[:, 0]),
        "n_task_days": pa.array(counts[:, 1]),
        "n_other_days": pa.array(counts[:, 2]),
    }
    for place, triple in enumerate(names):
        columns |= named_columns(
            means(sums[:, 2 * place], sums[:, 2 * place + 1], counts[:, 0]), triple
        )
    return from_arrow(pa.table(columns), output or kind_of(data))


@dataclass(frozen=True, slots=True, eq=False)
class _Days:
    """Active days, as sorted keys ``member * width + day``: with the task, and comparable ones."""

    width: int
    last_day: int
    active: Ints
    task: Ints
    other: Ints

    @classmethod
    def of(cls, a: Audience, event: str, reach: int) -> "_Days":
        acts = acts_of(a, ACTS)
        # Room between members, so that a day or a reach beyond one is never the next one's.
        width = a.last_day + reach + 400
        since = max(first_whole(a.begin, a.c.tz), 0)
        active = distinct((acts.of * width + acts.day)[acts.day >= since])
        of, day = event_days(a, event)
        task = distinct((of * width + day)[day >= since])
        other = active[~_is_among(active, task)]
        place = np.searchsorted(task, other)
        far = np.iinfo(np.int64).max // 4
        before = np.concatenate(([-far], task))[place]
        after = np.append(task, far)[place]
        near = np.minimum(other - before, after - other) <= reach
        return cls(width, a.last_day, active, task, other[near])

    def compare(self, step: int, n: int) -> tuple[list[int], list[float]]:
        """Give counts, and sums and sums of squares over members of after, usual, difference."""
        task = self.task[self.task % self.width + step < self.last_day]
        other = self.other[self.other % self.width + step < self.last_day]
        (n_task, back), (n_other, usual) = (self._returns(keys, step, n) for keys in (task, other))
        both = (n_task > 0) & (n_other > 0)
        after, before = back[both] / n_task[both], usual[both] / n_other[both]
        sums: list[float] = []
        for part in (after, before, after - before):
            sums += [float(np.sort(part).sum()), float(np.sort(part**2).sum())]
        return [int(both.sum()), int(n_task[both].sum()), int(n_other[both].sum())], sums

    def _returns(self, keys: Ints, step: int, n: int) -> tuple[Ints, Ints]:
        back = _is_among(keys + step, self.active)
        who = keys // self.width
        return np.bincount(who, minlength=n), np.bincount(who[back], minlength=n)


def _is_among(keys: Ints, ordered: Ints) -> npt.NDArray[np.bool_]:
    """Tell which keys are among ascending values: far faster than a hash table."""
    if not len(ordered):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
    return np.asarray(ordered[at] == keys)
