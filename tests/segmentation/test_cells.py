"""Lines of one member and one key."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from siyu.segmentation.tagging.cells import cells_of

MEMBERS = np.array([0, 0, 0, 2, 2])
KEYS = np.array([1, 0, 1, -1, 1], dtype=np.int32)


def test_lines_without_a_key_are_in_no_cell() -> None:
    cells = cells_of(MEMBERS, KEYS, (3, 2))
    assert list(zip(cells.member, cells.key, cells.count(), strict=True)) == [
        (0, 0, 1),
        (0, 1, 2),
        (2, 1, 1),
    ]


def test_lines_of_a_cell_keep_their_order() -> None:
    cells = cells_of(MEMBERS, KEYS, (3, 2))
    assert (cells.first().tolist(), cells.last().tolist()) == ([1, 0, 4], [1, 2, 4])


def test_days_are_counted_once_in_a_cell() -> None:
    cells = cells_of(np.zeros(4, np.int64), np.array([0, 1, 0, 0], np.int32), (1, 2))
    assert cells.n_days(np.array([5, 5, 5, 6])).tolist() == [2, 1]


def test_no_lines_give_no_cells() -> None:
    cells = cells_of(np.empty(0, np.int64), np.empty(0, np.int32), (2, 0))
    assert cells.count().tolist() == []
    assert cells.per_member().tolist() == [0, 0]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 3)), max_size=40))
def test_totals_are_those_of_a_plain_loop(pairs: list[tuple[int, int]]) -> None:
    rows = sorted(pairs, key=lambda pair: pair[0])
    members = np.array([m for m, _ in rows], np.int64)
    keys = np.array([k for _, k in rows], np.int32)
    values = np.arange(len(rows), dtype=np.float64)
    cells = cells_of(members, keys, (5, 4))
    expected: dict[tuple[int, int], float] = {}
    for value, pair in zip(values, rows, strict=True):
        if pair[1] >= 0:
            expected[pair] = expected.get(pair, 0.0) + value
    found = cells.total(values[cells.rows])
    assert dict(zip(zip(cells.member, cells.key, strict=True), found, strict=True)) == expected
