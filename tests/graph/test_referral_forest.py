"""Who counts as brought by whom, and what is said of the referrals that do not."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral_oracle import Claim, brought_by, random_claims, tree_below
from siyu.datasets import Community, SiyuWarning
from siyu.datasets.errors import DataError, ParameterError
from siyu.graph.fission.forest_doubts import referral_problems
from siyu.graph.fission.referral_forest import ReferralForest
from siyu.graph.undated import UNDATED
from strategies import AS_OF, shuffled, small_community

Row = tuple[Any, Any, str | None]
END = "2027-01-01"


def community(rows: list[Row], **tables: Any) -> Community:
    referrals = pd.DataFrame(rows, columns=["inviter_id", "invitee_id", "referral_time"])
    referrals["referral_time"] = pd.to_datetime(referrals["referral_time"], format="ISO8601")
    return Community(referrals=referrals, tz="UTC", **tables)


def grown(rows: list[Row], **tables: Any) -> ReferralForest:
    c = community(rows, **tables)
    return ReferralForest.of(c, c.moment(END))


def parents(forest: ReferralForest) -> dict[Any, Any]:
    ids = forest.ids.to_pylist()
    return {ids[i]: ids[p] for i, p in enumerate(forest.parent) if p >= 0}


def found(forest: ReferralForest) -> list[tuple[str, Any, Any]]:
    table = forest.problems
    names = (table[name].to_pylist() for name in ("problem", "inviter_id", "invitee_id"))
    return list(zip(*names, strict=True))


def from_claims(claims: list[Claim]) -> ReferralForest:
    """Build by arrays, whatever is wrong with the claims."""
    inviter, invitee, time = zip(*claims, strict=True)
    when = np.array([np.datetime64("NaT") if t is None else t for t in time], "datetime64[us]")
    rows = pa.table(
        {"inviter_id": inviter, "invitee_id": invitee, "referral_time": when}
    ).set_column(2, "referral_time", pa.array(when).cast(pa.timestamp("us", "UTC")))
    return ReferralForest.of(Community(referrals=rows))


def test_the_earliest_of_two_inviters_counts() -> None:
    forest = grown([(1, 3, "2026-01-05"), (2, 3, "2026-01-02")])
    assert parents(forest) == {3: 2}
    assert found(forest) == [("second_inviter", 1, 3)]


def test_at_one_instant_the_smaller_id_counts() -> None:
    assert parents(grown([("b", "x", "2026-01-02"), ("a", "x", "2026-01-02")])) == {"x": "a"}


def test_an_undated_claim_comes_last_and_is_named_where_it_counts() -> None:
    forest = grown([(1, 3, None), (2, 3, "2026-01-02"), (4, 5, None)])
    assert parents(forest) == {3: 2, 5: 4}
    assert found(forest) == [("second_inviter", 1, 3), ("undated", 4, 5)]


def test_who_invites_twice_is_counted_once() -> None:
    forest = grown([(1, 2, "2026-01-05"), (1, 2, "2026-01-02")])
    assert forest.time[1] == pd.Timestamp("2026-01-02", tz="UTC").value // 1000
    assert found(forest) == [("repeated", 1, 2)]


def test_who_brought_themselves_is_a_root() -> None:
    forest = grown([(1, 1, "2026-01-01"), (2, 1, "2026-01-03")])
    assert parents(forest) == {1: 2}
    assert found(forest) == [("self_invite", 1, 1)]


def test_staff_are_neither_roots_nor_invitees() -> None:
    members = pd.DataFrame({"member_id": [1, 9], "kind": ["customer", "staff"]})
    forest = grown(
        [(9, 2, "2026-01-01"), (1, 2, "2026-01-02"), (1, 9, "2026-01-02")], members=members
    )
    assert (forest.ids.to_pylist(), parents(forest)) == ([1, 2], {2: 1})
    assert found(forest) == [("staff", 9, 2), ("staff", 1, 9)]


def test_a_circle_breaks_at_its_latest_claim() -> None:
    forest = grown([(1, 2, "2026-01-02"), (2, 3, "2026-01-03"), (3, 1, "2026-01-01")])
    assert parents(forest) == {1: 3, 2: 1}
    assert found(forest) == [("cycle", 2, 3)]


def test_two_who_invite_each_other_at_one_instant_are_a_pair() -> None:
    # the claim of the inviter with the larger id is taken for the later one
    forest = grown([(1, 2, "2026-01-02"), (2, 1, "2026-01-02")])
    assert (parents(forest), found(forest)) == ({2: 1}, [("cycle", 2, 1)])


def test_an_undated_claim_is_the_latest_of_its_circle() -> None:
    assert parents(grown([(1, 2, None), (2, 1, "2026-01-02")])) == {1: 2}


def test_who_hangs_below_a_circle_stays_there() -> None:
    forest = grown(
        [(1, 2, "2026-01-02"), (2, 1, "2026-01-03"), (2, 5, "2026-01-04"), (5, 6, "2026-01-05")]
    )
    assert dict(zip(forest.ids.to_pylist(), forest.depth.tolist(), strict=True)) == {
        1: 0,
        2: 1,
        5: 2,
        6: 3,
    }


def test_inviters_whom_no_table_of_members_knows_are_members_too() -> None:
    members = pd.DataFrame({"member_id": [2]})
    forest = grown([(77, 2, "2026-01-02")], members=members)
    assert (forest.ids.to_pylist(), parents(forest)) == ([2, 77], {2: 77})


def test_a_referral_long_after_joining_counts_and_is_flagged() -> None:
    members = pd.DataFrame(
        {
            "member_id": [1, 2, 3],
            "joined_at": pd.to_datetime(["2025-01-01", "2026-01-01", "2026-01-09"]),
        }
    )
    forest = grown([(1, 2, "2026-01-05"), (1, 3, "2026-01-09 12:00")], members=members)
    assert parents(forest) == {2: 1, 3: 1}
    assert found(forest) == [("after_joining", 1, 2)]
    assert forest.problems["counted"].to_pylist() == [True]


def test_an_inviter_who_joins_after_the_invitee_counts_and_is_flagged() -> None:
    members = pd.DataFrame(
        {"member_id": [1, 2], "joined_at": pd.to_datetime(["2026-03-01", "2026-01-05"])}
    )
    forest = grown([(1, 2, "2026-01-05")], members=members)
    assert (parents(forest), found(forest)) == ({2: 1}, [("inviter_later", 1, 2)])


def test_an_inviter_brought_only_afterwards_is_flagged() -> None:
    forest = grown([(2, 3, "2026-01-01"), (1, 2, "2026-01-05")])
    assert (parents(forest), found(forest)) == ({3: 2, 2: 1}, [("inviter_later", 2, 3)])


def test_members_outside_a_choice_are_reported() -> None:
    c = community([(1, 2, "2026-01-01"), (2, 3, "2026-01-02")])
    forest = ReferralForest.of(c, members=pa.array([2, 3]))
    assert (parents(forest), found(forest)) == ({3: 2}, [("outside", 1, 2)])


@given(seed=st.integers(0, 5_000))
@settings(max_examples=60)
def test_parents_are_those_found_one_claim_at_a_time(seed: int) -> None:
    claims = random_claims(seed)
    slow, n_circles = brought_by(claims)
    forest = from_claims(claims)
    assert parents(forest) == slow
    assert forest.problems["problem"].to_pylist().count("cycle") == n_circles


@given(seed=st.integers(0, 5_000))
@settings(max_examples=20)
def test_measures_are_those_of_networkx(seed: int) -> None:
    claims = random_claims(seed)
    slow, _ = brought_by(claims)
    forest = from_claims(claims)
    ids = forest.ids.to_pylist()
    for at, member in enumerate(ids):
        tree = tree_below(slow, ids, member)
        assert (ids[forest.root[at]], forest.depth[at]) == (tree["root"], tree["depth"])
        assert (forest.n_below[at], forest.height[at]) == (len(tree["below"]), tree["height"])
        assert forest.breadth[at] == tree["breadth"]


@given(seed=st.integers(0, 5_000))
@settings(max_examples=20)
def test_every_referral_counts_or_is_reported_once(seed: int) -> None:
    claims = random_claims(seed)
    forest = from_claims(claims)
    n_left_out = forest.problems["counted"].to_pylist().count(False)
    assert n_left_out + len(parents(forest)) == len(claims)


@given(seed=st.integers(0, 50))
@settings(max_examples=10)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    c = small_community(seed)
    one, other = (ReferralForest.of(part.before(AS_OF)) for part in (c, shuffled(c, seed)))
    assert np.array_equal(one.parent, other.parent)
    assert one.problems.equals(other.problems)


def test_of_equal_claims_the_campaign_decides_whatever_their_order() -> None:
    time = pa.array([5, 5], pa.timestamp("us", "UTC"))
    found_in = []
    for campaigns in (["b", "a"], ["a", "b"]):
        rows = {"inviter_id": [1, 1], "invitee_id": [2, 2], "referral_time": time}
        c = Community(referrals=pa.table(rows | {"campaign_id": campaigns}))
        found_in.append(campaigns[ReferralForest.of(c).row[1]])
    assert found_in == ["a", "a"]


def test_parents_stand_before_children_in_the_order_of_levels() -> None:
    forest = from_claims(random_claims(8))
    place = np.argsort(forest.level_order)
    brought = forest.parent >= 0
    assert (place[forest.parent[brought]] < place[brought]).all()


def test_going_up_gives_each_ancestor_at_its_distance() -> None:
    forest = ReferralForest.from_arrays([0, 1, 2], [1, 2, 3])
    steps = [(d, m.tolist(), a.tolist()) for d, m, a in forest.above(2)]
    assert steps == [(1, [1, 2, 3], [0, 1, 2]), (2, [2, 3], [0, 1])]


def test_an_unknown_time_of_joining_or_coming_is_marked() -> None:
    forest = ReferralForest.from_arrays(["a"], ["b"])
    assert forest.time.tolist() == [UNDATED, UNDATED]
    assert forest.joined.tolist() == [UNDATED, UNDATED]


def test_further_ids_are_members() -> None:
    forest = ReferralForest.from_arrays([5], [3], ids=[9, 5])
    assert forest.ids.to_pylist() == [3, 5, 9]
    assert forest.n_members == len(forest) == 3


def test_nobody_makes_an_empty_forest() -> None:
    forest = ReferralForest.from_arrays([], [])
    assert (len(forest), len(forest.breadth), forest.problems.num_rows) == (0, 0, 0)


def test_a_forest_says_how_large_it_is() -> None:
    assert repr(ReferralForest.from_arrays([1], [2])) == (
        "ReferralForest(2 members, 1 of them brought)"
    )


def test_a_forest_does_not_change() -> None:
    forest = ReferralForest.from_arrays([1], [2])
    with pytest.raises(ValueError, match="read-only"):
        forest.parent[0] = 1


def test_referrals_that_cannot_be_right_are_warned_of_with_their_rows() -> None:
    with pytest.warns(SiyuWarning, match=r"2 of 3 referrals .*self_invite: 1; cycle: 1") as told:
        ReferralForest.from_arrays([1, 1, 2], [1, 2, 1], np.array([1, 2, 3]))
    problems = told[0].message.problems  # type: ignore[union-attr]
    assert problems["problem"].tolist() == ["self_invite", "cycle"]


def test_a_community_warns_alike() -> None:
    with pytest.warns(SiyuWarning, match=r"from_community\(\): 1 of 1 referrals cannot be right"):
        ReferralForest.from_community(community([(1, 1, "2026-01-01")]), END)


def test_without_referrals_there_is_no_forest() -> None:
    c = Community(members=pd.DataFrame({"member_id": [1]}))
    with pytest.raises(DataError, match="needs the table referrals"):
        ReferralForest.from_community(c, END)


@pytest.mark.parametrize(
    ("inviter", "invitee", "time", "said"),
    [
        ([1, 2], [3], None, "as long as each other"),
        ([1], [3], [1, 2], "as long as each other"),
        ([1], ["a"], None, "of one type"),
        ([1.5], [2.5], None, "integers or text"),
        (pa.array([1, None]), [2, 3], None, "without missing values"),
        ([1], [2], [0.5], "datetime64"),
    ],
)
def test_arrays_that_are_no_claims_are_refused(
    inviter: Any, invitee: Any, time: Any, said: str
) -> None:
    with pytest.raises(ParameterError, match=said):
        ReferralForest.from_arrays(inviter, invitee, time)


def test_the_problems_of_a_community_are_listed() -> None:
    c = community([(1, 2, "2026-01-01"), (3, 2, "2026-01-02"), (4, 2, "2028-01-01")])
    listed = referral_problems(c, as_of=END)
    assert listed[["problem", "inviter_id"]].to_numpy().tolist() == [["second_inviter", 3]]


def test_without_referrals_there_are_no_problems_to_list() -> None:
    c = Community(members=pd.DataFrame({"member_id": [1]}))
    with pytest.raises(DataError, match=r"referral_problems\(\) needs the table referrals"):
        referral_problems(c, as_of=END)
