"""What somebody's circle bought."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from siyu.recommend.candidates.circle import best_of_circle, bought_by_circle
from siyu.recommend.sorted_keys import Keyed

# Members 0, 1, 2; products 0 to 9. Member 1 bought 3 and 5, member 2 bought 5 and 6.
PAIRS = Keyed(np.array([13, 15, 25, 26]), {"last": np.array([0, 365, 10, 730], np.float32)})
STARTS = np.array([0, 0, 2, 4])
CIRCLES = csr_array(np.array([[0, 0.25, 0.75], [0, 0, 1], [0, 0, 0]], np.float32))


def bought(leads: list[bool] | None = None, rows: slice = slice(None)) -> Keyed:
    led = None if leads is None else np.array(leads)
    return bought_by_circle(CIRCLES[rows], PAIRS, STARTS, 10, led)


def column(name: str, leads: list[bool] | None = None) -> dict[int, float]:
    found = bought(leads)
    return dict(zip(found.keys.tolist(), found.columns[name].round(4).tolist(), strict=True))


def test_every_product_of_the_circle_is_there() -> None:
    assert bought().keys.tolist() == [3, 5, 6, 15, 16]


def test_the_score_adds_faded_shares() -> None:
    score = column("score")
    assert score[3] == 0.25
    assert score[5] == pytest.approx(0.25 / 2 + 0.75 * 0.5 ** (10 / 365), abs=1e-4)
    assert score[6] == pytest.approx(0.75 / 4)


def test_the_number_counts_members_of_the_circle() -> None:
    assert column("n") == {3: 1, 5: 2, 6: 1, 15: 1, 16: 1}


def test_the_last_is_the_latest_of_all() -> None:
    assert column("last") == {3: 0, 5: 10, 6: 730, 15: 10, 16: 730}


def test_leaders_are_counted() -> None:
    assert column("led", [False, True, False]) == {3: 1, 5: 1, 6: 0, 15: 0, 16: 0}


def test_without_leaders_their_number_is_unknown() -> None:
    assert np.isnan(bought().columns["led"]).all()


def test_a_member_gets_the_same_alone_as_among_others() -> None:
    everyone, alone = bought(), bought(rows=slice(0, 1))
    mine = everyone.keys < 10
    assert alone.keys.tolist() == everyone.keys[mine].tolist()
    for name, values in alone.columns.items():
        assert values.tobytes() == everyone.columns[name][mine].tobytes()


def test_nobody_near_bought_nothing() -> None:
    assert len(bought(rows=slice(2, 3)).keys) == 0
    assert len(bought(rows=slice(0, 0)).keys) == 0


def test_the_best_are_chosen_row_by_row() -> None:
    assert best_of_circle(bought(), 10, np.zeros(5, np.bool_), 2).tolist() == [3, 5, 15, 16]


def test_what_is_left_out_makes_room_for_the_next() -> None:
    left_out = np.array([False, True, False, False, False])
    assert best_of_circle(bought(), 10, left_out, 1).tolist() == [3, 15]


def test_equal_scores_go_by_product() -> None:
    found = Keyed(np.arange(5), {"score": np.ones(5, np.float32)})
    assert best_of_circle(found, 10, np.zeros(5, np.bool_), 2).tolist() == [0, 1]


def test_a_quota_of_nothing_gives_nothing() -> None:
    assert len(best_of_circle(bought(), 10, np.zeros(5, np.bool_), 0)) == 0
