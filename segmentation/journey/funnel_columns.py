"""The columns of a funnel: counts, shares, times and changes of every group and step."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US
from siyu.datasets.estimates import LEVEL, Triple, differences, known, named_columns, shares
from siyu.datasets.survival import Waiting

from .audience import Groups
from .paths import NEVER, Paths

__all__ = ["Counts", "change_columns", "count_columns", "time_columns"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How many units reached, came from, moved on and began; each flat, by group, then step.

    `unknown` marks steps of which no table tells; `is_first` those measured from nothing.
    """

    n: Ints
    n_from: Ints
    n_moved: Ints
    n_total: Ints
    n_begun: Ints
    unknown: Bools
    is_first: Bools
    n_steps: int

    @classmethod
    def of(cls, paths: Paths, groups: Groups) -> "Counts":
        """Count the units of each group at each step."""
        reached = paths.times != NEVER
        came = np.array([reached[max(p, 0)] for p in paths.previous])
        code, n_groups, n_steps = groups.codes[paths.member], len(groups.names), len(paths.names)

        def count(mask: Bools) -> Ints:
            rows = [np.bincount(code[row], minlength=n_groups) for row in mask]
            return np.stack(rows, axis=1).reshape(-1).astype(np.int64)

        recorded = np.array(paths.recorded)
        before = np.array([max(p, 0) for p in paths.previous])
        return cls(
            n=count(reached),
            n_from=count(came),
            n_moved=count(reached & came),
            n_total=count(reached & reached[0]),
            n_begun=count(np.broadcast_to(reached[0], reached.shape)),
            unknown=np.tile(~(recorded & recorded[before]), n_groups),
            is_first=np.tile(np.array(paths.previous) < 0, n_groups),
            n_steps=n_steps,
        )

    def share(self, level: float = LEVEL) -> Triple:
        """Give the share that moved on; NaN at first steps and where no table tells."""
        return _without(shares(self.n_moved, self.n_from, level), self.unknown | self.is_first)


def count_columns(paths: Paths, groups: Groups, counts: Counts) -> dict[str, pa.Array]:
    """Name the groups and steps, count them, and give shares of the step before and in all."""
    n_groups = len(groups.names)
    before = [None if p < 0 else paths.names[p] for p in paths.previous]
    total = _without(shares(counts.n_total, counts.n_begun), counts.unknown)
    return {
        "group": groups.names.take(pa.array(np.repeat(np.arange(n_groups), counts.n_steps))),
        "step": pa.array(list(paths.names) * n_groups, pa.string()),
        "previous": pa.array(before * n_groups, pa.string()),
        "n": known(counts.n, counts.unknown),
        "n_from": known(counts.n_from, counts.unknown | counts.is_first),
        "n_moved": known(counts.n_moved, counts.unknown | counts.is_first),
        **named_columns(counts.share()),
        **named_columns(total, ("total_share", "total_low", "total_high")),
    }


def time_columns(paths: Paths, groups: Groups, until: Ints) -> dict[str, pa.Array]:
    """Give the days after which a quarter, half and three quarters had moved on.

    `until` says how long each unit could be watched (us).
    """
    code = groups.codes[paths.member]
    days = [
        _quartiles(paths, code == group, step, until)
        for group in range(len(groups.names))
        for step in range(len(paths.names))
    ]
    table = np.array(days).reshape(-1, len(_QUARTILES)) / DAY_US
    return {f"days_{round(100 * q)}": known(table[:, i]) for i, q in enumerate(_QUARTILES)}


def _quartiles(paths: Paths, mine: Bools, step: int, until: Ints) -> list[float]:
    before = paths.previous[step]
    if before < 0 or not (paths.recorded[step] and paths.recorded[before]):
        return [np.nan] * len(_QUARTILES)
    came = mine & (paths.times[before] != NEVER)
    left, reached = paths.times[before][came], paths.times[step][came]
    moved = reached != NEVER
    watched = np.where(moved, reached, until[came]) - left
    # In an open funnel a step may come before the one it is measured from: no time passed.
    curve = Waiting.of(np.maximum(watched, 0), moved)
    return [curve.quantile(q)[0] for q in _QUARTILES]


def change_columns(now: Counts, then: Counts | None) -> dict[str, pa.Array]:
    """Compare the shares with those of a baseline, and mark in each group the step that leaks."""
    names = ("change", "change_low", "change_high")
    nothing = np.full(len(now.n), np.nan)
    if then is None:
        empty = named_columns((nothing, nothing, nothing), names)
        flags = pa.nulls(len(nothing), pa.bool_())
        return {"baseline_share": known(nothing), **empty, "n_lost": known(nothing), "leak": flags}
    # Bonferroni: the intervals of all steps of a group hold together.
    level = 1 - (1 - LEVEL) / max(now.n_steps - 1, 1)
    was = then.share(level)
    gap, low, high = differences(now.share(level), was)
    fell = np.where(high < 0, gap, np.inf).reshape(-1, now.n_steps)
    worst = np.zeros(fell.shape, np.bool_)
    worst[np.arange(len(fell)), fell.argmin(axis=1)] = True
    leak = (worst & np.isfinite(fell)).reshape(-1)
    return {
        "baseline_share": known(was[0]),
        **named_columns((gap, low, high), names),
        "n_lost": known(-gap * now.n_from),
        "leak": pa.array(leak, mask=np.isnan(gap)),
    }


def _without(triple: Triple, unknown: Bools) -> Triple:
    share, low, high = (np.where(unknown, np.nan, part) for part in triple)
    return share, low, high
