"""Boosted trees in bags: several small models on draws of rows and columns, averaged."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from siyu.datasets.boosting import BoostedTrees, BoostingOptions, FeatureMatrix, TrainingRows, train

from .visit_features import Columns

__all__ = ["Bags", "grow", "mean_exp", "mean_score"]

Floats = npt.NDArray[np.float64]
Bags = tuple[BoostedTrees, ...]


def grow(rows: TrainingRows, objective: str, n_bags: int, random_state: int) -> Bags:
    """Grow several small models on draws of rows and columns, to be averaged."""
    options = BoostingOptions(
        objective=objective,
        n_trees=250 if objective == "regression_l1" else 90,
        learning_rate=0.04,
        n_leaves=8,
        min_data_in_leaf=int(np.clip(len(rows.labels) // 50, 5, 60)),
        lambda_l2=5.0,
        feature_fraction=0.4,
        bagging_fraction=0.6,
    )
    seeds = range(random_state, random_state + n_bags)
    return tuple(train(rows, replace(options, random_state=seed)) for seed in seeds)


def mean_score(bags: Bags, columns: Columns) -> Floats:
    """Average the scores of the models, before any link: log-odds, logarithms or values."""
    matrix = FeatureMatrix.of(columns)
    return np.asarray(np.mean([one.predict(matrix, raw=True) for one in bags], axis=0))


def mean_exp(bags: Bags, columns: Columns) -> Floats:
    """Give the geometric mean of what models of logarithms forecast."""
    return np.asarray(np.exp(mean_score(bags, columns)))
