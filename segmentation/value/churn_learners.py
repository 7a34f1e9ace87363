"""What `ChurnModel` learns from earlier windows: who stays away, and how often the others come."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.boosting import TrainingRows

from .bagged_trees import Bags, grow, mean_exp, mean_score
from .labelled_visits import LabelledVisits
from .logistic_line import LogisticLine, newton_logistic
from .visit_features import Columns

__all__ = ["Calibration", "ChurnLearners"]

Floats = npt.NDArray[np.float64]

_ALIKE = 1e-6


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt's line from log-odds to log-odds: ``intercept + slope * log_odds``."""

    slope: float
    intercept: float

    @classmethod
    def fit(cls, log_odds: Floats, labels: npt.NDArray[np.bool_]) -> "Calibration":
        """Learn from a window that the learners have not seen.

        Labels are drawn a little inwards, so that the line stays finite (Platt 1999). Log-odds
        that are all alike tell no slope: they are shifted to the share of the labels. Those
        that rank worse than chance count for nothing: everybody gets that share.
        """
        high = (labels.sum() + 1) / (labels.sum() + 2)
        low = 1 / ((~labels).sum() + 2)
        drawn = np.where(labels, high, low)
        of_all = float(np.log(drawn.mean() / (1 - drawn.mean())))
        if log_odds.std() < _ALIKE:
            return cls(1.0, of_all - float(log_odds.mean()))
        intercept, slope = newton_logistic(log_odds[:, None], drawn, 0.0).tolist()
        return cls(slope, intercept) if slope > 0 else cls(0.0, of_all)

    def probability(self, log_odds: Floats) -> Floats:
        """Give probabilities."""
        found: Floats = 1 / (1 + np.exp(-(self.intercept + self.slope * log_odds)))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class ChurnLearners:
    """Trees and a line for churn, trees for the mean and for the median of visits."""

    churn: Bags
    line: LogisticLine
    mean: Bags
    median: Bags

    @classmethod
    def fit(cls, rows: LabelledVisits, n_bags: int, random_state: int) -> "ChurnLearners":
        """Learn from labelled rows, among which some churned and some did not."""
        gone = rows.visits == 0

        def grown(labels: npt.NDArray[np.generic], objective: str) -> Bags:
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
        return np.asarray((mean_score(self.churn, columns) + self.line.log_odds(columns)) / 2)

    def expected(self, columns: Columns, churn: Floats) -> Floats:
        """Give the mean number of visits: the chance to come, times the mean of those who come.

        The latter is that of a Poisson number known not to be 0. The trees' own mean never
        falls as low as the chance to come does for members who were silent for long.
        """
        mean = np.maximum(mean_exp(self.mean, columns), _ALIKE)
        return np.asarray((1 - churn) * mean / -np.expm1(-mean))

    def middle(self, columns: Columns) -> Floats:
        """Give the median number of visits, whole."""
        root = mean_score(self.median, columns)
        return np.asarray(np.rint(np.maximum(root, 0) ** 2))
