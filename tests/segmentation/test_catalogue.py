"""The catalogue of tags."""

import pyarrow as pa
import pytest

from siyu.datasets import make_community
from siyu.datasets.labels import WORDS
from siyu.datasets.schema import SCHEMAS
from siyu.segmentation import tag_catalog
from siyu.segmentation.tagging.catalogue import CATALOGUE, Tag
from siyu.segmentation.tagging.facts import facts_of
from siyu.segmentation.tagging.tags import tag_evidence, tag_norms


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
        "theme",
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


def test_there_are_more_than_forty_tags() -> None:
    assert len(CATALOGUE) >= 55


def test_shares_are_said_to_be_shares_of_something() -> None:
    assert [entry.tag for entry in CATALOGUE if entry.kind == "share" and not entry.unit] == []


def test_what_is_found_is_listed() -> None:
    c = make_community(60, random_state=0)
    as_of = "2026-06-03"
    facts = facts_of(c.before(as_of), c.moment(as_of), c.before(as_of).customers())
    found = tag_evidence(facts, tag_norms(facts))
    assert set(found) <= {entry.tag for entry in CATALOGUE}


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.tag)
def test_the_unit_of_evidence_has_words(entry: Tag) -> None:
    assert entry.support in WORDS["support_unit"]


def test_tags_of_price_say_that_they_set_none() -> None:
    said = {e.tag: " ".join(e.definition + e.action) for e in CATALOGUE}
    for name in ("deal_hunter", "margin_share", "price_band", "value_band"):
        assert "prices" in said[name]
