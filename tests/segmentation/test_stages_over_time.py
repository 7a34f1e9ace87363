"""Stages at several moments, and passages between them."""

from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community, ParameterError, SchemaError, SiyuWarning, label
from siyu.datasets.intervals import wilson_interval
from siyu.segmentation import STAGES, StageRules, lifecycle
from siyu.segmentation.stages_over_time import stage_history, transition_matrix
from strategies import AS_OF, TZ, shuffled, small_community, with_later_rows

MOMENTS = [AS_OF - pd.Timedelta(days=days) for days in (90, 45, 10, 0)]
METHODS = ["own_gap", "fixed", "model"]


def _history(rows: list[tuple[int, int, str | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["member_id", "month", "stage"])
    frame["as_of"] = pd.to_datetime("2026-01-01") + pd.to_timedelta(frame.month * 30, unit="D")
    return frame.drop(columns="month")


def _moved(matrix: pd.DataFrame) -> list[list[Any]]:
    rows = matrix[matrix.n_members > 0]
    before = [None if pd.isna(stage) else stage for stage in rows.stage_before]
    told = zip(before, rows.stage_after, rows.n_members, rows.share.round(3), strict=True)
    return [list(row) for row in told]


@settings(max_examples=15)
@given(st.integers(0, 50), st.sampled_from(METHODS), st.sampled_from(["orders", "events"]))
def test_each_moment_is_what_lifecycle_says_then(seed: int, method: Any, activity: Any) -> None:
    c = small_community(seed)
    told = stage_history(c, as_of=MOMENTS, activity=activity, method=method)
    parts = [
        lifecycle(c, as_of=moment, activity=activity, method=method)[["member_id", "stage"]].assign(
            as_of=moment.as_unit("us")
        )
        for moment in MOMENTS
    ]
    expected = pd.concat(parts, ignore_index=True)[["member_id", "as_of", "stage"]]
    pd.testing.assert_frame_equal(told, expected)


def test_moments_between_two_purchases_of_a_day_see_the_first_alone() -> None:
    times = pd.to_datetime(["2026-01-01 09:00", "2026-01-05 09:00", "2026-01-05 21:00"])
    orders = pd.DataFrame({"member_id": 1, "order_time": times, "amount": 1.0})
    moments = ["2026-01-05 10:00", "2026-01-05 22:00"]
    told = stage_history(orders, as_of=moments)
    expected = [lifecycle(orders, as_of=moment).stage[0] for moment in moments]
    assert told.stage.tolist() == expected


def test_members_have_no_row_before_they_are_met() -> None:
    times = pd.to_datetime(["2026-01-01", "2026-01-05", "2026-02-05"])
    orders = pd.DataFrame({"member_id": [1, 1, 2], "order_time": times, "amount": 1.0})
    told = stage_history(orders, as_of=["2026-02-10", "2026-01-10"])
    assert told.member_id.tolist() == [1, 1, 2]
    assert told.as_of.is_monotonic_increasing


@given(st.integers(0, 50))
def test_later_rows_and_the_order_of_rows_change_nothing(seed: int) -> None:
    c = small_community(seed)
    later = shuffled(with_later_rows(c, small_community(seed + 1_000)), seed)
    told, again = (stage_history(each, as_of=MOMENTS[::-1]) for each in (c, later))
    pd.testing.assert_frame_equal(told, again)


@pytest.mark.filterwarnings("ignore::siyu.datasets.SiyuWarning")
@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_members_are_enough(n: int) -> None:
    orders = small_community(0).orders
    assert orders is not None
    few = orders[orders.member_id.isin([7, 8][:n])]
    told = stage_history(few, as_of=MOMENTS, method="model")
    assert told.member_id.nunique() == n
    n_later = (told.as_of > told.as_of.min()).sum()
    assert transition_matrix(told).n_members.sum() == n_later


def test_rules_may_be_given() -> None:
    c, rules = small_community(3), StageRules(method="fixed", dormant_days=20, churned_days=30)
    told = stage_history(c, as_of=[AS_OF], rules=rules)
    assert told.stage.tolist() == lifecycle(c, as_of=AS_OF, rules=rules).stage.tolist()


@pytest.mark.parametrize("moments", [[], [AS_OF, AS_OF], "2026-01-01", AS_OF])
def test_odd_moments_are_refused(moments: Any) -> None:
    with pytest.raises(ParameterError, match="as_of must be"):
        stage_history(small_community(0), as_of=moments)


def test_a_weakness_is_told_once_with_the_number_of_moments() -> None:
    orders = pd.DataFrame(
        {"member_id": [1], "order_time": pd.to_datetime(["2026-01-01"]), "amount": [1.0]}
    )
    with pytest.warns(SiyuWarning, match=r"no member visited on two days.*of 3 moments") as said:
        stage_history(orders, as_of=["2026-01-05", "2026-01-06", "2026-01-07"])
    assert len(said) == 1


def test_passages_worked_by_hand() -> None:
    history = _history(
        [
            (1, 0, "new"),
            (2, 0, "new"),
            (3, 0, "loyal"),
            (1, 1, "growing"),
            (2, 1, "new"),
            (3, 1, "dormant"),
            (4, 1, "new"),
            (1, 2, "growing"),
            (2, 2, "dormant"),
            (3, 2, "churned"),
            (4, 2, "growing"),
            (5, 2, "prospect"),
        ]
    )
    assert _moved(transition_matrix(history)) == [
        ["new", "new", 1, 0.25],
        ["new", "growing", 2, 0.5],
        ["new", "dormant", 1, 0.25],
        ["growing", "growing", 1, 1.0],
        ["loyal", "dormant", 1, 1.0],
        ["dormant", "churned", 1, 1.0],
        [None, "prospect", 1, 0.5],
        [None, "new", 1, 0.5],
    ]


def test_intervals_are_wilsons() -> None:
    history = _history([(who, 0, "new") for who in range(9)])
    later = _history([(who, 1, "new" if who < 6 else "growing") for who in range(9)])
    matrix = transition_matrix(pd.concat([history, later]))
    row = matrix[(matrix.stage_before == "new") & (matrix.stage_after == "growing")].iloc[0]
    expected = wilson_interval(3, 9)
    assert (row.low, row.high) == (expected.low, expected.high)


def test_unknown_stages_do_not_count() -> None:
    history = _history([(1, 0, None), (1, 1, "new"), (2, 0, "new"), (2, 1, None)])
    assert transition_matrix(history).n_members.sum() == 0


def test_who_leaves_and_comes_again_is_met_anew() -> None:
    history = _history([(1, 0, "new"), (2, 0, "new"), (2, 1, "new"), (1, 2, "loyal")])
    assert [None, "loyal", 1, 1.0] in _moved(transition_matrix(history))


@given(st.integers(0, 50))
def test_counts_add_up_to_all_members_after_the_first_moment(seed: int) -> None:
    history = stage_history(small_community(seed), as_of=MOMENTS)
    matrix = transition_matrix(history)
    assert matrix.n_members.sum() == (history.as_of > MOMENTS[0]).sum()
    shares = matrix.groupby("stage_before", dropna=False).share.sum(min_count=1).dropna()
    assert (shares.sub(1).abs() < 1e-12).all()
    assert (matrix.share.isna() == matrix.low.isna()).all()


@given(st.integers(0, 50))
def test_the_order_of_a_history_changes_nothing(seed: int) -> None:
    history = stage_history(small_community(seed), as_of=MOMENTS)
    mixed = history.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(transition_matrix(history), transition_matrix(mixed))


def test_a_pivot_gives_the_square_in_the_order_of_life() -> None:
    matrix = transition_matrix(stage_history(small_community(0), as_of=MOMENTS))
    known = matrix[matrix.stage_before.notna()]
    square = known.pivot(  # noqa: PD010
        index="stage_before", columns="stage_after", values="n_members"
    )
    assert square.shape == (7, 7)
    assert known.stage_before.unique().tolist() == list(STAGES)


def test_one_moment_has_no_passages() -> None:
    matrix = transition_matrix(stage_history(small_community(0), as_of=[AS_OF]))
    assert matrix.n_members.sum() == 0
    assert matrix.share.isna().all()


def test_words_replace_the_codes_of_passages() -> None:
    matrix = label(transition_matrix(_history([(1, 0, "new"), (1, 1, "won_back")])), "zh")
    row = matrix[matrix.n_members > 0].iloc[0]
    assert (row.stage_before, row.stage_after) == ("新客", "回流")


def test_a_polars_history_gives_a_polars_matrix() -> None:
    history = pl.from_pandas(_history([(1, 0, "new"), (1, 1, "growing")]))
    assert isinstance(transition_matrix(history), pl.DataFrame)


@pytest.mark.parametrize(
    ("history", "match"),
    [
        (pd.DataFrame({"member_id": [1], "stage": ["new"]}), "as_of: required, but missing"),
        (_history([(1, 0, "asleep")]), "stage: no code of STAGES"),
        (_history([(1, 0, "new")] * 3), "member_id: two rows at one moment; 2 rows"),
        (_history([(1, 0, "new")]).assign(member_id=None), "member_id: required, but empty"),
        (
            _history([(1, 0, "new")]).assign(as_of=pd.to_datetime(["NaT"])),
            "as_of: required, but empty; 1 rows",
        ),
    ],
)
def test_odd_histories_are_refused(history: pd.DataFrame, match: str) -> None:
    with pytest.raises(SchemaError, match=match):
        transition_matrix(history)


def test_text_and_whole_ids_give_the_same_stages() -> None:
    named = stage_history(small_community(1, text_ids=True), as_of=MOMENTS)
    numbered = stage_history(small_community(1), as_of=MOMENTS)
    assert named.stage.tolist() == numbered.stage.tolist()
    assert named.member_id.tolist() == [f"m{who:05d}" for who in numbered.member_id]


def test_a_missing_table_is_named() -> None:
    c = Community(ties=small_community(0).arrow("ties"), tz=TZ)
    with pytest.raises(ValueError, match="needs the table orders"):
        stage_history(c, as_of=MOMENTS)
