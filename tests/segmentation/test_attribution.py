"""Attribution: every rule hands out the whole revenue, and to whom, worked by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning, make_community
from siyu.datasets.labels import words_of
from siyu.segmentation.journey import attribution
from siyu.segmentation.journey.channel_credit import CREDITS

TZ = "Asia/Shanghai"


def _times(*texts: str) -> pd.DatetimeIndex:
    return pd.to_datetime(list(texts), format="ISO8601").tz_localize(TZ)


def _tables() -> dict[str, Any]:
    return {
        "members": pd.DataFrame({"member_id": [1, 2], "source": ["advert", None]}),
        "orders": pd.DataFrame(
            {
                "member_id": [1, 1, 2, 2],
                "order_time": _times("2026-02-10 12:00", "2026-03-20", "2026-02-01", "2026-02-03"),
                "amount": [100.0, 50.0, 10.0, -10.0],
            }
        ),
        "events": pd.DataFrame(
            {
                "member_id": [1, 1, 1, 2],
                "event": ["view"] * 4,
                "event_time": _times("2026-02-01", "2026-02-09", "2026-02-10 12:00", "2025-12-01"),
                "channel": ["wecom", "miniprogram", "late", "wecom"],
            }
        ),
        "sends": pd.DataFrame(
            {
                "send_time": _times("2026-02-01", "2026-02-02"),
                "member_id": [1, 1],
                "channel": ["sms", "wecom"],
                "opened_at": [pd.NaT, pd.Timestamp("2026-02-05", tz=TZ)],
            }
        ),
        "referrals": pd.DataFrame(
            {"inviter_id": [1], "invitee_id": [2], "referral_time": _times("2026-01-15")}
        ),
    }


def _credited(credit: str, **more: Any) -> dict[str, float]:
    found = attribution(Community(tz=TZ, **_tables()), as_of="2026-04-01", **more)
    rows = found[found.credit == credit]
    return dict(zip(rows.channel.fillna("?"), rows.amount, strict=True))


def test_the_first_touch_is_the_source() -> None:
    assert _credited("first") == {"advert": 150.0, "?": 10.0}


def test_the_last_touch_lies_before_the_order_and_within_the_window() -> None:
    # The view at the very moment of the order came with it; 2026-03-20 is 39 days after any.
    assert _credited("last") == {"miniprogram": 100.0, "none": 60.0}


def test_touches_share_alike() -> None:
    # wecom (viewed), wecom (opened) and miniprogram before 2026-02-10; the unopened sms is none.
    assert _credited("linear") == pytest.approx(
        {"wecom": 200 / 3, "miniprogram": 100 / 3, "none": 60.0}
    )


def test_who_was_invited_before_the_order_goes_to_referral() -> None:
    assert _credited("referral") == {"direct": 150.0, "referral": 10.0}


def test_a_longer_window_finds_more() -> None:
    assert _credited("last", window_days=45)["late"] == 50.0


def test_touches_may_be_messages_alone() -> None:
    assert _credited("last", touches=["sends"]) == {"wecom": 100.0, "none": 60.0}


def test_since_counts_later_orders_alone() -> None:
    assert _credited("first", since="2026-03-01") == {"advert": 50.0}


@settings(max_examples=10)
@given(seed=st.integers(0, 50))
def test_every_rule_hands_out_the_whole_revenue(seed: int) -> None:
    c = make_community(n_members=60, random_state=seed)
    found = attribution(c, as_of="2026-07-01")
    assert c.orders is not None
    bought = c.orders[(c.orders.amount >= 0) & (c.orders.quantity > 0)]
    given_out = found.groupby("credit")[["amount", "n_orders", "share"]].sum()
    np.testing.assert_allclose(given_out.amount, bought.amount.sum(), rtol=1e-12)
    np.testing.assert_allclose(given_out.n_orders, bought.order_id.nunique(), rtol=1e-12)
    np.testing.assert_allclose(given_out["share"], 1, rtol=1e-12)


def test_a_rule_without_its_table_is_left_out_and_told_of() -> None:
    tables = _tables()
    c = Community(tz=TZ, orders=tables["orders"], events=tables["events"])
    with pytest.warns(SiyuWarning, match="no table tells of first, referral"):
        found = attribution(c, as_of="2026-04-01")
    assert found.credit.unique().tolist() == ["last", "linear"]


def test_orders_alone_tell_of_no_rule() -> None:
    with pytest.raises(DataError, match=r"members\.source, referrals, or a channel"):
        attribution(Community(tz=TZ, orders=_tables()["orders"]), as_of="2026-04-01")


@pytest.mark.parametrize("setting", [{"window_days": 0}, {"touches": []}, {"touches": ["orders"]}])
def test_what_makes_no_sense_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="must be"):
        _credited("last", **setting)


def test_every_rule_has_words() -> None:
    assert set(CREDITS) == set(words_of("credit", "zh"))
