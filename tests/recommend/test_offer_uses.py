"""Uses of coupons are read in one place, whole, once, and nothing unknown is a zero."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets import Community, DataError
from siyu.recommend.offers.coupon_use import CouponUses
from siyu.recommend.offers.offer_gates import check_offers
from siyu.recommend.offers.offer_rows import OfferRows, may_have

NOW = pd.Timestamp("2026-03-01", tz="UTC")
DAY = pd.Timedelta("1D")
OFFERS = pd.DataFrame(
    {"offer_id": ["cut", "new"], "kind": "coupon", "discount": 5.0, "starts_at": NOW - 60 * DAY}
)
SENDS = pd.DataFrame(
    {
        "send_time": NOW - 9 * DAY,
        "member_id": [1, 2],
        "offer_id": "cut",
        "redeemed_at": [NOW - 8 * DAY, NOW],
    }
)
EVENTS = pd.DataFrame(
    {"member_id": [1, 1, 2], "event_time": NOW - DAY, "event": ["redeem", "view", "coupon_redeem"]}
).assign(offer_id="cut")


def orders(n: int = 1, **changed: Any) -> pd.DataFrame:
    row = {"member_id": 1, "order_time": NOW - 5 * DAY, "amount": 9.0, "product_id": "tea"}
    return pd.DataFrame(row | changed, index=range(n))


def uses(**tables: Any) -> CouponUses | None:
    return CouponUses.of(Community(offers=OFFERS, **tables).before(NOW))


def n_uses(**tables: Any) -> tuple[str, int] | None:
    found = uses(**tables)
    return None if found is None else (found.table, len(found.time))


def test_an_empty_column_of_coupons_does_not_hide_what_sends_tell() -> None:
    empty = orders(coupon_id=pd.array([None], "string"))
    assert n_uses(orders=empty, sends=SENDS) == ("sends", 1)


def test_coupons_from_elsewhere_do_not_hide_what_sends_tell() -> None:
    assert n_uses(orders=orders(coupon_id="press"), sends=SENDS) == ("sends", 1)


def test_what_is_redeemed_at_the_moment_itself_is_not_known() -> None:
    found = uses(sends=SENDS)
    assert found is not None
    assert found.member.to_pylist() == [1]


def test_only_events_that_redeem_are_uses() -> None:
    assert n_uses(events=EVENTS, sends=SENDS) == ("events", 2)


def test_orders_that_name_no_coupon_tell_that_none_was_used() -> None:
    assert n_uses(orders=orders(coupon_id=pd.array([None], "string"))) == ("none", 0)


@pytest.mark.parametrize(
    "tables", [{}, {"orders": orders()}, {"events": EVENTS[EVENTS["event"] == "view"]}]
)
def test_tables_that_cannot_tell_leave_uses_unknown(tables: dict[str, Any]) -> None:
    assert n_uses(**tables) is None


def test_a_refund_that_names_the_coupon_is_no_second_use() -> None:
    sold = orders(coupon_id="cut", discount=3.0)
    back = sold.assign(amount=-9.0, discount=-3.0, order_time=NOW - 2 * DAY)
    assert n_uses(orders=pd.concat([sold, back])) == ("orders", 1)


def test_ids_that_a_frame_made_floats_of_are_still_ids() -> None:
    offers = OFFERS.assign(offer_id=[7, 8])
    events = EVENTS.assign(offer_id=[7.0, np.nan, 8.0])
    found = CouponUses.of(Community(offers=offers, events=events))
    assert found is not None
    assert found.offer.to_pylist() == [7, 8]


def test_events_of_offers_of_another_type_are_no_uses() -> None:
    offers = OFFERS.assign(offer_id=[7, 8])
    assert CouponUses.of(Community(offers=offers, events=EVENTS)) is None


def test_the_order_of_rows_changes_no_byte_of_uses() -> None:
    lines = orders(6, coupon_id=["cut", "new", "cut"] * 2, discount=[0.1, 0.2, 0.3, 0.7, 1e-9, 3.0])
    lines = lines.assign(member_id=[1, 2, 1, 2, 1, 1])
    first, second = (
        CouponUses.of(Community(orders=one))
        for one in (lines, lines.sample(frac=1, random_state=2))
    )
    assert first is not None
    assert second is not None
    assert first.money.tobytes() == second.money.tobytes()
    assert first.offer.equals(second.offer)


def test_uses_that_events_tell_of_are_taken_off_the_budget() -> None:
    c = Community(offers=OFFERS.assign(budget=[12.0, 0.0]), events=EVENTS)
    assert check_offers(c, as_of=NOW)["budget_left"].tolist() == [2.0, 0.0]


def test_a_budget_of_nothing_is_used_up_whether_or_not_uses_are_known() -> None:
    found = check_offers(Community(offers=OFFERS.assign(budget=[12.0, 0.0])), as_of=NOW)
    assert found["budget_left"].isna().tolist() == [True, False]
    assert [list(one) for one in found["blocked_because"]] == [[], ["no_budget"]]


def held_by_1(expires: list[int], used: list[int]) -> bool:
    """Tell whether member 1 holds the coupon, issued and used at these days after `NOW`."""
    issued = pd.DataFrame(
        {"offer_id": "cut", "member_id": 1, "expires_at": [NOW + one * DAY for one in expires]}
    )
    lines = orders(len(used), coupon_id="cut").assign(order_time=[NOW + one * DAY for one in used])
    lines = lines.assign(order_id=range(len(used)))
    c = Community(offers=OFFERS, offer_members=issued, orders=lines).before(NOW)
    moment = NOW.value // 1000
    return len(may_have(c, OfferRows.of(c, moment), pa.array([1]))) == 1


@pytest.mark.parametrize(
    ("expires", "used", "holds"),
    [
        ([-9, 9], [-20], True),  # the use was of the coupon that has expired since
        ([-9, 9], [-5], False),  # after the first had expired: of the second
        ([-9, 9], [-20, -19], False),
        ([9, 9], [-20], True),
        ([9], [-20], False),
        ([-9], [-20], False),
    ],
)
def test_a_use_takes_the_issue_that_expires_first(
    expires: list[int], used: list[int], holds: bool
) -> None:
    assert held_by_1(expires, used) is holds


def test_an_offer_listed_twice_is_refused() -> None:
    c = Community(offers=pd.concat([OFFERS, OFFERS.head(1)]))
    with pytest.raises(DataError, match="offers must list each offer once, 1 rows are too many"):
        check_offers(c, as_of=NOW)
