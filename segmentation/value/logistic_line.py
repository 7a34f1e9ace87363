"""Logistic regression on features of every scale, as a partner for boosted trees.

Columns are drawn together by ``sign(v) log(1 + |v|)``, centred and scaled; what is unknown
stands at the middle. Trees find thresholds and crossings, a line finds what goes one way all
along, and needs fewer members for it: the mean of their log-odds ranks better than either
where churners are few.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .visit_features import Columns

__all__ = ["LogisticLine", "newton_logistic"]

Floats = npt.NDArray[np.float64]

_STEPS = 50
_SMALL = 1e-9
_RIDGE = 50.0  # weight of the penalty, in rows; keeps columns that tell the same from fighting
_MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class LogisticLine:
    """A fitted line: the log-odds are ``intercept + sum(weight * (value - middle) / scale)``."""

    columns: tuple[str, ...]
    middle: Floats
    scale: Floats
    weight: Floats
    intercept: float

    @classmethod
    def fit(cls, columns: Columns, labels: npt.NDArray[np.bool_]) -> "LogisticLine":
        """Learn from columns and flags; both values must occur among the flags.

        Beyond 100,000 rows, about every k-th is used.
        """
        kept = slice(None, None, -(-len(labels) // _MOST_ROWS))
        values = np.column_stack([_drawn(column[kept]) for column in columns.values()])
        known = np.isfinite(values)
        n_known = np.maximum(known.sum(axis=0), 1)
        middle = np.where(known, values, 0).sum(axis=0) / n_known
        away = np.where(known, values - middle, 0)
        scale = np.sqrt((away**2).sum(axis=0) / n_known)
        scale = np.where(scale > _SMALL, scale, 1)
        found = newton_logistic(away / scale, labels[kept].astype(float), _RIDGE)
        return cls(tuple(columns), middle, scale, found[1:], float(found[0]))

    def log_odds(self, columns: Columns) -> Floats:
        """Give the log-odds of each row; a row's value does not depend on the others."""
        total = np.full(len(columns[self.columns[0]]), self.intercept)
        parts = zip(self.columns, self.middle, self.scale, self.weight, strict=True)
        for name, middle, scale, weight in parts:
            away = _drawn(columns[name]) - middle
            total += np.where(np.isfinite(away), away, 0) / scale * weight
        return total

    def to_table(self) -> pa.Table:
        """Write the line as a table; the intercept stands in the last row."""
        return pa.table(
            {
                "column": [*self.columns, ""],
                "middle": np.append(self.middle, 0.0),
                "scale": np.append(self.scale, 1.0),
                "weight": np.append(self.weight, self.intercept),
            }
        )

    @classmethod
    def from_table(cls, table: pa.Table) -> "LogisticLine":
        """Read what `to_table` wrote."""
        middle, scale, weight = (table[name].to_numpy() for name in ("middle", "scale", "weight"))
        names = tuple(table["column"].to_pylist()[:-1])
        return cls(names, middle[:-1], scale[:-1], weight[:-1], float(weight[-1]))


def newton_logistic(values: Floats, labels: Floats, ridge: float) -> Floats:
    """Fit penalised logistic regression by Newton's method, with halved steps where needed.

    Parameters
    ----------
    values : float64 array, n_rows x n_columns
    labels : float64 array, n_rows, in [0, 1]
    ridge : float >= 0
        Penalty on the squared weights; the intercept bears none but for 1e-6.

    Returns
    -------
    float64 array, 1 + n_columns
        The intercept first.

    Examples
    --------
    >>> x = np.array([[-1.0], [-1.0], [1.0], [1.0]])
    >>> newton_logistic(x, np.array([0.0, 1.0, 1.0, 1.0]), 1.0).round(2)
    array([1.18, 0.58])
    """
    from threadpoolctl import threadpool_limits

    design = np.column_stack([np.ones(len(values)), values])
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 1e-6
    at = np.zeros(design.shape[1])
    cost = _cost(design @ at, labels, at, penalty)
    # More threads would add up in another order, and wait for each other.
    with threadpool_limits(1, user_api="blas"):
        for _ in range(_STEPS):
            p = 1 / (1 + np.exp(-(design @ at)))
            slope = design.T @ (p - labels) + penalty * at
            bend = (design * (p * (1 - p))[:, None]).T @ design + np.diag(penalty)
            step = np.linalg.solve(bend, slope)
            size = 1.0
            while (new := _cost(design @ (at - size * step), labels, at - size * step, penalty)) > (
                cost + _SMALL
            ) and size > _SMALL:
                size /= 2
            at, gain, cost = at - size * step, cost - new, new
            if gain < _SMALL * max(cost, 1.0):
                break
    return at


def _cost(line: Floats, labels: Floats, at: Floats, penalty: Floats) -> float:
    return float((np.logaddexp(0, line) - labels * line).sum() + (penalty * at**2).sum() / 2)


def _drawn(column: Floats) -> Floats:
    found: Floats = np.sign(column) * np.log1p(np.abs(column))
    return found
