"""Buy-till-you-die forecasts of visits at any moment of a history: what needs no past windows."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, SiyuWarning

from .bg_nbd import BGNBD
from .mbg_nbd import MBGNBD
from .pareto_nbd import ParetoNBD
from .visit_history import History

__all__ = ["BTYD_NAMES", "BtydForecast", "history_summary"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CLASSES: dict[str, Any] = {"BGNBD": BGNBD, "MBGNBD": MBGNBD, "ParetoNBD": ParetoNBD}
BTYD_NAMES = tuple(_CLASSES)
"""Names of the models, as `BtydForecast.fit` takes them."""

_UNIT = 7.0  # days; weeks keep the parameters within reach of each other


def history_summary(history: History, cut: int = 0) -> tuple[Ints, pa.Table]:
    """Sum up the visits before a cut as `btyd_summary` does, in weeks.

    Returns
    -------
    (positions, table)
        Of the members who visited before the cut: ``x``, ``t_x``, ``T``.
    """
    visits, who = history.visits(cut).of_visitors()
    first, last = visits.day[visits.starts[:-1]], visits.day[visits.starts[1:] - 1]
    columns = {
        "x": np.diff(visits.starts) - 1.0,
        "t_x": (last - first) / _UNIT,
        "T": (cut - 1 - first) / _UNIT,
    }
    return who, pa.table(columns)


@dataclass(frozen=True, slots=True, eq=False)
class BtydForecast:
    """One of the models, fitted to all histories at one cut."""

    name: str
    model: Any

    @classmethod
    def fit(cls, name: str, history: History, cut: int = 0) -> "BtydForecast":
        """Fit to what was known before a cut.

        A flat likelihood is no matter for a forecast: the model's own warning is left out.

        Raises
        ------
        DataError
            If nobody visited before the cut.
        """
        _, summary = history_summary(history, cut)
        if not summary.num_rows:
            raise DataError(f"{name} learns from members who visited, and there are none")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SiyuWarning)
            return cls(name, _CLASSES[name]().fit(summary))

    @classmethod
    def of(cls, name: str, params: dict[str, float]) -> "BtydForecast":
        """Take a model whose parameters are known."""
        model = _CLASSES[name]()
        model.params_ = dict(params)
        return cls(name, model)

    @property
    def params(self) -> dict[str, float]:
        """Parameters of the fit, in weeks."""
        return {name: float(value) for name, value in self.model.params_.items()}

    def expected(self, summary: pa.Table, horizon: int) -> Floats:
        """Give the visits expected of each row of a summary within a horizon in days."""
        found = self.model.expected_purchases(summary, horizon / _UNIT)
        return np.asarray(found, np.float64)

    def none_expected(self, summary: pa.Table, horizon: int) -> Floats:
        """Give the probability of no visit within a horizon in days.

        Who is active buys at a rate with the gamma posterior of shape ``s = r + x``; with the
        mean ``m`` of an active member's visits the number is taken as negative binomial:
        ``1 - P(alive) (1 - (1 + m / s)^-s)``. Exact for Pareto/NBD but for those who leave
        within the horizon, who count as thinning the rate.
        """
        alive = np.maximum(np.asarray(self.model.probability_alive(summary), float), 1e-12)
        shape = self.params["r"] + summary["x"].to_numpy()
        mean = self.expected(summary, horizon) / alive
        found: Floats = 1 - alive * (1 - np.exp(-shape * np.log1p(mean / shape)))
        return found
