"""Words for codes."""

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from siyu.datasets import ParameterError, label
from siyu.datasets.labels import WORDS, words_of
from siyu.segmentation import STAGES, tag_catalog
from siyu.segmentation.rfm_codes import CN8, NAMED11, NO_PURCHASE
from siyu.segmentation.tagging.calendar_tags import MONTH_PARTS
from siyu.segmentation.tagging.calendars import FESTIVALS
from siyu.segmentation.tagging.catalogue import CATALOGUE
from siyu.segmentation.tagging.clock_tags import DAYPARTS, WEEKDAYS
from siyu.segmentation.tagging.deal_tags import PRICE_BANDS
from siyu.segmentation.tagging.message_tags import SPEAKING
from siyu.segmentation.tagging.support import LEVELS
from siyu.segmentation.tagging.value_tags import TIERS, TRENDS, VALUE_BANDS


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        ("stage", STAGES),
        ("rfm_class", {*CN8.values(), *NAMED11.values(), NO_PURCHASE}),
        ("value_band", VALUE_BANDS),
        ("value_trend", TRENDS),
        ("user_tier", TIERS),
        ("price_band", PRICE_BANDS),
        ("favourite_festival", FESTIVALS),
        ("month_part", MONTH_PARTS),
        ("active_daypart", DAYPARTS),
        ("active_weekday", WEEKDAYS),
        ("level", LEVELS),
        ("support_unit", {entry.support for entry in CATALOGUE}),
        ("speaking", SPEAKING),
        ("tag", tag_catalog()["tag"].tolist()),
    ],
)
def test_every_code_has_words(column: str, codes: Any) -> None:
    assert set(WORDS[column]) == set(codes)


@pytest.mark.parametrize("column", sorted(WORDS))
def test_words_are_there_in_both_languages(column: str) -> None:
    for zh, en in WORDS[column].values():
        assert any("\u4e00" <= sign <= "\u9fff" or sign == "R" for sign in zh)
        assert en.isascii()
        assert en


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("column", sorted(WORDS))
def test_no_two_codes_share_words(column: str, lang: Any) -> None:
    words = words_of(column, lang).values()
    assert len(set(words)) == len(words)


def test_values_change_and_columns_stay() -> None:
    frame = pd.DataFrame({"member_id": [1, 2], "stage": ["new", None], "rfm_class": ["lost", "x"]})
    spoken = label(frame, "en")
    assert spoken.columns.tolist() == ["member_id", "stage", "rfm_class"]
    assert spoken["stage"].isna().tolist() == [False, True]
    assert spoken["rfm_class"].tolist() == ["lost", "x"]


def test_the_input_stays_as_it_was() -> None:
    frame = pd.DataFrame({"stage": ["new"]})
    label(frame)
    assert frame["stage"].tolist() == ["new"]


def test_lists_of_codes_become_lists_of_words() -> None:
    stages = pa.array([["new", "loyal"], None, []], pa.list_(pa.string()))
    assert label(pa.table({"stage": stages}))["stage"].to_pylist() == [["新客", "成熟"], None, []]


def test_a_part_of_a_list_column_keeps_its_rows() -> None:
    stages = pa.array([["new"], None, ["loyal", "churned"]], pa.list_(pa.string()))
    part = pa.table({"stage": stages}).slice(1)
    assert label(part)["stage"].to_pylist() == [None, ["成熟", "流失"]]


def test_a_categorical_column_is_read() -> None:
    frame = pd.DataFrame({"stage": pd.Categorical(["new", "new", "churned"])})
    assert label(frame, "en")["stage"].tolist() == ["new", "new", "churned"]
    assert label(frame, "zh")["stage"].tolist() == ["新客", "新客", "流失"]


def test_a_flag_column_of_that_name_stays_a_flag() -> None:
    assert label(pa.table({"stage": [True]}))["stage"].to_pylist() == [True]


def test_no_rows_and_polars_work() -> None:
    frame = pl.DataFrame({"stage": ["prospect"]})
    assert label(frame)["stage"].to_list() == ["潜客"]
    assert label(frame.head(0)).height == 0


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ParameterError, match="lang must be 'zh' or 'en', got 'fr'"):
        label(pd.DataFrame({"stage": ["new"]}), "fr")  # type: ignore[arg-type]
