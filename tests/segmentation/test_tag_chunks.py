"""All tags on a community with every table: chunks, order of rows, few members."""

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community, SiyuWarning, make_community
from siyu.segmentation import tag, tag_catalog
from siyu.segmentation.tagging import blocks
from siyu.segmentation.tagging.facts import Facts, facts_of
from siyu.segmentation.tagging.tags import TagNorms, tag_norms, tag_table
from strategies import shuffled

AS_OF = "2026-06-03"


@pytest.fixture(scope="module")
def whole() -> tuple[Community, Facts, TagNorms, pa.Table]:
    c = make_community(160, random_state=3)
    known, end = c.before(AS_OF), c.moment(AS_OF)
    facts = facts_of(known, end, known.customers())
    norms = tag_norms(facts)
    return c, facts, norms, tag_table(facts, norms).combine_chunks()


Whole = tuple[Community, Facts, TagNorms, pa.Table]


@pytest.mark.parametrize("n_chunks", [2, 5])
def test_chunks_give_every_tag_of_the_whole(whole: Whole, n_chunks: int) -> None:
    _, facts, norms, expected = whole
    code = np.arange(len(facts.members)) * 7 % n_chunks
    parts = [
        tag_table(facts_of(facts.c, facts.end, facts.members.filter(pa.array(code == i))), norms)
        for i in range(n_chunks)
    ]
    together = pa.concat_tables(parts).sort_by("member_id").combine_chunks()
    differing = [n for n in expected.column_names if not together[n].equals(expected[n])]
    assert differing == []


def test_blocks_of_members_give_what_one_block_gives(
    whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, facts, _, expected = whole
    monkeypatch.setattr(blocks, "_ROWS", 50)
    monkeypatch.setattr(blocks, "_WORTH_IT", 0)
    again = facts_of(facts.c, facts.end, facts.members)
    assert tag_table(again, tag_norms(again)).combine_chunks().equals(expected)


def test_one_member_is_tagged_as_among_all(whole: Whole) -> None:
    _, facts, norms, expected = whole
    alone = facts_of(facts.c, facts.end, facts.members.slice(17, 1))
    assert tag_table(alone, norms).combine_chunks().equals(expected.slice(17, 1).combine_chunks())


def test_nobody_is_tagged_with_the_right_types(whole: Whole) -> None:
    _, facts, norms, expected = whole
    nobody = facts_of(facts.c, facts.end, facts.members.slice(0, 0))
    assert tag_table(nobody, norms).schema == expected.schema


def test_the_order_of_rows_changes_no_byte(whole: Whole) -> None:
    c, expected = whole[0], whole[3]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        other = tag(shuffled(c, 1), as_of=AS_OF, output="pyarrow")
    assert other.combine_chunks().equals(expected)


def test_every_tag_of_buying_is_known_of_somebody(whole: Whole) -> None:
    catalog = tag_catalog()
    of_buying = catalog.tag[catalog.needs.str.contains("orders.")]
    empty = [name for name in of_buying if whole[3][name].null_count == whole[3].num_rows]
    assert empty == []


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_members_with_every_table_do(n: int) -> None:
    c = make_community(60, random_state=1)
    some = c.before(AS_OF).customers().slice(0, n).to_pylist()
    orders, events = c.orders, c.events
    assert orders is not None
    assert events is not None
    few = Community(
        orders=orders[orders.member_id.isin(some)],
        events=events[events.member_id.isin(some)],
        products=c.products,
        tz=c.tz,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        tags = tag(few, as_of=AS_OF)
    assert tags.member_id.tolist() == some


def test_a_community_cut_at_as_of_is_tagged_alike(whole: Whole) -> None:
    c = whole[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        early = tag(c.before("2026-01-01"), as_of="2026-01-01")
        late = tag(c, as_of="2026-01-01")
    pd.testing.assert_frame_equal(early, late)
