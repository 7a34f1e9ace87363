"""The gamma-gamma model of what a purchase is worth."""

from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from siyu.datasets.errors import ParameterError, Problem, SchemaError, warn
from siyu.datasets.frames import Frame

from . import gamma_gamma_likelihood
from .histories import read_horizon, read_numbers, read_weights, require_members

__all__ = ["GammaGamma", "PurchaseModel"]

Floats = npt.NDArray[np.float64]

_MOMENTS, _SPANS = np.polynomial.legendre.leggauss(16)


class PurchaseModel(Protocol):
    """A fitted model of purchases: BGNBD, MBGNBD or ParetoNBD."""

    def expected_purchases(self, summary: Frame, horizon: float) -> Floats:
        """Give the purchase days expected of each member within `horizon`."""


class GammaGamma(BaseEstimator):  # type: ignore[misc]
    """Tell what a member's purchases are worth, drawn towards what everybody's are worth.

    A member's purchases are gamma distributed around the member's own mean, and the own means
    differ over members; few purchases say little of them. Learns from the members of a frame
    of `btyd_summary` who bought again. Holds as far as what members spend does not depend on
    how often they buy.

    Attributes
    ----------
    params_ : dict
        ``p``, ``q`` (held above 1, so that the mean over all members is finite), ``gamma``
        (in the currency of the summary).
    log_likelihood_ : float
    standard_errors_ : dict
        From the observed information, by the delta method; NaN where the members do not tell.
    converged_ : bool
    n_members_ : int
        Members it was learned from: x > 0, mean_amount > 0, and a weight above 0.

    References
    ----------
    Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value", brucehardie.com/notes/025.

    Examples
    --------
    >>> import pandas as pd
    >>> summary = pd.DataFrame(
    ...     {"x": [2, 0, 6, 1, 3, 1], "mean_amount": [22.0, None, 80.0, 35.0, 11.0, 5.0]}
    ... )
    >>> GammaGamma().fit(summary).expected_mean(summary).round(1)
    array([24.9, 36.7, 76.7, 35.6, 14.7, 15.5])
    """

    params_: dict[str, float]
    log_likelihood_: float
    standard_errors_: dict[str, float]
    converged_: bool
    n_members_: int

    def fit(self, summary: Frame, sample_weight: npt.ArrayLike | None = None) -> "GammaGamma":
        """Find the parameters by maximum likelihood.

        Parameters
        ----------
        summary : frame of any kind, a row a member
            ``x`` : repeat purchases; ``mean_amount`` : mean money of them. Members without
            repeat purchases teach nothing, and need no amount.
        sample_weight : array of n_rows numbers of 0 or more, optional

        Returns
        -------
        GammaGamma
            Itself.

        Raises
        ------
        SchemaError
            If the summary breaks a rule, such as a repeat buyer without an amount.
        DataError
            If nobody bought again for money.

        Warns
        -----
        SiyuWarning
            If repeat buyers spent 0 or less on the mean (gifts, refunds): the model knows only
            amounts above 0, and learns nothing from them; ``problems`` has their rows. If a
            parameter stands at its bound, or the likelihood has a flat ridge.
        """
        x, mean = _read_money(summary)
        weight = read_weights(sample_weight, len(x))
        again = (x > 0) & (weight > 0)
        there = again & (mean > 0)
        n_members = int(there.sum())
        require_members(n_members, "GammaGamma", "members who bought again for money")
        if unpaid := np.flatnonzero(again & ~there).tolist():
            rows = pa.table({"row": unpaid, "mean_amount": mean[unpaid]}).to_pandas()
            warn(f"GammaGamma: {len(unpaid)} repeat buyers paid 0 or less and are left out", rows)
        found = gamma_gamma_likelihood.fit(x[there], mean[there], weight[there])
        for note in found.notes:
            warn(f"GammaGamma: {note}")
        self.params_, self.log_likelihood_ = found.params, found.log_likelihood
        self.standard_errors_, self.converged_ = found.standard_errors, found.converged
        self.n_members_ = n_members
        return self

    def expected_mean(self, summary: Frame) -> Floats:
        """Give the money expected of each member's next purchase.

        Parameters
        ----------
        summary : frame as in `fit`

        Returns
        -------
        float64 array, a value a row, above 0
            Between the member's own mean and that of all members, the latter for members
            without repeat purchases. A mean below 0 (refunds) counts as 0.

        Raises
        ------
        SchemaError
            If the summary breaks a rule.
        """
        check_is_fitted(self)
        p, q, gamma = (self.params_[name] for name in ("p", "q", "gamma"))
        x, mean = _read_money(summary)
        times = np.nan_to_num(x)
        spent = times * np.maximum(np.where(times > 0, mean, 0.0), 0.0)
        return np.asarray(p * (gamma + spent) / (p * times + q - 1))

    def expected_value(
        self, summary: Frame, model: PurchaseModel, horizon: float, discount: float = 0.0
    ) -> Floats:
        """Give the money expected of each member within `horizon`: the customer lifetime value.

        Parameters
        ----------
        summary : frame of `btyd_summary`
        model : BGNBD, MBGNBD or ParetoNBD, fitted
            How many purchases to expect.
        horizon : float >= 0
            In the unit of the summary, from now.
        discount : float >= 0
            Of money one unit of time later: 0.002 a week is about 11 % a year.

        Returns
        -------
        float64 array, a value a row, 0 or more
            In the currency of the summary; NaN for members who never bought.

        Raises
        ------
        SchemaError
            If the summary breaks a rule.
        ParameterError
            If `horizon` lies outside 0 to 1e12, or `discount` is below 0.

        Notes
        -----
        The integral of ``exp(-d t) dN(t)``, where N(t) are the purchases expected by t and
        d = log(1 + discount), is by parts ``exp(-d h) N(h) + d`` times the integral of
        ``exp(-d t) N(t)``, which 16 Gauss-Legendre moments give.
        """
        if not 0 <= discount < np.inf:
            raise ParameterError("discount", f"discount must be 0 or more, got {discount}")
        end, force = read_horizon(horizon), np.log1p(discount)
        purchases = np.exp(-force * end) * model.expected_purchases(summary, end)
        if force * end > 0:
            for at, span in zip((_MOMENTS + 1) / 2, _SPANS / 2, strict=True):
                by_then = model.expected_purchases(summary, at * end)
                purchases += force * end * span * np.exp(-force * at * end) * by_then
        return np.asarray(self.expected_mean(summary) * purchases)


def _read_money(summary: Frame) -> tuple[Floats, Floats]:
    """Check a summary and read its columns ``x`` and ``mean_amount``."""
    x, mean = read_numbers(summary, "x", "mean_amount")
    with np.errstate(invalid="ignore"):
        broken = [
            ("x", "must be a whole number of 0 or more", (x < 0) | (np.abs(x - np.rint(x)) > 0)),
            ("x", "must be finite", np.isinf(x)),
            ("mean_amount", "must be known where x is above 0", (x > 0) & np.isnan(mean)),
            ("mean_amount", "must be finite", np.isinf(mean)),
        ]
    problems = tuple(
        Problem(column, rule, int(wrong.sum()), int(np.argmax(wrong)))
        for column, rule, wrong in broken
        if wrong.any()
    )
    if problems:
        raise SchemaError("btyd summary", problems)
    return x, mean
