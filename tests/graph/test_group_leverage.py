"""Views that follow shares, by hand and against a slow reading of the definition."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from group_worlds import at, chat
from siyu.datasets import Community, DataError, SiyuWarning
from siyu.graph.groups.leverage import amplification, sharer_leverage

AS_OF = "2026-03-01"
SEATS = [(1, m, "2026-01-01", None) for m in (1, 2, 3)] + [(2, 4, "2026-01-01", None)]
Act = tuple[int, str, str, Any]


def acts(rows: list[Act], seats: list[Any] = SEATS, **tables: Any) -> Community:
    """Make events of (member, what, when, item)."""
    frame = pd.DataFrame(rows, columns=["member_id", "event", "event_time", "product_id"])
    frame["event_time"] = pd.to_datetime(frame["event_time"], utc=True, format="ISO8601")
    frame["product_id"] = frame["product_id"].astype("Int64")
    return chat(None, seats, events=frame, **tables)


def items(c: Community, **how: Any) -> list[tuple[Any, ...]]:
    found = amplification(c, as_of=AS_OF, **how)
    names = ["product_id", "n_shares", "n_seeded", "n_followed"]
    return list(found[names].itertuples(index=False, name=None))


def test_a_view_of_a_group_mate_after_a_share_follows_it() -> None:
    rows = [(1, "share", "2026-02-01", 7), (2, "view", "2026-02-02", 7)]
    assert items(acts(rows)) == [(7, 1, 0, 1)]


@pytest.mark.parametrize(
    "view",
    [
        (1, "view", "2026-02-02", 7),  # by the sharer
        (4, "view", "2026-02-02", 7),  # in another group
        (2, "view", "2026-02-01", 7),  # at the same instant
        (2, "view", "2026-01-31", 7),  # before
        (2, "view", "2026-02-09", 7),  # more than 7 days after
    ],
)
def test_any_other_view_is_seeded(view: Act) -> None:
    assert items(acts([(1, "share", "2026-02-01", 7), view])) == [(7, 1, 1, 0)]


def test_another_item_is_not_followed() -> None:
    rows = [(1, "share", "2026-02-01", 7), (2, "view", "2026-02-02", 8)]
    assert items(acts(rows)) == [(7, 1, 0, 0), (8, 0, 1, 0)]


def test_a_share_into_one_group_is_seen_there_alone() -> None:
    seats = [*SEATS, (2, 1, "2026-01-01", None)]
    rows = [
        (1, "share", "2026-02-01", 7),
        (2, "view", "2026-02-02", 7),
        (4, "view", "2026-02-02", 7),
    ]
    both = acts(rows, seats)
    assert items(both) == [(7, 1, 0, 2)]
    assert both.events is not None
    into = both.events.assign(group_id=pd.array([2, None, None], "Int64"))
    one = Community(tz="UTC", events=into, memberships=both.memberships)
    assert items(one) == [(7, 1, 1, 1)]


def test_who_left_the_group_does_not_see_the_share() -> None:
    seats = [(1, 1, "2026-01-01", None), (1, 2, "2026-01-01", "2026-02-01T12:00")]
    rows = [(1, "share", "2026-02-01", 7), (2, "view", "2026-02-02", 7)]
    assert items(acts(rows, seats)) == [(7, 1, 1, 0)]


def test_amplification_is_followed_over_seeded_views() -> None:
    rows = [(1, "view", "2026-01-31", 7), (1, "share", "2026-02-01", 7)]
    rows += [(m, "view", "2026-02-02", 7) for m in (2, 3)]
    assert amplification(acts(rows), as_of=AS_OF)["amplification"].tolist() == [2.0]


def test_without_seeded_views_amplification_is_unknown() -> None:
    rows = [(1, "share", "2026-02-01", 7), (2, "view", "2026-02-02", 7)]
    found = amplification(acts(rows), as_of=AS_OF)
    assert found[["amplification", "expected", "low", "high"]].isna().all(axis=None)


def test_views_that_a_share_follows_are_the_mirror_in_time() -> None:
    rows = [(2, "view", "2026-01-31", 7), (3, "view", "2026-01-01T12:00", 7)]
    rows += [(1, "share", "2026-02-01", 7)]
    assert amplification(acts(rows), as_of=AS_OF)["n_preceding"].tolist() == [1]


def test_one_lucky_view_is_drawn_towards_all_items() -> None:
    rows: list[Act] = [(1, "share", "2026-02-01", 1), (2, "view", "2026-02-02", 1)]
    rows += [(2, "view", "2026-01-15", 1)]
    for item in range(2, 8):
        rows += [(2, "view", f"2026-01-{day:02d}", item) for day in range(2, 30)]
    found = amplification(acts(rows), as_of=AS_OF).iloc[0]
    assert found["amplification"] == 1.0
    assert found["low"] < found["expected"] < 0.6


def test_a_view_is_credited_to_the_latest_share() -> None:
    rows = [
        (1, "share", "2026-02-01", 7),
        (3, "share", "2026-02-02", 7),
        (2, "view", "2026-02-03", 7),
    ]
    found = sharer_leverage(acts(rows), as_of=AS_OF).set_index("member_id")
    assert found["n_views"].to_dict() == {1: 0, 3: 1}


def test_an_own_later_share_leaves_the_view_to_who_shared_before() -> None:
    rows = [
        (1, "share", "2026-02-01", 7),
        (2, "share", "2026-02-02", 7),
        (2, "view", "2026-02-03", 7),
    ]
    found = sharer_leverage(acts(rows), as_of=AS_OF).set_index("member_id")
    assert found["n_views"].to_dict() == {1: 1, 2: 0}


def test_shares_whose_window_is_not_over_do_not_count_as_fruitless() -> None:
    rows = [
        (1, "share", "2026-02-01", 7),
        (2, "view", "2026-02-02", 7),
        (1, "share", "2026-02-25", 8),
        (3, "share", "2026-02-25", 8),
    ]
    found = sharer_leverage(acts(rows), as_of=AS_OF).set_index("member_id")
    assert found.loc[1, ["n_shares", "n_open", "n_views", "views_per_share"]].tolist() == [
        2,
        1,
        1,
        1,
    ]
    assert pd.isna(found.loc[3, "views_per_share"])


def test_viewers_are_counted_once() -> None:
    rows = [
        (1, "share", "2026-02-01", 7),
        (2, "view", "2026-02-03", 7),
        (2, "view", "2026-02-04", 7),
    ]
    found = sharer_leverage(acts(rows), as_of=AS_OF)
    assert found[["n_shares", "n_views", "n_viewers", "views_per_share"]].iloc[0].tolist() == [
        1,
        2,
        1,
        2,
    ]


def test_who_opted_out_is_not_listed_as_a_sharer() -> None:
    people = pd.DataFrame({"member_id": [1, 2], "opt_out": [True, False]})
    rows = [(1, "share", "2026-02-01", 7), (2, "share", "2026-02-01", 7)]
    found = sharer_leverage(acts(rows, members=people), as_of=AS_OF)
    assert found["member_id"].tolist() == [2]


def test_what_staff_share_is_seeded() -> None:
    people = pd.DataFrame({"member_id": [1, 2], "kind": ["staff", "customer"]})
    rows = [(1, "share", "2026-02-01", 7), (2, "view", "2026-02-02", 7)]
    assert items(acts(rows, members=people)) == [(7, 0, 1, 0)]


def test_shares_without_an_item_are_left_out_with_a_warning() -> None:
    rows = [(1, "share", "2026-02-01", None), (2, "view", "2026-02-02", 7)]
    with pytest.warns(SiyuWarning, match="1 of 1 shares have no product_id"):
        assert items(acts(rows)) == [(7, 0, 1, 0)]


def test_a_campaign_of_the_callers_own_can_be_the_item() -> None:
    c = acts([(1, "share", "2026-02-01", 7), (2, "view", "2026-02-02", 8)])
    assert c.events is not None
    events = c.events.assign(campaign_id="spring")
    both = Community(tz="UTC", events=events, memberships=c.memberships)
    found = amplification(both, as_of=AS_OF, item="campaign_id")
    assert found[["campaign_id", "n_followed"]].to_numpy().tolist() == [["spring", 1]]


def test_an_item_that_events_do_not_have_is_named() -> None:
    c = acts([(1, "share", "2026-02-01", 7)])
    with pytest.raises(DataError, match="needs the column campaign_id of events"):
        amplification(c, as_of=AS_OF, item="campaign_id")


def slow_credits(c: Community) -> dict[int, int]:
    """Credit every view by looking through all shares."""
    events, seats = c.events, c.memberships
    assert events is not None
    assert seats is not None
    shares = events[events["event"] == "share"]
    credit: dict[int, int] = dict.fromkeys(shares["member_id"], 0)

    def groups(member: int, when: pd.Timestamp) -> set[int]:
        mine = seats[(seats["member_id"] == member) & (seats["joined_at"] <= when)]
        return set(mine[mine["left_at"].isna() | (mine["left_at"] > when)]["group_id"])

    for view in events[events["event"] == "view"].to_dict("records"):
        best = None
        for share in shares[shares["product_id"] == view["product_id"]].to_dict("records"):
            age = view["event_time"] - share["event_time"]
            near = pd.Timedelta(0) < age <= pd.Timedelta("7D")
            if near and share["member_id"] != view["member_id"]:
                common = groups(share["member_id"], share["event_time"]) & groups(
                    view["member_id"], view["event_time"]
                )
                key = (share["event_time"], -share["member_id"])
                if common and (best is None or key > best):
                    best = key
        if best is not None:
            credit[-best[1]] += 1
    return credit


@pytest.mark.parametrize("seed", range(5))
def test_credits_are_those_of_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, start = 120, at("2026-02-01")
    events = pd.DataFrame(
        {
            "member_id": rng.integers(1, 9, n),
            "event": rng.choice(["share", "view"], n),
            "event_time": start + pd.to_timedelta(rng.integers(0, 300, n), unit="h"),
            "product_id": rng.integers(1, 4, n),
        }
    )
    joined = start + pd.to_timedelta(rng.integers(-50, 100, 20), unit="h")
    seats = pd.DataFrame(
        {
            "group_id": rng.integers(1, 4, 20),
            "member_id": rng.integers(1, 9, 20),
            "joined_at": joined,
            "left_at": joined + pd.to_timedelta(rng.integers(1, 400, 20), unit="h"),
        }
    )
    c = Community(tz="UTC", events=events, memberships=seats)
    found = sharer_leverage(c, as_of=AS_OF).set_index("member_id")["n_views"]
    assert found.to_dict() == slow_credits(c)
