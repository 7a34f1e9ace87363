"""Which seeds a choice may still take, and what would be best if gains just added up."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.frames import to_arrow
from siyu.datasets.ids import lookup
from siyu.graph.member_choice import chosen_members

from .seed_rules import SeedRules

__all__ = ["SeedLimits", "SeedState"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(slots=True)
class SeedState:
    """What has been taken so far."""

    taken: Flags
    n: int
    per_group: Ints
    spent: float


@dataclass(frozen=True, slots=True, eq=False)
class SeedLimits:
    """The rules of a choice as arrays over the members.

    Attributes
    ----------
    k : int
        Seeds at most.
    may : bool array
        Who may be a seed.
    cost : float64 array, > 0
    budget : float, infinite without
    group : int64 array
        Number of the group; the last number is for members without a quota.
    least, most : int64 arrays, one a group
    """

    k: int
    may: Flags
    cost: Floats
    budget: float
    group: Ints
    least: Ints
    most: Ints

    @classmethod
    def of(cls, k: int | None, rules: SeedRules, ids: pa.Array) -> "SeedLimits":
        """Read the rules, and refuse those that nobody can obey."""
        n = len(ids)
        may = np.ones(n, dtype=bool)
        excluded = lookup(chosen_members(rules.exclude, ids), ids)
        may[excluded[excluded >= 0]] = False
        cost = _costs(rules.costs, ids, may)
        group, least, most = _groups(rules, ids)
        if k is None and rules.budget is None:
            raise ParameterError("k", "give k, the number of seeds, or a budget")
        if k is not None and k < 1:
            raise ParameterError("k", f"k must be 1 or more, got {k}")
        at_most = int(may.sum()) if k is None else min(k, int(may.sum()))
        budget = np.inf if rules.budget is None else float(rules.budget)
        limits = cls(at_most, may, cost, budget, group, least, most)
        limits._refuse_impossible()
        return limits

    def start(self) -> SeedState:
        """Give the state before the first seed."""
        return SeedState(np.zeros(len(self.may), bool), 0, np.zeros(len(self.least), np.int64), 0.0)

    def take(self, state: SeedState, member: int) -> None:
        """Take a member."""
        state.taken[member] = True
        state.n += 1
        state.per_group[self.group[member]] += 1
        state.spent += float(self.cost[member])

    def allowed(self, state: SeedState) -> Flags:
        """Tell who may be next, so that the quotas "at least" can still be met afterwards."""
        allowed: Flags = self.may & ~state.taken
        if state.n >= self.k:
            return np.zeros_like(allowed)
        needed = np.maximum(self.least - state.per_group, 0)
        fits = (state.per_group < self.most) & (needed.sum() - (needed > 0) <= self.k - state.n - 1)
        allowed &= fits[self.group]
        if np.isfinite(self.budget):
            left = self.budget * (1 + 1e-12) - state.spent
            allowed &= self.cost + self._reserve(state, needed) <= left
        return allowed

    def best_sum(self, gains: Floats) -> tuple[float, Ints, Floats]:
        """Find whom to take if gains just added up: a bound on any allowed choice.

        Numbers and quotas are met exactly; the budget lets the last member be taken in part.

        Parameters
        ----------
        gains : float64 array, n, 0 or more

        Returns
        -------
        (sum, members, shares)
            The sum of ``gains[members] * shares``.
        """
        gains = np.where(self.may, gains, 0.0)
        members = self._best_number(gains)
        best = float(gains[members].sum()), members, np.ones(len(members))
        if np.isfinite(self.budget):
            members, shares = self._best_buy(gains)
            bought = float((gains[members] * shares).sum()), members, shares
            best = min(best, bought, key=lambda choice: choice[0])
        return best

    def _best_number(self, gains: Floats) -> Ints:
        """Take the largest gains within the quotas, and of each group at least what it must."""
        if len(self.least) == 1:  # no quotas
            return np.argpartition(gains, len(gains) - self.k)[len(gains) - self.k :]
        order = np.lexsort((-gains, ~self.may, self.group))
        group = self.group[order]
        place = np.arange(len(group)) - np.searchsorted(group, group)
        must = place < self.least[group]
        free = order[~must & (place < self.most[group])]
        free = free[np.argsort(-gains[free], kind="stable")]
        return np.concatenate([order[must], free[: self.k - int(must.sum())]])

    def _best_buy(self, gains: Floats) -> tuple[Ints, Floats]:
        """Take the largest gains a unit of cost until the budget is spent, the last in part."""
        there = np.flatnonzero(gains)
        there = there[np.argsort(-gains[there] / self.cost[there], kind="stable")]
        cost = self.cost[there]
        left = np.maximum(self.budget - (np.cumsum(cost) - cost), 0.0)
        n_taken = int(np.count_nonzero(left))
        return there[:n_taken], np.minimum(left[:n_taken] / cost[:n_taken], 1.0)

    def _reserve(self, state: SeedState, needed: Ints) -> Floats:
        """Give what must be kept for the quotas "at least" once each member is taken."""
        if not needed.any():
            return np.zeros(len(self.cost))
        free = np.flatnonzero(self.may & ~state.taken)
        order = free[np.lexsort((self.cost[free], self.group[free]))]
        group, cost = self.group[order], self.cost[order]
        place = np.arange(len(group)) - np.searchsorted(group, group)
        kept = np.bincount(group, np.where(place < needed[group], cost, 0), len(needed))
        dearest = np.zeros(len(needed))
        last = place == needed[group] - 1
        dearest[group[last]] = cost[last]
        relief = np.where(needed[self.group] > 0, np.minimum(self.cost, dearest[self.group]), 0)
        return np.asarray(kept.sum() - relief)

    def _refuse_impossible(self) -> None:
        there = np.bincount(self.group[self.may], minlength=len(self.least))
        if (self.least > there).any() or self.least.sum() > self.k:
            raise DataError(
                f"the quotas ask for at least {int(self.least.sum())} seeds, of k = {self.k}; "
                f"the groups have {there[:-1].tolist()} members who may be seeds, and must give "
                f"{self.least[:-1].tolist()}"
            )
        if not self.may.any():
            raise DataError(f"no member may be a seed: {len(self.may)} members, all excluded")
        if not self.allowed(self.start()).any():
            raise DataError(
                f"the budget of {self.budget:g} pays for no allowed choice; the cheapest member "
                f"costs {self.cost[self.may].min():g}"
            )


def _costs(costs: Any, ids: pa.Array, may: Flags) -> Floats:
    """Read the cost of every member who may be a seed."""
    if costs is None:
        return np.ones(len(ids))
    table, at = _of_members(costs, "costs", "cost", ids)
    cost = np.full(len(ids), np.nan)
    cost[at[at >= 0]] = np.asarray(table["cost"].to_numpy(), dtype=np.float64)[at >= 0]
    wrong = may & ~((cost > 0) & np.isfinite(cost))
    if wrong.any():
        raise DataError(
            f"every member needs a cost above 0; {int(wrong.sum())} of {int(may.sum())} have "
            "none; give it, or exclude them"
        )
    return np.where(may, cost, 1.0)


def _groups(rules: SeedRules, ids: pa.Array) -> tuple[Ints, Ints, Ints]:
    """Give each group that has a quota a number; everybody else is in one more, which is free."""
    quotas = dict(rules.quotas or {})
    n = len(ids)
    group = np.full(n, len(quotas))
    if quotas:
        table, at = _of_members(rules.groups, "groups", "group", ids)
        place = {name: number for number, name in enumerate(quotas)}
        named = table["group"].to_pylist()
        numbers = np.array([place.get(name, len(quotas)) for name in named], dtype=np.int64)
        group[at[at >= 0]] = numbers[at >= 0]
        empty = [name for name, number in place.items() if not (group == number).any()]
        if empty:
            warn(f"quotas name groups that no member of the graph is in: {empty}")
    pairs = [*quotas.values(), (0, None)]
    least = np.array([low or 0 for low, _ in pairs], dtype=np.int64)
    most = np.array([n if high is None else high for _, high in pairs], dtype=np.int64)
    return group, least, most


def _of_members(frame: Any, name: str, column: str, ids: pa.Array) -> tuple[pa.Table, Ints]:
    """Read a column of members, one row each at most."""
    table, _ = to_arrow(frame)
    if not {"member_id", column} <= set(table.column_names):
        there = ", ".join(table.column_names)
        raise ParameterError(name, f"{name} needs the columns member_id and {column}; has: {there}")
    chosen_members(table, ids, name)  # refuses ids of another type
    at = lookup(table["member_id"], ids)
    n_twice = int((np.bincount(at[at >= 0], minlength=1) > 1).sum())
    if n_twice:
        raise DataError(f"{name} names {n_twice} members more than once")
    return table, at
