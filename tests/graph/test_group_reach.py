"""Unique reach of overlapping groups, and the few that reach most."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, DataError, ParameterError
from siyu.graph.groups.reach import GroupReach, group_reach

JOINED = pd.Timestamp("2026-01-01", tz="UTC")


def seats(groups: dict[Any, list[Any]], **tables: Any) -> Community:
    rows = [(group, member) for group, members in groups.items() for member in members]
    frame = pd.DataFrame(rows, columns=["group_id", "member_id"]).assign(joined_at=JOINED)
    return Community(tz="UTC", memberships=frame, **tables)


def reached(c: Community, **how: Any) -> GroupReach:
    return group_reach(c, as_of="2026-02-01", **how)


OVERLAP = {1: [1, 2, 3, 4], 2: [3, 4, 5], 3: [5, 6], 4: [1, 2]}


def test_members_of_two_groups_are_reached_once() -> None:
    found = reached(seats(OVERLAP))
    assert (found.n_groups, found.n_memberships, found.n_members) == (4, 11, 6)
    assert found.duplication == 11 / 6


def test_groups_are_chosen_by_what_they_add() -> None:
    cover = reached(seats(OVERLAP)).cover
    assert cover["group_id"].tolist() == [1, 3]
    assert cover["n_new"].tolist() == [4, 2]
    assert cover["share_reached"].tolist() == [4 / 6, 1.0]


def test_of_equal_groups_the_smaller_id_comes_first() -> None:
    assert reached(seats({7: [1, 2], 3: [3, 4]})).cover["group_id"].tolist() == [3, 7]


def test_no_more_than_k_groups_are_chosen() -> None:
    assert len(reached(seats(OVERLAP), k=1).cover) == 1


def test_only_the_groups_asked_for_are_looked_at() -> None:
    found = reached(seats(OVERLAP), groups=[2, 3])
    assert (found.n_groups, found.n_members, found.n_memberships) == (2, 4, 5)


def test_staff_sit_in_every_group_and_are_not_reached() -> None:
    people = pd.DataFrame({"member_id": [9, 1], "kind": ["staff", "customer"]})
    found = reached(seats({1: [1, 9], 2: [2, 9]}, members=people))
    assert (found.n_members, found.n_memberships) == (2, 2)


def test_who_opted_out_is_counted_apart() -> None:
    people = pd.DataFrame({"member_id": [1, 2], "opt_out": [True, False]})
    found = reached(seats({1: [1, 2], 2: [1]}, members=people))
    assert (found.n_members, found.n_opted_out, found.n_groups) == (1, 1, 2)


def test_who_left_is_not_reached() -> None:
    c = seats(OVERLAP)
    rows = c.memberships
    assert rows is not None
    rows["left_at"] = [pd.Timestamp("2026-01-15", tz="UTC")] * 4 + [pd.NaT] * 7
    assert reached(Community(tz="UTC", memberships=rows)).n_memberships == 7


@pytest.mark.parametrize("seed", range(8))
def test_greedy_is_step_by_step_the_best_and_near_the_best_choice(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = {g: rng.choice(40, rng.integers(1, 15), replace=False).tolist() for g in range(9)}
    cover = reached(seats(groups), k=3).cover
    covered: set[int] = set()
    for group, n_new in zip(cover["group_id"], cover["n_new"], strict=True):
        assert n_new == max(len(set(members) - covered) for members in groups.values())
        assert n_new == len(set(groups[group]) - covered)
        covered |= set(groups[group])
    best = max(
        len(set().union(*(groups[g] for g in three))) for three in itertools.combinations(groups, 3)
    )
    assert len(covered) >= (1 - 1 / np.e) * best


def test_without_members_nothing_is_chosen() -> None:
    people = pd.DataFrame({"member_id": [1], "kind": ["staff"]})
    found = reached(seats({1: [1]}, members=people))
    assert (len(found.cover), found.n_members) == (0, 0)
    assert np.isnan(found.duplication)


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(DataError, match="1 of 2 groups asked for are not known"):
        reached(seats(OVERLAP), groups=[1, 77])


@pytest.mark.parametrize("k", [0, -1, 1.5, True])
def test_k_must_be_a_number_of_groups(k: Any) -> None:
    with pytest.raises(ParameterError, match="k must be a whole number of 1 or more"):
        reached(seats(OVERLAP), k=k)
