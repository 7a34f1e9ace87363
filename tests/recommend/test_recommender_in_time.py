"""No row and no value from the moment on changes a list, whatever it is."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from planted_shop import AS_OF, N_MEMBERS, make_shop, planted_members, planted_orders, taste_of
from siyu.datasets import Community, ParameterError, SiyuWarning
from siyu.recommend import OfferRecommender
from siyu.recommend.lists.list_rules import ListRules
from siyu.recommend.sales_leads import leads
from stocked_shop import stocked_tables

NOW = AS_OF.value // 1000
DAY = 86_400_000_000
QUICK: dict[str, Any] = {"objective": "binary", "n_windows": 1}


def lists(c: Community, **parameters: Any) -> tuple[pd.DataFrame, str]:
    """Fit, and give the lists and the text of the trees."""
    rec = OfferRecommender(**{**QUICK, "ranker": "always", "random_state": 0, **parameters})
    rec.fit(c, as_of=AS_OF)
    trees = rec.model_.ranker.trees
    return rec.recommend(), "".join(one.to_text() for one in trees.values())


def assert_same(first: tuple[pd.DataFrame, str], second: tuple[pd.DataFrame, str]) -> None:
    pd.testing.assert_frame_equal(first[0], second[0], check_exact=True)
    assert first[1] == second[1]


@pytest.fixture(scope="module")
def before() -> tuple[pd.DataFrame, str]:
    return lists(make_shop())


def test_without_later_rows_nothing_changes(before: tuple[pd.DataFrame, str]) -> None:
    orders = planted_orders()
    assert_same(lists(make_shop(orders=orders[orders["order_time"] < AS_OF])), before)


def test_later_rows_of_new_members_and_products_change_nothing(
    before: tuple[pd.DataFrame, str],
) -> None:
    orders = planted_orders()
    later = orders.head(300).assign(
        member_id=np.arange(300) % 200,
        product_id=[f"a-{i % 9}" for i in range(300)],
        order_time=AS_OF + pd.to_timedelta(np.arange(300), unit="h"),
        order_id=np.arange(300),
        store_id=9,
    )
    people = planted_members()
    people["joined_at"] = AS_OF - pd.Timedelta("400D")
    newer = people.tail(3).assign(
        member_id=[500, 501, 502], kind="customer", joined_at=AS_OF + pd.Timedelta("2D")
    )
    assert newer["opt_out"].any()
    c = make_shop(orders=pd.concat([orders, later]), members=pd.concat([people, newer]))
    assert_same(lists(c), before)


def test_later_values_change_nothing(before: tuple[pd.DataFrame, str]) -> None:
    orders = planted_orders()
    late = orders["order_time"] >= AS_OF
    orders.loc[late, "product_id"] = "wine-0"
    orders.loc[late, "amount"] = 1_000.0
    orders.loc[late, "order_id"] = 3
    assert_same(lists(make_shop(orders=orders)), before)


def test_row_order_changes_no_byte(before: tuple[pd.DataFrame, str]) -> None:
    assert_same(lists(strategies.shuffled(make_shop(), 5)), before)


def test_the_random_state_is_the_only_chance(before: tuple[pd.DataFrame, str]) -> None:
    assert_same(lists(make_shop()), before)
    assert lists(make_shop(), random_state=1)[1] != before[1]


@settings(max_examples=5)
@given(seed=st.integers(0, 50))
@pytest.mark.filterwarnings("ignore::siyu.datasets.errors.SiyuWarning")
def test_nothing_later_changes_the_lists_of_any_community(seed: int) -> None:
    c = strategies.small_community(seed)
    later = strategies.with_later_rows(c, strategies.small_community(seed + 99))
    edited = strategies.with_edited_future(c, seed)
    first = OfferRecommender(random_state=0).fit(c, as_of=strategies.AS_OF).recommend()
    for changed in (later, edited, strategies.shuffled(c, seed)):
        rec = OfferRecommender(random_state=0).fit(changed, as_of=strategies.AS_OF)
        pd.testing.assert_frame_equal(rec.recommend(), first, check_exact=True)


class Tags:
    """Member features that remember when they were asked, and of what."""

    def __init__(self) -> None:
        self.asked: list[tuple[pd.Timestamp, pd.Timestamp]] = []

    def __call__(self, c: Community, as_of: pd.Timestamp) -> pd.DataFrame:
        orders = c.orders
        assert orders is not None
        self.asked.append((as_of, orders["order_time"].max()))
        ids = np.arange(N_MEMBERS + 5)
        n = orders.groupby("member_id").size().reindex(ids, fill_value=0)
        return pd.DataFrame(
            {"member_id": ids, "n": n.to_numpy(), "taste": [taste_of(int(i)) for i in ids]}
        )


def test_member_features_are_asked_once_at_every_cut() -> None:
    tags = Tags()
    OfferRecommender(objective="binary", random_state=0).fit(
        make_shop(), as_of=AS_OF, member_features=tags
    )
    cuts = [AS_OF - pd.Timedelta(days=28 * back) for back in (3, 2, 1, 0)]
    assert [as_of for as_of, _ in tags.asked] == cuts


def test_member_features_never_see_the_cut_or_later() -> None:
    tags = Tags()
    OfferRecommender(objective="binary", random_state=0).fit(
        make_shop(), as_of=AS_OF, member_features=tags
    )
    assert all(newest < as_of for as_of, newest in tags.asked)


def test_member_features_are_learned_from() -> None:
    rec = OfferRecommender(**QUICK, ranker="always", random_state=0)
    rec.fit(make_shop(products=None), as_of=AS_OF, member_features=Tags())
    assert {"extra:n", "extra:taste"} <= set(rec.importance_)
    assert rec.importance_["extra:n"] + rec.importance_["extra:taste"] > 0


def test_a_model_with_member_features_asks_for_them() -> None:
    c = make_shop()
    rec = OfferRecommender(**QUICK, ranker="always", random_state=0)
    rec.fit(c, as_of=AS_OF, member_features=Tags())
    with pytest.raises(ParameterError, match="member columns n, taste"):
        rec.recommend(c, as_of=AS_OF)
    again = rec.recommend(c, as_of=AS_OF, member_features=Tags())
    pd.testing.assert_frame_equal(again, rec.recommend(), check_exact=True)


def test_labels_end_where_the_record_ends() -> None:
    # Orders are recorded until 30 days before: windows after that would look empty.
    orders = planted_orders()
    until = AS_OF - pd.Timedelta("30D")
    c = Community(
        orders=orders[orders["order_time"] < until],
        tz="UTC",
        observed={"orders": (orders["order_time"].min(), until)},
    )
    tags = Tags()
    OfferRecommender(**QUICK, random_state=0).fit(c, as_of=AS_OF, member_features=tags)
    assert [as_of for as_of, _ in tags.asked][-2] == until - pd.Timedelta("28D")


def test_a_stale_record_warns_when_nothing_can_be_learned() -> None:
    orders = planted_orders()
    c = Community(orders=orders[orders["order_time"] < AS_OF - pd.Timedelta("120D")], tz="UTC")
    with pytest.warns(SiyuWarning, match="the plain model ranks"):
        OfferRecommender(random_state=0).fit(c, as_of=AS_OF)


RULES = ListRules(
    min_new_share=0.3,
    max_per={"category": 5},
    diversity=0.1,
    launch_share=0.1,
    exclude=pd.DataFrame({"member_id": [0, 1], "product_id": ["tea-1", "nuts-2"]}),
)


def by_rules(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Fit on tables of the stocked shop, and give lists, leads and products alike in one."""
    rec = OfferRecommender(ranker="never", random_state=0)
    rec.fit(make_shop(**{**stocked_tables(), **tables}), as_of=AS_OF)
    parts = (rec.recommend(rules=RULES), leads(rec, "tea-1", n=20), rec.similar_products(k=3))
    return pd.concat(parts, keys=["lists", "leads", "similar"])


@pytest.fixture(scope="module")
def with_rules() -> pd.DataFrame:
    return by_rules({})


def test_with_rules_too_later_orders_change_nothing(with_rules: pd.DataFrame) -> None:
    orders = planted_orders()
    before = orders[orders["order_time"] < AS_OF]
    pd.testing.assert_frame_equal(by_rules({"orders": before}), with_rules, check_exact=True)


def test_with_rules_too_later_offers_change_nothing(with_rules: pd.DataFrame) -> None:
    offers = stocked_tables()["offers"]
    later = offers.assign(
        offer_id=["x", "y", "z"], starts_at=AS_OF + pd.Timedelta("1D"), price=0.5, region=None
    )
    tables = {"offers": pd.concat([offers, later], ignore_index=True)}
    pd.testing.assert_frame_equal(by_rules(tables), with_rules, check_exact=True)


def test_an_offer_issued_later_is_not_held_yet(with_rules: pd.DataFrame) -> None:
    held = stocked_tables()["offer_members"].assign(issued_at=AS_OF - pd.Timedelta("1D"))
    later = pd.DataFrame(
        {"offer_id": ["mine"], "member_id": [4], "issued_at": [AS_OF + pd.Timedelta("1D")]}
    )
    tables = {"offer_members": pd.concat([held, later], ignore_index=True)}
    pd.testing.assert_frame_equal(by_rules(tables), with_rules, check_exact=True)


def test_a_launch_that_is_only_planned_is_none_yet() -> None:
    listed = stocked_tables()["products"]
    planned = listed["product_id"].isin(["tea-3", "soap-1"])
    listed.loc[planned, "launched_at"] = AS_OF + pd.Timedelta("9D")
    rec = OfferRecommender(ranker="never", random_state=0)
    rec.fit(make_shop(**{**stocked_tables(), "products": listed}), as_of=AS_OF)
    rows = rec.recommend(rules=ListRules(launch_share=0.09))
    rows = rows[rows["source"] == "fallback"]
    assert rows["product_id"].eq("wine-9").mean() >= 0.09


def test_with_rules_too_row_order_changes_no_byte(with_rules: pd.DataFrame) -> None:
    tables = {name: table.iloc[::-1] for name, table in stocked_tables().items()}
    orders = {"orders": planted_orders().iloc[::-1]}
    pd.testing.assert_frame_equal(by_rules({**tables, **orders}), with_rules, check_exact=True)


def test_text_ids_give_the_same_lists(with_rules: pd.DataFrame) -> None:
    tables = {**stocked_tables(), "orders": planted_orders()}
    for table in tables.values():
        if "member_id" in table:
            table["member_id"] = table["member_id"].map("m{:04d}".format)
    rec = OfferRecommender(ranker="never", random_state=0).fit(make_shop(**tables), as_of=AS_OF)
    sent = pd.DataFrame({"member_id": ["m0000", "m0001"], "product_id": ["tea-1", "nuts-2"]})
    rows = rec.recommend(rules=dataclasses.replace(RULES, exclude=sent))
    expected = pd.DataFrame(with_rules.loc["lists"]).reset_index(drop=True)
    same = ["rank", "product_id", "offer_id", "score", "probability", "source", "reason"]
    pd.testing.assert_frame_equal(rows[same], expected[same], check_exact=True)
    assert rows["member_id"].str[1:].astype(int).tolist() == expected["member_id"].tolist()
