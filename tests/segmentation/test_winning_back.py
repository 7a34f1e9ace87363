"""Whom to win back now."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community, DataError, ParameterError, SiyuWarning, label, make_community
from siyu.datasets.clock import DAY_US
from siyu.datasets.shrinkage import GammaPrior
from siyu.segmentation import StageRules, lifecycle
from siyu.segmentation.return_curves import ReturnCurves
from siyu.segmentation.rhythm import Rhythm, pace_of
from siyu.segmentation.silence import chance_to_return, curves_of, rhythm_for
from siyu.segmentation.stages import activity_rows
from siyu.segmentation.visits import visits_of
from siyu.segmentation.winning_back import (
    REASONS,
    Buying,
    WinBackNorms,
    losses_of,
    win_back,
    win_back_norms,
)
from strategies import AS_OF, TZ, shuffled, small_community, with_later_rows

DAY = pd.Timedelta(days=1)


def _orders(days: Mapping[Any, Sequence[float]], amount: float = 30.0) -> pd.DataFrame:
    rows = [(who, AS_OF - day * DAY) for who, ago in days.items() for day in ago]
    frame = pd.DataFrame(rows, columns=["member_id", "order_time"])
    return frame.assign(amount=amount)


def _buying(c: Community, members: Any = None) -> Buying:
    known = c.before(AS_OF)
    members = known.customers() if members is None else members
    lines = known.arrow("orders")
    assert lines is not None
    return Buying.of(activity_rows(known, "orders", members), lines, c.tz)


def _losses(orders: pd.DataFrame) -> pd.DataFrame:
    """Value losses by given norms: a gap of 10 days, 20 a visit, each counting as one."""
    c = Community(orders=orders, tz="UTC")
    norms = WinBackNorms(
        StageRules(),
        Rhythm(10.0, 1.0, 100),
        ReturnCurves.unlearned(),
        GammaPrior(20.0, 1.0),
        high_spend=28.5,
        short_gap=9.0,
    )
    table = losses_of(_buying(c), norms, c.moment(AS_OF), 90 * DAY_US)
    frame: pd.DataFrame = table.to_pandas().set_index("member_id")
    return frame


def test_what_is_at_stake_worked_by_hand() -> None:
    # Gaps 10 and 10 give 10 expected; silent for 30 days, 3 gaps: dormant since 25. Usual
    # curves: K(3) = 0.05 + 0.95 exp(-3) = 0.0973, K(25) = 0.05: a chance of 0.486 to come back.
    # Spend (20 + 90) / (1 + 3) = 27.5 a visit, nine visits in 90 days.
    row = _losses(_orders({1: [50, 40, 30]})).loc[1]
    assert row.stage == "dormant"
    assert row.since == AS_OF - 5 * DAY
    assert row.chance_alone == pytest.approx(1 - 0.05 / 0.0973, abs=0.002)
    assert row.value_at_stake == pytest.approx((1 - row.chance_alone) * 9 * 27.5)


def test_refunds_lower_the_value_and_never_below_nothing() -> None:
    orders = _orders({1: [50, 40, 30], 2: [50, 40, 30]})
    refunds = _orders({1: [20], 2: [20]}).assign(amount=[-30.0, -500.0])
    rows = _losses(pd.concat([orders, refunds], ignore_index=True))
    expected = [(1 - rows.chance_alone[1]) * 9 * spend for spend in (80 / 4, 20 / 4)]
    assert rows.value_at_stake.tolist() == pytest.approx(expected)


def test_reasons_worked_by_hand() -> None:
    days = {
        1: [90, 80, 70, 60, 50, 30],  # five visits and a sixth: loyal, 30 days silent
        2: [52, 44, 36, 30],  # gaps 8, 8, 6: (10 + 22) / 4 = 8
        3: [160, 30],  # back after 130 days, then silent
        4: [70],  # 7 gaps silent
    }
    reasons = _losses(_orders(days)).reasons.map(list).to_dict()
    assert reasons == {
        1: ["newly_dormant", "was_loyal", "high_spend"],
        2: ["newly_dormant", "came_often", "no_return_alone"],
        3: ["newly_dormant", "was_won_back"],
        4: ["newly_churned", "no_return_alone"],
    }


def test_members_still_buying_are_not_listed() -> None:
    assert _losses(_orders({1: [20, 10], 2: [5]})).empty


def test_only_those_lost_lately_are_listed() -> None:
    c = make_community(600, random_state=0)
    at = pd.Timestamp("2026-06-01", tz=TZ)
    listed = win_back(c, as_of=at, within="30D")
    stages = lifecycle(c, as_of=at)
    lost = stages[stages.stage.isin(["dormant", "churned"]) & (stages.since >= at - 30 * DAY)]
    assert set(listed.member_id) == set(lost.member_id) - set(c.opted_out().to_pylist())
    joined = listed.merge(stages, on="member_id", suffixes=("", "_told"))
    assert (joined.stage == joined.stage_told).all()
    assert (joined.since == joined.since_told).all()
    assert (joined.overdue_ratio == joined.overdue_ratio_told).all()


@pytest.mark.filterwarnings("ignore::siyu.datasets.SiyuWarning")
@pytest.mark.parametrize(("within", "n"), [("10D", 1), ("9D", 0)])
def test_a_loss_at_the_very_begin_of_the_span_is_listed(within: str, n: int) -> None:
    # Without any gap 30 days are expected: dormant 75 days after the visit, 10 days ago.
    assert len(win_back(_orders({1: [85]}), as_of=AS_OF, within=within)) == n


def test_spend_is_drawn_as_it_varies_from_visit_to_visit() -> None:
    # Member 1 spends 10 and 30, member 2 twice 50: (100 + 100 + 0 + 0) / (4 - 2) = 100.
    orders = _orders({1: [50, 40], 2: [50, 40]}).assign(amount=[10.0, 30.0, 50.0, 50.0])
    c = Community(orders=orders, tz="UTC")
    norms = win_back_norms(_buying(c), StageRules(), c.moment(AS_OF))
    assert norms.spend == GammaPrior.of(np.array([40.0, 100.0]), np.array([2, 2]), 100.0)


def test_the_list_goes_by_value_and_k_cuts_it() -> None:
    c, at = make_community(600, random_state=0), "2026-06-01"
    whole, short = win_back(c, as_of=at), win_back(c, as_of=at, k=5)
    assert whole.value_at_stake.is_monotonic_decreasing
    assert whole["rank"].tolist() == list(range(1, len(whole) + 1))
    pd.testing.assert_frame_equal(short, whole.head(5))


def test_members_with_equal_value_come_in_order_of_ids() -> None:
    orders = _orders({who: [80, 70, 60, 50, 40] for who in (9, 3, 5)} | {1: [30, 20, 10]})
    listed = win_back(orders, as_of=AS_OF)
    assert listed.member_id.tolist() == [3, 5, 9]


def test_staff_and_those_who_opted_out_are_left_out() -> None:
    orders = _orders({who: [80, 70, 60, 50, 40] for who in (1, 2, 3)})
    members = pd.DataFrame(
        {
            "member_id": [1, 2, 3],
            "kind": ["staff", "customer", "customer"],
            "opt_out": [False, True, False],
        }
    )
    c = Community(orders=orders, members=members, tz=TZ)
    assert win_back(c, as_of=AS_OF).member_id.tolist() == [3]


def test_a_longer_span_is_worth_more_in_proportion() -> None:
    c, at = make_community(300, random_state=1), "2026-06-01"
    quarter, year = (win_back(c, as_of=at, over=span) for span in ("90D", "360D"))
    assert year.value_at_stake.tolist() == pytest.approx((4 * quarter.value_at_stake).tolist())


@settings(max_examples=20)
@given(st.integers(0, 50), st.integers(0, 2**25))
def test_a_chunk_of_members_gives_the_rows_of_the_whole(seed: int, picked: int) -> None:
    c = small_community(seed)
    whole, end = _buying(c), c.moment(AS_OF)
    norms = win_back_norms(whole, StageRules(), end)
    mask = pa.array([bool(picked >> (i % 25) & 1) for i in range(len(whole.members))])
    chunk = whole.members.filter(mask)
    part = losses_of(_buying(c, chunk), norms, end, 90 * DAY_US)
    rows = losses_of(whole, norms, end, 90 * DAY_US)
    kept = rows.filter(pa.compute.is_in(rows["member_id"], chunk))
    assert part.to_pylist() == kept.to_pylist()


@given(st.integers(0, 50))
def test_later_rows_and_the_order_of_rows_change_nothing(seed: int) -> None:
    c = small_community(seed)
    later = shuffled(with_later_rows(c, small_community(seed + 1_000)), seed)
    listed, again = (win_back(each, as_of=AS_OF) for each in (c, later))
    pd.testing.assert_frame_equal(listed, again)


def test_text_and_whole_ids_give_the_same() -> None:
    named = win_back(small_community(1, text_ids=True), as_of=AS_OF)
    numbered = win_back(small_community(1), as_of=AS_OF)
    assert named.member_id.tolist() == [f"m{who:05d}" for who in numbered.member_id]
    assert named.value_at_stake.tolist() == numbered.value_at_stake.tolist()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_members_are_enough(n: int) -> None:
    orders = _orders({who: [80, 70, 60, 50, 40] for who in range(n)})
    orders["member_id"] = orders.member_id.astype("int64")
    listed = win_back(orders, as_of=AS_OF)
    assert len(listed) == n
    assert (listed.value_at_stake > 0).all()


def test_orders_are_needed() -> None:
    c = Community(events=small_community(0).arrow("events"))
    with pytest.raises(DataError, match=r"win_back\(\) needs the table orders"):
        win_back(c, as_of=AS_OF)


@pytest.mark.parametrize(
    ("given_", "match"),
    [
        ({"k": 0}, "k must be 1 or more, got 0"),
        ({"k": 2.5}, "k must be a whole number of 1 or more, got 2.5"),
        ({"k": "all"}, "k must be a whole number of 1 or more, got 'all'"),
        ({"within": "1h"}, "within must be one day or more"),
        ({"over": "long"}, "over must be a span"),
    ],
)
def test_odd_arguments_are_refused(given_: dict[str, Any], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        win_back(small_community(0), as_of=AS_OF, **given_)


def test_a_record_that_ended_is_told() -> None:
    orders = _orders({1: [80, 70, 60, 50, 40]})
    c = Community(orders=orders, tz=TZ, observed={"orders": ("2025-01-01", AS_OF - 20 * DAY)})
    with pytest.warns(SiyuWarning, match=r"win_back\(\): the record ended before as_of"):
        win_back(c, as_of=AS_OF)


def test_reasons_have_words() -> None:
    listed = label(win_back(make_community(300, random_state=0), as_of="2026-06-01"), "zh")
    spoken = {reason for reasons in listed.reasons for reason in reasons}
    assert {"刚沉睡", "刚流失", "曾是成熟会员"} <= spoken
    assert not spoken & set(REASONS)


@pytest.mark.slow
def test_as_many_come_back_as_foretold() -> None:
    found = [_foretold_and_came(make_community(2_500, random_state=seed)) for seed in range(5)]
    chance, came = (np.concatenate(each) for each in zip(*found, strict=True))
    band = np.digitize(chance, [0.2, 0.4, 0.6, 0.8])
    for each in range(5):
        assert abs(chance[band == each].mean() - came[band == each].mean()) < 0.12
    assert abs(chance.mean() - came.mean()) < 0.05


def _foretold_and_came(c: Community) -> tuple[Any, Any]:
    """Foretell from eight months before the end who comes back, and see who came."""
    then, rules = pd.Timestamp("2025-11-01", tz=TZ), StageRules()
    known, end = c.before(then), c.moment(then)
    members = known.customers()
    visits = visits_of(activity_rows(known, "orders", members), c.tz)
    pace = pace_of(visits, rhythm_for(visits, rules, end), rules.churned_us)
    later = visits_of(activity_rows(c, "orders", members), c.tz).count()
    came = (later > visits.count())[visits.count() > 0]
    return chance_to_return(visits, pace, curves_of(visits, pace, end), end), came
