"""What a member's next visits are worth: money a visit, and what a window will bring."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.boosting import TrainingRows
from siyu.datasets.errors import DataError, SiyuWarning

from .bagged_trees import Bags, grow, mean_exp
from .gamma_gamma import GammaGamma
from .labelled_visits import labelled_visits
from .visit_features import Columns
from .visit_forecasts import OWN_SCALE, btyd_mean_at
from .visit_history import History

__all__ = ["MoneyPerVisit", "ValueBands", "WorthTrees"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_LEAST = 1e-6
_GROUPS = 20
_A_GROUP = 50  # members that a group of `ValueBands` has at least, if there are so many


@dataclass(frozen=True, slots=True, eq=False)
class MoneyPerVisit:
    """The gamma-gamma model of what a visit brings, less the share that is refunded.

    Attributes
    ----------
    params : dict with ``p``, ``q``, ``gamma``; empty where nobody bought again for money
    typical : float
        Mean money a visit of all; taken for all where `params` is empty.
    kept : float, 0 to 1
        Net money over money of the visit days: refunds on other days lower it.
    """

    params: dict[str, float]
    typical: float
    kept: float

    @classmethod
    def fit(cls, history: History, cut: int = 0) -> "MoneyPerVisit":
        """Learn from the visits before a cut."""
        visits = history.visits(cut)
        paid = float(visits.money.sum())
        net = float(history.money[history.day < cut].sum())
        typical = max(paid / max(len(visits.day), 1), 0.0)
        kept = float(np.clip(net / paid, 0, 1)) if paid > 0 else 1.0
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SiyuWarning)  # gifts teach nothing, as they should
                model = GammaGamma().fit(_spending(history, cut))
        except DataError:
            return cls({}, typical, kept)
        return cls({name: float(v) for name, v in model.params_.items()}, typical, kept)

    def expected(self, history: History, cut: int = 0) -> Floats:
        """Give the net money expected of the next visit of everybody who visited before a cut."""
        spending = _spending(history, cut)
        if not self.params:
            return np.full(spending.num_rows, self.typical * self.kept)
        model: Any = GammaGamma()
        model.params_ = self.params
        found = np.asarray(model.expected_mean(spending), np.float64)
        return np.maximum(found, 0) * self.kept


@dataclass(frozen=True, slots=True, eq=False)
class WorthTrees:
    """By what factor "BTYD visits times money a visit" is wrong: trees on earlier windows.

    As in `siyu.segmentation.value.visit_forecasts` the product is the exposure of a
    quasi-Poisson regression, so that the factor of a short window serves a longer horizon.

    Attributes
    ----------
    unit : float
        Money that counts as 1 in the weights.
    bags : tuple of BoostedTrees
    """

    unit: float
    bags: Bags

    @classmethod
    def fit(cls, history: History, cuts: Ints, window: int, how: tuple[int, int]) -> "WorthTrees":
        """Learn from the windows after earlier cuts; `how` is n_bags and random_state."""
        rows = labelled_visits(history, cuts, window)
        product = np.concatenate(
            [
                btyd_mean_at(history, cut, window)
                * np.maximum(MoneyPerVisit.fit(history, cut).expected(history, cut), _LEAST)
                for cut in cuts.tolist()
            ]
        )
        product = product[:: rows.step]
        unit = float(product.mean())
        labels, share = np.maximum(rows.money, 0) / product, product / unit
        learn = TrainingRows.of(_chosen(rows.columns, share), labels, weights=share)
        return cls(unit, grow(learn, "poisson", *how))

    def factor(self, columns: Columns, product: Floats) -> Floats:
        """Give the factor of each row, whose product for one window is `product`."""
        return mean_exp(self.bags, _chosen(columns, product / self.unit))


@dataclass(frozen=True, slots=True, eq=False)
class ValueBands:
    """What members of a like forecast brought in a past window: quantiles over their forecast.

    Attributes
    ----------
    middle : float64 array, n_groups, ascending
        Logarithm of the forecast over the mean forecast, of each group of members.
    low, high : float64 arrays, n_groups
        Quantiles of the money brought, over the forecast.
    """

    middle: Floats
    low: Floats
    high: Floats

    @classmethod
    def fit(cls, value: Floats, money: Floats, level: float) -> "ValueBands":
        """Learn from the forecasts of a past window and what came; at least one row."""
        safe = np.maximum(value, _LEAST)
        order = np.lexsort((money, safe))
        groups = np.array_split(order, int(np.clip(len(order) // _A_GROUP, 1, _GROUPS)))
        ratio = money / safe
        tails = [(1 - level) / 2, (1 + level) / 2]
        bounds = np.array([np.quantile(ratio[group], tails) for group in groups])
        where = np.log(safe / safe.mean())
        return cls(np.array([where[g].mean() for g in groups]), bounds[:, 0], bounds[:, 1])

    def bounds(self, value: Floats, mean: float) -> tuple[Floats, Floats]:
        """Give the ends for forecasts whose population has the given mean; the value within."""
        safe = np.maximum(value, _LEAST)
        where = np.log(safe / max(mean, _LEAST))
        low, high = (safe * np.interp(where, self.middle, one) for one in (self.low, self.high))
        return np.minimum(low, value), np.maximum(high, value)


def _spending(history: History, cut: int) -> pa.Table:
    """Sum up the money of the repeat visits before a cut, as `btyd_summary` does."""
    visits, who = history.visits(cut).of_visitors()
    x = np.diff(visits.starts) - 1
    money = visits.money.copy()
    money[visits.starts[:-1]] = 0
    total = np.bincount(visits.codes(), money, len(who))
    mean = np.where(x > 0, total / np.maximum(x, 1), np.nan)
    return pa.table({"x": x.astype(float), "mean_amount": pa.array(mean, mask=x == 0)})


def _chosen(columns: Columns, share: Floats) -> Columns:
    return {name: columns[name] for name in OWN_SCALE} | {"log_product": np.log(share)}
