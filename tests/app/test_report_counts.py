"""Small counts: hidden, and not to be worked out."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets.errors import ParameterError
from siyu.report.overview import shown_buyers
from siyu.report.segment_figures import class_counts, stage_counts
from siyu.report.small_counts import hidden_cells, shown_count, shown_rate
from siyu.report.tag_counts import tag_counts

counts_of_people = st.lists(st.integers(0, 60), max_size=8)


def what_a_reader_can_tell(
    counts: list[int], hidden: list[bool], k: int
) -> dict[int, tuple[int, int]]:
    """Bound every small hidden count by the total, the visible counts and the marks."""
    rest = sum(c for c, h in zip(counts, hidden, strict=True) if h)
    low = {i: (1 if c < k else k) for i, c in enumerate(counts) if hidden[i]}
    high = {i: (k - 1 if c < k else rest) for i, c in enumerate(counts) if hidden[i]}
    all_low, all_high = sum(low.values()), sum(high.values())
    return {
        i: (max(low[i], rest - all_high + high[i]), min(high[i], rest - all_low + low[i]))
        for i in low
        if counts[i] < k
    }


@given(counts_of_people)
def test_counts_of_fewer_than_ten_are_hidden(counts: list[int]) -> None:
    hidden = hidden_cells(counts)
    assert all(hidden[i] for i, count in enumerate(counts) if 0 < count < 10)


@given(counts_of_people)
def test_the_total_tells_nothing_about_a_small_count(counts: list[int]) -> None:
    hidden = hidden_cells(counts).tolist()
    told = what_a_reader_can_tell(counts, hidden, 10)
    visible = [c for c, h in zip(counts, hidden, strict=True) if not h and c > 0]
    # Where cells are left to see, a small one may be anything from 1 to 9.
    assert not visible or all(span == (1, 9) for span in told.values())


@given(counts_of_people)
def test_without_small_counts_nothing_is_hidden(counts: list[int]) -> None:
    assert not hidden_cells([count + 10 for count in counts]).any()


def test_publicly_known_cells_are_never_hidden_for_others() -> None:
    # Without the flag the 20 would be hidden to protect the 3.
    assert hidden_cells([3, 20, 50], known=[False, True, False]).tolist() == [True, False, True]


def test_k_of_one_hides_nothing() -> None:
    assert not hidden_cells([1, 2, 3], k=1).any()


def test_k_below_one_is_refused() -> None:
    with pytest.raises(ParameterError, match="k must be 1 or more, got 0"):
        hidden_cells([1], k=0)


def test_hidden_counts_tell_only_their_side_of_k() -> None:
    assert [shown_count(n, hidden=True) for n in (1, 9, 10, 999)] == ["<10", "<10", "≥10", "≥10"]


def test_rates_of_few_people_are_bounds() -> None:
    assert shown_rate(3, 200) == "<5.0%"
    assert shown_rate(197, 200) == ">95.0%"
    assert shown_rate(0, 200) == "0.0%"


def test_few_members_who_never_bought_are_not_told_by_the_buyers() -> None:
    assert shown_buyers(500, 497) == ">490"
    assert shown_buyers(500, 500) == "500"


def test_few_prospects_are_not_told_by_stages_or_classes() -> None:
    stages = ["prospect"] * 3 + ["new"] * 20 + ["loyal"] * 40
    classes = ["no_purchase"] * 3 + ["key_value"] * 20 + ["key_keep"] * 40
    tags = pa.table({"member_id": range(63), "stage": stages, "rfm_class": classes})
    assert [c.text() for c in stage_counts(tags)] == ["<10", "≥10", "40"]
    # Twenty and forty would add up to 60 buyers of 63 members.
    assert [c.text() for c in class_counts(tags)] == ["≥10", "40"]


def test_many_prospects_are_never_hidden_because_buyers_are_told() -> None:
    stages = ["prospect"] * 15 + ["new"] * 3 + ["loyal"] * 40
    counts = stage_counts(pa.table({"stage": stages}))
    assert [c.text() for c in counts] == ["15", "<10", "≥10"]


def test_the_order_of_rows_does_not_tell_hidden_counts() -> None:
    values = ["a"] * 90 + ["b"] * 12 + ["c"] * 2 + ["d"] * 70
    counts = tag_counts(pa.chunked_array([values]))
    # 70 hides with 2, because 12 would leave no more than 4 for it. By size they stand last.
    assert [c.code for c in counts] == ["a", "b", "c", "d"]
    assert [c.size() for c in counts] == [90, 12, None, None]


def test_unknown_values_come_last_and_count() -> None:
    counts = tag_counts(pa.chunked_array([[True] * 20 + [False] * 30 + [None] * 40]))
    assert [(c.code, c.size()) for c in counts] == [("false", 30), ("true", 20), (None, 40)]


def test_shares_of_hidden_counts_are_not_written() -> None:
    counts = tag_counts(pa.chunked_array([["a"] * 50 + ["b"] * 30 + ["c"] * 2]))
    assert [c.share() for c in counts] == ["61.0%", "", ""]


def test_the_order_of_members_changes_no_count() -> None:
    rng = np.random.default_rng(0)
    values = rng.choice(["a", "b", "c"], 200)
    one, other = (tag_counts(pa.chunked_array([v])) for v in (values, rng.permutation(values)))
    assert one == other
