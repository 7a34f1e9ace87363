"""The stage expected next."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import (
    Community,
    DataError,
    ParameterError,
    SiyuWarning,
    label,
    make_community,
)
from siyu.segmentation import STAGES, StageRules, lifecycle
from siyu.segmentation.expected_stages import Moves, next_stage, next_stages
from siyu.segmentation.stages_over_time import stages_at_moments
from strategies import AS_OF, shuffled, small_community, with_later_rows

TO = [f"to_{stage}" for stage in STAGES]
NEW, GROWING, DORMANT = (STAGES.index(stage) for stage in ("new", "growing", "dormant"))
pytestmark = pytest.mark.filterwarnings("ignore::siyu.datasets.SiyuWarning")


def _staged(stages: Sequence[str | None], late: Sequence[float | None]) -> pa.Table:
    columns = {"member_id": pa.array(range(len(stages)), pa.int64())}
    return pa.table({**columns, "stage": stages, "overdue_ratio": pa.array(late, pa.float64())})


def test_moves_worked_by_hand() -> None:
    # Twelve new members at an overdue ratio of 0.2 (three of whom grew) and four at 2 (three of
    # whom fell dormant); all in that stage, and one more who stays: 11 new, 3 growing, 3 dormant.
    before = _staged(["new"] * 16, [0.2] * 12 + [2.0] * 4)
    after = _staged(["growing"] * 3 + ["new"] * 10 + ["dormant"] * 3, [1.0] * 16)
    told = next_stages(_staged(["new", "new"], [0.3, 1.6]), Moves.between(before, after))
    frame = told.to_pandas()
    assert frame.to_growing.tolist() == pytest.approx(
        [(3 + 20 * 3 / 17) / 32, (0 + 20 * 3 / 17) / 24]
    )
    assert frame.to_dormant.tolist() == pytest.approx(
        [(0 + 20 * 3 / 17) / 32, (3 + 20 * 3 / 17) / 24]
    )
    assert frame.next_stage.tolist() == ["new", "new"]
    assert frame.probability.tolist() == frame.to_new.tolist()


def test_a_ratio_at_a_cut_is_not_yet_later() -> None:
    before = _staged(["new"] * 4, [0.3, 0.3, 0.7, 0.7])
    moves = Moves.between(before, _staged(["new", "new", "growing", "growing"], [1.0] * 4))
    told = next_stages(_staged(["new"] * 3, [0.3, 0.5, 0.51]), moves).to_pandas()
    assert told.to_growing[0] == told.to_growing[1] < told.to_growing[2]


def test_a_stage_nobody_was_in_is_unknown() -> None:
    moves = Moves.between(_staged(["new"], [0.2]), _staged(["growing"], [0.2]))
    told = next_stages(_staged(["loyal", None, "new"], [0.2, None, 0.2]), moves).to_pandas()
    assert told.next_stage.isna().tolist() == [True, True, False]
    assert told[TO].isna().all(axis=1).tolist() == [True, True, False]


@given(st.integers(0, 30), st.integers(0, 2**25))
def test_a_chunk_of_members_gives_the_rows_of_the_whole(seed: int, picked: int) -> None:
    c = small_community(seed)
    moments = [c.moment(AS_OF - pd.Timedelta(days=28)), c.moment(AS_OF)]
    (_, before, _), (_, now, _) = stages_at_moments(c, moments, "orders", StageRules())
    mask = pa.array([bool(picked >> (i % 25) & 1) for i in range(now.num_rows)])
    part, rest = now.filter(mask), now.filter(pc.invert(mask))
    halves = [
        before.filter(pc.is_in(before["member_id"], each["member_id"])) for each in (part, rest)
    ]
    moves = Moves.between(halves[0], part) + Moves.between(halves[1], rest)
    assert (moves.n == Moves.between(before, now).n).all()
    whole = next_stages(now, moves).filter(mask)
    assert next_stages(part, moves).equals(whole)


@settings(max_examples=15)
@given(st.integers(0, 50))
def test_probabilities_add_up(seed: int) -> None:
    told = next_stage(small_community(seed), as_of=AS_OF)
    known = told[told.probability.notna()]
    assert len(known)
    assert known[TO].sum(axis=1).to_numpy() == pytest.approx(1)
    assert known[TO].max(axis=1).tolist() == known.probability.tolist()
    most = known[TO].idxmax(axis=1).str.removeprefix("to_")
    assert most.tolist() == known.next_stage.tolist()


@settings(max_examples=15)
@given(st.integers(0, 50))
def test_stages_now_are_those_of_lifecycle(seed: int) -> None:
    c = small_community(seed)
    told, now = next_stage(c, as_of=AS_OF), lifecycle(c, as_of=AS_OF)
    assert told.member_id.tolist() == now.member_id.tolist()
    assert told.stage.tolist() == now.stage.tolist()


@settings(max_examples=15)
@given(st.integers(0, 50))
def test_later_rows_and_the_order_of_rows_change_nothing(seed: int) -> None:
    c = small_community(seed)
    later = shuffled(with_later_rows(c, small_community(seed + 1_000)), seed)
    told, again = (next_stage(each, as_of=AS_OF) for each in (c, later))
    pd.testing.assert_frame_equal(told, again)


def test_text_and_whole_ids_give_the_same() -> None:
    named = next_stage(small_community(1, text_ids=True), as_of=AS_OF)
    numbered = next_stage(small_community(1), as_of=AS_OF)
    pd.testing.assert_frame_equal(
        named.drop(columns="member_id"), numbered.drop(columns="member_id")
    )


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_members_are_enough(n: int) -> None:
    orders = small_community(0).orders
    assert orders is not None
    told = next_stage(orders[orders.member_id.isin([7, 8][:n])], as_of=AS_OF)
    assert len(told) == n


def test_without_an_earlier_span_nothing_is_expected() -> None:
    orders = pd.DataFrame(
        {"member_id": [1], "order_time": [AS_OF - pd.Timedelta(days=9)], "amount": [1.0]}
    )
    with pytest.warns(SiyuWarning, match="no whole span of 28D before as_of to learn from"):
        told = next_stage(orders, as_of=AS_OF)
    assert told[["next_stage", "probability", *TO]].isna().all(axis=None)


@pytest.mark.parametrize("within", ["6h", "soon", None])
def test_odd_spans_are_refused(within: Any) -> None:
    with pytest.raises(ParameterError, match="within must be"):
        next_stage(small_community(0), as_of=AS_OF, within=within)


def test_a_missing_table_is_named() -> None:
    c = Community(orders=small_community(0).arrow("orders"))
    with pytest.raises(DataError, match=r"next_stage\(\) needs the table events"):
        next_stage(c, as_of=AS_OF, activity="events")


def test_words_replace_the_codes() -> None:
    told = label(next_stage(small_community(0), as_of=AS_OF), "zh")
    assert set(told.next_stage.dropna()) <= {"潜客", "新客", "成长", "成熟", "沉睡", "流失", "回流"}


@pytest.mark.slow
def test_probabilities_come_true_in_the_weeks_held_out() -> None:
    expected, came_true, right, same = [], [], [], []
    for seed in range(5):
        c = make_community(1_500, random_state=seed)
        now = pd.Timestamp("2026-05-01", tz="Asia/Shanghai")
        told = next_stage(c, as_of=now).set_index("member_id")
        then = lifecycle(c, as_of=now + pd.Timedelta(days=28)).set_index("member_id").stage
        then = then.reindex(told.index)
        expected.append(told[TO].to_numpy().ravel())
        came_true.append((then.to_numpy()[:, None] == np.array(STAGES)).ravel())
        right.append((told.next_stage == then).mean())
        same.append((told.stage == then).mean())
    chance, true = np.concatenate(expected), np.concatenate(came_true)
    band = np.digitize(chance, [0.05, 0.2, 0.4, 0.6, 0.8, 0.95])
    for each in range(7):
        assert abs(chance[band == each].mean() - true[band == each].mean()) < 0.05
    assert (np.array(right) > np.array(same)).all()
