"""Who leaves a group after it was written to, beyond those who would have left anyway."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.clock import DAY_US
from siyu.datasets.ordering import opens_run

__all__ = ["AFTER_SEND", "AfterSends", "after_sends"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

AFTER_SEND = DAY_US
"""Who leaves within 24 hours of a send to the group leaves after it."""


@dataclass(frozen=True, slots=True, eq=False)
class AfterSends:
    """Leaves of one window against the sends of each group.

    Attributes
    ----------
    n_sends : int64 array, n_groups
    n_after : int64 array
        Leaves within 24 hours of a send, each once however many sends went before.
    n_expected : float64 array
        As many as the rate of the other hours of the window would give; NaN without sends, or
        where no hour of the window is free of them.
    is_after : bool array, a leave each
    """

    n_sends: Ints
    n_after: Ints
    n_expected: Floats
    is_after: Bools


def after_sends(
    sends: tuple[Ints, Ints], leaves: tuple[Ints, Ints], window: tuple[int, int], began: Ints
) -> AfterSends:
    """Count who left within 24 hours of a send, and how many the base rate would give.

    Parameters
    ----------
    sends : (group, time)
        Sorted by group and time; also of the 24 hours before the window.
    leaves : (group, time), in any order
    window : (start, end)
        Microseconds; leaves and sends outside it do not count.
    began : int64 array, n_groups
        When each group began, `UNDATED` where unknown: nobody could leave it before.

    Returns
    -------
    AfterSends
    """
    (start, end), n_groups = window, len(began)
    near = (sends[1] >= start - AFTER_SEND) & (sends[1] < end)
    group, time = sends[0][near], sends[1][near]
    covered = _covered(group, time, window, n_groups)
    latest = _latest_before(leaves, (group, time))
    inside = (leaves[1] >= start) & (leaves[1] < end)
    is_after = inside & (leaves[1] - latest <= AFTER_SEND) & (latest != np.iinfo(np.int64).min)
    n_after = np.bincount(leaves[0][is_after], minlength=n_groups)
    n_other = np.bincount(leaves[0][inside & ~is_after], minlength=n_groups)
    free = (end - np.maximum(began, start)) - covered
    n_sends = np.bincount(group[time >= start], minlength=n_groups)
    known = (covered > 0) & (free > 0)
    expected = np.where(known, n_other * covered / np.maximum(free, 1), np.nan)
    return AfterSends(n_sends, n_after, expected, is_after)


def _covered(group: Ints, time: Ints, window: tuple[int, int], n_groups: int) -> Ints:
    """Add up, of each group, the time of the window that lies within 24 hours of a send."""
    reach = np.minimum(time + AFTER_SEND, window[1])
    until = np.append(time[1:], 0)
    last = np.append(opens_run(group)[1:], True)[: len(group)]
    stop = np.where(last, reach, np.minimum(reach, np.maximum(until, time)))
    length = np.maximum(stop - np.maximum(time, window[0]), 0)
    total = np.zeros(n_groups, np.int64)
    np.add.at(total, group, length)
    return total


def _latest_before(leaves: tuple[Ints, Ints], sends: tuple[Ints, Ints]) -> Ints:
    """Give the time of the latest send to the group before each leave; the least int for none."""
    none = np.iinfo(np.int64).min
    if not len(sends[0]):
        return np.full(len(leaves[0]), none)
    group, time = (np.concatenate(both) for both in zip(sends, leaves, strict=True))
    is_leave = np.repeat([False, True], [len(sends[0]), len(leaves[0])])
    # A send at the very instant of a leave came too late to cause it.
    order = np.lexsort((~is_leave, time, group))
    latest = np.maximum.accumulate(np.where(is_leave[order], -1, np.arange(len(order))))
    asked = is_leave[order]
    found = order[np.maximum(latest[asked], 0)]
    leave = order[asked]
    same = (latest[asked] >= 0) & (group[found] == group[leave])
    result = np.full(len(leaves[0]), none)
    result[leave - len(sends[0])] = np.where(same, time[found], none)
    return result
