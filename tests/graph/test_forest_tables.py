"""Members, cascades, generations and campaigns of the referral forest, by hand and in general."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community, SiyuWarning, label, make_community
from siyu.datasets.errors import DataError
from siyu.graph.fission.forest_campaigns import campaign_spread, kind_spread
from siyu.graph.fission.forest_cascades import cascade_stats
from siyu.graph.fission.forest_doubts import referral_problems
from siyu.graph.fission.forest_generations import generations
from siyu.graph.fission.forest_members import referral_stats
from siyu.graph.fission.upstream_gmv import upstream_credit
from strategies import AS_OF, shuffled, small_community, with_edited_future, with_later_rows

END = "2027-01-01"
CALLS: dict[str, Callable[..., Any]] = {
    "referral_stats": referral_stats,
    "cascade_stats": cascade_stats,
    "generations": generations,
    "campaign_spread": campaign_spread,
    "kind_spread": kind_spread,
    "upstream_credit": upstream_credit,
    "referral_problems": referral_problems,
}


def dated(**columns: list[Any]) -> pd.DataFrame:
    made = pd.DataFrame(columns)
    for name in columns:
        if name.endswith(("_time", "_at")):
            made[name] = pd.to_datetime(made[name], format="ISO8601")
    return made


def shop(**changes: Any) -> Community:
    """Give two trees: ann - (bob - (dan - eve), cid), and fay - gus.

    Bob was brought by a gift, the others by team buying; gus came without a campaign. Cid had
    bought before; dan buys for 100 and sends back 30; gus buys for 7.
    """
    tables = {
        "referrals": dated(
            inviter_id=["ann", "ann", "bob", "dan", "fay", "fay"],
            invitee_id=["bob", "cid", "dan", "eve", "gus", "dan"],
            referral_time=["2026-01-01", "2026-01-03", "2026-01-05", "2026-01-09", None, None],
            campaign_id=["k2", "k1", "k1", "k3", None, "k1"],
        ),
        "orders": dated(
            member_id=["cid", "dan", "dan", "gus", "ann"],
            order_time=["2025-12-01", "2026-01-06", "2026-01-08", "2026-01-08", "2026-01-08"],
            amount=[5.0, 100.0, -30.0, 7.0, 900.0],
        ),
        "campaigns": dated(campaign_id=["k1", "k2", "k3"], kind=["groupbuy", "gift", "groupbuy"]),
    }
    return Community(tz="UTC", **{k: v for k, v in (tables | changes).items() if v is not None})


def rows_of(c: Community, table: str, key: str, chosen: set[str]) -> Any:
    """Give the rows of a table whose key is among the chosen."""
    frame = getattr(c, table)
    return frame[frame[key].isin(chosen)]


def with_campaigns(c: Community) -> Community:
    """Name a campaign on every referral of a random community, by its inviter and invitee."""
    tables = {name: getattr(c, name) for name in c.tables()}
    referrals = tables["referrals"]
    ends = [
        referrals[name].astype(str).str.lstrip("m").astype(int)
        for name in ("inviter_id", "invitee_id")
    ]
    referrals["campaign_id"] = (ends[0] + ends[1]) % 5
    kinds = ["help", "gift", "swap", "help", "gift"]
    tables["campaigns"] = pd.DataFrame({"campaign_id": range(5), "kind": kinds})
    return Community(tz=c.tz, **tables)


@pytest.fixture(autouse=True)
def _weak_answers_are_fine(request: pytest.FixtureRequest) -> Iterator[None]:
    with warnings.catch_warnings():
        if "warns" not in request.node.name:
            warnings.simplefilter("ignore", SiyuWarning)
        yield


def test_a_member_is_told_from_whom_and_how_far() -> None:
    found = referral_stats(shop(), as_of=END).set_index("member_id")
    dan = found.loc["dan"]
    assert dan[["inviter_id", "root_id", "depth"]].tolist() == ["bob", "ann", 2]
    assert dan["referred_at"] == pd.Timestamp("2026-01-05", tz="UTC")
    assert found.loc["ann", ["root_id", "depth"]].tolist() == ["ann", 0]
    assert found.loc["ann", ["inviter_id", "referred_at"]].isna().all()


def test_what_grew_below_is_counted() -> None:
    found = referral_stats(shop(), as_of=END).set_index("member_id")
    counts = ["n_invited", "n_direct", "n_downstream", "max_depth", "breadth"]
    assert found.loc["ann", counts].tolist() == [2, 2, 4, 3, 2]
    assert found.loc["fay", counts].tolist() == [2, 1, 1, 1, 1]  # dan was bob's already
    assert found.loc["eve", counts].tolist() == [0, 0, 0, 0, 0]


def test_who_is_invited_twice_is_invited_once() -> None:
    rows = {"inviter_id": ["a", "a"], "invitee_id": ["b", "b"]}
    c = shop(referrals=dated(**rows, referral_time=["2026-01-01", "2026-01-02"]))
    assert referral_stats(c, as_of=END).set_index("member_id").loc["a", "n_invited"] == 1


def test_virality_is_the_mean_distance_of_pairs() -> None:
    found = referral_stats(shop(), as_of=END).set_index("member_id")["structural_virality"]
    # ann's tree, ten pairs: ab 1 ac 1 ad 2 ae 3 bc 2 bd 1 be 2 cd 3 ce 4 de 1 = 20
    assert found["ann"] == 2.0
    assert found["fay"] == 1.0
    assert np.isnan(found["eve"])


def test_money_below_leaves_old_buyers_and_the_member_out() -> None:
    found = referral_stats(shop(), as_of=END).set_index("member_id")
    money = ["n_buyers", "gmv", "upstream_credit"]
    assert found.loc["ann", money].tolist() == [1, 70.0, 17.5]  # dan, two steps below
    assert found.loc["bob", money].tolist() == [1, 70.0, 35.0]
    assert found.loc["dan", money].tolist() == [0, 0.0, 0.0]


def test_every_customer_has_a_row_and_staff_has_none() -> None:
    c = shop(members=pd.DataFrame({"member_id": ["gus", "zoe"], "kind": ["staff", "customer"]}))
    found = referral_stats(c, as_of=END)["member_id"].tolist()
    assert found == ["ann", "bob", "cid", "dan", "eve", "fay", "zoe"]


def test_a_cascade_is_one_row() -> None:
    found = cascade_stats(shop(), as_of=END)
    assert found["root_id"].tolist() == ["ann", "fay"]
    counts = ["n_members", "n_inviting", "depth", "breadth", "n_buyers"]
    assert found[counts].to_numpy().tolist() == [[5, 3, 3, 2, 1], [2, 1, 1, 1, 1]]
    assert found["gmv"].tolist() == [70.0, 7.0]
    assert found["structural_virality"].tolist() == [2.0, 1.0]


def test_a_cascade_lasts_from_its_first_to_its_last_referral() -> None:
    found = cascade_stats(shop(), as_of=END)
    assert found["started_at"][0] == pd.Timestamp("2026-01-01", tz="UTC")
    assert found["last_at"][0] == pd.Timestamp("2026-01-09", tz="UTC")
    assert found["duration_days"][0] == 8.0
    assert found.loc[1, ["started_at", "last_at", "duration_days"]].isna().all()


def test_a_cascade_of_several_campaigns_has_none() -> None:
    assert cascade_stats(shop(), as_of=END)[["campaign_id", "campaign_kind"]].isna().all(axis=None)


def test_a_cascade_of_one_kind_has_it_though_its_campaigns_are_two() -> None:
    kinds = dated(campaign_id=["k1", "k2", "k3"], kind=["groupbuy"] * 3)
    found = cascade_stats(shop(campaigns=kinds), as_of=END)
    assert found["campaign_kind"].fillna("").tolist() == ["groupbuy", ""]
    assert found["campaign_id"].isna().all()


def test_a_campaign_that_begins_later_has_no_kind_yet() -> None:
    late = dated(campaign_id=["k1"], kind=["help"], starts_at=["2028-01-01"])
    found = campaign_spread(shop(campaigns=late), as_of=END)
    assert found["campaign_kind"].isna().all()


def test_generations_add_up_all_trees() -> None:
    found = generations(shop(), as_of=END)
    assert found["n_members"].tolist() == [2, 3, 1, 1]
    assert found["n_inviting"].tolist() == [2, 1, 1, 0]
    assert found["n_brought"].tolist() == [3, 1, 1, 0]
    assert found["branching"].tolist() == [1.5, 1 / 3, 1.0, 0.0]


def test_the_first_generation_was_not_brought_and_converts_nobody() -> None:
    found = generations(shop(), as_of=END)
    money = ["n_won", "n_buyers", "conversion", "gmv"]
    assert found.loc[0, money].isna().all()
    # of bob, cid and gus, cid had bought before
    assert found.loc[1, money].tolist() == [2, 1, 0.5, 7.0]
    assert found.loc[2, money].tolist() == [1, 1, 1.0, 70.0]


def test_who_neither_brought_nor_was_brought_is_in_no_generation() -> None:
    c = shop(members=pd.DataFrame({"member_id": ["zoe"]}))
    assert generations(c, as_of=END)["n_members"].sum() == 7


def test_within_a_campaign_trees_begin_anew() -> None:
    found = campaign_spread(shop(), as_of=END)
    assert found["campaign_id"].fillna("").tolist() == ["k1", "k2", "k3", ""]
    # k1 brought cid (by ann) and dan (by bob, who came through k2): two trees
    assert found["n_trees"].tolist() == [2, 1, 1, 1]
    assert found["n_brought"].tolist() == [2, 1, 1, 1]
    assert found["largest"].tolist() == [2, 2, 2, 2]
    assert found["passed_on"].tolist() == [0.0, 0.0, 0.0, 0.0]


def test_campaigns_of_one_kind_are_one() -> None:
    found = kind_spread(shop(), as_of=END)
    assert found["campaign_kind"].fillna("").tolist() == ["gift", "groupbuy", ""]
    columns = ["n_trees", "n_inviting", "n_brought", "largest", "depth", "breadth"]
    # team buying: ann - cid, and bob - dan - eve
    assert found.loc[1, columns].tolist() == [2, 3, 3, 3, 2, 1]
    assert found.loc[1, "passed_on"] == pytest.approx(1 / 3)  # eve
    assert found.loc[1, "structural_virality"] == pytest.approx((1 + 4 / 3) / 2)


def test_a_kind_converts_those_who_had_not_bought_before() -> None:
    found = kind_spread(shop(), as_of=END)
    money = ["n_won", "n_buyers", "conversion", "gmv"]
    assert found.loc[1, money].tolist() == [2, 1, 0.5, 70.0]  # dan and eve, without cid


def test_kinds_have_words() -> None:
    found = label(kind_spread(shop(), as_of=END), "zh")["campaign_kind"]
    assert found[1] == "拼团"


def test_problems_have_words() -> None:
    found = label(referral_problems(shop(), as_of=END), "en")
    assert found["problem"].tolist() == ["somebody else was first", "time unknown"]


@pytest.mark.parametrize("call", ["referral_stats", "cascade_stats", "generations"])
def test_without_orders_money_is_null_and_a_call_warns(call: str) -> None:
    c = shop(orders=None, referrals=shop().referrals.dropna())  # type: ignore[union-attr]
    with pytest.warns(SiyuWarning, match="no orders"):
        found = CALLS[call](c, as_of=END)
    assert found[["n_buyers", "gmv"]].isna().all(axis=None)


def test_a_record_of_orders_that_begins_late_warns() -> None:
    tables = {name: getattr(shop(), name) for name in shop().tables()}
    tables["referrals"] = tables["referrals"].dropna()
    c = Community(tz="UTC", observed={"orders": ("2026-01-04", END)}, **tables)
    with pytest.warns(SiyuWarning, match="2 members were brought before orders were recorded"):
        referral_stats(c, as_of=END)


@pytest.mark.parametrize("call", CALLS)
def test_without_referrals_a_call_says_what_it_needs(call: str) -> None:
    c = shop(referrals=None)
    with pytest.raises(DataError, match=rf"{call}\(\) needs the table referrals"):
        CALLS[call](c, as_of=END)


def test_spread_needs_campaigns() -> None:
    bare = shop().referrals.drop(columns="campaign_id")  # type: ignore[union-attr]
    with pytest.raises(DataError, match=r"needs referrals\.campaign_id"):
        campaign_spread(shop(referrals=bare), as_of=END)
    with pytest.raises(DataError, match="needs the table campaigns"):
        kind_spread(shop(campaigns=None), as_of=END)
    with pytest.raises(DataError, match=r"needs campaigns\.kind"):
        kind_spread(shop(campaigns=pd.DataFrame({"campaign_id": ["k1"]})), as_of=END)


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=5)
@given(seed=st.integers(0, 50))
def test_later_rows_and_edits_change_nothing(call: str, seed: int) -> None:
    c = small_community(seed)
    before = CALLS[call](with_campaigns(c), as_of=AS_OF)
    for other in (with_later_rows(c, small_community(seed + 99)), with_edited_future(c, seed)):
        after = CALLS[call](with_campaigns(other), as_of=AS_OF)
        pd.testing.assert_frame_equal(before, after, check_exact=True)


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=5)
@given(seed=st.integers(0, 50))
def test_the_order_of_rows_changes_no_byte(call: str, seed: int) -> None:
    c = with_campaigns(small_community(seed))
    one, other = (CALLS[call](part, as_of=AS_OF) for part in (c, shuffled(c, seed)))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.parametrize("call", CALLS)
def test_whole_numbers_and_text_ids_give_the_same_answers(call: str) -> None:
    one, other = (
        CALLS[call](with_campaigns(small_community(3, text_ids=text)), as_of=AS_OF)
        for text in (False, True)
    )
    kept = [name for name in one.columns if not name.endswith("_id") or name == "campaign_id"]
    pd.testing.assert_frame_equal(one[kept], other[kept])


@pytest.mark.parametrize("call", CALLS)
def test_the_tables_are_not_modified(call: str) -> None:
    c, again = (with_campaigns(small_community(4)) for _ in range(2))
    CALLS[call](c, as_of=AS_OF)
    assert all(c.arrow(name).equals(again.arrow(name)) for name in c.tables())  # type: ignore[union-attr]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_shop_of_nobody_one_or_two_has_answers(call: str, n: int) -> None:
    who = ["a", "b"][:n]
    rows = {"inviter_id": ["a"], "invitee_id": ["b"], "referral_time": ["2026-01-01"]}
    referrals = dated(**rows, campaign_id=["k1"]).head(max(n - 1, 0))
    orders = dated(member_id=who, order_time=["2026-01-02"] * n, amount=[3.0] * n)
    c = shop(referrals=referrals, orders=orders)
    found = CALLS[call](c, as_of=END)
    expected = {"referral_stats": n, "upstream_credit": n, "generations": 2 * (n == 2)}
    assert len(found) == expected.get(call, int(n == 2 and call != "referral_problems"))


@pytest.mark.parametrize("output", ["polars", "pyarrow"])
def test_other_frames_hold_the_same(output: str) -> None:
    found = referral_stats(shop(), as_of=END, output=output)  # type: ignore[arg-type]
    same = referral_stats(shop(), as_of=END)
    assert (
        found["n_downstream"].to_pylist()
        if output == "pyarrow"
        else found["n_downstream"].to_list() == same["n_downstream"].tolist()
    )


def test_trees_measured_alone_are_as_among_others() -> None:
    c = make_community(n_members=400, random_state=1)
    whole = referral_stats(c, as_of="2026-07-01")
    parts = []
    for part in range(3):
        members = whole.loc[whole["root_id"].map(lambda i: sum(map(ord, i))) % 3 == part]
        chosen = set(members["member_id"])
        keys = {"members": "member_id", "orders": "member_id", "referrals": "invitee_id"}
        tables = {name: rows_of(c, name, key, chosen) for name, key in keys.items()}
        found = referral_stats(Community(tz=c.tz, **tables), as_of="2026-07-01")
        parts.append(found[found["member_id"].isin(chosen)])
    together = pd.concat(parts).sort_values("member_id", ignore_index=True)
    others = ["n_invited"]  # a second inviter may belong to another part
    pd.testing.assert_frame_equal(
        together.drop(columns=others), whole.drop(columns=others), check_exact=True
    )


def test_sums_over_trees_and_over_generations_agree() -> None:
    c = make_community(n_members=400, random_state=0)
    trees, steps = (call(c, as_of="2026-07-01") for call in (cascade_stats, generations))
    assert trees["n_members"].sum() == steps["n_members"].sum()
    assert trees["n_buyers"].sum() == steps["n_buyers"].sum()
    assert trees["gmv"].sum() == pytest.approx(steps["gmv"].sum())
    kinds = kind_spread(c, as_of="2026-07-01")
    assert kinds["n_brought"].sum() == steps["n_brought"].sum()
    assert kinds["gmv"].sum() == pytest.approx(steps["gmv"].sum())


def test_planted_rings_of_self_inviters_and_circles_are_reported() -> None:
    c = make_community(n_members=2_000, random_state=0)
    rings = pd.DataFrame(c.truth["rings"])
    found = referral_problems(c, as_of="2026-07-01")
    for kind, problem in (("self", "self_invite"), ("cycle", "cycle")):
        planted = set(rings.loc[rings["kind"] == kind, "ring_id"])
        rows = found[found["problem"] == problem].merge(
            rings, left_on="invitee_id", right_on="member_id"
        )
        assert set(rows["ring_id"]) == planted
