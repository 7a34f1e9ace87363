import numpy as np

from siyu.recommend.sorted_keys import Keyed, ranges, run_starts, run_sum, within_run

EMPTY = np.zeros(0, np.int64)


def test_runs_begin_where_any_key_changes() -> None:
    starts = run_starts(np.array([1, 1, 1, 2]), np.array([5, 5, 6, 6]))
    assert starts.tolist() == [0, 2, 3]


def test_sums_follow_the_runs() -> None:
    assert run_sum(np.array([1.0, 2.0, 4.0, 8.0]), np.array([0, 2, 3])).tolist() == [3.0, 4.0, 8.0]


def test_rows_are_numbered_within_runs() -> None:
    assert within_run(np.array([0, 2, 3]), 5).tolist() == [0, 1, 0, 0, 1]


def test_ranges_may_be_empty() -> None:
    assert ranges(np.array([3, 5, 7]), np.array([5, 5, 8])).tolist() == [3, 4, 7]


def test_nothing_stays_nothing() -> None:
    assert len(run_starts(EMPTY)) == 0
    assert len(run_sum(np.zeros(0), EMPTY)) == 0
    assert len(within_run(EMPTY, 0)) == 0
    assert len(ranges(EMPTY, EMPTY)) == 0


def test_keys_that_are_not_there_read_as_missing() -> None:
    table = Keyed(np.array([2, 4]), {"n": np.array([1, 2], np.float32)})
    found = table.read("n", *table.find(np.array([1, 2, 4, 9])), -1)
    assert found.tolist() == [-1.0, 1.0, 2.0, -1.0]


def test_a_table_without_keys_reads_as_missing() -> None:
    table = Keyed(EMPTY, {"n": np.zeros(0, np.float32)})
    assert table.read("n", *table.find(np.array([3])), 7).tolist() == [7.0]
