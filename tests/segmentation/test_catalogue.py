"""The catalogue of tags."""

import pyarrow as pa
import pytest

from siyu.datasets.schema import SCHEMAS
from siyu.segmentation import tag_catalog
from siyu.segmentation.tagging.catalogue import CATALOGUE, Tag


def test_no_tag_is_listed_twice() -> None:
    names = [entry.tag for entry in CATALOGUE]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.tag)
def test_every_tag_says_what_it_means_and_what_to_do(entry: Tag) -> None:
    for zh, en in (entry.definition, entry.action):
        assert any("\u4e00" <= sign <= "\u9fff" for sign in zh)
        assert en.isascii()
        assert en


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.tag)
def test_what_a_tag_needs_is_a_column_of_a_schema(entry: Tag) -> None:
    for either in entry.needs:
        for need in either.split("|"):
            table, column = need.split("=")[0].split(".")
            assert column in [known.name for known in SCHEMAS[table].columns]


def test_the_frame_has_a_row_a_tag_and_no_holes() -> None:
    catalog = tag_catalog(output="pyarrow")
    assert catalog.num_rows == len(CATALOGUE)
    assert catalog.schema.names == [
        "tag",
        "kind",
        "unit",
        "needs",
        "support",
        "name_zh",
        "name_en",
        "definition_zh",
        "definition_en",
        "action_zh",
        "action_en",
    ]
    assert all(column.null_count == 0 for column in catalog.columns)
    assert isinstance(catalog, pa.Table)
