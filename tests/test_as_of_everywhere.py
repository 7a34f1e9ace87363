"""No public call sees anything at or after `as_of`, whatever comes later or is edited later."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community, SiyuWarning
from siyu.graph import MemberGraph, build_ties, communities, koc, structural_holes
from siyu.recommend import OfferRecommender
from siyu.segmentation import lifecycle, rfm, rfm_class, tag
from strategies import (
    AS_OF,
    shuffled,
    small_community,
    with_edited_future,
    with_later_rows,
)

Call = Callable[[Community], Any]
CALLS: dict[str, Call] = {
    "rfm": lambda c: rfm(c, as_of=AS_OF),
    "rfm_class": lambda c: rfm_class(rfm(c, as_of=AS_OF)),
    "lifecycle by orders": lambda c: lifecycle(c, as_of=AS_OF),
    "lifecycle by events": lambda c: lifecycle(c, as_of=AS_OF, activity="events"),
    "tag": lambda c: tag(c, as_of=AS_OF),
    "build_ties": lambda c: build_ties(c, as_of=AS_OF).to_pandas(),
    "structural_holes": lambda c: structural_holes(MemberGraph.from_community(c, as_of=AS_OF)),
    "communities": lambda c: communities(MemberGraph.from_community(c, as_of=AS_OF)),
    "koc": lambda c: koc(c, as_of=AS_OF),
    "recommend": lambda c: OfferRecommender(random_state=0).fit(c, as_of=AS_OF).recommend(),
}


@pytest.fixture(autouse=True)
def _weak_answers_are_fine() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        yield


def answers(call: str, c: Community) -> pd.DataFrame:
    frame: pd.DataFrame = CALLS[call](c)
    return frame


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_later_rows_change_nothing(call: str, seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(
        answers(call, c),
        answers(call, with_later_rows(c, small_community(seed + 99))),
        check_exact=True,
    )


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_values_edited_later_change_nothing(call: str, seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(
        answers(call, c), answers(call, with_edited_future(c, seed)), check_exact=True
    )


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_row_order_changes_no_byte(call: str, seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(
        answers(call, c), answers(call, shuffled(c, seed)), check_exact=True
    )


@pytest.mark.parametrize("call", CALLS)
def test_whole_numbers_and_text_ids_give_the_same_answers(call: str) -> None:
    numbers, text = (
        answers(call, small_community(3)),
        answers(call, small_community(3, text_ids=True)),
    )
    named = {"member_id", "source", "target"}
    kept = [name for name in numbers.columns if name not in named]
    pd.testing.assert_frame_equal(numbers[kept], text[kept], check_exact=False)


@pytest.mark.parametrize("call", CALLS)
def test_the_tables_are_not_modified(call: str) -> None:
    c = small_community(4)
    before = {name: c.arrow(name) for name in c.tables()}
    answers(call, c)
    again = small_community(4)
    assert all(rows.equals(again.arrow(name)) for name, rows in before.items() if rows is not None)
