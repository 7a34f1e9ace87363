"""LightGBM behind one door: each of its silent traps is a test."""

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from siyu.datasets.boosting import (
    BoostedTrees,
    BoostingOptions,
    FeatureMatrix,
    TrainingRows,
    train,
)
from siyu.datasets.errors import DataError, ModelFileError, ParameterError, SiyuWarning

RANK = BoostingOptions(n_trees=8, n_leaves=7)
NUMBER = BoostingOptions(objective="regression", n_trees=8, n_leaves=7)
BINARY = BoostingOptions(objective="binary", n_trees=8, n_leaves=7)


def two_columns(n_rows: int) -> dict[str, NDArray[np.float64]]:
    rng = np.random.default_rng(3)
    return {"near": rng.normal(size=n_rows), "价格 %": rng.normal(size=n_rows)}


def rows_of(n_rows: int = 600, n_queries: int = 30) -> TrainingRows:
    """Give rows whose first column makes the label, within queries of equal size."""
    features = two_columns(n_rows)
    labels = (features["near"] + 0.3 * features["价格 %"] > 0.4).astype(int)
    return TrainingRows.of(features, labels, np.repeat(np.arange(n_queries), n_rows // n_queries))


@pytest.fixture(scope="module")
def ranker() -> BoostedTrees:
    return train(rows_of(), RANK)


def test_a_ranker_learns_the_order(ranker: BoostedTrees) -> None:
    score = ranker.predict({"near": [-2.0, 0.4, 2.0], "价格 %": [0.0, 0.0, 0.0]})
    assert score[0] < score[1] < score[2]


def test_reordered_columns_are_matched_by_name(ranker: BoostedTrees) -> None:
    straight = two_columns(50)
    turned = dict(reversed(straight.items()))
    assert list(turned) != list(straight)
    assert ranker.predict(turned).tolist() == ranker.predict(straight).tolist()


def test_a_further_column_changes_nothing(ranker: BoostedTrees) -> None:
    straight = two_columns(50)
    more = {"more": np.zeros(50), **straight}
    assert ranker.predict(more).tolist() == ranker.predict(straight).tolist()


def test_a_missing_column_is_named(ranker: BoostedTrees) -> None:
    with pytest.raises(DataError, match=r"feature columns \['near'\] are missing"):
        ranker.predict({"价格 %": [1.0]})


def test_arrow_and_numpy_give_the_same(ranker: BoostedTrees) -> None:
    columns = two_columns(50)
    assert ranker.predict(pa.table(columns)).tolist() == ranker.predict(columns).tolist()


def test_pandas_and_polars_frames_are_taken(ranker: BoostedTrees) -> None:
    columns = two_columns(50)
    expected = ranker.predict(columns).tolist()
    assert ranker.predict(pa.table(columns).to_pandas()).tolist() == expected
    assert ranker.predict(pl.DataFrame(columns)).tolist() == expected


def test_no_rows_give_no_predictions(ranker: BoostedTrees) -> None:
    empty = {"near": [], "价格 %": np.zeros(0)}
    assert ranker.predict(empty).shape == (0,)
    assert ranker.contributions(empty).shape == (0, 3)


def test_one_row_alone_scores_as_in_a_batch(ranker: BoostedTrees) -> None:
    batch = two_columns(20)
    alone = [
        ranker.predict({name: v[i : i + 1] for name, v in batch.items()})[0] for i in range(20)
    ]
    assert alone == ranker.predict(batch).tolist()


def test_threads_of_prediction_change_nothing(ranker: BoostedTrees) -> None:
    batch = two_columns(2_000)
    one, two = (ranker.predict(batch, num_threads=n).tobytes() for n in (1, 2))
    assert one == two


def test_no_threads_are_refused(ranker: BoostedTrees) -> None:
    with pytest.raises(ParameterError, match="num_threads must be 1 or more"):
        ranker.predict(two_columns(1), num_threads=0)


def test_contributions_sum_to_the_raw_prediction() -> None:
    trees = train(rows_of(), BINARY)
    parts = trees.contributions(two_columns(50))
    assert np.allclose(parts.sum(1), trees.predict(two_columns(50), raw=True), atol=1e-9)


def test_importance_is_a_share(ranker: BoostedTrees) -> None:
    share = ranker.importance()
    assert share["near"] > share["价格 %"] > 0
    assert sum(share.values()) == pytest.approx(1)


def test_text_and_back_scores_the_same(ranker: BoostedTrees) -> None:
    again = BoostedTrees.from_text(ranker.to_text(), ranker.columns)
    assert again.columns == ("near", "价格 %")
    assert again.predict(two_columns(50)).tolist() == ranker.predict(two_columns(50)).tolist()


def test_text_of_other_columns_is_refused(ranker: BoostedTrees) -> None:
    with pytest.raises(ModelFileError, match="was trained on"):
        BoostedTrees.from_text(ranker.to_text(), ("价格 %", "near"))


def test_text_that_is_no_model_is_refused() -> None:
    with pytest.raises(ModelFileError, match="not the text of a LightGBM model"):
        BoostedTrees.from_text("hello")


def test_a_model_survives_the_trip_between_processes(ranker: BoostedTrees) -> None:
    again = pickle.loads(pickle.dumps(ranker))
    assert again.predict(two_columns(9)).tolist() == ranker.predict(two_columns(9)).tolist()


@pytest.mark.parametrize("objective", ["lambdarank", "rank_xendcg", "binary", "regression"])
def test_threads_and_repetition_change_no_byte(objective: str) -> None:
    def text(n_threads: int) -> str:
        options = BoostingOptions(
            objective=objective,
            n_trees=10,
            feature_fraction=0.5,
            bagging_fraction=0.7,
            num_threads=n_threads,
            random_state=5,
        )
        return train(rows_of(6_000, 60), options).to_text()

    assert text(1) == text(2) == text(1)


def test_another_random_state_draws_other_rows() -> None:
    one, two = (
        BoostingOptions(objective="binary", n_trees=5, bagging_fraction=0.5, random_state=n)
        for n in (1, 2)
    )
    assert train(rows_of(), one).to_text() != train(rows_of(), two).to_text()


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    train(rows_of(), RANK).predict(two_columns(3))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("objective", ["lambdarank", "rank_xendcg"])
def test_a_query_of_more_than_ten_thousand_rows_is_split(objective: str) -> None:
    options = BoostingOptions(objective=objective, n_trees=3)
    assert train(rows_of(10_001, 1), options).n_trees == 3


def test_queries_are_split_evenly_and_each_piece_takes_every_second_row() -> None:
    rows = TrainingRows.of({"x": np.arange(8)}, np.arange(8), [1, 1, 1, 1, 1, 2, 2, 2])
    short = rows.with_short_queries(3)
    assert short.starts is not None
    # The query of 5 becomes rows 0, 2, 4 and rows 1, 3; the query of 3 stays.
    assert short.starts.tolist() == [0, 3, 5, 8]
    assert short.labels.tolist() == [0, 2, 4, 1, 3, 5, 6, 7]
    assert short.matrix.values[:, 0].tolist() == short.labels.tolist()


def test_weights_follow_their_rows_into_the_pieces() -> None:
    rows = TrainingRows.of({"x": np.arange(4)}, np.arange(4), [1, 1, 1, 1], weights=[1, 2, 3, 4])
    short = rows.with_short_queries(2)
    assert short.weights is not None
    assert short.weights.tolist() == [1, 3, 2, 4]


def test_torn_queries_are_refused() -> None:
    with pytest.raises(DataError, match="2 queries lie in 3 stretches"):
        TrainingRows.of({"x": [1, 2, 3]}, [0, 1, 0], [7, 8, 7])


def test_queries_of_one_row_are_refused() -> None:
    rows = TrainingRows.of(two_columns(40), np.arange(40) % 2, np.arange(40))
    with pytest.raises(DataError, match="none of 40 queries holds two different labels"):
        train(rows, RANK)


def test_a_ranker_without_queries_is_refused() -> None:
    with pytest.raises(DataError, match="give the query of every row"):
        train(TrainingRows.of(two_columns(40), np.arange(40) % 2), RANK)


@pytest.mark.parametrize("objective", ["lambdarank", "rank_xendcg"])
def test_a_label_without_a_gain_is_refused(objective: str) -> None:
    rows = TrainingRows.of(two_columns(40), np.arange(40) % 32, np.zeros(40))
    with pytest.raises(DataError, match="label 31 has no gain: the gains cover grades 0 to 30"):
        train(rows, BoostingOptions(objective=objective))


def test_a_longer_label_gain_lets_higher_labels_in() -> None:
    rows = TrainingRows.of(two_columns(400), np.arange(400) % 40, np.repeat([0, 1], 200))
    options = BoostingOptions(n_trees=2, label_gain=tuple(range(40)))
    assert train(rows, options).n_trees == 2


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        ([0.0, 0.5], RANK, "lambdarank needs whole-number labels"),
        ([-1, 1], RANK, r"needs labels in \[0, inf\], got -1.0 to 1.0"),
        ([0, 2], BINARY, r"binary needs labels in \[0, 1\]"),
        ([0.0, 0.5], BINARY, "binary needs whole-number labels"),
        ([1, 1], BINARY, "all 40 labels are 1.0"),
        ([3, 3], NUMBER, "all 40 labels are 3.0"),
        ([-1, 1], BoostingOptions(objective="poisson"), "poisson needs labels in"),
    ],
)
def test_labels_that_do_not_suit_are_refused(
    labels: list[float], options: BoostingOptions, message: str
) -> None:
    rows = TrainingRows.of(two_columns(40), np.tile(labels, 20), np.zeros(40))
    with pytest.raises(DataError, match=message):
        train(rows, options)


def test_no_rows_are_refused() -> None:
    with pytest.raises(DataError, match="no rows to learn from"):
        train(TrainingRows.of(two_columns(0), []), BINARY)


def test_a_constant_model_is_told() -> None:
    rows = TrainingRows.of(two_columns(10), np.arange(10) % 2)
    with pytest.warns(SiyuWarning, match="found no split"):
        train(rows, BINARY)


def test_unknown_features_are_allowed() -> None:
    near = two_columns(600)["near"].copy()
    labels = np.isnan(np.where(near > 1, np.nan, near))
    near[near > 1] = np.nan
    trees = train(TrainingRows.of({"near": near}, labels), BINARY)
    unknown, known = trees.predict({"near": [np.nan, 0.0]})
    assert unknown > known


def test_nan_in_a_column_that_never_had_one_counts_as_zero() -> None:
    trees = train(rows_of(), BINARY)
    unknown, zero = trees.predict({"near": [np.nan, 0.0], "价格 %": [0.0, 0.0]})
    assert unknown == zero


def test_a_model_shows_no_more_than_its_columns(ranker: BoostedTrees) -> None:
    assert repr(ranker) == "BoostedTrees(columns=('near', '价格 %'))"


def test_text_that_lightgbm_cannot_read_is_refused() -> None:
    with pytest.raises(ModelFileError, match="LightGBM cannot read it"):
        BoostedTrees.from_text("tree\nversion=v4\n\nend of trees\n")


def test_a_matrix_of_another_type_is_refused() -> None:
    wrong: Any = np.zeros((2, 1))
    with pytest.raises(ParameterError, match="expected a float32 matrix of 1 named columns"):
        FeatureMatrix(wrong, ("x",))


def test_a_matrix_passes_through() -> None:
    matrix = FeatureMatrix(np.zeros((2, 1), np.float32), ("x",))
    assert FeatureMatrix.of(matrix) is matrix


def test_text_labels_are_refused() -> None:
    with pytest.raises(DataError, match="labels must be numbers"):
        TrainingRows.of({"x": [1, 2]}, np.array(["0", "1"]))


def test_arrow_nulls_are_unknown() -> None:
    features = pa.table({"near": pa.array([None, 1.5]), "new": pa.array([True, None])})
    rows = TrainingRows.of(features, [0, 1])
    assert str(rows.matrix.values.tolist()) == "[[nan, 1.0], [1.5, nan]]"


def test_infinite_features_are_refused() -> None:
    with pytest.raises(DataError, match=r"\['x'\] hold infinite values"):
        TrainingRows.of({"x": [1.0, np.inf], "y": [1.0, 2.0]}, [0, 1])


def test_text_features_are_refused() -> None:
    with pytest.raises(DataError, match="'city' must hold numbers"):
        TrainingRows.of({"city": np.array(["a", "b"])}, [0, 1])


def test_unknown_labels_are_refused() -> None:
    with pytest.raises(DataError, match="labels must be known and finite, 1 of 2 are not"):
        TrainingRows.of({"x": [1, 2]}, [0, np.nan])


def test_labels_of_another_length_are_refused() -> None:
    with pytest.raises(DataError, match=r"labels have shape \(3,\), expected one for 2 rows"):
        TrainingRows.of({"x": [1, 2]}, [0, 1, 1])


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(DataError, match=r"have \[1, 2\] rows"):
        TrainingRows.of({"x": [1, 2], "y": [1]}, [0, 1])


def test_a_repeated_column_is_refused() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([1])], ["x", "x"])
    with pytest.raises(DataError, match=r"\['x'\] appear more than once"):
        TrainingRows.of(twice, [0])


def test_negative_weights_are_refused() -> None:
    with pytest.raises(DataError, match="weights must be 0 or more"):
        TrainingRows.of({"x": [1, 2]}, [0, 1], weights=[1, -1])


def category_rows(codes: NDArray[Any]) -> TrainingRows:
    """Give rows whose label is 1 for the codes 1 and 3, so that no single cut separates them."""
    return TrainingRows.of({"code": codes, "flat": np.zeros(codes.size)}, np.isin(codes, [1, 3]))


def test_categories_are_split_as_sets() -> None:
    options = BoostingOptions(objective="binary", n_trees=30, n_leaves=2, categorical=("code",))
    trees = train(category_rows(np.arange(800) % 5.0), options)
    # Of a code not met in training nothing is known: it may go either way, but not fail.
    found = trees.predict({"code": [0.0, 1, 2, 3, 4, 99], "flat": np.zeros(6)})
    assert (found[:5] > 0.5).tolist() == [False, True, False, True, False]


@pytest.mark.parametrize("wrong", [-1.0, 0.5, 2.0**24])
def test_categories_that_are_no_codes_are_refused(wrong: float) -> None:
    options = BoostingOptions(objective="binary", categorical=("code",))
    with pytest.raises(DataError, match="'code' must hold codes"):
        train(category_rows(np.array([0.0, 1.0, wrong])), options)


def test_a_monotone_column_only_rises() -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, 500)
    rows = TrainingRows.of({"x": x}, np.sin(4 * x) + rng.normal(size=500) * 0.1)
    options = BoostingOptions(objective="regression", n_trees=20, monotone={"x": 1})
    assert (np.diff(train(rows, options).predict({"x": x})) >= 0).all()


def test_an_option_for_an_unknown_column_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"got \['nowhere'\]"):
        train(rows_of(), BoostingOptions(monotone={"nowhere": 1}))


def test_early_stopping_keeps_the_best_trees() -> None:
    noise = np.random.default_rng(1).normal(size=600)
    watch = TrainingRows.of(dict(reversed(two_columns(600).items())), noise > 0)
    options = BoostingOptions(objective="binary", n_trees=200, early_stopping=3)
    trees = train(rows_of(), options, watch)
    assert 1 <= trees.n_trees < 200


def test_early_stopping_works_for_rankers() -> None:
    options = BoostingOptions(n_trees=200, early_stopping=5)
    assert 1 <= train(rows_of(), options, rows_of(60, 6)).n_trees <= 200


def test_early_stopping_without_validation_is_refused() -> None:
    with pytest.raises(ParameterError, match="validation must be given together with"):
        train(rows_of(), BoostingOptions(early_stopping=3))


def test_progress_counts_every_tree() -> None:
    told: list[tuple[int, int]] = []
    train(rows_of(), RANK, progress=lambda done, total: told.append((done, total)))
    assert told == [(n, 8) for n in range(1, 9)]


def test_a_further_parameter_reaches_lightgbm() -> None:
    shallow = BoostingOptions(objective="binary", n_trees=3, extra={"max_depth": 1})
    assert "[max_depth: 1]" in train(rows_of(), shallow).to_text()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("objective", "lambdamart"),
        ("n_trees", 0),
        ("n_leaves", 1),
        ("learning_rate", 0.0),
        ("feature_fraction", 1.5),
        ("bagging_fraction", 0.0),
        ("lambda_l2", -1.0),
        ("monotone", {"x": 2}),
        ("num_threads", 0),
        ("random_state", -1),
        ("extra", {"seed": 1}),
    ],
)
def test_options_out_of_range_are_refused(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=f"{name} must be"):
        BoostingOptions(**{name: value})  # type: ignore[arg-type]


def test_what_lightgbm_refuses_is_a_parameter_error() -> None:
    options = BoostingOptions(objective="binary", extra={"boosting": "nonsense"})
    with pytest.raises(ParameterError, match="LightGBM refuses these options"):
        train(rows_of(), options)


def test_inputs_stay_unmodified() -> None:
    features, labels = two_columns(600), np.arange(600) % 2
    before = {name: column.copy() for name, column in features.items()}
    train(TrainingRows.of(features, labels), BINARY)
    assert all((before[name] == features[name]).all() for name in before)


def test_importing_the_module_does_not_load_lightgbm() -> None:
    code = "import sys, siyu.datasets.boosting; sys.exit('lightgbm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
