"""RFM scores and classes."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.datasets import ParameterError, SchemaError
from siyu.segmentation import RfmEdges, rfm_class, rfm_edges, rfm_score
from siyu.segmentation.rfm_codes import CN8, NAMED11

HIGH, LOW = (
    {"recency": 5.0, "frequency": 9, "monetary": 99.0},
    {
        "recency": 90.0,
        "frequency": 1,
        "monetary": 9.0,
    },
)
BUSINESS = {"recency": 30, "frequency": 3, "monetary": 50}


def _table(rows: list[tuple[float | None, int, float | None]]) -> pd.DataFrame:
    recency, frequency, monetary = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "member_id": np.arange(1, len(rows) + 1),
            "recency": recency,
            "frequency": frequency,
            "monetary": monetary,
        }
    )


@st.composite
def rfm_tables(draw: st.DrawFn) -> pd.DataFrame:
    """Draw an RFM table full of ties, with members who never bought."""
    n = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frequency = rng.choice([0, 1, 1, 1, 2, 3, 7], n)
    never = frequency == 0
    return pd.DataFrame(
        {
            "member_id": rng.permutation(n),
            "recency": np.where(never, np.nan, rng.integers(1, 9, n) * 10.0),
            "frequency": frequency,
            "monetary": np.where(never, np.nan, np.round(rng.gamma(2, 30, n))),
        }
    )


@pytest.mark.parametrize(
    ("bits", "name"),
    [
        ("HHH", "key_value"),
        ("HLH", "key_develop"),
        ("LHH", "key_keep"),
        ("LLH", "key_retain"),
        ("HHL", "common_value"),
        ("HLL", "common_develop"),
        ("LHL", "common_keep"),
        ("LLL", "common_retain"),
    ],
)
def test_the_conventional_table_of_eight(bits: str, name: str) -> None:
    row = {
        measure: (HIGH if bit == "H" else LOW)[measure]
        for measure, bit in zip(("recency", "frequency", "monetary"), bits, strict=True)
    }
    table = pd.DataFrame({"member_id": [1], **{k: [v] for k, v in row.items()}})
    assert rfm_class(table, thresholds=BUSINESS).rfm_class.tolist() == [name]


def test_every_score_code_of_the_eleven_stands_in_one_class() -> None:
    assert sorted(NAMED11) == sorted(product(range(1, 6), repeat=3))


def test_no_score_code_is_listed_twice() -> None:
    from siyu.segmentation.rfm_codes import _NAMED11

    listed = " ".join(_NAMED11.values()).split()
    assert len(listed) == len(set(listed)) == 125


def test_eight_classes_take_every_pair_of_low_and_high() -> None:
    assert sorted(CN8) == sorted(product((1, 2), repeat=3))
    assert len(set(CN8.values())) == 8


@pytest.mark.parametrize("scheme", ["cn8", "named11"])
def test_members_without_purchases_keep_a_class_of_their_own(scheme: Any) -> None:
    table = _table([(5.0, 3, 10.0), (None, 0, None)])
    assert rfm_class(table, scheme).rfm_class[1] == "no_purchase"


def test_the_best_and_the_worst_of_named11() -> None:
    rows = [(100.0 - i, i + 1, 10.0 * (i + 1)) for i in range(100)]
    classes = rfm_class(_table(list(rows)), "named11").rfm_class
    assert (classes.iloc[-1], classes.iloc[0]) == ("champions", "lost")


def test_an_unknown_frequency_has_no_class() -> None:
    table = _table([(5.0, 3, 10.0), (None, 0, None)])
    table["frequency"] = pd.array([3, None], dtype="Int64")
    assert rfm_class(table).rfm_class.isna().tolist() == [False, True]


def test_on_the_threshold_is_low() -> None:
    table = _table([(30.0, 3, 50.0), (29.9, 4, 50.1)])
    assert rfm_class(table, thresholds=BUSINESS).rfm_class.tolist() == [
        "common_retain",
        "key_value",
    ]


def test_median_and_mean_are_those_of_buyers_alone() -> None:
    table = _table([(10.0, 1, 1.0), (20.0, 2, 2.0), (90.0, 6, 9.0), (None, 0, None)])
    assert rfm_edges(table, thresholds="median") == RfmEdges((20.0,), (2.0,), (2.0,))
    assert rfm_edges(table, thresholds="mean") == RfmEdges((40.0,), (3.0,), (4.0,))


def test_quintile_edges_are_values_that_occur() -> None:
    table = _table([(float(i), i, float(i)) for i in range(1, 11)])
    edges = rfm_edges(table, thresholds=5)
    assert edges.frequency == (2.0, 4.0, 6.0, 8.0)
    assert edges.recency == (9.0, 7.0, 5.0, 3.0)
    assert rfm_score(table).f_score.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert rfm_score(table).r_score.tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


def test_collapsed_edges_are_told_and_never_split_ties() -> None:
    table = _table([(float(i), 1 if i < 7 else i, float(i)) for i in range(1, 11)])
    edges = rfm_edges(table, thresholds=5)
    assert edges.frequency == (1.0, 1.0, 1.0, 8.0)
    assert edges.n_bins == {"recency": 5, "frequency": 3, "monetary": 5}
    assert set(rfm_score(table, edges).f_score) == {1, 4, 5}


def test_one_value_for_all_scores_all_alike() -> None:
    table = _table([(9.0, 1, 9.0)] * 4)
    assert rfm_edges(table, thresholds=5).n_bins == {"recency": 2, "frequency": 2, "monetary": 2}
    assert rfm_score(table).rfm_score.tolist() == ["111"] * 4


@given(rfm_tables())
def test_equal_values_score_alike(table: pd.DataFrame) -> None:
    scored = rfm_score(table).merge(table, on="member_id")
    for score, measure in (("r_score", "recency"), ("f_score", "frequency")):
        assert scored.groupby(measure)[score].nunique().max() in (1, 0) or scored.empty


@given(rfm_tables())
def test_a_better_value_never_scores_less(table: pd.DataFrame) -> None:
    scored = rfm_score(table).merge(table[table.frequency > 0], on="member_id")
    assert scored.sort_values("monetary").m_score.is_monotonic_increasing
    assert scored.sort_values("recency").r_score.is_monotonic_decreasing


@given(rfm_tables(), st.integers(1, 60))
def test_given_edges_score_a_chunk_as_the_whole(table: pd.DataFrame, size: int) -> None:
    edges = rfm_edges(table, thresholds=5)
    chunk = table.sort_values("member_id").head(size)
    whole = rfm_score(table, edges).head(size)
    pd.testing.assert_frame_equal(rfm_score(chunk, edges), whole, check_dtype=False)
    classes = rfm_class(table, "named11", edges).head(size)
    pd.testing.assert_frame_equal(rfm_class(chunk, "named11", edges), classes)


@given(rfm_tables(), st.sampled_from(["cn8", "named11"]), st.randoms(use_true_random=False))
def test_row_order_changes_nothing(table: pd.DataFrame, scheme: Any, random: Any) -> None:
    rows = list(range(len(table)))
    random.shuffle(rows)
    pd.testing.assert_frame_equal(rfm_class(table.iloc[rows], scheme), rfm_class(table, scheme))


@given(rfm_tables())
def test_the_input_stays_as_it_was(table: pd.DataFrame) -> None:
    copy = table.copy(deep=True)
    rfm_class(table)
    rfm_score(table)
    pd.testing.assert_frame_equal(table, copy)


def test_the_kind_of_frame_comes_back() -> None:
    table = pl.DataFrame({"member_id": [1], "recency": [1.0], "frequency": [1], "monetary": [1.0]})
    assert isinstance(rfm_class(table), pl.DataFrame)
    assert isinstance(rfm_score(table), pl.DataFrame)


def test_no_members_give_no_rows() -> None:
    table = _table([(5.0, 3, 10.0)]).iloc[:0]
    assert rfm_class(table).columns.tolist() == ["member_id", "rfm_class"]
    assert len(rfm_class(table, "named11")) == len(rfm_score(table)) == 0


@pytest.mark.parametrize(
    "thresholds",
    [
        "mode",
        1,
        2.5,
        {"recency": 3},
        {**BUSINESS, "monetary": [1, 2]},
        {**BUSINESS, "recency": np.inf},
    ],
)
def test_odd_thresholds_are_refused(thresholds: Any) -> None:
    with pytest.raises(ParameterError, match="thresholds must"):
        rfm_class(_table([(5.0, 3, 10.0)]), thresholds=thresholds)


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ParameterError, match="scheme must be 'cn8' or 'named11', got 'abc'"):
        rfm_class(_table([(5.0, 3, 10.0)]), "abc")  # type: ignore[arg-type]


def test_a_scheme_says_how_many_edges_it_needs() -> None:
    with pytest.raises(ParameterError, match="named11 needs 4 edges a measure, got 1"):
        rfm_class(_table([(5.0, 3, 10.0)]), "named11", "median")


def test_missing_measures_are_named_at_once() -> None:
    with pytest.raises(SchemaError, match=r"(?s)recency: required.*monetary: required"):
        rfm_class(pd.DataFrame({"member_id": [1], "frequency": [1]}))
