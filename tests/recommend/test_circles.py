"""Who is near whom, as known at a moment."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community, DataError
from siyu.recommend.tables.circles import Circle, circle_at
from siyu.recommend.tables.purchases import Purchases
from strategies import AS_OF, shuffled, small_community, with_edited_future, with_later_rows

NOW = pd.Timestamp("2026-03-01", tz="UTC")


def circle_of(as_of: pd.Timestamp = NOW, **tables: Any) -> dict[Any, dict[Any, float]]:
    """Give everybody's circle by ids: member -> near member -> share."""
    frames: dict[str, Any] = {name: pd.DataFrame(rows) for name, rows in tables.items()}
    c = Community(tz="UTC", **frames).before(as_of)
    members = c.customers()
    circle = circle_at(c, nothing_bought(members), c.moment(as_of))
    assert circle is not None
    return named(circle, members.to_pylist())


def nothing_bought(members: pa.Array) -> Purchases:
    """Give members without purchases."""
    ids, none, codes = pa.array([], pa.int64()), np.zeros(0), np.zeros(0, np.int64)
    return Purchases(
        members=members,
        products=ids,
        places=ids,
        basket_member=codes,
        basket_time=codes,
        basket_place=codes,
        line_basket=codes,
        line_product=codes,
        quantity=none,
        amount=none,
        discount=none,
    )


def named(circle: Circle, ids: list[Any]) -> dict[Any, dict[Any, float]]:
    near = circle.near.toarray()
    return {
        ids[i]: {ids[j]: round(float(row[j]), 4) for j in np.flatnonzero(row)}
        for i, row in enumerate(near)
        if row.any()
    }


def ties(pairs: list[tuple[Any, Any]], **columns: Any) -> dict[str, Any]:
    return {
        "source": [a for a, _ in pairs],
        "target": [b for _, b in pairs],
        "tie_time": NOW - pd.Timedelta("1D"),
        **columns,
    }


def test_friends_are_near_each_other() -> None:
    found = circle_of(ties=ties([(1, 2), (1, 3)], kind="friend"))
    assert found == {1: {2: 0.5, 3: 0.5}, 2: {1: 1.0}, 3: {1: 1.0}}


def test_who_is_trusted_is_nearer_than_who_trusts() -> None:
    # 2 trusts 3 (weight 1) and is trusted by 1 (weight 1/2).
    found = circle_of(ties=ties([(1, 2), (2, 3)], kind="trust"))
    assert found[2] == {1: round(1 / 3, 4), 3: round(2 / 3, 4)}


def test_a_tie_weighs_half_after_a_year() -> None:
    times = [NOW - pd.Timedelta("1D"), NOW - pd.Timedelta("366D")]
    found = circle_of(ties=ties([(1, 2), (1, 3)], tie_time=times))
    assert found[1] == {2: round(2 / 3, 4), 3: round(1 / 3, 4)}


def test_weights_of_ties_count() -> None:
    assert circle_of(ties=ties([(1, 2), (1, 3)], weight=[3.0, 1.0]))[1] == {2: 0.75, 3: 0.25}


def test_a_negative_weight_is_refused() -> None:
    rows = ties([(1, 2), (2, 3)], weight=[-3.0, 0.0])
    with pytest.raises(DataError, match="1 of 2 rows of 'ties'"):
        circle_of(ties=rows)


def test_inviter_and_invited_are_near_each_other() -> None:
    dated = {"referral_time": [NOW - pd.Timedelta("1D")]}
    found = circle_of(referrals={"inviter_id": ["a"], "invitee_id": ["b"], **dated})
    assert found == {"a": {"b": 1.0}, "b": {"a": 1.0}}


def test_who_invited_into_a_group_is_near() -> None:
    joined = [NOW - pd.Timedelta("1D")]
    rows = {"group_id": [7], "member_id": [1], "inviter_id": [2], "joined_at": joined}
    assert circle_of(memberships=rows) == {1: {2: 1.0}, 2: {1: 1.0}}


def mates(group: list[int], member: list[int], **columns: Any) -> dict[str, Any]:
    joined = NOW - pd.Timedelta("9D")
    return {"group_id": group, "member_id": member, "joined_at": joined, **columns}


def test_group_mates_are_near_each_other() -> None:
    found = circle_of(memberships=mates([1, 1, 1, 2], [10, 20, 30, 40]))
    assert found[10] == {20: 0.5, 30: 0.5}
    assert 40 not in found


def test_a_mate_of_a_small_group_is_nearer() -> None:
    # In the pair the other weighs 1/2; in the group of four each of three others weighs 1/4.
    found = circle_of(memberships=mates([1, 1, 2, 2, 2, 2], [10, 20, 10, 30, 40, 50]))
    assert found[10] == {20: 0.4, 30: 0.2, 40: 0.2, 50: 0.2}


def test_who_has_left_is_no_mate() -> None:
    left = [None, NOW - pd.Timedelta("1D"), None]
    found = circle_of(memberships=mates([1, 1, 1], [10, 20, 30], left_at=left))
    assert found == {10: {30: 1.0}, 30: {10: 1.0}}


def test_who_leaves_later_is_still_a_mate() -> None:
    left = [None, NOW + pd.Timedelta("1D")]
    assert circle_of(memberships=mates([1, 1], [10, 20], left_at=left))[10] == {20: 1.0}


def test_a_second_membership_in_a_group_counts_once() -> None:
    found = circle_of(memberships=mates([1, 1, 1, 1], [10, 20, 20, 30]))
    assert found[10] == {20: 0.5, 30: 0.5}


def test_of_a_big_group_forty_mates_stand_for_all() -> None:
    found = circle_of(memberships=mates([1] * 60 + [2] * 2, [*range(60), 0, 1]))
    assert {len(near) for near in found.values()} == {40}
    # 59/60 of the weight over 40 mates; the other of the pair weighs 1/2, perhaps beside 59/2400.
    alone, both = 0.5 / (0.5 + 39 * 59 / 2400), (0.5 + 59 / 2400) / (0.5 + 40 * 59 / 2400)
    assert found[0][1] == pytest.approx(alone, abs=1e-4) or found[0][1] == pytest.approx(
        both, abs=1e-4
    )


def test_everybody_of_a_big_group_is_a_mate_as_often() -> None:
    found = circle_of(memberships=mates([1] * 60, list(range(60))))
    times = pd.Series([near for circle in found.values() for near in circle]).value_counts()
    assert set(times) == {40}


def test_staff_and_opted_out_are_in_no_circle() -> None:
    people = {"member_id": [1, 2, 3, 4], "kind": ["customer", "staff", "customer", "customer"]}
    people["opt_out"] = [False, False, True, False]
    c = Community(
        tz="UTC",
        members=pd.DataFrame(people),
        ties=pd.DataFrame(ties([(1, 2), (1, 3), (1, 4)])),
        orders=pd.DataFrame(
            {"member_id": [1, 2], "order_time": NOW, "amount": 1.0, "product_id": 9}
        ),
    )
    bought = Purchases.of(c)
    circle = circle_at(c, bought, c.moment(NOW))
    assert circle is not None
    assert named(circle, bought.members.to_pylist()) == {1: {4: 1.0}, 4: {1: 1.0}}


def test_without_a_table_that_could_tell_there_is_no_circle() -> None:
    c = Community(members=pd.DataFrame({"member_id": [1, 2]}))
    assert circle_at(c, nothing_bought(c.customers()), 0) is None


def test_tables_without_rows_give_empty_circles() -> None:
    circle = at_as_of(small_community(), pd.Timestamp("2000-01-01", tz="UTC"))
    assert circle.near.shape == (0, 0)


@pytest.mark.parametrize("text_ids", [False, True])
def test_shares_add_up_and_nobody_is_their_own_friend(text_ids: bool) -> None:
    circle = at_as_of(small_community(text_ids=text_ids))
    total = np.asarray(circle.near.sum(axis=1)).ravel()
    assert circle.near.nnz > 100
    assert not circle.near.diagonal().any()
    np.testing.assert_allclose(total[total > 0], 1, rtol=1e-6)


def test_a_circle_is_the_same_whoever_is_in_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = at_as_of(small_community())
    monkeypatch.setattr("siyu.recommend.tables.circles._BLOCK", 3)
    assert_same(whole, at_as_of(small_community()))


@given(st.integers(0, 50))
@settings(max_examples=8)
def test_row_order_changes_no_byte(seed: int) -> None:
    c = small_community(seed)
    assert_same(at_as_of(c), at_as_of(shuffled(c, seed + 1)))


@given(st.integers(0, 50))
@settings(max_examples=8)
def test_the_future_changes_nothing(seed: int) -> None:
    c = small_community(seed)
    assert_same(at_as_of(c), at_as_of(with_later_rows(c, small_community(seed + 1))))
    assert_same(at_as_of(c), at_as_of(with_edited_future(c, seed)))


def test_an_earlier_moment_of_a_later_cut_is_the_earlier_cut() -> None:
    c, early = small_community(), AS_OF - pd.Timedelta("40D")
    members = c.before(early).customers()
    later = circle_at(c.before(AS_OF), nothing_bought(members), c.moment(early))
    assert later is not None
    assert_same(later, at_as_of(c, early))


def at_as_of(c: Community, as_of: pd.Timestamp = AS_OF) -> Circle:
    cut = c.before(as_of)
    circle = circle_at(cut, nothing_bought(cut.customers()), cut.moment(as_of))
    assert circle is not None
    return circle


def assert_same(one: Circle, other: Circle) -> None:
    for name in ("data", "indices", "indptr"):
        assert getattr(one.near, name).tobytes() == getattr(other.near, name).tobytes()


# Leaders


def led(score: list[float]) -> Circle:
    c = Community(tz="UTC", ties=pd.DataFrame(ties([(1, 2), (1, 3)])))
    bought = nothing_bought(c.customers())
    circle = circle_at(c, bought, c.moment(NOW), np.array(score, np.float32))
    assert circle is not None
    return circle


def test_who_has_the_highest_score_weighs_twice() -> None:
    assert named(led([0, 4, 0]), [1, 2, 3])[1] == {2: round(2 / 3, 4), 3: round(1 / 3, 4)}


def test_unknown_and_negative_scores_weigh_nothing_more() -> None:
    assert named(led([5, -3, np.nan]), [1, 2, 3])[1] == {2: 0.5, 3: 0.5}


def test_the_top_tenth_of_known_scores_lead() -> None:
    assert np.asarray(led([1, 2, np.nan]).leads).tolist() == [False, True, False]


def test_without_any_score_above_0_nobody_leads() -> None:
    assert np.asarray(led([0, np.nan, -1]).leads).tolist() == [False, False, False]
