import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.recommend.lists.choosing import Chosen, Wishes, choose_rows

OLD = -np.inf


def wishes(  # noqa: PLR0913
    score: list[float],
    *,
    row: list[int] | None = None,
    discover: list[float] | None = None,
    share: float = 0.0,
    group: list[int] | None = None,
    most: int = 1,
    diversity: float = 0.0,
) -> Wishes:
    n = len(score)
    groups = np.array([-1] * n if group is None else group)
    return Wishes(
        row=np.zeros(n, np.int64) if row is None else np.array(row),
        product=np.arange(n),
        score=np.array(score),
        discover=np.full(n, OLD) if discover is None else np.array(discover),
        min_new_share=share,
        caps=[] if group is None or diversity else [(groups, most)],
        kinds=groups[None, :],
        diversity=diversity,
    )


def pairs_of(chosen: Chosen) -> list[int]:
    return [int(pair) for pair in chosen.pair]


def test_without_wishes_the_best_scores_make_the_list() -> None:
    chosen = choose_rows(wishes([1.0, 3.0, 2.0]), 2)
    assert pairs_of(chosen) == [1, 2]
    assert chosen.rank.tolist() == [1, 2]


def test_equal_scores_go_by_product() -> None:
    assert pairs_of(choose_rows(wishes([1.0, 1.0, 1.0]), 2)) == [0, 1]


def test_every_list_is_chosen_from_its_own_candidates() -> None:
    chosen = choose_rows(wishes([1.0, 2.0, 5.0, 4.0], row=[0, 0, 7, 7]), 1)
    assert pairs_of(chosen) == [1, 2]


def test_no_candidates_make_no_rows() -> None:
    assert pairs_of(choose_rows(wishes([]), 3)) == []


def test_new_products_stand_where_the_share_asks_for_them() -> None:
    # A share of .5: one new product by rank 2, two by rank 4.
    found = wishes([9.0, 8.0, 7.0, 6.0, 1.0, 2.0], discover=[OLD] * 4 + [5.0, 4.0], share=0.5)
    chosen = choose_rows(found, 4)
    assert pairs_of(chosen) == [0, 4, 1, 5]
    assert chosen.discovered.tolist() == [False, True, False, True]


def test_new_products_that_come_by_themselves_count() -> None:
    found = wishes([9.0, 8.0, 7.0, 6.0], discover=[1.0, OLD, OLD, 2.0], share=0.5)
    chosen = choose_rows(found, 2)
    assert pairs_of(chosen) == [0, 1]
    assert not chosen.discovered.any()


def test_the_last_ranks_make_up_the_share() -> None:
    # A share of .3 of four rows is 1.2 rows: two, at the last two ranks.
    found = wishes([9.0, 8.0, 7.0, 6.0, 1.0, 0.5], discover=[OLD] * 4 + [1.0, 0.5], share=0.3)
    assert pairs_of(choose_rows(found, 4)) == [0, 1, 4, 5]


def test_a_share_of_one_makes_a_list_of_new_products() -> None:
    found = wishes([9.0, 1.0, 2.0], discover=[OLD, 2.0, 1.0], share=1.0)
    assert pairs_of(choose_rows(found, 2)) == [1, 2]


def test_too_few_new_products_leave_no_gap() -> None:
    found = wishes([9.0, 8.0, 1.0], discover=[OLD, OLD, 1.0], share=1.0)
    assert pairs_of(choose_rows(found, 3)) == [2, 0, 1]


def test_a_group_gets_no_more_rows_than_its_cap() -> None:
    found = wishes([9.0, 8.0, 7.0, 6.0], group=[0, 0, 0, 1], most=2)
    assert pairs_of(choose_rows(found, 4)) == [0, 1, 3]


def test_an_unknown_group_has_no_cap() -> None:
    assert pairs_of(choose_rows(wishes([9.0, 8.0], group=[-1, -1]), 2)) == [0, 1]


def test_variety_is_weighed_against_the_score() -> None:
    # Relevance 1, .9, .6, 0; the second is of the group of the first.
    score, group = [10.0, 9.0, 6.0, 0.0], [0, 0, 1, 2]
    # (1 - d) x .9 - d against (1 - d) x .6: the first is larger while d < .3 / 1.3 = .2308.
    assert pairs_of(choose_rows(wishes(score, group=group, diversity=0.22), 2)) == [0, 1]
    assert pairs_of(choose_rows(wishes(score, group=group, diversity=0.24), 2)) == [0, 2]


@given(
    seed=st.integers(0, 10_000),
    k=st.integers(1, 6),
    share=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    diversity=st.sampled_from([0.0, 0.4]),
)
def test_lists_keep_to_what_was_wished(seed: int, k: int, share: float, diversity: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    row = np.sort(rng.integers(0, 4, n))
    score = rng.integers(0, 5, n).astype(float)
    discover = np.where(rng.random(n) < 0.5, score, OLD)
    group = rng.integers(-1, 3, n)
    found = Wishes(
        row, np.arange(n), score, discover, share, [(group, 2)], group[None, :], diversity
    )
    chosen = choose_rows(found, k)
    assert len(set(pairs_of(chosen))) == len(chosen.pair)
    for member in np.unique(row):
        mine = chosen.pair[row[chosen.pair] == member]
        ranks = chosen.rank[row[chosen.pair] == member]
        assert ranks.tolist() == list(range(1, len(mine) + 1))
        counts = np.bincount(group[mine] + 1, minlength=4)[1:]
        assert (counts <= 2).all()
        left = np.setdiff1d(np.flatnonzero(row == member), mine)
        room = (group[left] < 0) | (counts[np.maximum(group[left], 0)] < 2)
        assert len(mine) == k or not room.any()
        n_new = int((discover[mine] > OLD).sum())
        new_left = left[(discover[left] > OLD) & room]
        assert n_new >= np.ceil(share * len(mine) - 1e-9) or not len(new_left)


@pytest.mark.parametrize("member", [0, 1, 2])
def test_a_list_does_not_depend_on_the_others(member: int) -> None:
    rng = np.random.default_rng(3)
    n = 60
    row, score, group = np.repeat([0, 1, 2], 20), rng.random(n), rng.integers(0, 3, n)
    discover = np.where(rng.random(n) < 0.5, rng.random(n), OLD)
    everyone = Wishes(row, np.arange(n), score, discover, 0.4, [(group, 2)], group[None, :], 0.3)
    at = np.flatnonzero(row == member)
    alone = Wishes(
        row[at], at, score[at], discover[at], 0.4, [(group[at], 2)], group[None, at], 0.3
    )
    together = choose_rows(everyone, 5).pair
    assert at[choose_rows(alone, 5).pair].tolist() == [
        int(pair) for pair in together if row[pair] == member
    ]
