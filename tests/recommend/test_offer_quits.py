"""Quits after a message against quits at other times."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, ParameterError, make_community
from siyu.recommend.offers.send_quits import quits_after_sends

START = pd.Timestamp("2026-01-01", tz="UTC")


def _day(day: float) -> pd.Timestamp:
    return START + pd.Timedelta(day, unit="D")


def _stays(*rows: tuple[int, str, float | None]) -> pd.DataFrame:
    """Write stays from day 0 on: member, group, day of leaving."""
    frame = pd.DataFrame(rows, columns=["member_id", "group_id", "left"])
    left = START + pd.to_timedelta(frame.pop("left").astype(float), unit="D")
    return frame.assign(joined_at=START, left_at=left)


def _sends(*rows: tuple[float, int | None, str | None]) -> pd.DataFrame:
    """Write sends: day, member, group."""
    frame = pd.DataFrame(rows, columns=["day", "member_id", "group_id"])
    frame["send_time"] = [_day(day) for day in frame.pop("day")]
    frame["member_id"] = frame["member_id"].astype("Int64")
    return frame.assign(channel="wecom")


def _found(
    sends: pd.DataFrame, record: str, day: float = 20, by: str = "all", **tables: Any
) -> pd.Series:
    c = Community(sends=sends, **tables)
    found = quits_after_sends(c, as_of=_day(day), by=by)
    rows = found[found["record"] == record]
    assert len(rows) == 1
    row: pd.Series = rows.iloc[0]
    return row


def test_rates_are_quits_over_time_at_risk() -> None:
    # Two stays, a message each on day 10. One leaves half a day later: 1 quit in 1.5 days. The
    # other leaves on day 15: 1 quit in 10 + 14 days at other times.
    stays = _stays((1, "g", 10.5), (2, "g", 15.0))
    row = _found(_sends((10, 1, None), (10, 2, None)), "group", memberships=stays)
    assert (row["n_sends"], row["n_members"], row["n_quits"]) == (2, 2, 1)
    assert row["rate"] == pytest.approx(1 / 1.5)
    assert row["base"] == pytest.approx(1 / 24)
    assert row["excess"] == pytest.approx(1 / 1.5 - 1 / 24)


def test_the_interval_is_that_of_a_count() -> None:
    # Garwood for 1 event: 0.0253 to 5.572.
    stays = _stays((1, "g", 10.5), (2, "g", 15.0))
    row = _found(_sends((10, 1, None), (10, 2, None)), "group", memberships=stays)
    assert row["low"] == pytest.approx(0.02532 / 1.5, rel=1e-3)
    assert row["high"] == pytest.approx(5.5716 / 1.5, rel=1e-3)


def test_overlapping_windows_count_once() -> None:
    stays = _stays((1, "g", 11.0), (2, "g", None))
    row = _found(_sends((10, 1, None), (10.25, 1, None)), "group", memberships=stays)
    assert row["n_sends"] == 2
    assert row["rate"] == pytest.approx(1 / 1.0)  # day 10 to 11, when the stay ended


def test_a_quit_at_the_end_of_the_window_is_outside() -> None:
    stays = _stays((1, "g", 11.0))
    row = _found(_sends((10, 1, None)), "group", memberships=stays)
    assert row["n_quits"] == 0


def test_a_window_counts_as_far_as_it_is_known() -> None:
    stays = _stays((1, "g", 19.5), (2, "g", None))
    row = _found(_sends((19, 1, None), (19.5, 2, None)), "group", memberships=stays)
    assert row["rate"] == pytest.approx(1 / (0.5 + 0.5))


def test_a_post_puts_only_stays_in_its_group_at_risk() -> None:
    stays = _stays((1, "g", 10.5), (1, "h", 10.25))
    row = _found(_sends((10, None, "g")), "group", memberships=stays)
    assert (row["n_quits"], row["rate"]) == (1, pytest.approx(1 / 0.5))
    # The stay in h ended at another time: 1 quit in 10 + 10.25 days.
    assert row["base"] == pytest.approx(1 / 20.25)


def test_several_groups_left_at_once_widen_the_interval() -> None:
    one = _stays(*((n, "g", 10.5) for n in range(4)))
    many = _stays(*((0, group, 10.5) for group in "ghij"))
    row = _found(_sends(*((10, n, None) for n in range(4))), "group", memberships=one)
    wide = _found(_sends((10, 0, None)), "group", memberships=many)
    assert row["rate"] == pytest.approx(wide["rate"])
    assert wide["low"] < row["low"] < row["high"] < wide["high"]


def test_links_to_staff_are_a_record_of_their_own() -> None:
    links = pd.DataFrame({"member_id": [1], "staff_id": [9], "added_at": START})
    links["removed_at"] = _day(10.5)
    row = _found(_sends((10, 1, None)), "staff", staff_links=links)
    assert row["rate"] == pytest.approx(1 / 0.5)


def test_sends_tell_a_share_but_no_base() -> None:
    sends = _sends((10, 1, None), (10, 2, None), (10, 3, None), (19.5, 1, None))
    sends["quit_at"] = START + pd.to_timedelta([10.5, 12.0, np.nan, np.nan], unit="D")
    row = _found(sends, "message")
    # The last is too young to tell; the second quit two days later.
    assert (row["n_sends"], row["n_quits"]) == (3, 1)
    assert row["rate"] == pytest.approx(1 / 3)
    assert np.isnan([row["base"], row["excess"]]).all()


@pytest.mark.parametrize("record", ["group", "staff", "message"])
def test_no_record_of_quits_is_unknown_not_zero(record: str) -> None:
    row = _found(_sends((10, 1, None)), record)
    assert row.drop(["record", "sent"]).isna().all()


def test_stays_without_a_leaving_time_are_no_record() -> None:
    stays = _stays((1, "g", None)).drop(columns="left_at")
    assert pd.isna(_found(_sends((10, 1, None)), "group", memberships=stays)["n_quits"])


def test_the_record_begins_when_it_was_observed() -> None:
    stays = _stays((1, "g", None), (2, "g", 5.0))
    c = Community(
        sends=_sends((10, 1, None)),
        memberships=stays,
        observed={"memberships": (_day(8), _day(30))},
    )
    found = quits_after_sends(c, as_of=_day(20), by="all")
    assert found.loc[0, "n_members"] == 1
    assert found.loc[0, "base_high"] == pytest.approx(3.6889 / (12 - 1), rel=1e-3)


def test_sends_that_name_no_campaign_or_kind_are_one_row() -> None:
    c = Community(sends=_sends((10, 1, None)), memberships=_stays((1, "g", None)))
    for by in ("campaign", "offer_kind"):
        found = quits_after_sends(c, as_of=_day(20), by=by)
        assert found["sent"].isna().all()
        assert found["n_sends"].tolist()[0] == 1


def test_campaigns_and_kinds_of_offers_are_told_apart() -> None:
    sends = _sends((10, 1, None), (12, 1, None)).assign(campaign_id=[7, 8], offer_id=["a", "z"])
    offers = pd.DataFrame({"offer_id": ["a"], "kind": ["coupon"], "starts_at": START})
    c = Community(sends=sends, offers=offers, memberships=_stays((1, "g", None)))
    names = {
        by: quits_after_sends(c, as_of=_day(20), by=by)["sent"] for by in ("campaign", "offer_kind")
    }
    assert names["campaign"].tolist()[:2] == ["7", "8"]
    assert names["offer_kind"].fillna("none").tolist()[:2] == ["coupon", "none"]


def test_the_planted_quits_are_found_and_the_placebo_is_not() -> None:
    # Personal messages make members remove staff; posts to groups were planted to do nothing.
    c = make_community(1_500, random_state=1)
    found = quits_after_sends(c, as_of="2026-07-01", by="channel").set_index(["record", "sent"])
    truth = found.loc[("message", "wecom"), "rate"]
    wecom, posts = found.loc[("staff", "wecom")], found.loc[("staff", "group")]
    assert wecom["excess_low"] < truth < wecom["excess_high"]
    assert wecom["excess_low"] > 0
    assert posts["excess_low"] < 0 < posts["excess_high"]


@pytest.mark.parametrize(
    ("wrong", "told"), [({"by": "weather"}, "by must be"), ({"within": "0h"}, "within must be")]
)
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        quits_after_sends(Community(sends=_sends((10, 1, None))), as_of=_day(20), **wrong)
