"""Ties from raw tables: weights by hand, who is left out, and what does not matter."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community
from siyu.datasets.errors import DataError, ParameterError, SiyuWarning
from siyu.graph import MemberGraph
from siyu.graph.ties import build_ties
from strategies import AS_OF, shuffled, small_community, with_later_rows

END = "2026-07-01"


def frame(**columns: list[Any]) -> pd.DataFrame:
    made = pd.DataFrame(columns)
    for name in columns:
        if name.endswith(("_time", "_at")):
            made[name] = pd.to_datetime(made[name])
    return made


def ties_of(c: Community, **options: Any) -> dict[tuple[Any, Any, str], float]:
    ties = build_ties(c, as_of=END, **options)
    names = zip(*(ties[n].to_pylist() for n in ("source", "target", "kind")), strict=True)
    return dict(zip(names, ties["weight"].to_pylist(), strict=True))


@pytest.fixture(scope="module")
def random_ties() -> tuple[Community, pa.Table]:
    c = small_community(1)
    return c, build_ties(c, as_of=AS_OF)


def test_three_fresh_replies_weigh_two() -> None:
    messages = frame(
        member_id=[1, 1, 1], message_time=["2026-06-30"] * 3, reply_to_member_id=[2, 2, 2]
    )
    # log2(1 + 3) x the weight 1 of replies
    assert ties_of(Community(messages=messages, tz="UTC"), half_life=None) == {(1, 2, "reply"): 2.0}


def test_a_referral_of_one_half_life_ago_counts_half() -> None:
    referrals = frame(inviter_id=[1], invitee_id=[2], referral_time=["2026-06-21"])
    c = Community(referrals=referrals, tz="UTC")
    # log2(1 + 1/2) x the weight 2 of referrals
    assert ties_of(c, half_life="10D") == {(1, 2, "referral"): pytest.approx(2 * math.log2(1.5))}


def test_own_ties_keep_their_kind_and_count_by_their_weight() -> None:
    ties = frame(source=["a", "a"], target=["b", "b"], weight=[0.5, 2.5], kind=["trust", "trust"])
    c = Community(ties=ties, tz="UTC")
    with pytest.warns(SiyuWarning, match="undated"):
        assert ties_of(c) == {("a", "b", "trust"): 2.0}  # log2(1 + 3)


def test_own_ties_without_a_kind_are_of_kind_tie() -> None:
    c = Community(ties=frame(source=[1], target=[2], tie_time=["2026-06-30"]), tz="UTC")
    assert ties_of(c, half_life=None) == {(1, 2, "tie"): 1.0}


def test_sitting_in_a_group_ties_both_ways_by_one_over_its_size() -> None:
    rows = frame(group_id=[7] * 4, member_id=[1, 2, 3, 4], joined_at=["2020-01-01"] * 4)
    # 1/4 a pair, half of it each way, x the weight 0.5 of groups; it does not fade
    found = ties_of(Community(memberships=rows, tz="UTC"))
    assert (len(found), found[1, 2, "comember"], found[2, 1, "comember"]) == (12, 0.0625, 0.0625)


def test_an_inviter_to_a_group_is_tied_to_the_new_member() -> None:
    rows = frame(
        group_id=[7, 7], member_id=[1, 2], joined_at=["2026-06-30"] * 2, inviter_id=[None, 1]
    )
    rows["inviter_id"] = rows["inviter_id"].astype("Int64")
    c = Community(memberships=rows, tz="UTC")
    assert ties_of(c, kinds=["invite"], half_life=None) == {(1, 2, "invite"): 1.0}


def test_one_kind_of_two_tables_is_one_tie() -> None:
    when = ["2026-06-30"]
    c = Community(
        messages=frame(member_id=[1], message_time=when, reply_to_member_id=[2]),
        ties=frame(source=[1], target=[2], tie_time=when, kind=["reply"], weight=[3.0]),
        tz="UTC",
    )
    assert ties_of(c, half_life=None) == {(1, 2, "reply"): 3.0}


def test_the_latest_time_is_kept() -> None:
    days = ["2026-06-30", "2026-06-02"]
    c = Community(ties=frame(source=[1, 1], target=[2, 2], tie_time=days), tz="UTC")
    assert build_ties(c, as_of=END)["tie_time"].to_pylist() == [
        pd.Timestamp("2026-06-30", tz="UTC")
    ]


def test_staff_are_left_out_before_groups_are_measured() -> None:
    rows = frame(group_id=[7] * 3, member_id=[1, 2, 3], joined_at=["2026-01-01"] * 3)
    members = frame(member_id=[1, 2, 3], kind=["customer", "customer", "staff"])
    found = ties_of(Community(memberships=rows, members=members, tz="UTC"))
    # a group of two: 1/2, half of it each way, x 0.5
    assert found == {(1, 2, "comember"): 0.125, (2, 1, "comember"): 0.125}


def test_members_who_opted_out_keep_their_ties() -> None:
    c = Community(
        members=frame(member_id=[1, 2], opt_out=[True, False]),
        ties=frame(source=[1], target=[2], tie_time=["2026-06-30"]),
        tz="UTC",
    )
    assert len(ties_of(c)) == 1


def test_ties_of_a_member_with_itself_are_counted() -> None:
    c = Community(ties=frame(source=[1, 1], target=[1, 2], tie_time=["2026-06-30"] * 2), tz="UTC")
    with pytest.warns(SiyuWarning, match="1 of a member with itself"):
        assert list(ties_of(c)) == [(1, 2, "tie")]


def test_quoting_oneself_is_no_tie_and_no_mistake() -> None:
    c = Community(
        messages=frame(member_id=[1], message_time=["2026-06-30"], reply_to_member_id=[1]), tz="UTC"
    )
    assert ties_of(c) == {}


def test_a_tie_that_faded_to_nothing_is_counted() -> None:
    c = Community(ties=frame(source=[1], target=[2], tie_time=["2016-06-30"]), tz="UTC")
    with pytest.warns(SiyuWarning, match="1 of weight 0"):
        assert ties_of(c, half_life="1D") == {}


def test_weights_of_kinds_can_be_changed() -> None:
    ties = frame(
        source=[1, 1], target=[2, 2], tie_time=["2026-06-30"] * 2, kind=["trust", "mention"]
    )
    found = ties_of(
        Community(ties=ties, tz="UTC"), weights={"trust": 3, "mention": 0}, half_life=None
    )
    assert found == {(1, 2, "trust"): 3.0}


def test_a_kind_nobody_knows_is_refused() -> None:
    c = Community(ties=frame(source=[1], target=[2], tie_time=["2026-06-30"]), tz="UTC")
    with pytest.raises(DataError, match="'replies' are known; there are: tie"):
        build_ties(c, as_of=END, kinds=["replies"])


def test_without_a_table_of_ties_the_message_names_what_is_needed() -> None:
    c = Community(members=frame(member_id=[1]), tz="UTC")
    with pytest.raises(DataError, match="needed is one of ties, referrals, memberships"):
        build_ties(c, as_of=END)


def test_negative_weights_are_refused() -> None:
    c = Community(
        ties=frame(source=[1], target=[2], weight=[-1.0], tie_time=["2026-06-30"]), tz="UTC"
    )
    with pytest.raises(DataError, match="weight must be"):
        build_ties(c, as_of=END)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": {"reply": -1}}, "must be 0 or more"),
        ({"half_life": "-1D"}, "half_life must be a span"),
        ({"half_life": "soon"}, "half_life must be a span"),
        ({"max_ties": 1}, "must be 2 or more"),
    ],
)
def test_choices_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    c = Community(ties=frame(source=[1], target=[2], tie_time=["2026-06-30"]), tz="UTC")
    with pytest.raises(ParameterError, match=message):
        build_ties(c, as_of=END, **options)


def test_tables_without_rows_give_no_ties_of_the_right_type() -> None:
    ties = pa.table(
        {"source": pa.array([], pa.large_string()), "target": pa.array([], pa.large_string())}
    )
    members = frame(member_id=["a"])
    found = build_ties(Community(ties=ties, members=members, tz="UTC"), as_of=END)
    assert (found.num_rows, str(found.schema.field("source").type)) == (0, "large_string")


@pytest.mark.filterwarnings("ignore:ties were dropped")
def test_the_order_of_rows_does_not_matter(random_ties: tuple[Community, pa.Table]) -> None:
    c, ties = random_ties
    assert build_ties(shuffled(c, 5), as_of=AS_OF).equals(ties)


@pytest.mark.filterwarnings("ignore:ties were dropped")
def test_later_rows_change_nothing(random_ties: tuple[Community, pa.Table]) -> None:
    c, ties = random_ties
    assert build_ties(with_later_rows(c, small_community(9)), as_of=AS_OF).equals(ties)


@pytest.mark.filterwarnings("ignore:ties were dropped")
def test_who_leaves_later_is_still_tied(random_ties: tuple[Community, pa.Table]) -> None:
    c, ties = random_ties
    tables: dict[str, Any] = {name: c.arrow(name) for name in c.tables()}
    groups = c.memberships
    assert groups is not None
    groups["left_at"] = groups["left_at"].where(groups["left_at"] < AS_OF, AS_OF)
    assert build_ties(Community(tz=c.tz, **{**tables, "memberships": groups}), as_of=AS_OF).equals(
        ties
    )


@pytest.mark.filterwarnings("ignore:ties were dropped")
def test_text_ids_give_the_same_weights() -> None:
    # Groups are left out: which members of a big group are tied depends on the hash of the ids.
    kinds = ["referral", "reply", "tie"]
    numbers, words = (
        build_ties(small_community(2, text_ids=t), as_of=AS_OF, kinds=kinds) for t in (False, True)
    )
    assert numbers["weight"].equals(words["weight"])


@pytest.mark.filterwarnings("ignore:ties were dropped")
def test_every_customer_is_in_the_graph() -> None:
    c = small_community(3)
    graph = MemberGraph.from_community(c, AS_OF)
    assert graph.ids.equals(c.before(AS_OF).customers())


def test_who_is_only_replied_to_is_in_the_graph() -> None:
    messages = frame(member_id=[1], message_time=["2026-06-30"], reply_to_member_id=[2])
    graph = MemberGraph.from_community(Community(messages=messages, tz="UTC"), END)
    assert graph.ids.to_pylist() == [1, 2]


def test_a_big_graph_takes_its_ties_as_they_are() -> None:
    rng = np.random.default_rng(0)
    day = pd.Timestamp("2026-06-30")
    pairs = frame(
        source=rng.integers(0, 50, 1_000).tolist(),
        target=rng.integers(50, 90, 1_000).tolist(),
        tie_time=[day] * 1_000,
    )
    found = build_ties(Community(ties=pairs, tz="UTC"), as_of=END, half_life=None)
    counted = pairs.groupby(["source", "target"]).size()
    np.testing.assert_allclose(found["weight"], np.log2(1 + counted))


def test_a_weight_for_a_kind_that_is_not_there_is_told() -> None:
    c = Community(ties=frame(source=[1], target=[2], tie_time=["2026-06-30"]), tz="UTC")
    with pytest.warns(SiyuWarning, match="not there: 'repyl'; there are: tie"):
        build_ties(c, as_of=END, weights={"repyl": 3.0, "mention": 2.0})
