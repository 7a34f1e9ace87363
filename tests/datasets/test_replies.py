"""Reply and speaker statistics against hand-worked chats and a plain loop."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siyu.datasets.clock import DAY_US, HOUR_US, INSTANT
from siyu.datasets.replies import SpeakerStatistics, reply_pairs, speaker_statistics
from siyu.datasets.schema import SCHEMAS

Message = tuple[object, int, object, object]
COUNTS = [name for name in SpeakerStatistics.__slots__ if name != "members"]


def chat(*messages: Message) -> pa.Table:
    """Make a table of (sender, time, group, replied to)."""
    sender, time, group, to = zip(*messages, strict=True) if messages else ((), (), (), ())
    kind = pa.large_string() if any(isinstance(s, str) for s in sender) else pa.int64()
    return pa.table(
        {
            "member_id": pa.array(sender, kind),
            "message_time": pa.array(time, INSTANT),
            "group_id": pa.array(group, pa.int64()),
            "reply_to_member_id": pa.array(to, kind),
        }
    )


def random_chat(seed: int, n: int = 400) -> pa.Table:
    rng = np.random.default_rng(seed)
    to = [int(t) if t else None for t in rng.integers(0, 9, n)]
    groups = [int(g) if g else None for g in rng.integers(0, 3, n)]
    times = rng.integers(0, 6 * DAY_US, n) // HOUR_US * HOUR_US
    senders = rng.integers(1, 9, n).tolist()
    return chat(*zip(senders, times.tolist(), groups, to, strict=True))


def by_loop(messages: pa.Table) -> dict[int, tuple[int, int, int]]:
    """Count (turns, answered turns, repliers) of each member, one message after another."""
    rows = messages.to_pylist()
    turns: dict[tuple[int, object, int], int] = {}
    for row in rows:
        time = int(row["message_time"].timestamp() * 1_000_000)
        key = (row["member_id"], row["group_id"], time // DAY_US)
        turns[key] = min(turns.get(key, time), time)
    answered, repliers = set(), set()
    for row in rows:
        to, time = row["reply_to_member_id"], int(row["message_time"].timestamp() * 1_000_000)
        if to is None or to == row["member_id"]:
            continue
        repliers.add((to, row["member_id"]))
        begun = [k for k, s in turns.items() if k[:2] == (to, row["group_id"]) and s <= time]
        if begun:
            answered.add(max(begun, key=lambda key: key[2]))
    people = {k[0] for k in turns} | {to for to, _ in repliers}
    return {
        p: (
            sum(k[0] == p for k in turns),
            sum(k[0] == p for k in answered),
            sum(to == p for to, _ in repliers),
        )
        for p in people
    }


def test_a_turn_is_all_that_is_said_in_one_group_on_one_day() -> None:
    said = speaker_statistics(chat((1, 0, 7, None), (1, 5, 7, None), (1, 5, 8, None)), tz="UTC")
    assert said.n_turns.tolist() == [2]


def test_days_are_cut_in_the_shops_zone() -> None:
    late, later = 15 * HOUR_US, 17 * HOUR_US  # 23:00 and 01:00 in Shanghai
    messages = chat((1, late, 7, None), (1, later, 7, None))
    assert speaker_statistics(messages, tz="Asia/Shanghai").n_speaking_days.tolist() == [2]


def test_ten_answers_to_one_turn_are_one_answered_turn() -> None:
    answers = [(2, 10 + i, 7, 1) for i in range(10)]
    said = speaker_statistics(chat((1, 0, 7, None), *answers), tz="UTC")
    assert (said.reply_rate[0], said.n_replies_received[0], said.n_repliers[0]) == (1.0, 10, 1)


def test_an_answer_belongs_to_the_latest_turn_begun_before_it() -> None:
    said = speaker_statistics(
        chat((1, 0, 7, None), (1, 3 * DAY_US, 7, None), (2, 2 * DAY_US, 7, 1)), tz="UTC"
    )
    assert said.reply_rate[0] == 0.5


def test_an_answer_in_another_group_answers_no_turn() -> None:
    said = speaker_statistics(chat((1, 0, 7, None), (2, 9, 8, 1)), tz="UTC")
    assert (said.n_repliers[0], said.n_answered_turns[0]) == (1, 0)


def test_an_answer_before_the_first_turn_answers_no_turn() -> None:
    said = speaker_statistics(chat((1, 9, 7, None), (2, 0, 7, 1)), tz="UTC")
    assert said.reply_rate[0] == 0.0


def test_replies_to_oneself_do_not_count() -> None:
    said = speaker_statistics(chat((1, 0, 7, None), (1, 9, 7, 1)), tz="UTC")
    assert (said.n_replies_given[0], said.n_answered_turns[0]) == (0, 0)


def test_direct_messages_are_one_group() -> None:
    said = speaker_statistics(chat((1, 0, None, None), (1, 9, None, None)), tz="UTC")
    assert said.n_groups.tolist() == [1]


def test_members_left_out_neither_speak_nor_answer() -> None:
    messages = chat((1, 0, 7, None), (5, 1, 7, 1), (1, 2, 7, 5))
    said = speaker_statistics(messages, tz="UTC", members=pa.array([1, 2]))
    assert (said.n_replies_received[0], said.n_replies_given[0]) == (0, 0)


def test_members_who_never_spoke_have_no_reply_rate() -> None:
    said = speaker_statistics(chat((1, 0, 7, None)), tz="UTC", members=pa.array([1, 2]))
    assert np.isnan(said.reply_rate).tolist() == [False, True]


def test_no_messages_give_no_members() -> None:
    assert len(speaker_statistics(SCHEMAS["messages"].empty(), tz="UTC").members) == 0


def test_without_a_reply_column_nobody_answers() -> None:
    said = speaker_statistics(chat((1, 0, 7, None)).drop(["reply_to_member_id"]), tz="UTC")
    assert (said.n_messages[0], said.n_replies_given[0], said.reply_rate[0]) == (1, 0, 0.0)


def test_without_a_group_column_all_is_one_group() -> None:
    messages = chat((1, 0, 7, None), (2, 1, 8, 1)).drop(["group_id"])
    assert speaker_statistics(messages, tz="UTC").n_answered_turns.tolist() == [1, 0]


@pytest.mark.parametrize("seed", range(5))
def test_a_plain_loop_counts_the_same(seed: int) -> None:
    messages = random_chat(seed)
    said = speaker_statistics(messages, tz="UTC")
    counted = zip(said.n_turns, said.n_answered_turns, said.n_repliers, strict=True)
    assert dict(zip(said.members.to_pylist(), counted, strict=True)) == by_loop(messages)


@pytest.mark.parametrize("name", COUNTS)
def test_the_order_of_rows_does_not_matter(name: str) -> None:
    messages = random_chat(0)
    mixed = messages.take(pa.array(np.random.default_rng(1).permutation(messages.num_rows)))
    before, after = (speaker_statistics(m, tz="UTC") for m in (messages, mixed))
    np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


def test_text_ids_give_the_same_counts_as_integers() -> None:
    numbers = random_chat(3)
    words = pa.table(
        {n: c.cast(pa.large_string()) if "member" in n else c for n, c in _columns(numbers)}
    )
    before, after = (speaker_statistics(m, tz="UTC") for m in (numbers, words))
    np.testing.assert_array_equal(before.n_answered_turns, after.n_answered_turns)


def test_pairs_count_replies_and_keep_the_last_instant() -> None:
    pairs = reply_pairs(
        chat(("b", 5, 1, "a"), ("b", 9, 2, "a"), ("a", 1, 1, "a"), ("a", 2, 1, "b"))
    )
    assert pairs.select(["source", "target", "n"]).to_pydict() == {
        "source": ["a", "b"],
        "target": ["b", "a"],
        "n": [1, 2],
    }
    assert pairs["last_time"].cast(pa.int64()).to_pylist() == [2, 9]


def test_pairs_leave_out_those_who_are_not_members() -> None:
    pairs = reply_pairs(chat((1, 0, 7, 2), (2, 1, 7, 3)), members=pa.array([1, 2]))
    assert pairs["target"].to_pylist() == [2]


def test_no_replies_give_no_pairs() -> None:
    pairs = reply_pairs(chat((1, 0, 7, None)))
    assert (pairs.num_rows, pairs.schema.field("last_time").type) == (0, INSTANT)


def test_irc_repliers_are_as_many_as_its_directed_ties(siyu_data: Path) -> None:
    # Published beside the data: 45,153 replies to other members over 17,025 directed ties.
    lines = pq.read_table(
        siyu_data / "irc_chat/messages.parquet", columns=["doc_id", "line", "member_id"]
    )
    links = pq.read_table(siyu_data / "irc_chat/reply_links.parquet")
    answered = lines.rename_columns(["doc_id", "reply_to_line", "reply_to_member_id"])
    replies = links.join(lines, ["doc_id", "line"], join_type="inner").join(
        answered, ["doc_id", "reply_to_line"], join_type="inner"
    )
    replies = replies.append_column("message_time", pa.nulls(len(replies), INSTANT).fill_null(0))
    pairs = reply_pairs(replies)
    assert (pairs.num_rows, int(pairs["n"].to_numpy().sum())) == (17_025, 45_153)


def _columns(table: pa.Table) -> list[tuple[str, pa.ChunkedArray]]:
    return list(zip(table.column_names, table.columns, strict=True))
