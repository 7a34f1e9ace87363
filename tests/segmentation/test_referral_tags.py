"""Tags of how members came and whom they brought, worked by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from community_life import at, life, orders, support
from siyu.datasets.shrinkage import BetaPrior

N = None
ORDERS = orders((2, "2026-02-01"), (4, "2026-02-01"), (4, "2026-02-02"))


def _referrals(*rows: tuple[Any, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["inviter_id", "invitee_id", "campaign_id"])
    days = [f"2026-01-{day:02}" for day in range(1, len(rows) + 1)]
    return frame.assign(referral_time=at(*days))


BROUGHT = _referrals((1, 2, "c1"), (1, 2, "c2"), (1, 3, "c2"), (4, 1, N), (4, 4, "c1"))
CAMPAIGNS = pd.DataFrame({"campaign_id": ["c2", "c1"], "kind": ["bargain", "groupbuy"]})


def test_different_invitees_count_once_and_never_oneself() -> None:
    assert life(referrals=BROUGHT, orders=ORDERS).n_invited.tolist() == [2, 0, 0, 1]


def test_the_share_of_invitees_who_bought_is_drawn_towards_all() -> None:
    usual = BetaPrior.of([1, 0], [2, 1])
    share = life(referrals=BROUGHT, orders=ORDERS).invitee_buy_share
    assert share.loc[[1, 4]].tolist() == pytest.approx(usual.posterior_mean([1, 0], [2, 1]))
    assert share.loc[[2, 3]].isna().all()
    assert support(referrals=BROUGHT, orders=ORDERS).invitee_buy_share.tolist() == [2, 0, 0, 1]


def test_without_orders_nobody_knows_which_invitees_bought() -> None:
    members = pd.DataFrame({"member_id": [1]})
    assert "invitee_buy_share" not in life(referrals=BROUGHT, members=members).columns


def test_who_was_brought_is_referred() -> None:
    assert life(referrals=BROUGHT, orders=ORDERS).referred.tolist() == [True, True, True, False]


def test_who_joined_before_referrals_were_recorded_may_have_been_brought() -> None:
    joined = at("2025-01-01", "2026-01-02", "2026-01-02", "2025-01-01")
    members = pd.DataFrame({"member_id": [1, 2, 5, 4], "joined_at": joined})
    span = {"referrals": ("2025-06-01", "2026-03-01")}
    tags = life(referrals=BROUGHT, orders=ORDERS, members=members, observed=span)
    assert tags.referred.tolist() == [True, True, True, pd.NA, False]


def test_who_joined_before_referrals_were_recorded_may_have_brought_somebody() -> None:
    joined = at("2025-01-01", "2026-01-02", "2025-01-01")
    members = pd.DataFrame({"member_id": [1, 2, 5], "joined_at": joined})
    span = {"referrals": ("2025-06-01", "2026-03-01")}
    tags = life(referrals=BROUGHT, members=members, orders=ORDERS, observed=span)
    assert tags.n_invited.loc[[1, 2, 5]].tolist() == [2, 0, pd.NA]


def test_the_first_campaign_is_the_one_that_brought_them() -> None:
    tags = life(referrals=BROUGHT, orders=ORDERS, campaigns=CAMPAIGNS)
    assert tags.referred_by_campaign.fillna("").tolist() == ["", "groupbuy", "bargain", ""]


def test_without_campaigns_no_kind_is_told() -> None:
    assert "referred_by_campaign" not in life(referrals=BROUGHT, orders=ORDERS).columns


def test_a_referral_later_than_as_of_is_not_known() -> None:
    tags = life(referrals=BROUGHT, orders=ORDERS, as_of="2026-01-02")
    assert tags.n_invited.tolist() == [1, 0]


def test_the_source_is_the_one_of_members() -> None:
    members = pd.DataFrame({"member_id": [3, 1, 2], "source": ["advert", "search", None]})
    tags = life(members=members, orders=ORDERS)
    assert tags.acquisition_source.fillna("").tolist() == ["search", "", "advert", ""]
    assert support(members=members, orders=ORDERS).acquisition_source.tolist() == [1, 0, 1, 0]


def test_without_that_column_the_source_is_unknown() -> None:
    members = pd.DataFrame({"member_id": [1]})
    assert "acquisition_source" not in life(members=members, orders=ORDERS).columns


def test_nobody_brought_anybody() -> None:
    none = BROUGHT.iloc[:0].astype({"inviter_id": np.int64, "invitee_id": np.int64})
    tags = life(referrals=none, orders=ORDERS)
    assert tags.n_invited.tolist() == [0, 0]
    assert tags.invitee_buy_share.isna().all()
