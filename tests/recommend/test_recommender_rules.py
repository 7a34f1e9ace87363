"""Lists keep to what the caller wishes, and to what may be shown to whom."""

import copy
import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from planted_shop import AS_OF, N_MEMBERS, make_shop, planted_members, planted_orders
from siyu.datasets import DataError, ParameterError, SiyuWarning
from siyu.recommend import OfferRecommender
from siyu.recommend.lists.asking import wanted_for
from siyu.recommend.lists.list_rules import ListRules
from siyu.recommend.offers.offer_rules import OfferRules
from siyu.recommend.offers.past_sends import recently_sent
from stocked_shop import LAUNCHES, ONLY_IN_STORE_1, stocked_shop, stocked_tables

PERSONAL = ("model", "fallback")


def with_rules(rec: OfferRecommender, **rules: Any) -> pd.DataFrame:
    found = rec.recommend(rules=ListRules(**rules))
    assert isinstance(found, pd.DataFrame)
    return found


def personal(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["source"].isin(PERSONAL)]


def share_of_new(rows: pd.DataFrame) -> pd.Series:
    orders = planted_orders()
    bought = orders[orders["order_time"] < AS_OF][["member_id", "product_id"]].drop_duplicates()
    marked = personal(rows).merge(
        bought.assign(old=1.0), how="left", on=["member_id", "product_id"]
    )
    return 1 - marked["old"].fillna(0).groupby(marked["member_id"]).mean()


def category(rows: pd.DataFrame) -> pd.Series:
    return rows["product_id"].str.split("-").str[0]


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_every_list_has_its_share_of_new_products(trained: OfferRecommender, share: float) -> None:
    assert share_of_new(trained.recommend()).min() < share
    assert share_of_new(with_rules(trained, min_new_share=share)).min() >= share


def test_new_products_stand_at_every_third_rank(trained: OfferRecommender) -> None:
    rows = personal(with_rules(trained, min_new_share=0.3))
    new_by_rank = {k: share_of_new(rows[rows["rank"] <= k]).min() * k for k in (4, 7, 10)}
    assert new_by_rank == pytest.approx({4: 1, 7: 2, 10: 3})


def test_new_products_are_those_of_the_order_of_new_ones(trained: OfferRecommender) -> None:
    rows = with_rules(trained, min_new_share=1.0)
    expected = trained.recommend(only_new=True)
    keys = ["member_id", "rank", "product_id"]
    pd.testing.assert_frame_equal(
        personal(rows)[keys].reset_index(drop=True),
        personal(expected)[keys].reset_index(drop=True),
    )


def test_rows_say_who_placed_them(trained: OfferRecommender) -> None:
    # The trees rank lists of all products only: new ones are placed by the plain model.
    model = trained.model_
    ranker = dataclasses.replace(model.ranker, trees={"all": model.ranker.trees["all"]})
    rec = copy.copy(trained)
    rec.model_ = dataclasses.replace(model, ranker=ranker)
    assert set(personal(with_rules(rec, min_new_share=1.0))["source"]) == {"fallback"}


def test_rules_change_the_order_and_never_a_score(trained: OfferRecommender) -> None:
    rows = personal(with_rules(trained, min_new_share=0.5, diversity=0.2))
    score = trained.recommend(k=40).set_index(["member_id", "product_id"])["score"]
    expected = score.reindex(pd.MultiIndex.from_frame(rows[["member_id", "product_id"]]))
    assert rows["score"].to_numpy() == pytest.approx(expected.to_numpy(), abs=0)


def test_too_few_new_products_are_told_of(plain: OfferRecommender) -> None:
    with pytest.warns(SiyuWarning, match=r"\d+ lists have fewer new products than min_new_share=1"):
        plain.recommend(k=40, rules=ListRules(min_new_share=1.0))


def test_a_category_gets_no_more_rows_than_its_cap(trained: OfferRecommender) -> None:
    rows = with_rules(trained, max_per={"category": 3})
    assert rows.groupby(["member_id", category(rows)]).size().max() == 3
    assert (rows.groupby("member_id").size() == 10).all()


def test_caps_name_columns_that_group_products(trained: OfferRecommender) -> None:
    with pytest.raises(DataError, match=r"max_per names 'colour'.*there are: category"):
        with_rules(trained, max_per={"colour": 3})


def test_variety_brings_more_categories(trained: OfferRecommender) -> None:
    def n_categories(rows: pd.DataFrame) -> float:
        counts = category(rows).groupby(rows["member_id"]).nunique()
        return float(counts.mean())

    assert n_categories(with_rules(trained, diversity=0.4)) > n_categories(trained.recommend()) + 1


def test_variety_needs_groups_of_products() -> None:
    rec = OfferRecommender(ranker="never", random_state=0).fit(
        make_shop(products=None), as_of=AS_OF
    )
    with pytest.raises(DataError, match="diversity needs text columns of the table products"):
        with_rules(rec, diversity=0.4)


@pytest.mark.parametrize("share", [0.1, 0.15])
def test_launches_get_their_share_of_all_rows(stocked: OfferRecommender, share: float) -> None:
    before, after = personal(stocked.recommend()), personal(with_rules(stocked, launch_share=share))
    assert before["product_id"].isin(LAUNCHES).mean() < share
    assert after["product_id"].isin(LAUNCHES).mean() == pytest.approx(share, abs=0.002)
    assert after["product_id"].isin(LAUNCHES).mean() >= share


def test_launches_displace_least_where_they_are_shown(stocked: OfferRecommender) -> None:
    before, after = personal(stocked.recommend()), personal(with_rules(stocked, launch_share=0.1))
    last = before.groupby("member_id")["score"].min()
    shown = after[after["product_id"].isin(LAUNCHES)]
    given_up = (shown["member_id"].map(last) - shown["score"]).max()
    scores = personal(stocked.recommend(k=41))
    others = scores[scores["product_id"].isin(LAUNCHES)]
    others = others[~others["member_id"].isin(shown["member_id"])]
    assert len(others) > 0
    assert given_up <= (others["member_id"].map(last) - others["score"]).min() + 1e-9


def test_too_few_launches_are_told_of(stocked: OfferRecommender) -> None:
    with pytest.warns(SiyuWarning, match="launches fill 20.0% of the rows at most"):
        with_rules(stocked, launch_share=0.5)


def test_unlikely_rows_are_left_out(trained: OfferRecommender) -> None:
    rows = with_rules(trained, min_probability=0.3)
    expected = trained.recommend()
    expected = expected[expected["probability"] >= 0.3].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, expected, check_exact=True)
    assert 0 < rows["member_id"].nunique() < N_MEMBERS + 4


def test_nobody_is_shown_what_is_not_known_to_be_likely(shop: Any) -> None:
    early = AS_OF - pd.Timedelta("150D")
    rec = OfferRecommender(ranker="never", random_state=0).fit(shop, as_of=early)
    assert len(personal(with_rules(rec, min_probability=0.01))) == 0


def test_what_a_member_was_sent_is_not_shown_again(trained: OfferRecommender) -> None:
    before = trained.recommend()
    first = before[before["rank"] <= 2][["member_id", "product_id"]]
    rows = with_rules(trained, exclude=first)
    assert len(rows.merge(first, on=["member_id", "product_id"])) == 0
    second = personal(before[before["rank"] == 3])["product_id"]
    assert personal(rows[rows["rank"] == 1])["product_id"].tolist() == second.tolist()


def test_what_was_sent_lately_can_be_read_from_the_sends(stocked: OfferRecommender) -> None:
    sends = pd.DataFrame(
        {
            "member_id": [4, 8, 12],
            "send_time": AS_OF - pd.to_timedelta([1, 2, 30], unit="D"),
            "offer_id": ["open", None, "open"],
        }
    )
    c = make_shop(**stocked_tables(), sends=sends)
    sent = recently_sent(c, as_of=AS_OF, within="7D")
    rows = stocked.recommend(members=[4, 8, 12], k=41, rules=ListRules(exclude=sent))
    assert set(rows[rows["product_id"] == "tea-0"]["member_id"]) == {8, 12}


def test_what_one_member_was_sent_changes_nobody_elses_list(trained: OfferRecommender) -> None:
    sent = pd.DataFrame({"member_id": [5], "product_id": ["nuts-1"]})
    rows, before = with_rules(trained, exclude=sent), trained.recommend()
    others = before["member_id"] != 5
    pd.testing.assert_frame_equal(rows[others], before[others], check_exact=True)


def test_without_members_something_is_excluded_for_all(trained: OfferRecommender) -> None:
    rows = with_rules(trained, exclude=pd.DataFrame({"product_id": ["tea-1", "no such"]}))
    assert "tea-1" not in set(rows["product_id"])


def test_a_category_can_be_excluded(trained: OfferRecommender) -> None:
    rows = with_rules(trained, exclude=pd.DataFrame({"member_id": [0, 1], "category": "tea"}))
    assert "tea" not in set(category(rows[rows["member_id"] < 2]))
    assert "tea" in set(category(rows[rows["member_id"] == 4]))


def test_an_offer_stands_for_its_products(stocked: OfferRecommender) -> None:
    sent = pd.DataFrame({"member_id": [4, 8], "offer_id": ["open", None]})
    rows = stocked.recommend(k=41, rules=ListRules(exclude=sent))
    has = rows[rows["product_id"] == "tea-0"]["member_id"]
    assert 4 not in set(has)
    assert 8 in set(has)


def test_what_to_exclude_must_be_named(trained: OfferRecommender) -> None:
    with pytest.raises(DataError, match="exclude needs a column product_id, offer_id or category"):
        with_rules(trained, exclude=pd.DataFrame({"member_id": [1]}))


def test_what_to_exclude_is_a_frame(trained: OfferRecommender) -> None:
    with pytest.raises(ParameterError, match="exclude must be a frame"):
        with_rules(trained, exclude=["tea-1"])


def test_ids_to_exclude_are_of_the_communitys_type(trained: OfferRecommender) -> None:
    with pytest.raises(ParameterError, match="exclude must be ids of type int64"):
        with_rules(trained, exclude=pd.DataFrame({"member_id": ["a"], "product_id": "tea-1"}))


def test_a_row_to_exclude_names_its_member(trained: OfferRecommender) -> None:
    sent = pd.DataFrame({"member_id": pd.array([1, None], "Int64"), "product_id": "tea-1"})
    with pytest.raises(DataError, match="exclude: 1 of 2 rows name no member"):
        with_rules(trained, exclude=sent)


def test_only_allowed_products_are_shown(trained: OfferRecommender) -> None:
    rows = with_rules(trained, products=["soap-1", "wine-2", "unknown"])
    assert set(rows["product_id"]) == {"soap-1", "wine-2"}


def test_a_product_of_one_store_is_for_its_members(stocked: OfferRecommender) -> None:
    rows = stocked.recommend(k=41)
    seen = set(rows[rows["product_id"] == ONLY_IN_STORE_1]["member_id"])
    assert 1 in seen
    assert seen <= {member for member in range(N_MEMBERS + 1) if member % 3 == 1}


def test_members_who_opted_out_get_nothing_of_one_store(stocked: OfferRecommender) -> None:
    people = planted_members().set_index("member_id")
    assert people.loc[7, "store_id"] == 1
    rows = stocked.recommend(members=[7], k=41)
    assert ONLY_IN_STORE_1 not in set(rows["product_id"])


def test_members_without_a_store_belong_where_they_buy() -> None:
    tables = stocked_tables()
    tables["members"] = tables["members"].drop(columns="store_id")
    rec = OfferRecommender(ranker="never", random_state=0).fit(make_shop(**tables), as_of=AS_OF)
    rows = rec.recommend(k=41)
    seen = set(rows[rows["product_id"] == ONLY_IN_STORE_1]["member_id"])
    assert seen
    assert seen <= {member for member in range(N_MEMBERS) if member % 3 == 1}


def test_a_personal_offer_goes_to_who_holds_it(stocked: OfferRecommender) -> None:
    rows = stocked.recommend(k=41)
    of_tea = rows[rows["product_id"] == "tea-0"].set_index("member_id")["offer_id"]
    assert of_tea[0] == "mine"
    assert set(of_tea.drop(0)) == {"open"}  # member 7 holds it too, and has opted out


def test_an_offer_of_a_region_is_for_its_members(stocked: OfferRecommender) -> None:
    rows = personal(stocked.recommend(k=41))
    of_nuts = rows[rows["product_id"] == "nuts-0"]
    is_north = of_nuts["member_id"] % 8 < 4
    assert (of_nuts["offer_id"].eq("north").fillna(False) == is_north).all()
    assert is_north.any()


def test_lists_can_be_of_offers_alone(stocked: OfferRecommender) -> None:
    rows = with_rules(stocked, only_offered=True)
    assert rows["offer_id"].notna().all()
    assert set(rows["product_id"]) == {"tea-0", "nuts-0"}
    south = rows[rows["member_id"] % 8 >= 4]
    assert set(south["product_id"]) == {"tea-0"}


def test_rules_for_offers_are_checked_on_the_community(stocked: OfferRecommender) -> None:
    rules = ListRules(offers=OfferRules(min_benefit=1.5), only_offered=True)
    rows = stocked.recommend(stocked_shop(), as_of=AS_OF, rules=rules)
    assert set(rows["offer_id"]) == {"mine", "north"}


def test_rules_for_offers_need_the_community(stocked: OfferRecommender) -> None:
    with pytest.raises(ParameterError, match="rules for offers need the community"):
        with_rules(stocked, offers=OfferRules(min_benefit=1.5))


def test_rules_are_rules(stocked: OfferRecommender) -> None:
    with pytest.raises(ParameterError, match="rules must be ListRules, got dict"):
        stocked.recommend(rules={"min_new_share": 0.5})  # type: ignore[arg-type]


ALL: dict[str, Any] = {
    "min_new_share": 0.3,
    "max_per": {"category": 6, "brand": 9},
    "diversity": 0.1,
    "launch_share": 0.1,
    "exclude": pd.DataFrame({"member_id": [0, 0, 3], "product_id": ["tea-4", "tea-7", "wine-1"]}),
}


def test_with_rules_too_some_members_get_the_same_as_among_all(stocked: OfferRecommender) -> None:
    everyone = with_rules(stocked, **ALL)
    some = stocked.recommend(members=[119, 3, 64, 7, 121], rules=ListRules(**ALL))
    expected = everyone[everyone["member_id"].isin([3, 7, 64, 119, 121])].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, expected, check_exact=True)


def test_how_much_is_excluded_for_others_changes_no_list(stocked: OfferRecommender) -> None:
    sent = pd.DataFrame({"member_id": [5] * 30 + [6], "product_id": ["wine-1"] * 31})
    everyone = with_rules(stocked, exclude=sent)
    rows = stocked.recommend(members=[6], rules=ListRules(exclude=sent))
    expected = everyone[everyone["member_id"] == 6].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, expected, check_exact=True)


def test_candidates_make_room_for_what_is_excluded(stocked: OfferRecommender) -> None:
    rules = ListRules(exclude=pd.DataFrame({"member_id": [5, 5, 6], "product_id": "tea-1"}))
    model = stocked.model_
    some = wanted_for(model, pa.array([6]), 10, False, rules)
    everyone = wanted_for(model, model.shop.addressed, 10, False, rules)
    assert some.limits is not None
    assert everyone.limits is not None
    assert some.limits.spare == everyone.limits.spare == 2


def test_with_rules_too_the_moment_of_the_fit_gives_the_lists_of_the_fit(
    stocked: OfferRecommender,
) -> None:
    again = stocked.recommend(stocked_shop(), as_of=AS_OF, rules=ListRules(**ALL))
    pd.testing.assert_frame_equal(again, with_rules(stocked, **ALL), check_exact=True)


def test_with_rules_too_a_loaded_model_gives_the_same_bytes(
    stocked: OfferRecommender, tmp_path: Any
) -> None:
    stocked.save(tmp_path / "model")
    loaded = OfferRecommender.load(tmp_path / "model")
    pd.testing.assert_frame_equal(
        with_rules(loaded, **ALL), with_rules(stocked, **ALL), check_exact=True
    )
    pd.testing.assert_frame_equal(loaded.recommend(), stocked.recommend(), check_exact=True)


def test_rules_hold_for_members_without_purchases(stocked: OfferRecommender) -> None:
    excluded = pd.DataFrame({"product_id": stocked.recommend(k=1)["product_id"].unique()[:5]})
    rules = ListRules(max_per={"category": 1}, exclude=excluded)
    rows = stocked.recommend(rules=rules)
    rows = rows[~rows["source"].isin(PERSONAL)]
    assert len(rows) > 0
    assert not rows["product_id"].isin(excluded["product_id"]).any()
    assert rows.groupby(["member_id", category(rows)]).size().max() == 1


@pytest.mark.filterwarnings("ignore:.*fewer new products:siyu.datasets.errors.SiyuWarning")
@pytest.mark.parametrize("n", [0, 1, 2])
def test_with_rules_too_a_handful_of_members_is_no_trouble(n: int) -> None:
    orders = planted_orders()
    c = make_shop(
        **{
            **stocked_tables(),
            "orders": orders[orders["member_id"] < n],
            "members": planted_members().head(n),
        }
    )
    rec = OfferRecommender(ranker="never", random_state=0).fit(c, as_of=AS_OF)
    rules = ListRules(min_new_share=0.2, max_per={"category": 9} if n else {})
    assert set(rec.recommend(k=2, rules=rules)["member_id"]) >= set(range(n))


def test_the_rules_are_not_changed(stocked: OfferRecommender) -> None:
    sent = pd.DataFrame({"member_id": [0, 1], "product_id": ["tea-1", "nuts-1"]})
    before = sent.copy(deep=True)
    with_rules(stocked, exclude=sent)
    pd.testing.assert_frame_equal(sent, before)
    assert np.array_equal(sent.columns, before.columns)


def test_lists_in_chunks_are_the_lists_of_all(
    stocked: OfferRecommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = with_rules(stocked, **ALL)
    monkeypatch.setattr("siyu.recommend.lists.batches._CHUNK", 7)
    monkeypatch.setattr("siyu.recommend.lists.cold_lists._ROWS", 2)
    pd.testing.assert_frame_equal(with_rules(stocked, **ALL), whole, check_exact=True)
