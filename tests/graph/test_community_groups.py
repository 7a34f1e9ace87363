"""Groups as overlapping communities: by hand, at one moment, staff left out."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community
from siyu.datasets.errors import DataError
from siyu.graph import communities
from siyu.graph.community.community_measures import community_agreement
from siyu.graph.community.group_belonging import (
    communities_in_groups,
    group_overlaps,
    overlapping_communities,
)
from siyu.graph.member_graph import MemberGraph
from strategies import AS_OF, TZ, shuffled, small_community, with_edited_future, with_later_rows

EARLY = pd.Timestamp("2026-01-01", tz="UTC")


def groups(*seats: tuple[int, Any], **more: Any) -> Community:
    """Make a community of memberships (group, member), joined one hour after the other."""
    group, member = zip(*seats, strict=True) if seats else ((), ())
    when = pd.Series(EARLY + pd.to_timedelta(np.arange(len(seats)), unit="h"))
    rows = {"group_id": pa.array(group, pa.int64()), "joined_at": pa.array(when.dt.floor("s"))}
    ids = pa.array(
        member, pa.large_string() if member and isinstance(member[0], str) else pa.int64()
    )
    return Community(memberships=pa.table({**rows, "member_id": ids}), tz=TZ, **more)


def said(*seats: tuple[int, int]) -> pd.DataFrame:
    group, member = zip(*seats, strict=True)
    return pd.DataFrame({"group_id": group, "member_id": member, "message_time": EARLY})


def belonging(c: Community) -> list[tuple[Any, ...]]:
    table = overlapping_communities(c, as_of=AS_OF, output="pyarrow")
    return list(zip(*table.to_pydict().values(), strict=True))


# Who belongs where


def test_messages_tell_where_a_member_belongs() -> None:
    # Two memberships and two messages in 8: (1 + 2) / 4 and 1 / 4.
    c = groups((7, 1), (8, 1), (8, 2), messages=said((8, 1), (8, 1)))
    assert belonging(c) == [
        (1, 7, 0, 0.25, False),
        (1, 8, 2, 0.75, True),
        (2, 8, 0, 1.0, True),
    ]


def test_without_messages_all_groups_count_alike_and_the_first_joined_is_the_main_one() -> None:
    assert belonging(groups((8, 1), (7, 1))) == [(1, 7, None, 0.5, False), (1, 8, None, 0.5, True)]


def test_messages_of_groups_the_member_has_left_do_not_count() -> None:
    c = groups((7, 1), messages=said((9, 1), (7, 1)))
    assert belonging(c) == [(1, 7, 1, 1.0, True)]


def test_who_has_left_is_out() -> None:
    left = pd.DataFrame(
        {"group_id": [7, 8], "member_id": [1, 1], "joined_at": EARLY, "left_at": [EARLY, pd.NaT]}
    )
    assert belonging(Community(memberships=left, tz=TZ)) == [(1, 8, None, 1.0, True)]


def test_staff_have_no_rows() -> None:
    people = pd.DataFrame({"member_id": [1, 2], "kind": ["staff", "customer"]})
    assert belonging(groups((7, 1), (7, 2), members=people)) == [(2, 7, None, 1.0, True)]


def test_a_member_listed_twice_sits_once() -> None:
    assert belonging(groups((7, 1), (7, 1))) == [(1, 7, None, 1.0, True)]


def test_text_ids_are_taken() -> None:
    assert belonging(groups((7, "b"), (7, "a"))) == [
        ("a", 7, None, 1.0, True),
        ("b", 7, None, 1.0, True),
    ]


@pytest.mark.parametrize("text", [False, True])
def test_shares_of_a_member_add_up_and_one_group_is_the_main_one(text: bool) -> None:
    found = overlapping_communities(small_community(3, text_ids=text), as_of=AS_OF)
    of_member = found.groupby("member_id")
    assert np.allclose(of_member["share"].sum(), 1)
    assert (of_member["is_main"].sum() == 1).all()
    assert (
        of_member["share"].max() == found[found["is_main"]].set_index("member_id")["share"]
    ).all()


# Groups that share members


def test_overlaps_by_hand() -> None:
    c = groups((7, 1), (7, 2), (7, 3), (8, 2), (8, 3), (9, 4))
    found = group_overlaps(c, as_of=AS_OF, output="pyarrow")
    assert found.to_pylist() == [
        {
            "group_id": 7,
            "other_group_id": 8,
            "n_members": 3,
            "n_other": 2,
            "n_shared": 2,
            "jaccard": 2 / 3,
            "share_of_smaller": 1.0,
        }
    ]


def test_overlaps_equal_sets() -> None:
    c = small_community(5)
    sits = overlapping_communities(c, as_of=AS_OF).groupby("group_id")["member_id"].agg(set)
    found = group_overlaps(c, as_of=AS_OF)
    expected = [
        (a, b, len(sits[a] & sits[b]), len(sits[a] & sits[b]) / len(sits[a] | sits[b]))
        for a in sits.index
        for b in sits.index
        if a < b and sits[a] & sits[b]
    ]
    columns = ["group_id", "other_group_id", "n_shared", "jaccard"]
    assert list(found[columns].itertuples(index=False, name=None)) == expected


# Communities over groups


def test_a_community_over_two_groups_by_hand() -> None:
    c = groups((7, 1), (7, 2), (8, 2), (8, 3), (8, 4))
    found = pd.DataFrame({"member_id": [4, 3, 2, 1], "community": [5, 5, 0, 0]})
    table = communities_in_groups(found, c, as_of=AS_OF, output="pyarrow")
    assert list(zip(*table.to_pydict().values(), strict=True)) == [
        (0, 7, 2, 1.0, 1.0),
        (0, 8, 1, 0.5, 1 / 3),
        (5, 8, 2, 1.0, 2 / 3),
    ]


def test_members_of_no_community_make_their_groups_larger() -> None:
    c = groups((7, 1), (7, 2))
    found = pd.DataFrame({"member_id": [1], "community": [0]})
    assert communities_in_groups(found, c, as_of=AS_OF)["share_of_group"].tolist() == [0.5]


def test_main_groups_compare_with_communities() -> None:
    c = groups((7, 1), (7, 2), (8, 3), (8, 4))
    view = overlapping_communities(c, as_of=AS_OF)
    main = view[view["is_main"]].rename(columns={"group_id": "community"})
    found = communities(MemberGraph.from_community(c, as_of=AS_OF))
    assert community_agreement(found, main).purity == 1


# What holds for all


FOUND = pd.DataFrame({"member_id": range(1, 31), "community": np.arange(30) % 4})

CALLS: dict[str, Any] = {
    "overlapping_communities": overlapping_communities,
    "group_overlaps": group_overlaps,
    "communities_in_groups": lambda c, as_of: communities_in_groups(FOUND, c, as_of=as_of),
}


@pytest.mark.parametrize("name", CALLS)
def test_row_order_changes_no_byte(name: str) -> None:
    c = small_community(1)
    one, other = CALLS[name](c, as_of=AS_OF), CALLS[name](shuffled(c, 2), as_of=AS_OF)
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("name", CALLS)
def test_the_future_changes_nothing(name: str) -> None:
    c = small_community(1)
    one = CALLS[name](c, as_of=AS_OF)
    for later in (with_later_rows(c, small_community(7)), with_edited_future(c, 4)):
        pd.testing.assert_frame_equal(one, CALLS[name](later, as_of=AS_OF))


@pytest.mark.parametrize("name", CALLS)
def test_nobody_in_no_group_has_no_rows(name: str) -> None:
    assert len(CALLS[name](groups(), as_of=AS_OF)) == 0


@pytest.mark.parametrize("name", CALLS)
def test_memberships_are_needed(name: str) -> None:
    c = Community(messages=said((7, 1)), tz=TZ)
    with pytest.raises(DataError, match=f"{name} needs the table memberships"):
        CALLS[name](c, as_of=AS_OF)


@pytest.mark.parametrize("name", CALLS)
def test_the_input_stays_as_it_is(name: str) -> None:
    c = small_community(1)
    before = c.arrow("memberships")
    CALLS[name](c, as_of=AS_OF)
    assert before is not None
    assert before.equals(c.arrow("memberships"))
