"""What holds for all tags of community life, on small communities and simulated brands."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from community_life import events, found, known
from siyu.datasets import Community, make_community
from siyu.datasets.labels import WORDS
from siyu.datasets.public import load_complete_journey
from siyu.segmentation.tagging.catalogue import THEMES
from siyu.segmentation.tagging.community_tags import community_norms, community_tags
from siyu.segmentation.tagging.event_rows import SHARE
from siyu.segmentation.tagging.evidence import Found
from siyu.segmentation.tagging.facts import facts_of
from siyu.segmentation.tagging.message_tags import SPEAKING
from siyu.segmentation.tagging.visit_tags import DEPTHS
from strategies import AS_OF, TZ, shuffled, small_community, with_edited_future, with_later_rows

SOCIAL_TAGS = THEMES["visits"] + THEMES["talk"] + THEMES["reach"]

ENTRIES = {entry.tag: entry for entry in SOCIAL_TAGS}
BRAND_TIME = "2026-06-01"


def _table(tags: Mapping[str, Found], members: pa.Array) -> pa.Table:
    """Put values and evidence of all tags in one table."""
    columns = {}
    for name, tag in tags.items():
        columns[name] = tag.values  # noqa: PD011
        columns[f"{name} support"] = pa.array(tag.support)
    return pa.table({"member_id": members, **columns}).combine_chunks()


def _all_of(c: Community) -> pa.Table:
    facts = known(c, AS_OF)
    return _table(found(facts), facts.members)


@pytest.fixture(scope="module")
def brand() -> Community:
    return make_community(400, random_state=1)


@pytest.fixture(scope="module")
def tagged(brand: Community) -> Mapping[str, Found]:
    return found(known(brand, BRAND_TIME))


def test_a_brand_with_all_tables_gets_all_tags_that_its_events_tell(
    tagged: Mapping[str, Found],
) -> None:
    unknown = {"n_group_buys", "points_balance", "muted"}
    assert set(tagged) == set(ENTRIES) - unknown


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_values_are_of_the_type_of_the_catalogue(name: str, tagged: Mapping[str, Found]) -> None:
    if name in tagged:
        assert tagged[name].values.type == ENTRIES[name].type()  # noqa: PD011


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_shares_lie_between_zero_and_one_and_counts_are_not_negative(
    name: str, tagged: Mapping[str, Found]
) -> None:
    if name in tagged and ENTRIES[name].kind in ("share", "count", "number"):
        low, high = pc.min_max(tagged[name].values).values()
        assert low.as_py() >= 0
        assert ENTRIES[name].kind != "share" or high.as_py() <= 1


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_evidence_is_a_count_and_without_it_no_share_is_told(
    name: str, tagged: Mapping[str, Found]
) -> None:
    if name in tagged:
        tag = tagged[name]
        assert tag.support.dtype == np.int64
        assert tag.support.min() >= 0
        told = tag.values.is_valid().to_numpy(zero_copy_only=False)  # noqa: PD011
        assert ENTRIES[name].kind != "share" or (tag.support[told] > 0).all()


def test_codes_have_words() -> None:
    assert set(WORDS["speaking"]) == set(SPEAKING)
    assert set(WORDS["visit_depth_band"]) == set(DEPTHS)


@pytest.mark.parametrize("entry", SOCIAL_TAGS, ids=lambda entry: entry.tag)
def test_every_tag_has_a_name_and_its_evidence_a_unit(entry: object) -> None:
    assert entry.tag in WORDS["tag"]  # type: ignore[attr-defined]
    assert entry.support in WORDS["support_unit"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(4))
def test_later_rows_and_edited_later_values_change_nothing(seed: int) -> None:
    c = small_community(seed)
    later = with_later_rows(c, small_community(seed + 100))
    assert _all_of(later).equals(_all_of(c))
    assert _all_of(with_edited_future(c, seed)).equals(_all_of(c))


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_changes_no_byte(seed: int) -> None:
    c = small_community(seed)
    assert _all_of(shuffled(c, seed)).equals(_all_of(c))


def test_the_order_of_rows_of_a_brand_changes_no_byte(
    brand: Community, tagged: Mapping[str, Found]
) -> None:
    facts = known(shuffled(brand, 3), BRAND_TIME)
    assert _table(found(facts), facts.members).equals(_table(tagged, facts.members))


@pytest.mark.parametrize("seed", range(3))
def test_text_ids_and_numbers_say_the_same(seed: int) -> None:
    named = _all_of(small_community(seed, text_ids=True)).drop_columns("member_id")
    assert named.equals(_all_of(small_community(seed)).drop_columns("member_id"))


@pytest.mark.parametrize("n_chunks", [2, 5])
def test_chunks_give_the_rows_of_the_whole(
    n_chunks: int, brand: Community, tagged: Mapping[str, Found]
) -> None:
    whole = known(brand, BRAND_TIME)
    norms, code = community_norms(whole), np.arange(len(whole.members)) * 7 % n_chunks
    parts = []
    for chunk in range(n_chunks):
        some = facts_of(whole.c, whole.end, whole.members.filter(pa.array(code == chunk)))
        parts.append(_table(community_tags(some, norms), some.members))
    together = pa.concat_tables(parts).sort_by("member_id").combine_chunks()
    assert together.equals(_table(tagged, whole.members))


@pytest.mark.parametrize("n_members", [0, 1, 2])
def test_few_members_are_tagged(n_members: int) -> None:
    facts = known(make_community(n_members, random_state=2), "2026-06-30")
    for name, tag in found(facts).items():
        assert len(tag.values) == len(tag.support) == len(facts.members), name


@pytest.mark.parametrize("table", ["events", "messages", "memberships", "referrals", "sends"])
def test_the_tags_of_an_absent_table_are_left_out(table: str, brand: Community) -> None:
    tables = {name: brand.arrow(name) for name in brand.tables() if name != table}
    told = set(found(known(Community(tz=TZ, **tables), BRAND_TIME)))
    alone = {
        name
        for name, entry in ENTRIES.items()
        if any(all(n.startswith(f"{table}.") for n in need.split("|")) for need in entry.needs)
    }
    assert alone
    assert not told & alone


def test_a_table_before_its_record_began_is_unknown(brand: Community) -> None:
    tables = {name: brand.arrow(name) for name in brand.tables()}
    names = ("events", "messages", "memberships", "referrals", "sends", "orders", "offer_members")
    span = dict.fromkeys(names, ("2026-06-15", "2026-06-30"))
    told = set(found(known(Community(tz=TZ, observed=span, **tables), BRAND_TIME)))
    assert told <= {"acquisition_source"}


def test_names_of_events_are_those_of_the_simulator(brand: Community) -> None:
    events_ = brand.events
    assert events_ is not None
    shares = events_[
        (events_.event == SHARE[0]) & (events_.event_time < pd.Timestamp(BRAND_TIME, tz=TZ))
    ]
    begin = pd.Timestamp(BRAND_TIME, tz=TZ) - pd.Timedelta("180D")
    facts = known(brand, BRAND_TIME)
    expected = shares[shares.event_time >= begin].groupby("member_id").size()
    counts = pd.Series(found(facts)["n_shares"].support, index=facts.members.to_pylist())
    pd.testing.assert_series_equal(
        counts[counts > 0], expected, check_names=False, check_index_type=False
    )


def test_a_community_of_events_alone_is_tagged() -> None:
    facts = known(Community(tz=TZ, events=events((1, "2026-02-01", "view"))))
    assert {"visit_depth", "days_inactive"} <= set(found(facts))


def test_only_what_was_known_then_counts(brand: Community, tagged: Mapping[str, Found]) -> None:
    cut = brand.before(BRAND_TIME)
    then = Community(tz=TZ, **{name: cut.arrow(name) for name in cut.tables()})
    facts = known(then, BRAND_TIME)
    assert _table(found(facts), facts.members).equals(_table(tagged, facts.members))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::siyu.datasets.SiyuWarning")
def test_real_baskets_tell_coupons_and_silence_and_nothing_they_do_not_hold(
    siyu_data: Path,
) -> None:
    c = load_complete_journey(siyu_data / "complete_journey")
    told = set(found(known(c, "2018-01-01")))
    # redeeming a coupon is no visit, and campaigns that nobody was seen to open have no open rate
    silence = {"sends_28d", "days_inactive", "tenure_days", "zombie"}
    assert told == silence | {"coupon_redeem_share", "coupon_hoarder"}
