"""No later row, no order of rows and no kind of id changes a list of coupons."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from coupon_shop import AS_OF, N_LAUNCHES, coupon_shop, coupon_tables
from siyu.datasets import Community, DataError
from siyu.recommend.coupons.coupon_model import CouponModel

RANKERS = ("never", pytest.param("always", marks=pytest.mark.slow))
NOW_DAY = pd.Timedelta("1D")


def found(c: Community, ranker: str = "never") -> tuple[list[pd.DataFrame], str]:
    """Fit, and give all tables and the text of all trees."""
    model = CouponModel(ranker=ranker, random_state=0).fit(c, as_of=AS_OF)
    trees = [*model.state_.ranker.odds_trees, *model.state_.ranker.order_trees]
    tables = [model.recommend(), model.score_pairs(), model.campaign_scores()]
    return tables, "".join(one.trees.text for one in trees)


def assert_same(
    first: tuple[list[pd.DataFrame], str], second: tuple[list[pd.DataFrame], str]
) -> None:
    for one, other in zip(first[0], second[0], strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert first[1] == second[1]


def cut_tables() -> dict[str, Any]:
    """Give the tables without a row or value from the moment on."""
    tables, time = coupon_tables(), {"orders": "order_time", "events": "event_time"}
    return tables | {name: tables[name][tables[name][at] < AS_OF] for name, at in time.items()}


def later_tables() -> dict[str, Any]:
    """Add later orders of new goods and members, redemptions, coupons and holders."""
    tables = coupon_tables()
    orders, events = tables["orders"], tables["events"]
    new = orders.head(200).assign(
        order_time=AS_OF + NOW_DAY, product_id="a-new", member_id=np.arange(200) % 150
    )
    again = events.assign(event_time=AS_OF + 2 * NOW_DAY)
    offer = tables["offers"].head(1).assign(offer_id="a-later", starts_at=AS_OF, campaign_id=1)
    goods = pd.DataFrame({"offer_id": "a-later", "product_id": ["a-new", "tea-0"]})
    held = pd.DataFrame(
        {"offer_id": ["tea-09", "a-later"], "member_id": [140, 3], "issued_at": AS_OF}
    )
    return tables | {
        "orders": pd.concat([orders, new]),
        "events": pd.concat([events, again]),
        "offers": pd.concat([tables["offers"], offer]),
        "offer_products": pd.concat([tables["offer_products"], goods]),
        "offer_members": pd.concat([tables["offer_members"], held]),
    }


@pytest.mark.parametrize("ranker", RANKERS)
def test_later_rows_change_nothing(ranker: str) -> None:
    assert_same(
        found(coupon_shop(**later_tables()), ranker), found(coupon_shop(**cut_tables()), ranker)
    )


def shuffled_tables() -> dict[str, Any]:
    tables = coupon_tables()
    return {name: table.sample(frac=1, random_state=3) for name, table in tables.items()}


@pytest.mark.parametrize("ranker", RANKERS)
def test_the_order_of_rows_changes_no_byte(ranker: str) -> None:
    assert_same(found(coupon_shop(**shuffled_tables()), ranker), found(coupon_shop(), ranker))


def test_the_input_is_not_modified() -> None:
    given = coupon_tables()
    found(Community(tz="UTC", **given))
    for name, table in coupon_tables().items():
        pd.testing.assert_frame_equal(given[name], table)


def test_text_ids_give_the_lists_of_whole_numbers() -> None:
    tables = coupon_tables()
    for name in ("orders", "offer_members", "members", "events"):
        tables[name] = tables[name].assign(
            member_id=[f"m{one:03d}" for one in tables[name]["member_id"]]
        )
    texts, numbers = found(Community(tz="UTC", **tables))[0][0], found(coupon_shop())[0][0]
    back = texts.assign(member_id=texts["member_id"].str[1:].astype("int64"))
    pd.testing.assert_frame_equal(back, numbers, check_exact=True, check_dtype=False)


def of_members(n: int) -> dict[str, Any]:
    tables = coupon_tables()
    for name in ("orders", "offer_members", "members", "events"):
        tables[name] = tables[name][tables[name]["member_id"] < n]
    return tables


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_members_get_lists(n: int) -> None:
    lists = found(Community(tz="UTC", **of_members(n)))[0][0]
    assert set(lists["member_id"]) == set(range(n))


def test_no_members_give_no_rows() -> None:
    tables, _ = found(Community(tz="UTC", **of_members(0)))
    assert [len(table) for table in tables] == [0, 0, 0]
    assert list(tables[0])[:3] == ["member_id", "rank", "offer_id"]


def test_before_the_first_coupon_there_is_an_error() -> None:
    early = AS_OF - 14 * N_LAUNCHES * NOW_DAY
    with pytest.raises(DataError, match="there are no coupons"):
        CouponModel().fit(coupon_shop(), as_of=early)


@pytest.mark.parametrize("output", ["polars", "pyarrow"])
def test_lists_come_in_the_frame_asked_for(output: Any) -> None:
    model = CouponModel(ranker="never").fit(coupon_shop(), as_of=AS_OF)
    assert type(model.recommend(output=output)).__module__.split(".")[0] in (output, "pyarrow")


@pytest.mark.slow
def test_a_running_launch_teaches_only_with_what_was_known() -> None:
    middle = AS_OF - 14 * NOW_DAY + 4 * NOW_DAY  # the ninth launch is eight days old
    events = coupon_tables()["events"]
    known = events[events["event_time"] < middle]
    first, second = (
        CouponModel(ranker="always", random_state=0)
        .fit(coupon_shop(events=table), as_of=middle)
        .recommend()
        for table in (events, known)
    )
    pd.testing.assert_frame_equal(first, second, check_exact=True)
