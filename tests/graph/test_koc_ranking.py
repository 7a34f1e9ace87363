"""The KOC list: its columns, who is on it and in what order, and what each row says."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.stats import spearmanr

from koc_cases import END, frame, plain, shop
from siyu.datasets import Community, load_ciao, make_community
from siyu.datasets.errors import DataError, ParameterError, SiyuWarning
from siyu.datasets.labels import label, words_of
from siyu.graph import KocWeights, build_ties, community_bridging, koc
from siyu.graph.member_graph import MemberGraph
from siyu.graph.ranking.koc_components import COMPONENTS
from siyu.graph.ranking.koc_evidence_table import koc_evidence
from siyu.graph.ranking.koc_facts import KocFacts
from siyu.graph.ranking.koc_habits import silent_lately
from siyu.graph.ranking.koc_reasons import REASONS
from siyu.graph.ranking.koc_tiers import LIMITS

COLUMNS = [
    *("member_id", "rank", "score", "tier", "held_back_because", "confidence", "role"),
    *COMPONENTS,
    *("reasons", "excluded_because"),
]
WEIGHTS = {name: getattr(KocWeights(), name) for name in COMPONENTS}
pytestmark = pytest.mark.filterwarnings("ignore:ties were dropped")


def buyers() -> Community:
    return Community(
        orders=frame(member_id=[1, 2], order_time=["2026-06-01"] * 2, amount=[1.0, 2.0]), tz="UTC"
    )


def listened_to(last: str, n_days: int = 2, **tables: Any) -> pd.Series:
    """Tell of ann, whom many answer: she speaks some days in a row, until the last of them."""
    fans, days = [f"fan{i}" for i in range(60)], pd.date_range(end=last, periods=n_days)
    parts = [
        pd.DataFrame({"member_id": "ann", "message_time": days}),
        pd.DataFrame({"member_id": fans, "message_time": days[-1] + pd.Timedelta("1h")}),
        pd.DataFrame({"member_id": ["bob"], "message_time": [pd.Timestamp("2026-06-30")]}),
    ]
    parts[1]["reply_to_member_id"] = "ann"
    c = Community(messages=pd.concat(parts), tz="UTC", **tables)
    only = {**dict.fromkeys(COMPONENTS, 0.0), "trust": 1.0, "activity": 0.2}
    row: pd.Series = koc(c, as_of=END, weights=KocWeights(**only)).set_index("member_id").loc["ann"]
    return row


@pytest.fixture(scope="module")
def brand() -> Community:
    return make_community(2_000, random_state=0)


@pytest.fixture(scope="module")
def ranked(brand: Community) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        found: pd.DataFrame = koc(brand, as_of="2026-06-30")
    return found


def test_columns_are_these() -> None:
    assert koc(shop(), as_of=END).columns.tolist() == COLUMNS


def test_ranks_count_from_one_and_scores_fall(ranked: pd.DataFrame) -> None:
    listed = ranked[ranked["rank"].notna()]
    assert listed["rank"].tolist() == list(range(1, len(listed) + 1))
    assert listed["score"].is_monotonic_decreasing


def test_the_score_is_the_weighted_mean_of_the_components_of_the_row(ranked: pd.DataFrame) -> None:
    listed = ranked[ranked["rank"].notna()]
    by_hand = sum(WEIGHTS[name] * listed[name] for name in COMPONENTS)
    np.testing.assert_allclose(listed["score"], by_hand)


def test_what_is_unknown_of_one_member_leaves_the_weight_to_the_rest_of_the_row() -> None:
    c = shop(member_id=[1, 2])
    row = koc(c, as_of=END).set_index("member_id").loc[3]
    rest = [name for name in COMPONENTS if name != "tenure"]
    assert pd.isna(row["tenure"])
    by_hand = sum(WEIGHTS[n] * row[n] for n in rest) / sum(WEIGHTS[n] for n in rest)
    assert row["score"] == pytest.approx(by_hand)


def test_components_lie_between_0_and_1(ranked: pd.DataFrame) -> None:
    values = ranked.loc[ranked["rank"].notna(), ["score", "confidence", *COMPONENTS]]
    assert ((values >= 0) & (values <= 1)).all(axis=None)


def test_every_code_has_words(ranked: pd.DataFrame) -> None:
    listed = ranked[ranked["rank"].notna()]
    codes = {
        "role": set(listed["role"]),
        "tier": set(listed["tier"]),
        "reasons": {code for reasons in listed["reasons"] for code in reasons},
        "excluded_because": set(ranked["excluded_because"].dropna()),
        "held_back_because": set(LIMITS),
    }
    assert all(found <= set(words_of(column)) for column, found in codes.items())
    assert codes["reasons"] == set(REASONS.values())


@pytest.mark.parametrize(
    ("lang", "spoken"),
    [("zh", ("带货达人", "邀请的人会下单")), ("en", ("converter", "brings buyers"))],
)
def test_labels_put_words_in_the_place_of_codes(lang: Any, spoken: tuple[str, str]) -> None:
    said = label(koc(shop(), as_of=END), lang).set_index("member_id")
    # 1 brought the one buyer
    assert (said["role"][1], said["reasons"][1][0]) == spoken


def test_everybody_is_on_the_list_or_named_beside_it(
    brand: Community, ranked: pd.DataFrame
) -> None:
    members = brand.before("2026-06-30").members
    assert members is not None
    assert set(members["member_id"]) <= set(ranked["member_id"])
    assert ranked["rank"].isna().tolist() == ranked["excluded_because"].notna().tolist()


def test_what_cannot_be_measured_is_null_and_said_once() -> None:
    with pytest.warns(SiyuWarning, match="not measured and null: bridging .*; tenure") as said:
        found = koc(buyers(), as_of=END)
    assert len(said) == 1
    absent = [name for name in COMPONENTS if name != "purchases"]
    assert found[absent].isna().all(axis=None)


@pytest.mark.filterwarnings("ignore:koc")
def test_the_other_weights_grow_so_that_they_add_up_to_one() -> None:
    found = koc(buyers(), as_of=END)
    np.testing.assert_allclose(found["score"], found["purchases"])


def test_without_a_table_to_rank_by_the_message_names_what_is_needed() -> None:
    with pytest.raises(DataError, match="purchases: orders"):
        koc(Community(members=frame(member_id=[1]), tz="UTC"), as_of=END)


def test_weights_can_be_changed() -> None:
    only = KocWeights(**{**dict.fromkeys(COMPONENTS, 0.0), "trust": 1.0})
    found = koc(shop(), as_of=END, weights=only)
    assert found["score"].tolist() == found["trust"].tolist()


@pytest.mark.filterwarnings("ignore:koc")
def test_equal_scores_stand_in_order_of_the_id() -> None:
    c = Community(
        orders=frame(member_id=[2, 1], order_time=["2026-06-01"] * 2, amount=[1.0, 1.0]), tz="UTC"
    )
    assert koc(c, as_of=END)["member_id"].tolist() == [1, 2]


def test_reasons_are_the_strong_components_the_weightiest_first(
    brand: Community, ranked: pd.DataFrame
) -> None:
    facts = koc_evidence(brand, as_of="2026-06-30")
    n_buyers = facts.set_index("member_id")["n_buyers"]
    for row in ranked[ranked["rank"].notna()].head(50).to_dict("records"):
        strong = [name for name in COMPONENTS if row[name] >= 0.8]
        if "referral" in strong and not n_buyers[row["member_id"]]:
            strong.remove("referral")
        strong.sort(key=lambda name: -WEIGHTS[name] * row[name])
        told = [code for code in row["reasons"] if code != "answers_questions"]
        assert told == [REASONS[name] for name in strong]


@pytest.mark.filterwarnings("ignore:koc")
def test_who_brought_no_buyer_is_not_said_to_bring_buyers() -> None:
    # 1 brought four lately, none of whom bought yet; 2 brought one buyer of two, years ago
    c = Community(
        orders=frame(member_id=[9], order_time=["2023-07-01"], amount=[1.0]),
        referrals=frame(
            inviter_id=[1] * 4 + [2] * 2,
            invitee_id=[3, 4, 5, 6, 8, 9],
            referral_time=["2026-06-29"] * 4 + ["2023-07-01"] * 2,
        ),
        tz="UTC",
    )
    found = koc(c, as_of=END, exclude_suspected=False).set_index("member_id")
    assert found["referral"][1] >= 0.8
    assert "brings_buyers" not in found["reasons"][1]


def test_hubs_and_sleepers_are_to_watch_at_best(ranked: pd.DataFrame) -> None:
    held = ranked[ranked["role"].isin(["hub", "sleeper"])]
    assert len(held) > 20
    assert set(held["tier"]) <= {"watch", "none"}


def test_the_core_is_there_and_buys(brand: Community) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        for day in ("2026-01-01", "2026-05-01"):
            ranked = koc(brand, as_of=day)
            core = ranked.loc[ranked["tier"] == "core", "member_id"]
            facts = koc_evidence(brand, as_of=day, members=core)
            assert len(facts) > 5
            assert (facts["n_purchase_days"] > 0).all()
            assert (facts[["n_active_days", "n_invited"]].sum(axis=1) > 0).all()


@pytest.mark.filterwarnings("ignore:koc")
def test_who_is_silent_is_to_watch_at_best() -> None:
    there, silent = listened_to("2026-06-29"), listened_to("2026-01-05")
    assert (there["tier"], pd.isna(there["held_back_because"])) == ("core", True)
    assert (silent["tier"], silent["held_back_because"]) == ("watch", "silent_lately")


@pytest.mark.filterwarnings("ignore:koc")
def test_an_invitation_breaks_the_silence() -> None:
    joined = frame(group_id=[1], member_id=["new"], inviter_id=["ann"], joined_at=["2026-06-30"])
    assert listened_to("2026-01-05", memberships=joined)["tier"] == "core"


@pytest.mark.filterwarnings("ignore:koc")
def test_who_buys_nothing_is_no_core_where_orders_are_known() -> None:
    orders = frame(member_id=["bob", "ann"], order_time=["2026-06-01", "2025-01-01"], amount=[1, 1])
    unknown, buys_no_more = (
        listened_to("2026-06-29", 60, **tables) for tables in ({}, {"orders": orders})
    )
    assert (unknown["tier"], pd.isna(unknown["held_back_because"])) == ("core", True)
    assert (buys_no_more["tier"], buys_no_more["held_back_because"]) == ("rising", "no_purchases")


@pytest.mark.filterwarnings("ignore:koc")
def test_where_nobody_did_anything_lately_nobody_is_called_silent() -> None:
    said = frame(
        member_id=["ann", "bob"],
        message_time=["2026-01-01"] * 2,
        reply_to_member_id=["bob", None],
    )
    c = Community(messages=said, tz="UTC")
    known, end = c.before(END), c.moment(END)
    assert silent_lately(KocFacts(known, end, known.customers(), None)) is None


def test_given_ties_take_the_place_of_those_built(brand: Community, ranked: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        ties = build_ties(brand, as_of="2026-06-30").to_pandas().sample(frac=1, random_state=0)
        again = koc(brand, as_of="2026-06-30", ties=ties)
    assert plain(ranked) == plain(again)


def test_given_ties_of_staff_or_of_later_do_not_count() -> None:
    c = shop(member_id=[1, 9], kind=["customer", "staff"])
    good = frame(source=[1], target=[2], tie_time=["2026-06-01"], kind=["trust"])
    bad = frame(
        source=[9, 1], target=[3, 3], tie_time=["2026-06-01", "2026-07-01"], kind=["trust"] * 2
    )
    one, other = (koc(c, as_of=END, ties=t) for t in (good, pd.concat([good, bad])))
    assert plain(one) == plain(other)


def test_given_ties_with_ids_of_another_type_are_refused() -> None:
    ties = frame(source=["a"], target=["b"], tie_time=["2026-06-01"], kind=["trust"])
    with pytest.raises(ParameterError, match="member_id are int64 here, ties hold large_string"):
        koc(shop(), as_of=END, ties=ties)


@pytest.mark.filterwarnings("ignore:koc", "ignore:1 of 1 given ties")
def test_ties_may_be_given_where_nobody_is_known_yet() -> None:
    ties = frame(source=["a"], target=["b"], kind=["trust"], tie_time=["2019-01-01"])
    orders = frame(member_id=["a"], order_time=[END], amount=[1.0])
    assert len(koc(Community(orders=orders, tz="UTC"), as_of="2020-01-01", ties=ties)) == 0


@pytest.mark.parametrize("ids", [[], pd.Series([], dtype="str")])
def test_no_ties_may_be_given(ids: Any) -> None:
    assert len(koc(shop(), as_of=END, ties=pd.DataFrame({"source": ids, "target": ids}))) == 3


def test_given_ties_of_strangers_are_reported() -> None:
    ties = frame(source=[1, 77], target=[2, 2], tie_time=["2026-06-01"] * 2, kind=["trust"] * 2)
    with pytest.warns(SiyuWarning, match="1 of 2 given ties name somebody whom no table knows"):
        found = koc(shop(), as_of=END, ties=ties)
    assert plain(found) == plain(koc(shop(), as_of=END, ties=ties[:1]))


def test_a_tie_with_oneself_is_no_listener() -> None:
    ties = frame(source=[1, 2], target=[2, 2], tie_time=["2026-06-01"] * 2, kind=["trust"] * 2)
    with pytest.warns(SiyuWarning, match="dropped") as said:
        found = koc(shop(), as_of=END, ties=ties)
    with_it = found.set_index("member_id")["trust"]
    without = koc(shop(), as_of=END, ties=ties[:1]).set_index("member_id")["trust"]
    assert len(said) == 1
    assert with_it.to_dict() == without.to_dict()


def test_ties_of_no_weight_are_reported_once_and_count_for_nothing() -> None:
    ties = frame(source=[1, 3], target=[2, 2], tie_time=["2026-06-01"] * 2, kind=["trust"] * 2)
    with pytest.warns(SiyuWarning, match="of weight 0 is dropped") as said:
        found = koc(shop(), as_of=END, ties=ties.assign(weight=[1.0, 0.0]))
    without = koc(shop(), as_of=END, ties=ties[:1])
    assert len(said) == 1
    assert plain(found) == plain(without)


@pytest.mark.parametrize("output", ["pandas", "polars", "pyarrow"])
def test_the_list_comes_as_the_frame_asked_for(output: Any) -> None:
    kinds = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table}
    assert isinstance(koc(shop(), as_of=END, output=output), kinds[output])


def test_polars_tables_go_in() -> None:
    c = shop()
    tables: dict[str, Any] = {name: pl.from_arrow(c.arrow(name)) for name in c.tables()}
    assert plain(koc(c, as_of=END)) == plain(koc(Community(tz="UTC", **tables), as_of=END))


def test_planted_brokers_are_found_from_raw_tables(brand: Community) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        graph = MemberGraph.from_community(brand, pd.Timestamp("2026-06-30"))
    found = community_bridging(graph)
    truth = brand.truth["members"].set_index("member_id")["is_broker"]
    best = found.nlargest(40, "bridging")["member_id"]
    assert truth[best].mean() > 0.5  # chance 0.02


def test_each_component_follows_what_was_planted(brand: Community, ranked: pd.DataFrame) -> None:
    listed = ranked[ranked["rank"].notna()]
    truth = brand.truth["members"].set_index("member_id").loc[listed["member_id"]]
    planted = {
        "bridging": "is_broker",
        "trust": "influence",
        "referral": "sharing",
        "sharing": "sharing",
        "purchases": "is_buyer",
    }
    found = {n: spearmanr(listed[n], truth[t].astype(float)).statistic for n, t in planted.items()}
    assert min(found.values()) > 0.3


def test_fraud_rings_do_not_lead_the_list_even_if_nobody_is_suspected(brand: Community) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        ranked = koc(brand, as_of="2026-06-30", exclude_suspected=False)
    truth = brand.truth["members"].set_index("member_id")["is_fraud"]
    assert not truth[ranked["member_id"][:50]].any()


def test_ciao_ranks_those_whom_trusters_will_follow(siyu_data: Path) -> None:
    c, moment = load_ciao(siyu_data / "ciao"), "2006-01-01"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        found = koc(c, as_of=moment)
    events, ties = c.events, c.ties
    assert events is not None
    assert ties is not None
    is_later = events["event_time"] >= pd.Timestamp(moment, tz="UTC")
    rated, rates = (
        events.loc[part, ["member_id", "product_id"]].drop_duplicates()
        for part in (~is_later, is_later)
    )
    followed = rated.merge(ties, left_on="member_id", right_on="target").merge(
        rates, left_on=["source", "product_id"], right_on=["member_id", "product_id"]
    )
    times = followed.groupby("member_id_x").size()
    by_degree = (
        ties.groupby("target").size().sort_values(ascending=False, kind="stable").index[:100]
    )
    ours, theirs = (
        times.reindex(ids).fillna(0).mean() for ids in (found["member_id"][:100], by_degree)
    )
    assert ours > 2 * theirs > 0  # measured: 40 against 17 later ratings by trusters, each
