"""Stays in groups and leaves after sends, against slow readings of their definitions."""

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community
from siyu.graph.groups.departures import AFTER_SEND, after_sends
from siyu.graph.groups.group_facts import GroupFacts, group_facts
from siyu.graph.groups.stays import STAYS_ON, Stays
from siyu.graph.undated import UNDATED

HOUR = 3_600_000_000
START = pd.Timestamp("2026-01-01", tz="UTC")


def random_seats(seed: int) -> pd.DataFrame:
    """Draw stays that overlap, touch and repeat; some are undated or open."""
    rng = np.random.default_rng(seed)
    n = 80
    joined = pd.Series(START + pd.to_timedelta(rng.integers(0, 60, n), unit="h"))
    left = joined + pd.to_timedelta(rng.integers(0, 25, n), unit="h")
    return pd.DataFrame(
        {
            "group_id": rng.integers(0, 3, n),
            "member_id": rng.integers(0, 8, n),
            "joined_at": joined.mask(rng.random(n) < 0.05),
            "left_at": left.mask(rng.random(n) < 0.2),
        }
    )


def facts_of(seats: pd.DataFrame) -> tuple[GroupFacts, Stays]:
    facts = group_facts(Community(tz="UTC", memberships=seats), "2026-02-01", "the test")
    assert facts.stays is not None
    return facts, facts.stays


def is_there(seats: pd.DataFrame, group: int, member: int, hour: int) -> bool:
    mine = seats[(seats["group_id"] == group) & (seats["member_id"] == member)]
    when = START + pd.Timedelta(hours=hour)
    begun = mine["joined_at"].isna() | (mine["joined_at"] <= when)
    return bool((begun & (mine["left_at"].isna() | (mine["left_at"] > when))).any())


HOURS = range(-2, 90, 7)


@pytest.mark.filterwarnings("ignore::siyu.datasets.SiyuWarning")
@pytest.mark.parametrize("seed", range(4))
def test_a_stay_is_found_exactly_while_somebody_is_there(seed: int) -> None:
    seats = random_seats(seed)
    _, stays = facts_of(seats)
    asked = np.array([(g, m, h) for g in range(3) for m in range(8) for h in HOURS])
    when = START.value // 1_000 + asked[:, 2] * HOUR
    found = stays.find(asked[:, 0], asked[:, 1], when) >= 0
    assert found.tolist() == [is_there(seats, *map(int, row)) for row in asked]


@pytest.mark.filterwarnings("ignore::siyu.datasets.SiyuWarning")
@pytest.mark.parametrize("seed", range(4))
def test_all_stays_that_hold_are_given(seed: int) -> None:
    seats = random_seats(seed)
    _, stays = facts_of(seats)
    asked = np.array([(m, h) for m in range(8) for h in HOURS])
    row, stay = stays.holding(asked[:, 0], START.value // 1_000 + asked[:, 1] * HOUR)
    found = sorted(zip(row.tolist(), stays.group[stay].tolist(), strict=True))
    there = [
        (k, g)
        for k, (m, h) in enumerate(asked.tolist())
        for g in range(3)
        if is_there(seats, g, m, h)
    ]
    assert found == there


@pytest.mark.filterwarnings("ignore::siyu.datasets.SiyuWarning")
@pytest.mark.parametrize("seed", range(4))
def test_stays_of_one_member_in_one_group_never_overlap_or_touch(seed: int) -> None:
    _, stays = facts_of(random_seats(seed))
    same = (np.diff(stays.group) == 0) & (np.diff(stays.member) == 0)
    assert same.any()
    assert (stays.joined[1:][same] > stays.left[:-1][same]).all()


def test_unknown_ends_are_the_widest() -> None:
    seats = pd.DataFrame({"group_id": [1], "member_id": [1]})
    with pytest.warns(match="undated"):
        _, stays = facts_of(seats)
    assert (stays.joined[0], stays.left[0]) == (UNDATED, STAYS_ON)
    assert not stays.joins_dated
    assert not stays.leaves_known


@pytest.mark.parametrize("seed", range(6))
def test_leaves_after_sends_are_those_of_their_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    window = (100 * HOUR, 300 * HOUR)
    send_group = np.sort(rng.integers(0, 3, 12))
    sends = np.stack([send_group, rng.integers(50, 320, 12) * HOUR])
    sends = sends[:, np.lexsort((sends[1], sends[0]))]
    leaves = np.stack([rng.integers(0, 3, 60), rng.integers(50, 320, 60) * HOUR])
    found = after_sends((sends[0], sends[1]), (leaves[0], leaves[1]), window, np.full(3, UNDATED))
    for group in range(3):
        times = sends[1][(sends[0] == group) & (sends[1] < window[1])]
        own = leaves[1][leaves[0] == group]
        own = own[(own >= window[0]) & (own < window[1])]
        after = sum(any(0 < t - s <= AFTER_SEND for s in times) for t in own)
        minutes = np.arange(window[0], window[1], HOUR // 4)
        covered = sum(any(s <= t < s + AFTER_SEND for s in times) for t in minutes) / len(minutes)
        assert found.n_sends[group] == (times >= window[0]).sum()
        assert found.n_after[group] == after
        if 0 < covered < 1:
            expected = (len(own) - after) * covered / (1 - covered)
            assert found.n_expected[group] == pytest.approx(expected)
