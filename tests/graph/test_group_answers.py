"""Turns and answers, against a slow reading of their definition."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community
from siyu.datasets.replies import speaker_statistics
from siyu.graph.groups.answers import NEVER, turns_of
from siyu.graph.groups.group_facts import group_facts

HOUR = 3_600_000_000


def random_chat(seed: int) -> Community:
    """Draw a dense chat of few people, staff (0) among them, with times that meet."""
    rng = np.random.default_rng(seed)
    n = 300
    said = pa.table(
        {
            "member_id": rng.integers(0, 6, n),
            "message_time": pa.array(rng.integers(0, 30 * 24, n) * HOUR, pa.timestamp("us", "UTC")),
            "group_id": rng.integers(0, 3, n),
            "reply_to_member_id": pa.array(rng.integers(0, 6, n), mask=rng.random(n) < 0.4),
        }
    )
    people = pd.DataFrame({"member_id": range(6), "kind": ["staff"] + ["customer"] * 5})
    return Community(tz="UTC", messages=said, members=people)


def slow_turns(c: Community) -> list[tuple[Any, ...]]:
    """Read (group, member, began, answered, wait) message by message."""
    rows = c.arrow("messages")
    assert rows is not None
    said = rows.to_pandas().assign(t=rows["message_time"].cast(pa.int64()).to_numpy())
    found = []
    for (group, member), own in said[said["member_id"] != 0].groupby(["group_id", "member_id"]):
        starts = own.groupby(own["t"] // (24 * HOUR))["t"].min().tolist()
        heard = said[
            (said["group_id"] == group)
            & (said["reply_to_member_id"] == member)
            & (said["member_id"] != member)
        ]["t"].sort_values()
        for k, began in enumerate(starts):
            until = starts[k + 1] if k + 1 < len(starts) else np.inf
            mine = [t for t in heard if began <= t < until]
            answered = mine[0] if mine else NEVER
            wait = answered - max(t for t in own["t"] if t <= answered) if mine else NEVER
            found.append((group, member, began, answered, wait))
    return sorted(found)


@pytest.mark.parametrize("seed", range(6))
def test_turns_are_those_of_their_definition(seed: int) -> None:
    c = random_chat(seed)
    facts = group_facts(c, "2030-01-01", "the test")
    assert facts.talk is not None
    turns = turns_of(facts.talk, "UTC")
    ids = facts.members.to_numpy(zero_copy_only=False)
    ours = zip(turns.group, ids[turns.member], turns.began, turns.answered, turns.wait, strict=True)
    assert sorted(tuple(map(int, row)) for row in ours) == slow_turns(c)


def test_without_staff_groups_and_speakers_have_the_same_turns() -> None:
    c = random_chat(9)
    facts = group_facts(c, "2030-01-01", "the test")
    talk, messages = facts.talk, c.arrow("messages")
    assert talk is not None
    assert messages is not None
    turns = turns_of(talk.of_customers(), "UTC")
    said = speaker_statistics(messages, tz="UTC", members=facts.members)
    answered = np.bincount(turns.member[turns.answered != NEVER], minlength=len(facts.members))
    assert np.bincount(turns.member).tolist() == said.n_turns.tolist()
    assert answered.tolist() == said.n_answered_turns.tolist()


def test_staff_who_answer_first_are_named() -> None:
    said = pd.DataFrame(
        {
            "member_id": [1, 9, 2],
            "message_time": pd.Timestamp(0, tz="UTC") + pd.to_timedelta([1, 2, 3], unit="h"),
            "group_id": 1,
            "reply_to_member_id": pd.array([None, 1, 1], "Int64"),
        }
    )
    people = pd.DataFrame({"member_id": [1, 2, 9], "kind": ["customer", "customer", "staff"]})
    facts = group_facts(Community(messages=said, members=people), "1970-02-01", "the test")
    assert facts.talk is not None
    assert turns_of(facts.talk, "UTC").replier.tolist() == [0, -1]
