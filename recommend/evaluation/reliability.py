"""Whether probabilities mean what they say: reliability, calibration error, Brier, log loss.

Every listed pair with a probability is a forecast; the outcome is whether the member took the
product. Members are resampled, never pairs, for the pairs of a member rise and fall together.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.ids import ids_in, lookup
from siyu.datasets.intervals import Interval, bootstrap_ratio
from siyu.datasets.randomness import generator
from siyu.recommend.sorted_keys import Bools, Ints

from .listed import as_pairs

__all__ = ["probability_errors", "reliability_table"]

Wide = NDArray[np.float64]

_LEAST = 1e-6  # probabilities are kept this far from 0 and 1 in the log loss
_RESAMPLES = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class _Forecasts:
    """Pairs with a probability and an outcome, by member and product."""

    member: Ints
    probability: Wide
    taken: Bools
    n_members: int
    kind: FrameKind

    @classmethod
    def of(cls, recommended: Frame, relevant: Frame) -> "_Forecasts":
        table, kind = to_arrow(recommended)
        shown = as_pairs(table)
        if "probability" not in shown.column_names:
            raise DataError("the lists have no column probability to be judged")
        shown = shown.filter(shown["probability"].is_valid())
        taken = as_pairs(relevant)
        members = ids_in(shown["member_id"])
        products = ids_in(shown["product_id"], taken["product_id"])
        n = max(len(products), 1)
        member = lookup(shown["member_id"], members)
        keys = member * n + lookup(shown["product_id"], products)
        met = lookup(taken["member_id"], members)
        true = (met * n + lookup(taken["product_id"], products))[met >= 0]
        order = np.argsort(keys, kind="stable")
        probability = np.asarray(shown["probability"].to_numpy(), np.float64)[order]
        n_wrong = int((~((probability >= 0) & (probability <= 1))).sum())
        if n_wrong:
            raise DataError(f"probabilities lie between 0 and 1, {n_wrong} do not")
        taken_pairs = np.isin(keys[order], true)
        return cls(member[order], probability, taken_pairs, len(members), kind)

    def ratio(self, values: Wide, kept: Bools, random_state: Any) -> Interval:
        """Average over pairs, with the interval over members."""
        who = self.member[kept]
        sums = np.bincount(who, values[kept], minlength=self.n_members).astype(np.float64)
        counts = np.bincount(who, minlength=self.n_members).astype(np.float64)
        return bootstrap_ratio(sums, counts, random_state=random_state)

    def bins(self, n_bins: int) -> Ints:
        """Cut the pairs into bins of nearly equal number; equal probabilities stay together."""
        if n_bins < 1:
            raise ParameterError("n_bins", f"n_bins must be 1 or more, got {n_bins}")
        if not len(self.probability):
            return np.zeros(0, np.int64)
        cuts = np.quantile(self.probability, np.arange(1, n_bins) / n_bins)
        codes = np.searchsorted(np.unique(cuts), self.probability, side="left")
        return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def reliability_table(
    recommended: Frame, relevant: Frame, *, n_bins: int = 10, random_state: Any = 0
) -> Frame:
    """Set what was forecast beside what came, bin by bin.

    Parameters
    ----------
    recommended : frame with member_id, product_id, probability
        Rows with a null probability are left out.
    relevant : frame with member_id, product_id
        Everything those members took, within the time that the probability is of.
    n_bins : int >= 1
        Bins of nearly equal numbers of pairs; fewer where many probabilities are equal.
    random_state : int, Generator or None

    Returns
    -------
    frame like `recommended`, one row a bin, by rising probability
        ``n_pairs``; ``probability`` : mean forecast; ``taken`` : share that came true, with its
        95 % interval over members, ``low`` and ``high``.

    Raises
    ------
    DataError
        If there is no column ``probability``, or a value lies outside [0, 1].
    ParameterError
        If `n_bins` is below 1.

    Examples
    --------
    >>> import pandas as pd
    >>> shown = pd.DataFrame({"member_id": [1, 1, 2, 2], "product_id": [7, 8, 7, 8]})
    >>> shown["probability"] = [0.9, 0.2, 0.9, 0.2]
    >>> taken = pd.DataFrame({"member_id": [1, 2], "product_id": [7, 7]})
    >>> reliability_table(shown, taken, n_bins=2)[["probability", "taken"]].values.tolist()
    [[0.2, 0.0], [0.9, 1.0]]
    """
    told = _Forecasts.of(recommended, relevant)
    codes = told.bins(n_bins)
    rows = []
    for code in range(int(codes.max(initial=-1)) + 1):
        kept = codes == code
        came = told.ratio(told.taken.astype(np.float64), kept, random_state)
        rows.append((int(kept.sum()), float(told.probability[kept].mean()), came))
    table = {
        "n_pairs": pa.array([n for n, _, _ in rows], pa.int64()),
        "probability": pa.array([mean for _, mean, _ in rows], pa.float64()),
        "taken": pa.array([came.estimate for *_, came in rows], pa.float64()),
        "low": pa.array([came.low for *_, came in rows], pa.float64(), from_pandas=True),
        "high": pa.array([came.high for *_, came in rows], pa.float64(), from_pandas=True),
    }
    return from_arrow(pa.table(table), told.kind)


def probability_errors(
    recommended: Frame, relevant: Frame, *, n_bins: int = 10, random_state: Any = 0
) -> Frame:
    """Measure how far probabilities lie from what came.

    Parameters
    ----------
    recommended, relevant, n_bins, random_state
        As in `reliability_table`.

    Returns
    -------
    frame like `recommended`, four rows
        ``measure`` : ``brier`` (mean squared error), ``log_loss`` (mean of minus the logarithm
        of what was forecast for what came, forecasts held in [1e-6, 1 - 1e-6]),
        ``calibration_error`` (mean over pairs of how far a bin's mean forecast lies from its
        share, "expected calibration error"), ``bias`` (mean forecast less share);
        ``estimate``, ``low``, ``high`` : 95 % over members; ``constant`` : the same for one
        probability for all, the share that came true; ``n_pairs``. Null without pairs.

    Notes
    -----
    The calibration error is never below 0, and above it by chance alone: compare it with that of
    another list on the same members, not with 0.

    References
    ----------
    Brier (1950), Monthly Weather Review 78, 1-3. Naeini, Cooper & Hauskrecht (2015), "Obtaining
    well calibrated probabilities using Bayesian binning", AAAI. Nguyen & O'Connor (2015),
    "Posterior calibration and exploratory analysis", EMNLP (bins of equal numbers).

    Examples
    --------
    >>> import pandas as pd
    >>> shown = pd.DataFrame({"member_id": [1, 2], "product_id": 7, "probability": 0.5})
    >>> taken = pd.DataFrame({"member_id": [1], "product_id": [7]})
    >>> probability_errors(shown, taken).set_index("measure")["estimate"].round(3).to_dict()
    {'brier': 0.25, 'log_loss': 0.693, 'calibration_error': 0.0, 'bias': 0.0}
    """
    told = _Forecasts.of(recommended, relevant)
    codes, came, p = told.bins(n_bins), told.taken.astype(np.float64), told.probability
    everything = np.ones(len(p), np.bool_)
    share = float(came.mean()) if len(came) else np.nan
    found = {
        "brier": (told.ratio((p - came) ** 2, everything, random_state), share * (1 - share)),
        "log_loss": (
            told.ratio(_surprise(p, told.taken), everything, random_state),
            float(_surprise(np.full(len(p), share), told.taken).mean()) if len(p) else np.nan,
        ),
        "calibration_error": (_calibration_error(told, codes, random_state), 0.0),
        "bias": (told.ratio(p - came, everything, random_state), 0.0),
    }
    columns = {
        name: pa.array([getattr(one, name) for one, _ in found.values()], from_pandas=True)
        for name in ("estimate", "low", "high")
    }
    constant = pa.array([one for _, one in found.values()], from_pandas=True)
    table = pa.table({"measure": list(found), **columns, "constant": constant})
    return from_arrow(table.append_column("n_pairs", pa.array([len(p)] * 4)), told.kind)


def _surprise(probability: Wide, taken: Bools) -> Wide:
    """Give minus the logarithm of what was forecast for what came."""
    held = np.clip(probability, _LEAST, 1 - _LEAST)
    return np.where(taken, -np.log(held), -np.log1p(-held))


def _calibration_error(told: _Forecasts, codes: Ints, random_state: Any) -> Interval:
    """Measure the mean distance of forecast and share over bins, members resampled."""
    n_bins = int(codes.max(initial=-1)) + 1
    if not n_bins:
        return Interval(np.nan, np.nan, np.nan, 0.95, 0)
    gap = told.probability - told.taken
    sums = np.zeros((told.n_members, n_bins))
    np.add.at(sums, (told.member, codes), gap)
    counts = np.bincount(told.member, minlength=told.n_members).astype(np.float64)
    estimate = float(np.abs(sums.sum(axis=0)).sum() / counts.sum())
    if told.n_members < 2:
        return Interval(estimate, np.nan, np.nan, 0.95, told.n_members)
    rng, drawn = generator(random_state), np.empty(_RESAMPLES)
    even = np.full(told.n_members, 1 / told.n_members)
    for i in range(_RESAMPLES):
        times = rng.multinomial(told.n_members, even)
        drawn[i] = np.abs(times @ sums).sum() / (times @ counts)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(estimate, float(low), float(high), 0.95, told.n_members)
