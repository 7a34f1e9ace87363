"""What members were sent lately."""

from typing import Any

import pandas as pd
import pytest

from siyu.datasets import Community, ParameterError
from siyu.recommend.offers.past_sends import Reached, recently_sent

NOW = pd.Timestamp("2026-03-01", tz="UTC")
DAY = pd.Timedelta("1D")


def _sends(*rows: dict[str, Any]) -> pd.DataFrame:
    shared = {"send_time": NOW - DAY, "member_id": None, "group_id": None, "offer_id": "deal"}
    return pd.DataFrame([shared | {"campaign_id": "spring"} | row for row in rows])


OFFERS = pd.DataFrame(
    {"offer_id": ["deal", "cut"], "product_id": ["tea", None], "starts_at": NOW - 9 * DAY}
)


def _sent(sends: pd.DataFrame, within: str = "7D", **tables: pd.DataFrame) -> pd.DataFrame:
    every: dict[str, Any] = {"sends": sends, "offers": OFFERS, **tables}
    c = Community(**every)
    found: pd.DataFrame = recently_sent(c, as_of=NOW, within=within)
    return found


def test_repeated_sends_are_one_row_with_the_last_time() -> None:
    found = _sent(_sends({"member_id": 1}, {"member_id": 1, "send_time": NOW - 2 * DAY}))
    assert found["n_sent"].tolist() == [2]
    assert found["last_sent"].tolist() == [NOW - DAY]


def test_an_offer_tells_its_product_and_a_coupon_has_none() -> None:
    found = _sent(_sends({"member_id": 1}, {"member_id": 1, "offer_id": "cut"}))
    assert found["offer_id"].tolist() == ["cut", "deal"]
    assert found["product_id"].isna().tolist() == [True, False]


def test_other_campaigns_are_rows_of_their_own() -> None:
    found = _sent(_sends({"member_id": 1}, {"member_id": 1, "campaign_id": "summer"}))
    assert found["campaign_id"].tolist() == ["spring", "summer"]


def test_the_span_includes_its_begin_and_excludes_the_moment() -> None:
    at = [NOW - 7 * DAY, NOW - 7 * DAY - pd.Timedelta("1s"), NOW]
    found = _sent(_sends(*({"member_id": n, "send_time": t} for n, t in enumerate(at))))
    assert found["member_id"].tolist() == [0]


STAYS = pd.DataFrame(
    {
        "group_id": "g",
        "member_id": [1, 2, 3, 4],
        "joined_at": [NOW - 5 * DAY, NOW - 5 * DAY, NOW - DAY / 2, NOW - 5 * DAY],
        "left_at": [None, NOW - 2 * DAY, None, NOW - DAY / 2],
    }
)


def test_a_post_reaches_those_who_were_in_the_group_then() -> None:
    assert _sent(_sends({"group_id": "g"}), memberships=STAYS)["member_id"].tolist() == [1, 4]


def test_without_memberships_a_post_reaches_nobody_known() -> None:
    assert _sent(_sends({"group_id": "g"})).empty


def test_staff_are_not_listed() -> None:
    people = pd.DataFrame({"member_id": [1, 2], "kind": ["staff", "customer"]})
    found = _sent(_sends({"member_id": 1}, {"member_id": 2}), members=people)
    assert found["member_id"].tolist() == [2]


def test_sends_without_offer_or_campaign_are_kept() -> None:
    sends = pd.DataFrame({"send_time": [NOW - DAY], "member_id": [1]})
    found = recently_sent(Community(sends=sends), as_of=NOW)
    assert found[["offer_id", "product_id", "campaign_id"]].isna().all(axis=None)


def test_a_member_twice_in_a_group_is_reached_once() -> None:
    twice = pd.concat([STAYS.head(1), STAYS.head(1)])
    c = Community(sends=_sends({"group_id": "g"}), memberships=twice)
    assert len(Reached.of(c, "this test").member) == 1


@pytest.mark.parametrize("within", ["0h", "-1D", "soon"])
def test_a_span_that_is_none_is_refused(within: str) -> None:
    with pytest.raises(ParameterError, match="within must be"):
        _sent(_sends({"member_id": 1}), within)
