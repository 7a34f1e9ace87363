"""The baselines, worked by hand on tiny shops, and their common form."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.sparse import random as sparse_random

from planted_shop import make_shop, taste_of
from siyu.datasets import Community, DataError, ParameterError
from siyu.recommend.evaluation.baselines import Baseline
from siyu.recommend.evaluation.factor_baselines import ImplicitOptions, ease, matrix_factors
from siyu.recommend.evaluation.family import default_baselines
from siyu.recommend.evaluation.neighbour_baselines import (
    TifuOptions,
    item_item,
    nearest_mix,
    tifu_knn,
    tifu_weights,
)
from siyu.recommend.evaluation.own_baselines import own_decayed, own_frequency, popularity
from siyu.recommend.market.factorisation import FactorOptions
from siyu.recommend.market.foretelling import linear_weights
from strategies import shuffled, small_community, with_edited_future, with_later_rows

AS_OF = pd.Timestamp("2026-03-01", tz="UTC")
SMALL = FactorOptions(n_factors=4, regularisation=1.0)
FAMILY = (
    popularity(),
    popularity(None),
    own_frequency(),
    own_decayed(),
    tifu_knn(),
    nearest_mix(),
    item_item(min_buyers=1),
    item_item("bm25", min_buyers=1, self_weight=True),
    matrix_factors(SMALL),
    ease(n_products=20, regularisation=1.0),
    ease(n_products=20, regularisation=1.0, self_weight=True),
)
family = pytest.mark.parametrize("baseline", FAMILY, ids=lambda one: str(one.name))


def shop(rows: list[tuple[int, int, int]]) -> Community:
    frame = pd.DataFrame(rows, columns=["member_id", "product_id", "day"])
    frame["order_time"] = AS_OF + pd.to_timedelta(frame.pop("day"), unit="D")
    return Community(orders=frame.assign(amount=1.0), tz="UTC")


def listed(
    baseline: Baseline, c: Community, member: int, k: int, *, new: bool = False
) -> list[int]:
    found = baseline(c, as_of=AS_OF, k=k, only_new=new)
    return list(found.loc[found["member_id"] == member, "product_id"])


SHOP = shop([(1, 7, -3), (1, 7, -2), (1, 8, -1), (2, 8, -5), (3, 9, -50), (3, 9, -49), (2, 9, 1)])


def test_popular_counts_members_of_the_last_days() -> None:
    found = popularity()(SHOP, as_of=AS_OF, k=2)
    assert found["product_id"].tolist() == [8, 7, 8, 7, 8, 7]
    assert found["member_id"].tolist() == [1, 1, 2, 2, 3, 3]


def test_popular_of_all_time_counts_old_purchases() -> None:
    old = shop([(1, 7, -60), (2, 7, -60), (3, 8, -1)])
    assert listed(popularity(None), old, 3, 1) == [7]
    assert listed(popularity(28), old, 3, 1) == [8]


def test_popular_and_new_leaves_out_what_was_bought() -> None:
    found = popularity()(SHOP, as_of=AS_OF, k=1, only_new=True)
    assert found.to_numpy().tolist() == [[1, 1, 9], [2, 1, 7], [3, 1, 8]]


def test_own_frequency_counts_orders() -> None:
    found = own_frequency()(SHOP, as_of=AS_OF, k=1)
    assert found.to_numpy().tolist() == [[1, 1, 7], [2, 1, 8], [3, 1, 9]]


def test_own_frequency_of_the_last_days_forgets_older_orders() -> None:
    c = shop([(1, 7, -90), (1, 7, -91), (1, 8, -1)])
    assert listed(own_frequency(), c, 1, 1) == [7]
    assert listed(own_frequency(84), c, 1, 1) == [8]


def test_own_decayed_prefers_one_new_order_to_one_old() -> None:
    # 7: 2 x 0.5 ** 3 = 0.25; 8: 0.5 ** (1 / 30) = 0.98
    assert listed(own_decayed(30), shop([(1, 7, -90), (1, 7, -90), (1, 8, -1)]), 1, 2) == [8, 7]


def test_places_left_over_go_to_the_popular() -> None:
    assert listed(own_frequency(), SHOP, 2, 3) == [8, 7, 9]


def test_of_equal_scores_the_more_popular_goes_first() -> None:
    c = shop([(1, 7, -2), (1, 9, -2), (2, 9, -3)])
    assert listed(own_frequency(), c, 1, 2) == [9, 7]


def test_tifu_weights_worked_by_hand() -> None:
    # Five baskets in groups of 2 and 3; decay 0.5 within, 0.1 between groups.
    how = TifuOptions(n_groups=2, basket_decay=0.5, group_decay=0.1)
    found = tifu_weights(np.zeros(5, np.int64), how)
    first = [0.1 / 2 * weight / 2 for weight in (0.5, 1.0)]
    second = [1 / 2 * weight / 3 for weight in (0.25, 0.5, 1.0)]
    assert found.tolist() == pytest.approx(first + second)


def test_fewer_baskets_than_groups_make_a_group_each() -> None:
    how = TifuOptions(n_groups=7, basket_decay=0.5, group_decay=0.1)
    found = tifu_weights(np.array([0, 0, 1]), how)
    assert found.tolist() == pytest.approx([0.1 / 2, 1 / 2, 1.0])


def test_tifu_lists_what_the_nearest_member_buys() -> None:
    # Member 2 lies at distance 1 from member 1, member 3 at 2.
    c = shop([(1, 7, -2), (2, 7, -2), (2, 8, -2), (3, 9, -2), (3, 6, -2), (3, 5, -2)])
    baseline = tifu_knn(TifuOptions(n_nearest=1))
    assert listed(baseline, c, 1, 2) == [7, 8]


def test_the_mix_lists_what_members_alike_buy() -> None:
    c = shop([(1, 7, -2), (2, 7, -2), (2, 8, -2), (3, 9, -2), (3, 9, -3), (4, 9, -3)])
    assert listed(nearest_mix(n_nearest=1), c, 1, 1, new=True) == [8]


def test_the_mix_weighs_own_share_and_neighbours() -> None:
    # Own: 7 once in two baskets 0.5, of weight 0.2. The one neighbour: 8 in every basket, 0.8.
    c = shop([(1, 7, -2), (1, 8, -3), (1, 8, -4), (2, 8, -2)])
    heavy = nearest_mix(half_life=1e6, own_share=0.2, n_nearest=1)
    assert listed(heavy, c, 1, 2) == [8, 7]


def test_item_item_lists_what_is_bought_by_the_same_members() -> None:
    rows = [(1, 7, -2), (2, 7, -2), (2, 8, -2), (3, 7, -2), (3, 8, -2)]
    c = shop([*rows, *((member, 9, -1) for member in range(4, 9))])
    assert listed(item_item(min_buyers=1), c, 1, 1, new=True) == [8]


def test_a_product_is_not_alike_itself() -> None:
    # Only 7 is owned; nothing else speaks for 7, but 7 speaks for 8.
    c = shop([(1, 7, -2), (2, 7, -2), (2, 8, -2)])
    assert listed(item_item(min_buyers=1), c, 1, 1) == [8]


def test_with_self_weight_a_product_is_alike_itself() -> None:
    # The cosine of 7 with itself is 1, with 8 it is 1 / sqrt(2).
    c = shop([(1, 7, -2), (2, 7, -2), (2, 8, -2)])
    assert listed(item_item(min_buyers=1, self_weight=True), c, 1, 2) == [7, 8]


def test_bm25_trusts_those_who_buy_little() -> None:
    # 7 goes with 8 in a small household, with 9 in one that buys a bit of everything.
    many = [(3, product, -2) for product in (7, 9, 11, 12, 13, 14, 15)]
    c = shop([(1, 7, -2), (2, 7, -2), (2, 8, -2), *many, (4, 16, -1), (5, 16, -1)])
    assert listed(item_item("bm25", min_buyers=1), c, 1, 1, new=True) == [8]


def test_products_with_few_buyers_take_no_part() -> None:
    c = shop([(1, 7, -2), (2, 7, -2), (2, 8, -2), *((m, 9, -1) for m in range(3, 8))])
    assert listed(item_item(min_buyers=2), c, 1, 1, new=True) == [9]


def test_ease_is_the_closed_form() -> None:
    bought = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1], [1, 0, 0]], float)
    rows = [(m, p, -1) for m, p in zip(*np.nonzero(bought), strict=True)]
    c = shop([(int(m) + 1, int(p) + 1, day) for m, p, day in rows])
    # Ages of a day at a half-life of 1e9 days: log(1 + 1) for everything bought.
    tastes = bought * np.log(2)
    inverse = np.linalg.inv(tastes.T @ tastes + 0.5 * np.eye(3))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    wanted = [np.argsort(-(tastes @ weights)[m], kind="stable") + 1 for m in range(4)]
    found = ease(3, 0.5, 1e9)(c, as_of=AS_OF, k=3)
    assert found["product_id"].tolist() == np.concatenate(wanted).tolist()


def test_ease_with_self_weight_is_ridge_regression() -> None:
    bought = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 0, 0]], float)
    c = shop([(int(m), int(p), -1) for m, p in zip(*np.nonzero(bought), strict=True)])
    tastes = bought * np.log(2)
    weights = np.linalg.solve(tastes.T @ tastes + 0.5 * np.eye(3), tastes.T @ tastes)
    found = ease(3, 0.5, 1e9, self_weight=True)(c, as_of=AS_OF, k=3)
    scores = np.round(tastes @ weights, 6)  # equal ones go by id: all sell alike
    wanted = [np.argsort(-scores[m], kind="stable") for m in range(4)]
    assert found["product_id"].tolist() == np.concatenate(wanted).tolist()


def test_ease_of_many_products_is_the_closed_form_too() -> None:
    # More products than are worked on at once.
    rng = np.random.default_rng(0)
    tastes = sparse_random(400, 700, 0.02, "csr", random_state=rng)
    dense = tastes.toarray()
    inverse = np.linalg.inv(dense.T @ dense + 3 * np.eye(700))
    wanted = -inverse / np.diag(inverse)
    np.fill_diagonal(wanted, 0)
    found = linear_weights(csr_array(tastes), 3.0)
    assert np.abs(found - wanted).max() < 1e-12


def test_without_self_weight_a_product_bought_alone_is_not_told() -> None:
    c = shop([(1, 7, -2), (2, 8, -2), (2, 9, -2), (3, 8, -2), (3, 9, -3)])
    assert listed(ease(3, 0.1), c, 1, 1) != [7]
    assert listed(ease(3, 0.1, self_weight=True), c, 1, 1) == [7]


@pytest.mark.parametrize(
    "baseline",
    [
        tifu_knn(TifuOptions(n_nearest=9)),
        nearest_mix(n_nearest=9),
        item_item(),
        matrix_factors(SMALL),
        ease(40),
    ],
    ids=lambda one: str(one.name),
)
def test_planted_tastes_are_found_among_new_products(baseline: Baseline) -> None:
    found = baseline(make_shop(), as_of=AS_OF, k=1, only_new=True)
    taste = found["member_id"].map(taste_of)
    assert (found["product_id"].str.split("-").str[0] == taste).mean() > 0.7


def test_the_factors_of_implicit_find_planted_tastes() -> None:
    pytest.importorskip("implicit")
    baseline = matrix_factors(ImplicitOptions(n_factors=4, regularisation=1.0))
    found = baseline(make_shop(), as_of=AS_OF, k=1, only_new=True)
    taste = found["member_id"].map(taste_of)
    assert (found["product_id"].str.split("-").str[0] == taste).mean() > 0.7


def test_the_family_is_named_by_its_members() -> None:
    named = default_baselines(activity="events")
    assert all(name == one.name and one.activity == "events" for name, one in named.items())


@family
def test_new_lists_hold_nothing_bought_before(baseline: Baseline) -> None:
    c = small_community(3)
    found = baseline(c, as_of=AS_OF, k=5, only_new=True)
    orders = c.orders
    assert orders is not None
    before = orders[(orders["order_time"] < AS_OF) & (orders["quantity"] > 0)]
    positive = before["amount"] >= 0
    bought = set(zip(before["member_id"][positive], before["product_id"][positive], strict=True))
    assert not bought & set(zip(found["member_id"], found["product_id"], strict=True))


@family
def test_later_rows_and_edits_change_nothing(baseline: Baseline) -> None:
    c = small_community(4)
    first = baseline(c, as_of=AS_OF)
    later = with_later_rows(c, small_community(77))
    pd.testing.assert_frame_equal(first, baseline(later, as_of=AS_OF))
    pd.testing.assert_frame_equal(first, baseline(with_edited_future(c, 4), as_of=AS_OF))


@family
def test_row_order_changes_no_byte(baseline: Baseline) -> None:
    c = small_community(5)
    pd.testing.assert_frame_equal(
        baseline(c, as_of=AS_OF), baseline(shuffled(c, 1), as_of=AS_OF), check_exact=True
    )


@family
def test_one_member_alone_gets_the_same_list(baseline: Baseline) -> None:
    c = small_community(6)
    everyone = baseline(c, as_of=AS_OF, k=4)
    for member in everyone["member_id"].unique()[:4]:
        alone = baseline(c, as_of=AS_OF, k=4, members=[member])
        rows = everyone[everyone["member_id"] == member].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, rows)


@family
def test_no_rows_before_give_no_lists(baseline: Baseline) -> None:
    assert len(baseline(shop([(1, 7, 5)]), as_of=AS_OF)) == 0


@family
def test_one_buyer_gets_a_list(baseline: Baseline) -> None:
    assert listed(baseline, shop([(1, 7, -1)]), 1, 3) == [7]


@family
def test_text_ids_give_the_same_lists(baseline: Baseline) -> None:
    numbers = baseline(small_community(8), as_of=AS_OF)
    texts = baseline(small_community(8, text_ids=True), as_of=AS_OF)
    assert [f"m{one:05d}" for one in numbers["member_id"]] == texts["member_id"].tolist()
    assert numbers["product_id"].tolist() == texts["product_id"].tolist()


def test_members_who_opted_out_or_never_bought_get_the_popular() -> None:
    members = pd.DataFrame({"member_id": [1, 2, 3, 4], "opt_out": [True, False, False, False]})
    orders = SHOP.orders
    c = Community(orders=orders, members=members, tz="UTC")
    found = own_frequency()(c, as_of=AS_OF, k=1, members=[1, 4])
    assert found.to_numpy().tolist() == [[1, 1, 8], [4, 1, 8]]


def test_staff_get_no_list() -> None:
    members = pd.DataFrame({"member_id": [1, 2, 3], "kind": ["staff", "customer", "customer"]})
    c = Community(orders=SHOP.orders, members=members, tz="UTC")
    assert own_frequency()(c, as_of=AS_OF, members=[1, 2])["member_id"].unique().tolist() == [2]


def test_events_can_stand_for_purchases() -> None:
    events = SHOP.orders
    assert events is not None
    events = events.rename(columns={"order_time": "event_time"}).drop(columns="amount")
    c = Community(events=events.assign(event="play"), tz="UTC")
    found = own_frequency(activity="events")(c, as_of=AS_OF, k=1)
    assert found["product_id"].tolist() == [7, 8, 9]


def test_without_orders_the_error_names_the_table() -> None:
    c = Community(members=pd.DataFrame({"member_id": [1]}), tz="UTC")
    with pytest.raises(DataError, match="orders"):
        popularity()(c, as_of=AS_OF)


def test_days_must_be_above_zero() -> None:
    with pytest.raises(ParameterError, match="days must be above 0"):
        popularity(0)


def test_members_by_other_ids_are_refused() -> None:
    with pytest.raises(ParameterError, match="members must be ids of type int64"):
        popularity()(SHOP, as_of=AS_OF, members=["a"])


def test_k_must_be_one_or_more() -> None:
    with pytest.raises(ParameterError, match="k must be 1 or more"):
        own_frequency()(SHOP, as_of=AS_OF, k=0)


def test_an_unknown_weighting_is_refused() -> None:
    with pytest.raises(ParameterError, match="'cosine' or 'bm25'"):
        item_item("tfidf")


@pytest.mark.parametrize(
    "wrong", [{"n_groups": 0}, {"basket_decay": 0}, {"group_decay": 1.5}, {"own_share": 2}]
)
def test_settings_of_tifu_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        TifuOptions(**wrong)  # type: ignore[arg-type]
