"""Gradient-boosted trees: the one place that trains, applies and reads LightGBM models.

LightGBM fails late, or not at all, on input that it cannot use. Here such input is refused, with
the reason: columns in another order, queries that are torn apart, labels beyond the gains, data
from which only a constant could be learned. Queries of more than 10,000 rows, which LightGBM
refuses, are split.

The same rows in the same order give the same model text whatever `num_threads` is. Another order
of rows gives another model (sums are rounded differently): sort the rows before training.
LightGBM is imported at the first use, and prints nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import numpy as np

from .boosted_trees import BoostedTrees
from .errors import DataError, ParameterError, warn
from .training_rows import FeatureMatrix, TrainingRows

__all__ = ["BoostedTrees", "BoostingOptions", "FeatureMatrix", "TrainingRows", "train"]

Progress = Callable[[int, int], None]

_RANKING = ("lambdarank", "rank_xendcg")
_KINDS = {
    "lambdarank": "ranking",
    "rank_xendcg": "ranking",
    "binary": "binary",
    "cross_entropy": "share",
    "regression": "number",
    "regression_l1": "number",
    "huber": "number",
    "quantile": "number",
    "poisson": "count",
    "tweedie": "count",
    "gamma": "count",
}
_LONGEST_QUERY = 10_000  # LightGBM refuses queries of more rows
_GRADES = 31  # LightGBM's default gains: 2^grade - 1 for grades 0 to 30
_NDCG_AT = 10
_OWN = frozenset(
    {
        "objective",
        "num_iterations",
        "num_leaves",
        "learning_rate",
        "min_data_in_leaf",
        "max_bin",
        "lambda_l2",
        "feature_fraction",
        "bagging_fraction",
        "bagging_freq",
        "seed",
        "num_threads",
        "monotone_constraints",
        "lambdarank_truncation_level",
        "label_gain",
        "eval_at",
        "verbosity",
        "deterministic",
        "force_row_wise",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoostingOptions:
    """How to grow the trees; the names are LightGBM's, counts begin with ``n_``.

    Parameters
    ----------
    objective : str
        ``lambdarank`` or ``rank_xendcg`` (labels are whole grades within queries), ``binary``
        (labels 0 and 1), ``cross_entropy`` (labels in [0, 1]), ``regression``,
        ``regression_l1``, ``huber``, ``quantile`` (any number), ``poisson``, ``tweedie``,
        ``gamma`` (numbers of 0 or more).
    n_trees, n_leaves, learning_rate, min_data_in_leaf, max_bin, lambda_l2
        Size and strength of the model.
    feature_fraction, bagging_fraction : float in (0, 1]
        Share of the columns drawn for every tree, and of the rows drawn anew for every tree.
    monotone : mapping of column name to -1, 0 or 1
        Columns in which the prediction may only fall (-1) or rise (1).
    categorical : names of columns that hold codes
        Whole numbers of 0 or more, or NaN; a code not met in training counts as unknown.
    truncation : int >= 1
        Ranks that ``lambdarank`` looks at; a little more than the length of the list shown.
    label_gain : gains of the grades 0, 1, 2, ...
        Default 2^grade - 1, for grades up to 30.
    early_stopping : int >= 0
        Stop when the validation rows have not improved for so many trees; 0 grows all trees.
    num_threads : int >= 1
        Changes the time, never the model.
    random_state : int in 0 .. 2^31 - 1
        For the draws of rows and columns.
    extra : mapping
        Further LightGBM parameters, such as ``{"tweedie_variance_power": 1.2}``.

    Raises
    ------
    ParameterError
        If an option is out of range.

    Examples
    --------
    >>> BoostingOptions(objective="binary", n_trees=50).n_leaves
    31
    """

    objective: str = "lambdarank"
    n_trees: int = 200
    n_leaves: int = 31
    learning_rate: float = 0.05
    min_data_in_leaf: int = 20
    max_bin: int = 255
    lambda_l2: float = 0.0
    feature_fraction: float = 1.0
    bagging_fraction: float = 1.0
    monotone: Mapping[str, int] = field(default_factory=dict)
    categorical: tuple[str, ...] = ()
    truncation: int = 30
    label_gain: tuple[float, ...] | None = None
    early_stopping: int = 0
    num_threads: int = 1
    random_state: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = ", ".join(_KINDS)
        _require("objective", self.objective in _KINDS, f"one of {known}", self.objective)
        lowest = {"n_trees": 1, "n_leaves": 2, "min_data_in_leaf": 1, "max_bin": 2}
        lowest |= {"truncation": 1, "early_stopping": 0, "num_threads": 1, "random_state": 0}
        for name, low in lowest.items():
            value = getattr(self, name)
            _require(name, low <= value < 2**31, f"{low} or more", value)
        for name in ("feature_fraction", "bagging_fraction", "learning_rate"):
            value = getattr(self, name)
            _require(name, 0 < value <= 1, "above 0 and at most 1", value)
        _require("lambda_l2", self.lambda_l2 >= 0, "0 or more", self.lambda_l2)
        signs = set(self.monotone.values())
        _require("monotone", signs <= {-1, 0, 1}, "-1, 0 or 1 for a column", self.monotone)
        mine = sorted(_OWN & set(self.extra))
        _require("extra", not mine, "without parameters that have an option here", mine)

    @property
    def is_ranking(self) -> bool:
        """Whether the objective ranks the rows of each query."""
        return self.objective in _RANKING


def train(
    rows: TrainingRows,
    options: BoostingOptions,
    validation: TrainingRows | None = None,
    progress: Progress | None = None,
) -> BoostedTrees:
    """Train boosted trees on labelled rows.

    Parameters
    ----------
    rows : TrainingRows
        In a canonical order: the model depends on it.
    options : BoostingOptions
    validation : TrainingRows, optional
        Needed for, and used only by, early stopping. Same columns as `rows`, in any order.
    progress : callable (trees done, trees in all), optional

    Returns
    -------
    BoostedTrees

    Raises
    ------
    DataError
        If nothing but a constant can be learned (no rows; all labels, or all labels within every
        query, equal), or labels, categories or queries do not suit the objective.
    ParameterError
        If early stopping and validation do not come together, an option names an unknown column,
        or a LightGBM parameter in ``extra`` is refused.

    Warns
    -----
    SiyuWarning
        If no split was found, so that the model is a constant.

    Examples
    --------
    >>> import numpy as np
    >>> price = np.arange(100.0)
    >>> rows = TrainingRows.of({"price": price}, labels=price < 50)
    >>> trees = train(rows, BoostingOptions(objective="binary", n_trees=40))
    >>> (trees.predict({"price": np.array([10.0, 90.0])}) > 0.5).tolist()
    [True, False]
    """
    import lightgbm

    both = (validation is not None) == (options.early_stopping > 0)
    _require("validation", both, "given together with early_stopping", options.early_stopping)
    columns = rows.matrix.columns
    settings = _settings(options, columns)
    learn = _dataset(rows, options, settings)
    watch: list[Any] = []
    callbacks: list[Any] = []
    if validation is not None:
        watch = [_dataset(validation.with_columns(columns), options, settings, learn)]
        callbacks = [lightgbm.early_stopping(options.early_stopping, verbose=False)]
    if progress is not None:
        callbacks.append(_told(progress))
    try:
        grown = lightgbm.train(settings, learn, options.n_trees, watch, callbacks=callbacks)
    except lightgbm.basic.LightGBMError as error:
        raise ParameterError("options", f"LightGBM refuses these options: {error}") from error
    text = grown.model_to_string(num_iteration=grown.best_iteration if watch else -1)
    # Their number is the one line of the text that tells nothing of the model.
    text = text.replace(f"\n[num_threads: {options.num_threads}]\n", "\n[num_threads: 0]\n")
    trees = BoostedTrees.from_text(text)
    if not any(trees.importance().values()):
        warn(
            "the model found no split and predicts a constant: give more rows, or lower "
            f"min_data_in_leaf (now {options.min_data_in_leaf})"
        )
    return trees


def _settings(options: BoostingOptions, columns: tuple[str, ...]) -> dict[str, Any]:
    """Write the options in LightGBM's words."""
    named = set(options.monotone) | set(options.categorical)
    unknown = sorted(named - set(columns))
    _require("columns", not unknown, f"among {list(columns)} where options name them", unknown)
    settings = {
        "objective": options.objective,
        "num_leaves": options.n_leaves,
        "learning_rate": options.learning_rate,
        "min_data_in_leaf": options.min_data_in_leaf,
        "max_bin": options.max_bin,
        "lambda_l2": options.lambda_l2,
        "feature_fraction": options.feature_fraction,
        "bagging_fraction": options.bagging_fraction,
        "bagging_freq": int(options.bagging_fraction < 1),
        "num_threads": options.num_threads,
        "seed": options.random_state,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        **options.extra,
    }
    if options.monotone:
        settings["monotone_constraints"] = [options.monotone.get(name, 0) for name in columns]
    if options.is_ranking:
        settings |= {"lambdarank_truncation_level": options.truncation, "eval_at": [_NDCG_AT]}
        if options.label_gain is not None:
            settings["label_gain"] = list(options.label_gain)
    return settings


def _dataset(
    rows: TrainingRows, options: BoostingOptions, settings: dict[str, Any], like: Any = None
) -> Any:
    """Check the rows against the objective and hand them to LightGBM."""
    import lightgbm

    if not len(rows.labels):
        raise DataError("there are no rows to learn from")
    _check_labels(rows, options)
    _check_categories(rows, options)
    if options.is_ranking:
        rows = rows.with_short_queries(_LONGEST_QUERY)
    columns = rows.matrix.columns
    return lightgbm.Dataset(
        rows.matrix.values,
        rows.labels,
        reference=like,
        weight=rows.weights,
        group=None if rows.starts is None or not options.is_ranking else np.diff(rows.starts),
        # LightGBM refuses some characters in names, and changes others.
        feature_name=[quote(name, safe="") for name in columns],
        categorical_feature=[columns.index(name) for name in options.categorical],
        params=settings,
    )


def _check_labels(rows: TrainingRows, options: BoostingOptions) -> None:
    """Refuse labels out of the objective's range, or from which only a constant can follow."""
    labels, objective = rows.labels, options.objective
    low, high = float(labels.min()), float(labels.max())
    if options.is_ranking:
        _check_grades(rows, options, high)
    bounds = {"ranking": (0, np.inf), "binary": (0, 1), "share": (0, 1), "count": (0, np.inf)}
    least, most = bounds.get(_KINDS[objective], (-np.inf, np.inf))
    if low < least or high > most:
        raise DataError(f"{objective} needs labels in [{least}, {most}], got {low} to {high}")
    if _KINDS[objective] in ("ranking", "binary") and (labels % 1).any():
        raise DataError(f"{objective} needs whole-number labels")
    if low == high:
        raise DataError(f"all {labels.size} labels are {low}: there is nothing to tell apart")


def _check_grades(rows: TrainingRows, options: BoostingOptions, highest: float) -> None:
    """Refuse rows without queries, grades without a gain, and queries that teach nothing."""
    if rows.starts is None:
        raise DataError(f"{options.objective} ranks within queries: give the query of every row")
    n_gains = _GRADES if options.label_gain is None else len(options.label_gain)
    if highest >= n_gains:
        raise DataError(
            f"label {highest:g} has no gain: the gains cover grades 0 to {n_gains - 1}; "
            "lower the labels, or pass a longer label_gain"
        )
    best = np.maximum.reduceat(rows.labels, rows.starts[:-1])
    worst = np.minimum.reduceat(rows.labels, rows.starts[:-1])
    if (best == worst).all():
        raise DataError(
            f"none of {best.size} queries holds two different labels: there is nothing to rank"
        )


def _check_categories(rows: TrainingRows, options: BoostingOptions) -> None:
    """Refuse categories that are not codes, or too large for a float32 to tell apart."""
    for name in options.categorical:
        codes = rows.matrix.values[:, rows.matrix.columns.index(name)]
        known = codes[~np.isnan(codes)]
        if (known % 1).any() or known.min(initial=0) < 0 or known.max(initial=0) >= 2**24:
            raise DataError(f"categorical column {name!r} must hold codes 0 .. 2^24 - 1, or NaN")


def _told(progress: Progress) -> Callable[[Any], None]:
    """Tell the caller of every tree."""
    return lambda state: progress(state.iteration + 1, state.end_iteration)


def _require(name: str, holds: bool, expected: str, got: object) -> None:  # noqa: FBT001
    """Raise a ParameterError unless the claim holds."""
    if not holds:
        raise ParameterError(name, f"{name} must be {expected}, got {got}")
