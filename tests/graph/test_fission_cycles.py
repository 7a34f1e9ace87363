"""How long invitees take until they invite, worked by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from fission_worlds import community, joined, referrals
from siyu.datasets import Community, DataError, SiyuWarning
from siyu.graph.fission.rate_cycles import cycle_time

AS_OF = "2026-03-01"

# 1 brings 11, 12, 13 and 14 as they join. 11 invites after 5 days, 12 after 20, 13 never in
# 40 days of watching, 14 never in 10.
MEMBERS = joined(
    m1="2025-12-01", m11="2026-01-01", m12="2026-01-01", m13="2026-01-20", m14="2026-02-19",
    m21="2026-01-06", m22="2026-01-21",
)  # fmt: skip
BROUGHT = (
    (1, 11, "2026-01-01"),
    (1, 12, "2026-01-01"),
    (1, 13, "2026-01-20"),
    (1, 14, "2026-02-19"),
)
OWN = ((11, 21, "2026-01-06"), (12, 22, "2026-01-21"))


def world(**changed: Any) -> Community:
    return community(**{"members": MEMBERS, "referrals": referrals(*BROUGHT, *OWN), **changed})


def first(c: Community, **more: Any) -> "pd.Series[Any]":
    row: pd.Series[Any] = cycle_time(c, as_of=AS_OF, **more).iloc[0]
    return row


def test_invitees_are_watched_not_organic_members() -> None:
    assert first(world())[["n_invitees", "n_inviting"]].tolist() == [6, 2]


def test_the_share_is_that_of_kaplan_and_meier() -> None:
    # Watched: 59 (at 5), 59 (at 20), 40, 10, 54 and 39 days. At 5 days 6 wait, one invites;
    # at 20 days 4 wait (14 was watched for 10 days), one invites: 1 - 5/6 x 3/4.
    row = first(world())
    assert row["share_7"] == pytest.approx(1 / 6)
    assert row["share_30"] == pytest.approx(1 - 5 / 6 * 3 / 4)


def test_a_plain_share_would_be_smaller_than_the_curve() -> None:
    row = first(world())
    assert row["n_inviting"] / row["n_invitees"] < row["share_30"]


def test_shares_beyond_the_longest_watching_are_unknown() -> None:
    assert pd.isna(first(world())["share_90"])


def test_the_median_is_unknown_while_fewer_than_half_invite() -> None:
    assert pd.isna(first(world())["median_days"])


def test_half_of_those_who_ever_invite_have_done_so() -> None:
    # The curve ends at 0.375; half of that, 0.1875, is first reached after 20 days.
    assert first(world())["half_days"] == pytest.approx(20.0)


def test_the_median_of_those_who_all_invite() -> None:
    everybody = referrals(*BROUGHT[:3], *OWN, (13, 23, "2026-01-30"))
    c = world(referrals=everybody, members=MEMBERS.iloc[:4])
    found = cycle_time(c, as_of=AS_OF)
    # 11 after 5, 13 after 10, 12 after 20 days; 21, 22 and 23 have not.
    assert found["n_invitees"].tolist() == [6]
    assert found["n_inviting"].tolist() == [3]


def test_only_the_first_own_invitation_counts() -> None:
    more = referrals(*BROUGHT, *OWN, (11, 23, "2026-02-01"))
    row = first(world(referrals=more))
    assert row["share_7"] == pytest.approx(1 / 7)


def test_without_a_date_the_referral_is_taken_for_joining() -> None:
    c = world(members=joined(m1="2025-12-01", m11=None))
    assert first(c)["share_7"] == pytest.approx(1 / 6)


def test_undated_invitees_are_left_out_and_told() -> None:
    c = community(referrals=referrals((1, 2, None), (1, 3, "2026-01-05")))
    with pytest.warns(SiyuWarning) as caught:
        row = first(c)
    assert any("1 invitees have no date" in str(w.message) for w in caught)
    assert row["n_invitees"] == 1


def test_inviting_before_joining_is_inviting_at_once() -> None:
    early = referrals(*BROUGHT, (11, 21, "2025-12-30"))
    with pytest.warns(SiyuWarning, match="1 invitees invited before they joined"):
        row = first(world(referrals=early))
    assert row["half_days"] == 0.0


def test_cohorts_stand_in_order() -> None:
    found = cycle_time(world(), as_of=AS_OF, by="cohort")
    assert found["group"].tolist() == ["2025-12", "2026-01", "2026-02"]
    assert found["n_invitees"].tolist() == [0, 5, 1]


def test_a_cohort_without_invitees_has_no_shares() -> None:
    december = cycle_time(world(), as_of=AS_OF, by="cohort").iloc[0]
    assert december.drop(["group", "n_invitees", "n_inviting"]).isna().all()


def test_the_interval_holds_the_share() -> None:
    row = first(world())
    assert row["low_30"] < row["share_30"] < row["high_30"]


def test_invitations_after_the_record_ended_are_not_waited_for() -> None:
    c = Community(
        tz="UTC",
        observed={"referrals": ("2025-12-01", "2026-01-10")},
        members=MEMBERS,
        referrals=referrals(*BROUGHT[:2], OWN[0]),
    )
    row = first(c)
    assert row[["n_invitees", "n_inviting"]].tolist() == [3, 1]
    assert np.isnan(row["share_30"])


def test_referrals_are_needed() -> None:
    with pytest.raises(DataError, match="referrals"):
        cycle_time(community(members=MEMBERS), as_of=AS_OF)
