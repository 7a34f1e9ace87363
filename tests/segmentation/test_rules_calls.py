"""What holds for rules as for every public call, and what is said of absent tables."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from example_rules import RULES, one_tag
from siyu.datasets import Community, ParameterError, SiyuWarning, label
from siyu.datasets.labels import WORDS
from siyu.segmentation import rfm, tag
from siyu.segmentation.rules.rule_set import (
    TagRules,
    rule_columns,
    unknown_measures,
)
from siyu.segmentation.rules.vocabulary import rule_measures, vocabulary
from siyu.segmentation.tagging.catalogue import CATALOGUE
from strategies import (
    AS_OF,
    TZ,
    shuffled,
    small_community,
    with_edited_future,
    with_later_rows,
)

seeds = st.integers(0, 200)


def _apply(c: Community) -> pd.DataFrame:
    found: pd.DataFrame = RULES.apply(c, as_of=AS_OF)
    return found


@settings(max_examples=12)
@given(seed=seeds)
def test_later_rows_change_nothing(seed: int) -> None:
    c = small_community(seed)
    later = with_later_rows(c, small_community(seed + 1_000))
    pd.testing.assert_frame_equal(_apply(later), _apply(c))


@settings(max_examples=12)
@given(seed=seeds)
def test_edited_later_values_change_nothing(seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(_apply(with_edited_future(c, seed)), _apply(c))


@settings(max_examples=12)
@given(seed=seeds)
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(_apply(shuffled(c, seed)), _apply(c))


@settings(max_examples=12)
@given(seed=seeds)
def test_the_names_of_members_change_nothing(seed: int) -> None:
    named, numbered = _apply(small_community(seed, text_ids=True)), _apply(small_community(seed))
    assert named.member_id.tolist() == [f"m{who:05d}" for who in numbered.member_id]
    pd.testing.assert_frame_equal(
        named.drop(columns="member_id"), numbered.drop(columns="member_id")
    )


@settings(max_examples=12)
@given(seed=seeds, n=st.integers(1, 5))
def test_a_bucket_of_members_gives_the_same_as_the_whole(seed: int, n: int) -> None:
    c = small_community(seed)
    known, end = c.before(AS_OF), c.moment(AS_OF)
    tags = pa.table({"member_id": known.customers()})
    whole = rule_columns(RULES, known, tags, end)
    of = np.arange(tags.num_rows) % n
    parts = [
        rule_columns(RULES, known, tags.filter(pa.array(of == bucket)), end) for bucket in range(n)
    ]
    assert pa.concat_tables(parts).sort_by("member_id") == whole


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("text_ids", [False, True])
def test_few_members_are_legal(n: int, text_ids: bool) -> None:
    c = small_community(3, text_ids=text_ids)
    kept = c.customers()[:n]
    tables = {}
    for name in c.tables():
        rows = c.arrow(name)
        assert rows is not None
        key = {"referrals": "inviter_id", "ties": "source"}.get(name, "member_id")
        has = key in rows.column_names
        tables[name] = rows.filter(pa.compute.is_in(rows[key], kept)) if has else rows
    few = Community(tz=TZ, **{k: v for k, v in tables.items() if k not in ("messages", "ties")})
    with pytest.warns(SiyuWarning) if len(few.before(AS_OF).customers()) else _nothing():
        found = RULES.apply(few, as_of=AS_OF)
    assert len(found) == len(few.before(AS_OF).customers())
    assert found.columns.tolist() == ["member_id", "worth", "social"]


class _nothing:  # noqa: N801
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def test_built_in_tags_are_those_of_tag() -> None:
    c = small_community(5)
    stages = {"version": 1, "tags": {"same": {"values": _values_of("stage")}}}
    found = TagRules.from_dict(stages).apply(c, as_of=AS_OF)
    with pytest.warns(SiyuWarning, match="unknown"):
        tags = tag(c, as_of=AS_OF)
    assert found["same"].tolist() == tags["stage"].tolist()
    given = TagRules.from_dict(stages).apply(c, as_of=AS_OF, tags=tags)
    pd.testing.assert_frame_equal(given, found)


def _values_of(name: str) -> list[dict[str, Any]]:
    return [{"value": code, "when": {"measure": name, "==": code}} for code in WORDS[name]]


@pytest.mark.parametrize("name", ["recency", "frequency", "monetary"])
def test_the_numbers_of_rfm_are_those_of_rfm(name: str) -> None:
    c = small_community(6)
    numbers = rfm(c, as_of=AS_OF)
    for who, value in zip(numbers.member_id, numbers[name], strict=True):
        if pd.notna(value):
            exact = {"measure": name, "==": float(value)}
            rules = TagRules.from_dict(one_tag(exact))
            held = rules.apply(c, as_of=AS_OF).set_index("member_id")["t"]
            assert held[who] == "a"


def test_a_window_holds_its_begin_and_not_its_end() -> None:
    times = [AS_OF - pd.Timedelta("60D"), AS_OF - pd.Timedelta("30D")]
    orders = pd.DataFrame({"member_id": [1, 2], "order_time": times, "amount": [5.0, 5.0]})
    window = {"measure": "purchase_lines", "ago": ["60D", "30D"], ">=": 1}
    found = TagRules.from_dict(one_tag(window, otherwise="no")).apply(orders, as_of=AS_OF)
    assert found["t"].tolist() == ["a", "no"]


def test_a_frame_of_orders_comes_back_as_its_kind() -> None:
    orders = small_community(2).arrow("orders")
    assert orders is not None
    rules = TagRules.from_dict(one_tag({"measure": "spend", ">": 30}))
    assert isinstance(rules.apply(orders, as_of=AS_OF), pa.Table)
    assert isinstance(rules.apply(pl.from_arrow(orders), as_of=AS_OF), pl.DataFrame)
    assert isinstance(rules.apply(orders, as_of=AS_OF, output="pandas"), pd.DataFrame)


@pytest.mark.parametrize(
    ("when", "absent", "said"),
    [
        ({"measure": "shares", ">": 1}, "events", r"shares \(needs events.event_time\)"),
        ({"measure": "messages", "past": "9D", ">": 1}, "messages", "messages .needs messages"),
        ({"measure": "opens", ">": 1}, "sends", r"opens \(needs sends.opened_at\)"),
        ({"measure": "invitees", ">": 1}, "referrals", r"needs referrals.invitee_id"),
        ({"measure": "spend", ">": 1}, "orders", r"spend \(needs orders.amount\)"),
        ({"measure": "brands", ">": 1}, "", r"brands \(needs products.brand\)"),
        ({"measure": "orders", "coupon": True, ">": 1}, "", r"needs orders.coupon_id"),
        ({"measure": "stores", ">": 1}, "", r"stores \(needs orders.store_id\)"),
        ({"measure": "region", "==": "x"}, "", r"region \(needs members.region\)"),
        ({"measure": "age", ">": 1}, "members", r"age \(needs members.birth_year\)"),
        ({"measure": "members.pet", "==": "cat"}, "", r"members.pet \(needs members.pet\)"),
        ({"measure": "tags.koc", "==": "x"}, "", "the tags given have no column 'koc'"),
    ],
)
def test_what_is_absent_is_unknown_and_named_in_one_warning(
    when: dict[str, Any], absent: str, said: str
) -> None:
    c = small_community(4)
    c = Community(tz=TZ, **{name: c.arrow(name) for name in c.tables() if name != absent})
    rules = TagRules.from_dict(one_tag(when, otherwise="zero", unknown="open"))
    tags = {"member_id": c.before(AS_OF).customers()}
    with pytest.warns(SiyuWarning, match=said) as caught:
        found = rules.apply(c, as_of=AS_OF, tags=pa.table(tags))
    assert len(caught) == 1
    assert caught[0].message.problems["measure"].tolist() == [when["measure"]]  # type: ignore[union-attr]
    assert set(found["t"]) == {"open"}


def test_a_tag_without_its_table_is_named() -> None:
    c = small_community(4)
    c = Community(tz=TZ, messages=c.arrow("messages"), members=c.arrow("members"))
    rules = TagRules.from_dict(one_tag({"measure": "stage", "==": "new"}, unknown="open"))
    with pytest.warns(SiyuWarning, match=r"stage \(needs orders.order_time or events.event_time\)"):
        assert set(rules.apply(c, as_of=AS_OF)["t"]) == {"open"}


def _observed(start: str, end: str | pd.Timestamp = AS_OF) -> Community:
    """Make three members: who joined before and after the record began, and nobody knows when."""
    members = pd.DataFrame(
        {
            "member_id": [1, 2, 3],
            "joined_at": pd.to_datetime(pd.Series(["2025-01-01", "2026-02-20", None]), utc=True),
        }
    )
    orders = pd.DataFrame(
        {"member_id": [1], "order_time": [AS_OF - pd.Timedelta("1D")], "amount": [9.0]}
    )
    return Community(tz="UTC", members=members, orders=orders, observed={"orders": (start, end)})


def test_a_window_that_begins_before_the_record_is_unknown_but_for_those_who_joined_since() -> None:
    rules = one_tag({"measure": "spend", "past": "30D", ">": 0}, otherwise="no", unknown="open")
    found = TagRules.from_dict(rules).apply(_observed("2026-02-15"), as_of=AS_OF)
    assert found["t"].tolist() == ["open", "no", "open"]


def test_who_joined_as_the_record_began_is_known_since() -> None:
    rules = one_tag({"measure": "spend", "past": "30D", ">": 0}, otherwise="no", unknown="open")
    found = TagRules.from_dict(rules).apply(_observed("2026-02-20"), as_of=AS_OF)
    assert found["t"].tolist() == ["open", "no", "open"]


def test_a_window_inside_the_record_is_known() -> None:
    rules = one_tag({"measure": "spend", "past": "10D", ">": 0}, otherwise="no", unknown="open")
    found = TagRules.from_dict(rules).apply(_observed("2026-02-15"), as_of=AS_OF)
    assert found["t"].tolist() == ["a", "no", "no"]


def test_nothing_since_the_record_began_is_unknown_of_those_who_joined_before() -> None:
    c = _observed("2026-02-15")
    rules = one_tag({"measure": "orders", "==": 0}, otherwise="no", unknown="open")
    rules["tags"]["t"]["values"][0]["when"]["measure"] = "frequency"
    found = TagRules.from_dict(rules).apply(c, as_of="2026-02-27")
    assert found["t"].tolist() == ["open", "a", "a"]


def test_a_window_after_the_end_of_the_record_is_unknown() -> None:
    rules = one_tag({"measure": "spend", "past": "10D", ">": 0}, unknown="open")
    c = _observed("2025-02-15", AS_OF - pd.Timedelta("5D"))
    with pytest.warns(SiyuWarning, match="not recorded during the whole window"):
        found = TagRules.from_dict(rules).apply(c, as_of=AS_OF)
    assert set(found["t"]) == {"open"}


def test_unknown_measures_are_listed_for_a_callers_own_warning() -> None:
    c = _observed("2025-01-01").before(AS_OF)
    tags = pa.table({"member_id": c.customers()})
    rules = TagRules.from_dict(one_tag({"measure": "shares", ">": 1}))
    found = unknown_measures(rules, c, tags, c.moment(AS_OF)).to_pylist()
    assert found == [{"measure": "shares", "reason": "needs events.event_time"}]


def test_members_without_given_tags_are_unknown() -> None:
    c = small_community(1)
    rules = TagRules.from_dict(one_tag({"measure": "stage", "==": "new"}, unknown="open"))
    found = rules.apply(c, as_of=AS_OF, tags=pd.DataFrame({"member_id": [7], "stage": ["new"]}))
    assert found.set_index("member_id")["t"].to_dict() == {
        who: "a" if who == 7 else "open" for who in found.member_id
    }


def test_labels_are_words_in_both_languages() -> None:
    found = _apply(small_community(1))
    zh, en = RULES.label(found, "zh"), RULES.label(found, "en")
    assert set(zh.worth) <= {"高", "低", "无"}
    assert en.worth.tolist() == found.worth.tolist()
    assert zh.social.isna().tolist() == found.social.isna().tolist()
    assert set(zh.social.dropna()) == {"爱分享", "爱说话"}


def test_labels_of_another_language_are_refused() -> None:
    with pytest.raises(ParameterError, match="lang must be 'zh' or 'en'"):
        RULES.label(_apply(small_community(1)), "fr")  # type: ignore[arg-type]


def test_no_measure_bears_the_name_of_a_tag() -> None:
    assert len(vocabulary()) == len(rule_measures())
    counted = [name for name, term in vocabulary().items() if term.source != "tag"]
    assert set(counted) & {entry.tag for entry in CATALOGUE} == set()


def test_every_measure_has_words_in_both_languages() -> None:
    listed = rule_measures()
    assert {entry.tag for entry in CATALOGUE} <= set(listed.measure)
    assert (listed.name_zh.str.len() > 0).all()
    assert (listed.name_en.str.len() > 0).all()


def test_every_filter_and_finding_has_words() -> None:
    filters = {column for term in vocabulary().values() for column in term.filters}
    assert filters == set(WORDS["filter"])
    found = label(RULES.check(small_community(0), as_of=AS_OF), "en")
    assert "members" in set(found.finding)


def test_the_tables_stay_as_they_were() -> None:
    given_tables = {name: getattr(small_community(1), name) for name in ("orders", "events")}
    copies = {name: frame.copy(deep=True) for name, frame in given_tables.items()}
    rules = TagRules.from_dict(one_tag({"measure": "spend", "past": "9D", ">": 1}))
    rules.apply(Community(tz=TZ, **given_tables), as_of=AS_OF)
    for name, copy in copies.items():
        pd.testing.assert_frame_equal(given_tables[name], copy)
