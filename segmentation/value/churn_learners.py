"""What `ChurnModel` learns from earlier windows: who stays away, and how often the others come."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from siyu.datasets.boosting import BoostedTrees, BoostingOptions, FeatureMatrix, TrainingRows, train

from .labelled_visits import LabelledVisits
from .logistic_line import LogisticLine, newton_logistic
from .visit_features import Columns

__all__ = ["Calibration", "ChurnLearners", "grow"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt's line from log-odds to log-odds: ``intercept + slope * log_odds``."""

    slope: float
    intercept: float

    @classmethod
    def fit(cls, log_odds: Floats, labels: npt.NDArray[np.bool_]) -> "Calibration":
        """Learn from a window that the learners have not seen.

        Labels are drawn a little inwards, so that the line stays finite (Platt 1999).
        """
        high = (labels.sum() + 1) / (labels.sum() + 2)
        low = 1 / ((~labels).sum() + 2)
        found = newton_logistic(log_odds[:, None], np.where(labels, high, low), 0.0)
        return cls(max(float(found[1]), 0.0), float(found[0]))

    def probability(self, log_odds: Floats) -> Floats:
        """Give probabilities."""
        found: Floats = 1 / (1 + np.exp(-(self.intercept + self.slope * log_odds)))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class ChurnLearners:
    """Trees and a line for churn, trees for the mean and for the median of visits."""

    churn: tuple[BoostedTrees, ...]
    line: LogisticLine
    mean: tuple[BoostedTrees, ...]
    median: tuple[BoostedTrees, ...]

    @classmethod
    def fit(cls, rows: LabelledVisits, n_bags: int, random_state: int) -> "ChurnLearners":
        """Learn from labelled rows, among which some churned and some did not."""
        gone = rows.visits == 0

        def grown(labels: npt.NDArray[np.generic], objective: str) -> tuple[BoostedTrees, ...]:
            learn = TrainingRows.of(rows.columns, labels)
            return grow(learn, objective, n_bags, random_state)

        return cls(
            churn=grown(gone, "binary"),
            line=LogisticLine.fit(rows.columns, gone),
            mean=grown(rows.visits, "poisson"),
            # The median passes through a root unharmed, and large counts weigh less.
            median=grown(np.sqrt(rows.visits), "regression_l1"),
        )

    def log_odds(self, columns: Columns) -> Floats:
        """Give the log-odds of churn: the mean of the trees' and the line's."""
        trees = _mean(self.churn, lambda one: one.predict(FeatureMatrix.of(columns), raw=True))
        return np.asarray((trees + self.line.log_odds(columns)) / 2)

    def expected(self, columns: Columns) -> Floats:
        """Give the mean number of visits."""
        matrix = FeatureMatrix.of(columns)
        found: Floats = np.exp(_mean(self.mean, lambda one: one.predict(matrix, raw=True)))
        return found

    def middle(self, columns: Columns) -> Floats:
        """Give the median number of visits, whole."""
        root = _mean(self.median, lambda one: one.predict(FeatureMatrix.of(columns)))
        return np.asarray(np.rint(np.maximum(root, 0) ** 2))


def grow(
    rows: TrainingRows, objective: str, n_bags: int, random_state: int
) -> tuple[BoostedTrees, ...]:
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


def _mean(bags: tuple[BoostedTrees, ...], of: Callable[[BoostedTrees], Floats]) -> Floats:
    total = sum((of(one) for one in bags), np.zeros(1))
    return np.asarray(total / len(bags))
