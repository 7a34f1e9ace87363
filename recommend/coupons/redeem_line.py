"""A straight line for the log-odds of a redemption: logistic regression with a strong prior.

Redemptions are few. A line whose weights are held near zero then judges coupons about as well as
trees do, errs elsewhere, and says what each feature adds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siyu.datasets.boosting import FeatureMatrix
from siyu.recommend.blas import one_blas_thread

from .coupon_features import CouponFeature

__all__ = ["OddsScale", "RedeemLine", "fit_logistic"]

Numbers = NDArray[np.float64]

_FARTHEST = 5.0  # standard deviations from the mean at which a feature is cut
_STEPS = 50
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class RedeemLine:
    """Weights of the standardised features.

    Attributes
    ----------
    names : tuple of feature names
    scale, unknown, centre, spread, weight : float64 arrays, n_features
    base : float
        Log-odds where every feature has its mean.
    """

    names: tuple[str, ...]
    scale: Numbers
    unknown: Numbers
    centre: Numbers
    spread: Numbers
    weight: Numbers
    base: float

    @classmethod
    def fit(
        cls,
        matrix: FeatureMatrix,
        features: Sequence[CouponFeature],
        labels: NDArray[np.bool_],
        row_weights: Numbers,
        strength: float,
    ) -> "RedeemLine":
        """Learn the weights.

        Parameters
        ----------
        matrix : FeatureMatrix, n_rows
        features : CouponFeature
            Which of its columns to read, and how.
        labels : bool array, n_rows
        row_weights : float64 array, n_rows, above 0
        strength : float > 0
            Of the prior: half of it times the squared weights is taken off the log-likelihood.
        """
        names = tuple(feature.name for feature in features)
        scale = np.array([feature.scale for feature in features])
        unknown = np.array([feature.unknown for feature in features])
        read = np.empty((len(labels), len(names)))
        for at, name in enumerate(names):
            column = matrix.values[:, matrix.columns.index(name)]
            read[:, at] = _read(column, scale[at], unknown[at])
        centre = np.average(read, axis=0, weights=row_weights)
        spread = np.sqrt(np.average((read - centre) ** 2, axis=0, weights=row_weights))
        spread = np.where(spread > 1e-9, spread, 1.0)
        read -= centre
        read /= spread
        np.clip(read, -_FARTHEST, _FARTHEST, out=read)
        weight = fit_logistic(read, labels, row_weights, strength)
        return cls(names, scale, unknown, centre, spread, weight[:-1], float(weight[-1]))

    def parts(self, matrix: FeatureMatrix, row: int) -> Numbers:
        """Give what each feature adds to the log-odds of one row; without the base."""
        return np.array([self._part(matrix, at)[row] for at in range(len(self.names))])

    def predict(self, matrix: FeatureMatrix) -> Numbers:
        """Give the log-odds of every row; a row's answer depends on that row alone."""
        total = np.full(len(matrix.values), self.base)
        for at in range(len(self.names)):  # a matrix product would round by its shape
            total += self._part(matrix, at)
        return total

    def _part(self, matrix: FeatureMatrix, at: int) -> Numbers:
        """Give what one feature adds to every row."""
        column = matrix.values[:, matrix.columns.index(self.names[at])]
        read = (_read(column, self.scale[at], self.unknown[at]) - self.centre[at]) / self.spread[at]
        return np.asarray(self.weight[at] * np.clip(read, -_FARTHEST, _FARTHEST), np.float64)


@dataclass(frozen=True, slots=True)
class OddsScale:
    """A line from scores to log-odds, so that scores become probabilities.

    Attributes
    ----------
    base, slope : float
        NaN where nothing is known.

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines", in Advances in Large
    Margin Classifiers; here the slope is held near 1 by a weak prior, and not below 0.
    """

    base: float
    slope: float

    @classmethod
    def of(cls, scores: Numbers, labels: NDArray[np.bool_]) -> "OddsScale":
        """Learn the line from scores whose outcome is known.

        Examples
        --------
        >>> scores = np.repeat([-1.0, 1.0], 500)
        >>> line = OddsScale.of(scores, np.arange(1000) % 10 < np.where(scores > 0, 5, 1))
        >>> line.probability(np.array([-1.0, 1.0])).round(2).tolist()
        [0.1, 0.5]
        """
        if not labels.any() or labels.all():
            return cls(float("nan"), float("nan"))
        # The prior pulls the slope towards 1: the scores are log-odds, or nearly.
        weight = fit_logistic(scores[:, None], labels, np.ones(len(scores)), 1.0, offset=scores)
        return cls(float(weight[1]), max(float(weight[0]) + 1.0, 0.0))

    def probability(self, scores: Numbers) -> Numbers:
        """Give the probability of each score; NaN where nothing is known."""
        return _chance(self.base + self.slope * scores)


def fit_logistic(
    values: Numbers,
    labels: NDArray[np.bool_],
    row_weights: Numbers,
    strength: float,
    offset: Numbers | None = None,
) -> Numbers:
    """Find the weights of a logistic regression with a normal prior, by Newton's method.

    Parameters
    ----------
    values : float64 array, n_rows x n_columns
    labels : bool array, n_rows, some of each
    row_weights : float64 array, n_rows
    strength : float > 0
        Of the prior on every weight but the last, the constant.
    offset : float64 array, n_rows, optional
        Added to the log-odds as it is.

    Returns
    -------
    float64 array, n_columns + 1
        The last is the constant.
    """
    n, width = values.shape
    held = np.append(np.full(width, strength), 1e-9)
    given = np.zeros(n) if offset is None else offset
    share = np.average(labels, weights=row_weights)
    weight = np.append(np.zeros(width), 0.0 if offset is not None else np.log(share / (1 - share)))
    outcome = labels.astype(np.float64)
    with one_blas_thread():
        loss = _loss(values, weight, outcome, row_weights, held, given)
        for _ in range(_STEPS):
            chance = _chance(values @ weight[:-1] + weight[-1] + given)
            slope = row_weights * (chance - outcome)
            bend = row_weights * chance * (1 - chance)
            gradient = np.append(values.T @ slope, slope.sum()) + held * weight
            curve = np.empty((width + 1, width + 1))
            curve[:-1, :-1] = values.T @ (values * bend[:, None])
            curve[:-1, -1] = curve[-1, :-1] = values.T @ bend
            curve[-1, -1] = bend.sum()
            step = np.linalg.solve(curve + np.diag(held), gradient)
            size = 1.0
            while size > 1e-4:
                tried = weight - size * step
                found = _loss(values, tried, outcome, row_weights, held, given)
                if found <= loss:
                    break
                size /= 2
            else:
                break
            gained, loss, weight = loss - found, found, tried
            if gained < _CLOSE * max(abs(loss), 1.0):
                break
    return weight


def _loss(
    values: Numbers,
    weight: Numbers,
    outcome: Numbers,
    row_weights: Numbers,
    held: Numbers,
    given: Numbers,
) -> float:
    """Give the negative log-likelihood with the prior."""
    odds = values @ weight[:-1] + weight[-1] + given
    fit = row_weights @ (np.logaddexp(0.0, odds) - outcome * odds)
    return float(fit + (held * weight**2).sum() / 2)


def _chance(odds: Numbers) -> Numbers:
    """Turn log-odds into probabilities."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -500.0, 500.0))), np.float64)


def _read(column: NDArray[np.float32], scale: float, unknown: float) -> Numbers:
    """Read a feature as the line does: known, and on a logarithmic scale."""
    values = np.where(np.isnan(column), unknown, column).astype(np.float64)
    return np.sign(values) * np.log1p(np.abs(values) * scale)
