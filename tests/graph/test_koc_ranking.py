"""The KOC list: who is on it, why, who is not, and what must not change it."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.stats import spearmanr

from siyu.datasets import Community, load_ciao, make_community
from siyu.datasets.errors import DataError, ParameterError, SiyuWarning
from siyu.datasets.labels import label, words_of
from siyu.graph import KocWeights, build_ties, community_bridging, koc
from siyu.graph.member_graph import MemberGraph
from siyu.graph.ranking.koc_components import COMPONENTS
from strategies import AS_OF, shuffled, small_community, with_later_rows

END = "2026-07-01"
COLUMNS = ["member_id", "rank", "score", "role", *COMPONENTS, "reasons", "excluded_because"]
pytestmark = pytest.mark.filterwarnings("ignore:ties were dropped")


def frame(**columns: list[Any]) -> pd.DataFrame:
    made = pd.DataFrame(columns)
    for name in columns:
        if name.endswith(("_time", "_at")):
            made[name] = pd.to_datetime(made[name])
    return made


def shop(**members: list[Any]) -> Community:
    """Make a shop of buyers 1, 2, 3 (3 buys most) in which all components are measured."""
    when = ["2026-06-01"]
    people: dict[str, Any] = {"members": frame(**members)} if members else {}
    return Community(
        orders=frame(member_id=[1, 2, 3], order_time=when * 3, amount=[1.0, 2.0, 3.0]),
        referrals=frame(inviter_id=[1], invitee_id=[2], referral_time=["2026-05-01"]),
        messages=frame(member_id=[3], message_time=when, reply_to_member_id=[1]),
        tz="UTC",
        **people,
    )


def buyers() -> Community:
    return Community(
        orders=frame(member_id=[1, 2], order_time=["2026-06-01"] * 2, amount=[1.0, 2.0]), tz="UTC"
    )


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Compare lists value by value, nulls with nulls and the reasons as plain lists."""
    return _plain(one) == _plain(other)


def _plain(listed: pd.DataFrame) -> list[str]:
    return [str(row) for row in listed.to_dict("records")]


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


def test_the_score_is_the_weighted_mean_of_the_components(ranked: pd.DataFrame) -> None:
    listed = ranked[ranked["rank"].notna()]
    by_hand = (
        0.30 * listed["bridging"]
        + 0.20 * listed["trust"]
        + 0.25 * listed["referral"]
        + 0.15 * listed["purchases"]
        + 0.10 * listed["activity"]
    )
    np.testing.assert_allclose(listed["score"], by_hand)


def test_components_lie_between_0_and_1(ranked: pd.DataFrame) -> None:
    values = ranked.loc[ranked["rank"].notna(), list(COMPONENTS)]
    assert ((values >= 0) & (values <= 1)).all(axis=None)


def test_every_code_has_words(ranked: pd.DataFrame) -> None:
    listed = ranked[ranked["rank"].notna()]
    codes = {
        "role": set(listed["role"]),
        "reasons": {code for reasons in listed["reasons"] for code in reasons},
        "excluded_because": set(ranked["excluded_because"].dropna()),
    }
    assert all(found <= set(words_of(column)) for column, found in codes.items())


def test_labels_put_words_in_the_place_of_codes() -> None:
    spoken = label(koc(shop(), as_of=END, exclude=[3]), "zh").set_index("member_id")
    # 1 brought the one buyer
    assert (spoken["role"][1], list(spoken["reasons"][1])) == ("带货达人", ["邀请的人会下单"])
    assert spoken["excluded_because"][3] == "被名单排除"


def test_everybody_is_on_the_list_or_named_beside_it(
    brand: Community, ranked: pd.DataFrame
) -> None:
    members = brand.before("2026-06-30").members
    assert members is not None
    assert set(members["member_id"]) <= set(ranked["member_id"])
    assert ranked["rank"].isna().tolist() == ranked["excluded_because"].notna().tolist()


def test_staff_are_named_and_not_ranked(brand: Community, ranked: pd.DataFrame) -> None:
    staff = ranked.loc[ranked["excluded_because"] == "staff", "member_id"]
    assert staff.tolist() == brand.staff().to_pylist()


def test_who_serves_customers_is_staff_even_without_a_kind() -> None:
    c = shop()
    tables: dict[str, Any] = {name: c.arrow(name) for name in c.tables()}
    links = frame(member_id=[1], staff_id=[3], added_at=["2026-01-01"])
    found = koc(Community(tz="UTC", staff_links=links, **tables), as_of=END)
    assert found.set_index("member_id")["excluded_because"].dropna().to_dict() == {3: "staff"}


def test_members_who_opted_out_are_named_and_nothing_is_told_of_them() -> None:
    found = koc(shop(member_id=[1, 2, 3], opt_out=[False, True, False]), as_of=END)
    out = found[found["excluded_because"] == "opted_out"]
    assert out["member_id"].tolist() == [2]
    assert out[["rank", "score", "role", *COMPONENTS]].isna().all(axis=None)


def test_who_is_excluded_by_name_is_not_ranked() -> None:
    found = koc(shop(), as_of=END, exclude=[3])
    assert found.set_index("member_id")["excluded_because"].to_dict()[3] == "excluded"


def test_staff_come_before_the_callers_list() -> None:
    found = koc(shop(member_id=[3], kind=["staff"]), as_of=END, exclude=[3])
    assert found.set_index("member_id")["excluded_because"].to_dict()[3] == "staff"


@pytest.mark.parametrize(
    "exclude", [[1, 3], {3, 1}, pd.DataFrame({"member_id": [3, 1]}), pl.Series([1, 3])]
)
def test_the_callers_list_may_be_of_any_kind(exclude: Any) -> None:
    found = koc(shop(), as_of=END, exclude=exclude)
    assert found.loc[found["rank"].notna(), "member_id"].tolist() == [2]


def test_ids_of_another_type_are_refused() -> None:
    with pytest.raises(ParameterError, match="member_id are integers here"):
        koc(shop(), as_of=END, exclude=["3"])


def test_leaving_somebody_out_changes_no_figure_of_the_others(
    brand: Community, ranked: pd.DataFrame
) -> None:
    first = ranked["member_id"][0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        again = koc(brand, as_of="2026-06-30", exclude=[first])
    kept = ["member_id", "score", *COMPONENTS]
    before = ranked.loc[ranked["rank"] > 1, kept].reset_index(drop=True)
    pd.testing.assert_frame_equal(again.loc[again["rank"].notna(), kept], before)


def test_what_cannot_be_measured_is_null_and_said_once() -> None:
    with pytest.warns(
        SiyuWarning, match="not measured and null: bridging .*, trust .*, referral .*|activity"
    ) as said:
        found = koc(buyers(), as_of=END)
    assert len(said) == 1
    assert found[["bridging", "trust", "referral", "activity"]].isna().all(axis=None)


@pytest.mark.filterwarnings("ignore:koc")
def test_the_other_weights_grow_so_that_they_add_up_to_one() -> None:
    found = koc(buyers(), as_of=END)
    np.testing.assert_allclose(found["score"], found["purchases"])


def test_without_a_table_to_rank_by_the_message_names_what_is_needed() -> None:
    with pytest.raises(DataError, match="purchases: orders"):
        koc(Community(members=frame(member_id=[1]), tz="UTC"), as_of=END)


def test_weights_can_be_changed() -> None:
    only = KocWeights(bridging=0, trust=1, referral=0, purchases=0, activity=0)
    found = koc(shop(), as_of=END, weights=only)
    assert found["score"].tolist() == found["trust"].tolist()


@pytest.mark.parametrize(
    "weights", [{"trust": -1.0}, {"trust": float("nan")}, dict.fromkeys(COMPONENTS, 0.0)]
)
def test_weights_out_of_range_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="weights must be 0 or more"):
        KocWeights(**weights)


@pytest.mark.filterwarnings("ignore:koc")
def test_equal_scores_stand_in_order_of_the_id() -> None:
    c = Community(
        orders=frame(member_id=[2, 1], order_time=["2026-06-01"] * 2, amount=[1.0, 1.0]), tz="UTC"
    )
    assert koc(c, as_of=END)["member_id"].tolist() == [1, 2]


@pytest.mark.filterwarnings("ignore:koc")
def test_the_role_is_what_adds_most_of_what_is_strong() -> None:
    orders = frame(
        member_id=[1, 2, 2],
        order_time=["2026-06-01", "2026-06-01", "2026-06-02"],
        amount=[1.0, 5.0, 5.0],
    )
    days = ["2026-06-01", "2026-06-01", "2026-06-02"]
    events = frame(member_id=[1, 3, 3], event_time=days, event=["v"] * 3)
    found = koc(Community(orders=orders, events=events, tz="UTC"), as_of=END).set_index("member_id")
    # 1 is the lesser of two buyers and of two active members: .6 x .5 against .4 x .5
    assert found["role"].to_dict() == {1: "loyal_buyer", 2: "loyal_buyer", 3: "active_member"}


def test_reasons_are_the_strong_components_the_weightiest_first(ranked: pd.DataFrame) -> None:
    code = dict(
        zip(
            COMPONENTS,
            ["bridges_communities", "listened_to", "brings_buyers", "buys_often", "active_lately"],
            strict=True,
        )
    )
    weight = {"bridging": 0.3, "trust": 0.2, "referral": 0.25, "purchases": 0.15, "activity": 0.1}
    for row in ranked[ranked["rank"].notna()].head(50).to_dict("records"):
        strong = [name for name in COMPONENTS if row[name] >= 0.8]
        strong.sort(key=lambda name: -weight[name] * row[name])
        assert list(row["reasons"]) == [code[name] for name in strong]


def test_given_ties_take_the_place_of_those_built(brand: Community, ranked: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        ties = build_ties(brand, as_of="2026-06-30").to_pandas().sample(frac=1, random_state=0)
        again = koc(brand, as_of="2026-06-30", ties=ties)
    assert same(ranked, again)


def test_given_ties_of_staff_or_of_later_do_not_count() -> None:
    c = shop(member_id=[1, 9], kind=["customer", "staff"])
    good = frame(source=[1], target=[2], tie_time=["2026-06-01"], kind=["trust"])
    bad = frame(
        source=[9, 1], target=[3, 3], tie_time=["2026-06-01", "2026-07-01"], kind=["trust"] * 2
    )
    one, other = (koc(c, as_of=END, ties=t) for t in (good, pd.concat([good, bad])))
    assert same(one, other)


@pytest.mark.parametrize("seed", [0, 4])
def test_later_rows_change_nothing(seed: int) -> None:
    c = small_community(seed)
    later = with_later_rows(c, small_community(seed + 1))
    assert same(koc(c, as_of=AS_OF), koc(later, as_of=AS_OF))


@pytest.mark.parametrize("seed", [0, 4])
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    c = small_community(seed)
    assert same(koc(c, as_of=AS_OF), koc(shuffled(c, 7), as_of=AS_OF))


def test_values_filled_in_later_change_nothing() -> None:
    c = small_community(2)
    groups = c.memberships
    assert groups is not None
    groups["left_at"] = groups["left_at"].where(
        groups["left_at"] < AS_OF, AS_OF + pd.Timedelta("9D")
    )
    tables: dict[str, Any] = {**{name: c.arrow(name) for name in c.tables()}, "memberships": groups}
    assert same(koc(c, as_of=AS_OF), koc(Community(tz=c.tz, **tables), as_of=AS_OF))


def test_staff_who_come_later_change_nothing() -> None:
    c = small_community(2)
    members = c.members
    assert members is not None
    new = pd.DataFrame(
        {"member_id": [99], "joined_at": [AS_OF], "kind": ["staff"], "opt_out": [False]}
    )
    tables: dict[str, Any] = {
        **{name: c.arrow(name) for name in c.tables()},
        "members": pd.concat([members, new]),
    }
    assert same(koc(c, as_of=AS_OF), koc(Community(tz=c.tz, **tables), as_of=AS_OF))


def test_text_ids_are_ranked_like_integers() -> None:
    numbers, words = (koc(small_community(5, text_ids=t), as_of=AS_OF) for t in (False, True))
    assert words["member_id"].tolist() == [f"m{m:05d}" for m in numbers["member_id"]]
    np.testing.assert_array_equal(numbers["score"], words["score"])


@pytest.mark.parametrize("output", ["pandas", "polars", "pyarrow"])
def test_the_list_comes_as_the_frame_asked_for(output: Any) -> None:
    kinds = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table}
    assert isinstance(koc(shop(), as_of=END, output=output), kinds[output])


def test_polars_tables_go_in() -> None:
    c = shop()
    tables: dict[str, Any] = {name: pl.from_arrow(c.arrow(name)) for name in c.tables()}
    assert same(koc(c, as_of=END), koc(Community(tz="UTC", **tables), as_of=END))


def test_tables_without_rows_give_an_empty_list() -> None:
    c = shop()
    empty = {name: rows.slice(0, 0) for name in c.tables() if (rows := c.arrow(name)) is not None}
    found = koc(Community(tz="UTC", **empty), as_of=END)
    assert (len(found), found.columns.tolist()) == (0, COLUMNS)


def test_before_the_first_row_the_list_is_empty() -> None:
    assert len(koc(shop(), as_of="2020-01-01")) == 0


def test_text_ids_may_all_come_later() -> None:
    members = frame(member_id=["a", "s"], joined_at=[END] * 2, kind=["customer", "staff"])
    orders = frame(member_id=["a"], order_time=[END], amount=[1.0])
    with pytest.warns(SiyuWarning, match="not measured"):
        assert len(koc(Community(members=members, orders=orders, tz="UTC"), as_of=END)) == 0


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.filterwarnings("ignore:koc")
def test_one_or_two_members_are_ranked(n: int) -> None:
    c = Community(
        orders=frame(member_id=list(range(n)), order_time=["2026-06-01"] * n, amount=[1.0] * n),
        ties=frame(source=[0] * (n - 1), target=[1] * (n - 1), tie_time=["2026-06-01"] * (n - 1)),
        tz="UTC",
    )
    assert koc(c, as_of=END)["rank"].tolist() == list(range(1, n + 1))


def test_a_community_of_staff_ranks_nobody() -> None:
    found = koc(shop(member_id=[1, 2, 3], kind=["staff"] * 3), as_of=END)
    assert found["excluded_because"].tolist() == ["staff"] * 3


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
        "purchases": "is_buyer",
    }
    found = {n: spearmanr(listed[n], truth[t].astype(float)).statistic for n, t in planted.items()}
    assert min(found.values()) > 0.3


def test_fraud_rings_do_not_lead_the_list(brand: Community, ranked: pd.DataFrame) -> None:
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
    assert ours > 2 * theirs > 0  # measured: 49 against 17 later ratings by trusters, each
