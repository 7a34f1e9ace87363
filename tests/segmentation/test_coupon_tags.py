"""Tags of coupons in hand, worked by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from community_life import at, events, life, orders, sends, support
from siyu.datasets.shrinkage import BetaPrior


def _issued(*rows: tuple[Any, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["member_id", "offer_id", "issued_at", "expires_at"])
    expires = pd.to_datetime(frame.expires_at).dt.tz_localize("Asia/Shanghai")
    return frame.assign(issued_at=at(*frame.issued_at), expires_at=expires)


HELD = _issued(
    (1, "c1", "2026-01-01", "2026-01-08"),
    (1, "c2", "2026-01-10", None),  # 28 days are over
    (1, "c3", "2026-02-10", None),  # 28 days are not over
    (1, "c4", "2026-02-10", "2026-03-08"),  # still valid
    (1, "c5", "2025-06-01", "2025-06-08"),  # too long ago
    (2, "c1", "2026-01-01", "2026-01-08"),
    *[(3, f"c{i}", "2026-01-01", "2026-01-08") for i in range(1, 6)],
)
BOUGHT = orders((1, "2026-01-05"), (2, "2026-01-05"), (3, "2026-01-05")).assign(
    coupon_id=pd.Series(["c1", "c9", None])
)


def test_coupons_whose_time_is_over_were_redeemed_or_not() -> None:
    usual = BetaPrior.of([1, 0, 0], [2, 1, 5])
    share = life(offer_members=HELD, orders=BOUGHT).coupon_redeem_share
    assert share.tolist() == pytest.approx(usual.posterior_mean([1, 0, 0], [2, 1, 5]))
    assert support(offer_members=HELD, orders=BOUGHT).coupon_redeem_share.tolist() == [2, 1, 5]


def test_five_coupons_that_ran_out_make_a_hoarder() -> None:
    tags = life(offer_members=HELD, orders=BOUGHT)
    assert tags.coupon_hoarder.tolist() == [False, False, True]


def test_a_refunded_line_redeems_nothing() -> None:
    back = BOUGHT.assign(amount=[-1.0, 1.0, 1.0])
    used = pd.concat([back, orders((2, "2026-01-06"), coupon_id="c1")])
    usual = BetaPrior.of([0, 1, 0], [2, 1, 5])
    share = life(offer_members=HELD, orders=used).coupon_redeem_share
    assert share.tolist() == pytest.approx(usual.posterior_mean([0, 1, 0], [2, 1, 5]))


def test_sends_tell_redemptions_too() -> None:
    sent = sends((2, "2026-01-01 10:00", "wecom", None)).assign(
        offer_id="c1", redeemed_at=at("2026-01-02")
    )
    usual = BetaPrior.of([1, 1, 0], [2, 1, 5])
    share = life(offer_members=HELD, orders=BOUGHT, sends=sent).coupon_redeem_share
    assert share.tolist() == pytest.approx(usual.posterior_mean([1, 1, 0], [2, 1, 5]))


def test_events_with_an_offer_tell_redemptions_too() -> None:
    used = events((3, "2026-01-02", "coupon_redeem"), offer_id="c5")
    tags = life(offer_members=HELD, orders=BOUGHT, events=used)
    assert tags.coupon_hoarder.tolist() == [False, False, False]


def test_product_offers_are_no_coupons() -> None:
    offers = pd.DataFrame({"offer_id": ["c1", "c2"], "kind": ["coupon", "product"]})
    counts = support(offer_members=HELD, orders=BOUGHT, offers=offers).coupon_redeem_share
    assert counts.tolist() == [1, 1, 4]


def test_where_nobody_ever_redeemed_nothing_is_known() -> None:
    told = life(offer_members=HELD, orders=BOUGHT.drop(columns="coupon_id")).columns
    assert "coupon_hoarder" not in told


def test_members_without_a_coupon_are_unknown() -> None:
    share = life(offer_members=HELD, orders=pd.concat([BOUGHT, orders((4, "2026-02-01"))]))
    assert np.isnan(share.coupon_redeem_share[4])
    assert pd.isna(share.coupon_hoarder[4])
