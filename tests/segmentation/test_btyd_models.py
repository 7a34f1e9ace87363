"""The models as estimators: legal and illegal histories, bounds, weights, order of rows."""

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from btyd_members import bg_world, histories, pareto_world
from siyu.datasets import DataError, ParameterError, SchemaError, SiyuWarning
from siyu.segmentation.value import beta_geometric, pareto_nbd_likelihood
from siyu.segmentation.value.bg_nbd import BGNBD
from siyu.segmentation.value.histories import distinct_rows, read_histories
from siyu.segmentation.value.mbg_nbd import MBGNBD
from siyu.segmentation.value.pareto_nbd import ParetoNBD

models = pytest.mark.parametrize("make", [BGNBD, MBGNBD, ParetoNBD])
FEW = pd.DataFrame(
    {"x": [0, 1, 2, 4, 5, 9], "t_x": [0, 4, 25, 5, 31, 33.0], "T": [36, 36, 30, 36, 36, 34.0]}
)
WEIGHT = [60, 9, 4, 3, 4, 2]


def _quiet_fit(make: Any, members: pd.DataFrame, weight: Any = None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        return make().fit(members, sample_weight=weight)


def _assert_sound(model: Any, members: pd.DataFrame) -> None:
    expected, alive = model.expected_purchases(members, 30.0), model.probability_alive(members)
    assert np.isfinite(expected).all()
    assert (expected >= 0).all()
    assert ((alive >= 0) & (alive <= 1)).all()
    assert np.isfinite([*model.params_.values(), model.log_likelihood_]).all()
    assert np.isfinite(model.expected_purchases_new(1e6))


@models
@settings(max_examples=25)
@given(members=histories())
def test_every_legal_history_is_finite(make: Any, members: pd.DataFrame) -> None:
    _assert_sound(_quiet_fit(make, members), members)


def _assert_at_the_top(likelihood: Any, box: Any, params: dict[str, float]) -> None:
    """Check that no parameter that may move would gain by it."""
    at = np.array(list(params.values()))
    slope = likelihood.at(at)[1] / likelihood.members
    inside = (at > box.low) & (at < box.high)
    assert (np.abs(slope[inside]) < 1e-4).all()
    assert (slope[at <= box.low] < 1e-4).all()
    assert (slope[at >= box.high] > -1e-4).all()


@settings(max_examples=25)
@given(members=histories(), at_first=st.sampled_from([0, 1]))
def test_the_beta_geometric_fit_ends_at_the_top(members: pd.DataFrame, at_first: int) -> None:
    rows, weight = read_histories(members).distinct(np.ones(len(members)))
    likelihood = beta_geometric.BetaGeometric.of(rows, weight, at_first)
    found = _quiet_fit(MBGNBD if at_first else BGNBD, members)
    assert found.converged_
    _assert_at_the_top(likelihood, beta_geometric.box_of(rows, weight), found.params_)


@settings(max_examples=25)
@given(members=histories())
def test_the_pareto_fit_ends_at_the_top(members: pd.DataFrame) -> None:
    rows, weight = read_histories(members).distinct(np.ones(len(members)))
    likelihood = pareto_nbd_likelihood.ParetoNbdLikelihood.of(rows, weight)
    found = _quiet_fit(ParetoNBD, members)
    assert found.converged_
    _assert_at_the_top(likelihood, pareto_nbd_likelihood.box_of(rows, weight), found.params_)


EDGES = {
    "one who just began": [(0, 0.0, 0.0)],
    "one who never came back": [(0, 0.0, 10.0)],
    "one who came back": [(1, 5.0, 10.0)],
    "two who bought today": [(3, 10.0, 10.0), (1, 4.0, 4.0)],
    "thousands of purchases": [(5_000, 900.0, 901.0), (3_000, 10.0, 901.0), (0, 0.0, 900.0)],
    "a huge age": [(1, 1e11, 1e12), (0, 0.0, 1e12)],
    "a tiny age": [(1, 1e-8, 1e-7)],
    "all alike": [(4, 20.0, 25.0)] * 50,
    "ages of all sizes": [(0, 0.0, 0.0), (1_000, 5.0, 5.0), (1, 1e-3, 1e6), (2, 30.0, 30.0)],
}


@models
@pytest.mark.parametrize("rows", EDGES.values(), ids=EDGES.keys())
def test_edges_are_finite(make: Any, rows: Any) -> None:
    members = pd.DataFrame(rows, columns=["x", "t_x", "T"])
    model = _quiet_fit(make, members)
    _assert_sound(model, members)
    assert model.converged_


@models
def test_frequent_buyers_do_not_run_away(make: Any) -> None:
    # Hardly anybody leaves, so that nothing tells the leaving parameters apart.
    rng = np.random.default_rng(0)
    x = rng.poisson(rng.gamma(8, 0.9 / 8, 4_000) * 52)
    t_x = np.where(x > 0, 52 * rng.beta(np.maximum(x, 1), 1), 0)
    members = pd.DataFrame({"x": x, "t_x": t_x, "T": 52.0})
    assert x.max() > 90
    with pytest.warns(SiyuWarning, match="stopped at the bound"):
        model = make().fit(members)
    assert model.converged_
    assert max(model.params_.values()) <= 1e4 * 52
    assert model.params_["r"] == pytest.approx(8, rel=0.1)
    assert model.expected_purchases(members, 52).mean() == pytest.approx(x.mean(), rel=0.02)


@models
def test_a_bound_leaves_no_standard_error(make: Any) -> None:
    members = pd.DataFrame({"x": [3] * 30, "t_x": [10.0] * 30, "T": [10.0] * 30})
    with pytest.warns(SiyuWarning, match="flat ridge|stopped at the bound"):
        model = make().fit(members)
    assert np.isnan(list(model.standard_errors_.values())).any()


@models
def test_the_warning_points_at_the_caller(make: Any) -> None:
    with pytest.warns(SiyuWarning, match=make.__name__) as caught:
        make().fit(pd.DataFrame({"x": [0], "t_x": [0.0], "T": [9.0]}))
    assert {warning.filename for warning in caught} == {__file__}


@models
@settings(max_examples=10)
@given(members=histories(), random=st.randoms())
def test_the_order_of_rows_changes_no_byte(make: Any, members: pd.DataFrame, random: Any) -> None:
    order = list(range(len(members)))
    random.shuffle(order)
    one, other = _quiet_fit(make, members), _quiet_fit(make, members.iloc[order])
    assert one.params_ == other.params_
    assert one.log_likelihood_ == other.log_likelihood_
    same = one.expected_purchases(members, 9.0)[order]
    assert same.tobytes() == other.expected_purchases(members.iloc[order], 9.0).tobytes()


@models
def test_the_order_of_many_rows_with_weights_changes_no_byte(make: Any) -> None:
    members, _ = bg_world(15_000, 0)
    weight = np.random.default_rng(1).random(15_000)
    order = np.random.default_rng(2).permutation(15_000)
    one = make().fit(members, sample_weight=weight)
    other = make().fit(members.iloc[order], sample_weight=weight[order])
    assert one.params_ == other.params_
    assert one.standard_errors_ == other.standard_errors_


@models
def test_weights_of_members_alike_add_up_the_same_in_any_order(make: Any) -> None:
    members = FEW.loc[np.repeat(FEW.index, np.multiply(WEIGHT, 50))].reset_index(drop=True)
    weight = np.random.default_rng(1).random(len(members))
    order = np.random.default_rng(2).permutation(len(members))
    one = make().fit(members, sample_weight=weight)
    other = make().fit(members.iloc[order], sample_weight=weight[order])
    assert one.params_ == other.params_
    assert one.log_likelihood_ == other.log_likelihood_


@models
def test_a_member_alone_gets_the_bytes_of_the_whole(make: Any) -> None:
    members, _ = pareto_world(300, 3)
    model = make().fit(members)
    for ask in (lambda rows: model.expected_purchases(rows, 13), model.probability_alive):
        whole = ask(members)
        alone = np.concatenate([ask(members.iloc[i : i + 1]) for i in range(300)])
        chunks = np.concatenate([ask(members.iloc[i : i + 99]) for i in range(0, 300, 99)])
        assert whole.tobytes() == alone.tobytes() == chunks.tobytes()


@models
def test_weights_are_repeated_rows(make: Any) -> None:
    repeated = FEW.loc[np.repeat(FEW.index, WEIGHT)]
    weighted, plain = make().fit(FEW, sample_weight=WEIGHT), make().fit(repeated)
    assert weighted.params_ == plain.params_
    assert weighted.standard_errors_ == plain.standard_errors_
    assert (weighted.n_members_, plain.n_members_) == (6, 82)


@models
def test_a_weight_of_zero_leaves_a_member_out(make: Any) -> None:
    more = pd.concat([FEW, pd.DataFrame({"x": [80], "t_x": [9.0], "T": [10.0]})])
    left_out = make().fit(more, sample_weight=[*WEIGHT, 0])
    assert left_out.params_ == make().fit(FEW, sample_weight=WEIGHT).params_
    assert left_out.n_members_ == 6


@models
def test_another_unit_of_time_scales_the_scales(make: Any) -> None:
    weeks = pareto_world(3_000, 3)[0]
    days = weeks.assign(t_x=weeks.t_x * 7, T=weeks["T"] * 7)
    by_week, by_day = make().fit(weeks), make().fit(days)
    for name, value in by_week.params_.items():
        scale = 7 if name in ("alpha", "beta") else 1
        assert by_day.params_[name] == pytest.approx(scale * value, rel=1e-4)
    expected = by_week.expected_purchases(weeks, 4)
    assert by_day.expected_purchases(days, 28) == pytest.approx(expected, rel=1e-4)


@models
def test_standard_errors_shrink_with_the_root_of_the_members(make: Any) -> None:
    one = make().fit(FEW, sample_weight=WEIGHT).standard_errors_
    four = make().fit(FEW, sample_weight=np.multiply(WEIGHT, 4)).standard_errors_
    assert list(four.values()) == pytest.approx([error / 2 for error in one.values()], rel=1e-4)


@models
def test_those_who_never_bought_teach_nothing_and_get_nothing(make: Any) -> None:
    nobody = pd.DataFrame({"x": [None], "t_x": [None], "T": [None]}, dtype="Float64")
    more = pd.concat([FEW.astype("Float64"), nobody])
    model = make().fit(more, sample_weight=[*WEIGHT, 5])
    assert model.params_ == make().fit(FEW, sample_weight=WEIGHT).params_
    assert np.isnan(model.expected_purchases(more, 9)).tolist() == [False] * 6 + [True]
    assert np.isnan(model.probability_alive(more)).tolist() == [False] * 6 + [True]


@models
def test_every_kind_of_frame_gives_the_same(make: Any) -> None:
    model = make().fit(FEW, sample_weight=WEIGHT)
    for frame in (pl.from_pandas(FEW), pa.Table.from_pandas(FEW)):
        assert make().fit(frame, sample_weight=WEIGHT).params_ == model.params_
        assert (model.expected_purchases(frame, 9) == model.expected_purchases(FEW, 9)).all()


@models
def test_no_rows_get_no_numbers(make: Any) -> None:
    model = make().fit(FEW, sample_weight=WEIGHT)
    assert model.expected_purchases(FEW.iloc[:0], 9).shape == (0,)
    assert model.probability_alive(FEW.iloc[:0]).dtype == np.float64


@models
def test_nobody_teaches_nothing(make: Any) -> None:
    with pytest.raises(DataError, match=f"{make.__name__} learns from members who bought"):
        make().fit(FEW.iloc[:0])
    with pytest.raises(DataError, match="there are none"):
        make().fit(FEW, sample_weight=[0] * 6)


@models
def test_it_behaves_as_an_estimator(make: Any) -> None:
    model = make()
    assert model.get_params() == {}
    assert model.set_params() is model
    fitted = model.fit(FEW, sample_weight=WEIGHT)
    assert fitted is model
    assert not hasattr(clone(fitted), "params_")
    assert pickle.loads(pickle.dumps(fitted)).params_ == fitted.params_


@models
@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.expected_purchases(FEW, 9),
        lambda model: model.probability_alive(FEW),
        lambda model: model.expected_purchases_new(9),
    ],
)
def test_it_must_be_fitted_first(make: Any, ask: Any) -> None:
    with pytest.raises(NotFittedError, match=f"This {make.__name__} instance is not fitted"):
        ask(make())


@models
def test_the_frame_stays_as_it_was(make: Any) -> None:
    copy = FEW.copy(deep=True)
    make().fit(copy, sample_weight=WEIGHT).expected_purchases(copy, 9)
    pd.testing.assert_frame_equal(copy, FEW)


BROKEN = {
    "t_x: must not exceed T; 2 rows, first in row 0": {"t_x": [40, 4, 25, 5, 31, 34.5]},
    "x: above 0 where t_x is 0: leave out the first order.*; 1 rows, first in row 0": {
        "x": [1, 2, 3, 5, 6, 10]
    },
    "t_x: must be 0 where x is 0; 1 rows, first in row 0": {"t_x": [1, 4, 25, 5, 31, 33.0]},
    "x: must be a whole number of 0 or more; 2 rows": {"x": [0, 1.5, 2, 4, -5, 9]},
    "x: must be at most 1,000,000; 1 rows": {"x": [0, 1, 2, 4, 5, np.inf]},
    "t_x: must be 0 or more; 1 rows": {"t_x": [0, -4, 25, 5, 31, 33.0]},
    "T: must lie between 0 and 1e.12; 2 rows": {"T": [36, 36, 30, 36, np.inf, -1]},
    "x / t_x / T: known or missing together; 2 rows": {"T": [None, 36, None, 36, 36, 34]},
    "x: expected numbers, got": {"x": list("abcdef")},
}


@models
@pytest.mark.parametrize(("told", "columns"), BROKEN.items())
def test_a_broken_history_is_refused_and_counted(
    make: Any, told: str, columns: dict[str, Any]
) -> None:
    with pytest.raises(SchemaError, match=told):
        make().fit(FEW.assign(**columns))


@models
def test_a_broken_history_is_refused_when_asked_about(make: Any) -> None:
    model = make().fit(FEW, sample_weight=WEIGHT)
    with pytest.raises(SchemaError, match="t_x: must not exceed T; 1 rows, first in row 5"):
        model.expected_purchases(FEW.assign(t_x=[0, 4, 25, 5, 31, 35.0]), 9)


@models
def test_an_absent_column_is_named(make: Any) -> None:
    with pytest.raises(SchemaError, match="t_x: required, but missing; there are: x, T"):
        make().fit(FEW.drop(columns="t_x"))


@models
@pytest.mark.parametrize("weight", [[1, 2], [1, 1, 1, 1, 1, -1], [1, 1, 1, 1, 1, np.nan]])
def test_odd_weights_are_refused(make: Any, weight: list[float]) -> None:
    with pytest.raises(ParameterError, match="sample_weight must"):
        make().fit(FEW, sample_weight=weight)


@models
@pytest.mark.parametrize("horizon", [-1, np.nan, np.inf])
def test_an_odd_horizon_is_refused(make: Any, horizon: float) -> None:
    model = make().fit(FEW, sample_weight=WEIGHT)
    with pytest.raises(ParameterError, match=r"horizon must lie between 0 and 1e.12"):
        model.expected_purchases(FEW, horizon)


def test_rows_are_told_apart_whatever_their_number_of_values() -> None:
    # Four columns of 60,000 values have more combinations than an int64 can number.
    columns = [np.random.default_rng(seed).permutation(60_000).astype(float) for seed in range(4)]
    twice = [np.concatenate([column, column]) for column in columns]
    distinct, at = distinct_rows(*twice)
    assert len(distinct[0]) == 60_000
    for column, values in zip(twice, distinct, strict=True):
        assert np.array_equal(values[at], column)


def test_bg_nbd_holds_everyone_who_bought_once_for_active() -> None:
    model = BGNBD().fit(FEW, sample_weight=WEIGHT)
    alive = model.probability_alive(FEW)
    assert alive[0] == 1
    assert (alive[1:] < 1).all()
    for other in (MBGNBD, ParetoNBD):
        assert other().fit(FEW, sample_weight=WEIGHT).probability_alive(FEW)[0] < 1
