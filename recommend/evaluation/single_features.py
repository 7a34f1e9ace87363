"""How well each feature alone tells an outcome: too well, and it may come from the future."""

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, from_arrow
from siyu.datasets.training_rows import FeatureMatrix, Features

__all__ = ["feature_aucs"]


def feature_aucs(features: Features, outcome: ArrayLike) -> Frame:
    """Measure how well each feature alone tells an outcome.

    Parameters
    ----------
    features : FeatureMatrix, mapping of name to array, or frame of numbers; n_rows rows
    outcome : n_rows booleans

    Returns
    -------
    pandas frame, one row a feature, best first
        ``feature``; ``auc`` : chance that the feature is larger where the outcome is true than
        where not, or smaller, whichever is more: from 0.5 to 1. What is unknown is taken for one
        value below all others. Null where all outcomes are equal.

    References
    ----------
    Kaufman, Rosset, Perlich & Stitelman (2012), "Leakage in data mining", ACM TKDD 6(4).

    Examples
    --------
    >>> columns = {"told": np.array([0.0, 1, 0, 1]), "noise": np.array([1.0, 1, 1, 1])}
    >>> feature_aucs(columns, [False, True, False, True]).values.tolist()
    [['told', 1.0], ['noise', 0.5]]
    """
    matrix = FeatureMatrix.of(features)
    true = np.asarray(outcome, np.bool_)
    if len(true) != len(matrix.values):
        raise ParameterError(
            "outcome", f"outcome must have {len(matrix.values)} values, got {len(true)}"
        )
    rows = np.ascontiguousarray(matrix.values)
    found = [_auc(rows[:, place], true) for place in range(len(matrix.columns))]
    order = np.lexsort((np.array(matrix.columns), [-np.nan_to_num(one) for one in found]))
    table = {
        "feature": pa.array([matrix.columns[i] for i in order], pa.large_string()),
        "auc": pa.array([found[i] for i in order], pa.float64(), from_pandas=True),
    }
    return from_arrow(pa.table(table))


def _auc(values: NDArray[np.float32], true: NDArray[np.bool_]) -> float:
    """Give the area under the curve by ranks, ties counting half."""
    n_true = int(true.sum())
    if not n_true or n_true == len(true):
        return float("nan")
    known = np.where(np.isnan(values), -np.inf, values)
    _, place, times = np.unique(known, return_inverse=True, return_counts=True)
    middle = np.cumsum(times) - (times - 1) / 2
    above = middle[place][true].sum() - n_true * (n_true + 1) / 2
    area = float(above / (n_true * (len(true) - n_true)))
    return max(area, 1 - area)
