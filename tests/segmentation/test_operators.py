"""Operators: shares by hand, spread that is planted, and spread that is only chance."""

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning
from siyu.segmentation.journey import operator_spread

TZ = "Asia/Shanghai"


def _times(*texts: str) -> pd.DatetimeIndex:
    return pd.to_datetime(list(texts), format="ISO8601").tz_localize(TZ)


LINKS = pd.DataFrame(
    {
        "member_id": [1, 2, 3, 4, 1],
        "staff_id": [91, 91, 91, 92, 91],
        "added_at": _times("2026-01-01", "2026-01-05", "2026-02-20", "2026-01-01", "2026-01-20"),
    }
)
ORDERS = pd.DataFrame(
    {
        # 1 buys in time, 2 an instant too late, 3 cannot be judged yet, 4 bought before.
        "member_id": [1, 2, 3, 4],
        "order_time": _times("2026-01-02", "2026-02-04", "2026-02-21", "2025-12-31"),
        "amount": 5.0,
    }
)


def test_operators_by_hand() -> None:
    c = Community(tz=TZ, orders=ORDERS, staff_links=LINKS)
    found = operator_spread(c, as_of="2026-03-01", within_days=30)
    rows = found[["staff_id", "n_members", "n_judged", "n_bought"]].to_numpy().tolist()
    assert rows == [[91, 3, 2, 1], [92, 1, 1, 0]]
    assert found["share"].tolist() == [0.5, 0.0]
    assert found.overall_share.tolist() == pytest.approx([1 / 3, 1 / 3])


def _drawn(seed: int, chances: np.ndarray) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    staff = np.repeat(np.arange(len(chances)), 80)
    who = np.arange(len(staff))
    start = pd.Timestamp("2026-01-01", tz=TZ)
    links = pd.DataFrame({"member_id": who, "staff_id": 100_000 + staff, "added_at": start})
    buys = rng.random(len(who)) < chances[staff]
    orders = pd.DataFrame(
        {"member_id": who[buys], "order_time": start + pd.Timedelta("3D"), "amount": 1.0}
    )
    c = Community(tz=TZ, orders=orders, staff_links=links)
    found: pd.DataFrame = operator_spread(c, as_of="2026-03-01")
    return found


@pytest.mark.parametrize("seed", range(5))
def test_operators_who_differ_in_nothing_show_no_spread(seed: int) -> None:
    found = _drawn(seed, np.full(40, 0.3))
    assert found["share"].std() > 0.04  # chance alone
    assert found.between_sd.iloc[0] < 0.03


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_spread_is_measured(seed: int) -> None:
    chances = np.random.default_rng(seed).beta(6, 14, 40)  # sd .1
    found = _drawn(seed + 100, chances)
    assert found.between_sd.iloc[0] == pytest.approx(chances.std(), abs=0.035)


@pytest.mark.parametrize("seed", range(5))
def test_drawn_towards_all_the_shares_are_nearer_to_the_truth(seed: int) -> None:
    chances = np.random.default_rng(seed).beta(12, 28, 40)
    found = _drawn(seed + 200, chances)
    raw = np.abs(found["share"] - chances).mean()
    assert np.abs(found.expected - chances).mean() < raw


def test_undated_links_are_left_out_and_told_of() -> None:
    links = pd.concat([LINKS, pd.DataFrame({"member_id": [2], "staff_id": [92]})])
    c = Community(tz=TZ, orders=ORDERS, staff_links=links)
    with pytest.warns(SiyuWarning, match="1 links are left out"):
        found = operator_spread(c, as_of="2026-03-01")
    assert found.n_members.tolist() == [3, 1]


def test_links_from_before_the_record_are_not_judged() -> None:
    observed = {"orders": ("2026-01-03", "2026-03-01")}
    c = Community(tz=TZ, orders=ORDERS, staff_links=LINKS, observed=observed)
    with pytest.warns(SiyuWarning, match="2 links are older than the record"):
        found = operator_spread(c, as_of="2026-03-01")
    assert found.n_judged.tolist() == [1, 0]


def test_links_without_any_date_are_refused() -> None:
    links = LINKS[["member_id", "staff_id"]]
    with pytest.raises(DataError, match="needs dated links"):
        operator_spread(Community(tz=TZ, orders=ORDERS, staff_links=links), as_of="2026-03-01")


def test_nobody_to_judge_gives_nulls() -> None:
    c = Community(tz=TZ, orders=ORDERS, staff_links=LINKS)
    found = operator_spread(c, as_of="2026-01-10")
    assert found.n_judged.tolist() == [0, 0]
    assert found[["share", "expected", "overall_share", "between_sd"]].isna().all(axis=None)


def test_no_time_to_buy_is_refused() -> None:
    with pytest.raises(ParameterError, match="within_days must be above 0"):
        operator_spread(
            Community(orders=ORDERS, staff_links=LINKS), as_of="2026-03-01", within_days=0
        )
