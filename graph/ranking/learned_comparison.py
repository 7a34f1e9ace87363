r"""Rankings side by side: how well each finds those who bring something about, and by how much.

Four measures of a ranking, on members who brought :math:`y \ge 0`:

- ``precision``: share of the first k who brought anything;
- ``lift``: share of all that was brought that the first k brought, over their share of members;
- ``average_precision``: mean, over those who brought anything, of the precision at their rank;
- ``ndcg``: :math:`\sum \log_2(1 + y) / \log_2(1 + rank)` over its largest possible value: who
  brought a hundred is worth more than who brought ten, but not ten times as much.

Members are drawn with replacement, the same for all rankings, so that differences are paired.
Members whom a score does not tell apart are put in an order by a hash of their id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.ids import ids_in, lookup
from siyu.datasets.randomness import generator, stable_uniform

__all__ = ["MEASURES", "Trial", "compare", "draw", "interval"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MEASURES = ("precision", "lift", "average_precision", "ndcg")
"""The measures in the order of the rows."""

_VALUES, _GAINS = ("value", "low", "high"), ("gain", "gain_low", "gain_high")
_BLOCK = 2**20  # drawn weights in memory at once


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What scores said of members at a cut, and what came.

    Attributes
    ----------
    members : pyarrow.Array, n
    outcome : float64 array, n, >= 0
    scores : mapping of name to float64 array, n
        Higher is better; NaN is the lowest.
    """

    members: pa.Array
    outcome: Floats
    scores: Mapping[str, Floats]


def draw(
    trials: Sequence[Trial], *, k: int, n_resamples: int = 400, random_state: int = 0
) -> dict[str, Floats]:
    """Measure every score on one or more trials, in the data and in draws of their members.

    Parameters
    ----------
    trials : sequence of Trial, one or more
        With the same names of scores. Measures are means over the trials; a member is drawn in
        all of them alike.
    k : int >= 1
        Length of the list that is acted on.
    n_resamples, random_state : int

    Returns
    -------
    dict of score to float64 array, (1 + n_resamples) x 4
        In the order of `MEASURES`; the first row is that of the data.
    """
    everybody = ids_in(*(trial.members for trial in trials))
    places = [lookup(trial.members, everybody) for trial in trials]
    n, rng = max(len(everybody), 1), generator(random_state)
    total = {name: np.zeros((n_resamples + 1, len(MEASURES))) for name in trials[0].scores}
    step = max(1, _BLOCK // n)
    for begin in range(0, n_resamples + 1, step):
        rows = slice(begin, min(begin + step, n_resamples + 1))
        picked = np.ones((rows.stop - rows.start, n))
        fresh = np.arange(rows.start, rows.stop) > 0
        picked[fresh] = rng.multinomial(n, np.full(n, 1 / n), int(fresh.sum()))
        for trial, place in zip(trials, places, strict=True):
            for name, found in _measured(trial, picked[:, place], k).items():
                total[name][rows] += found / len(trials)
    return total


def compare(drawn: Mapping[str, Floats], ours: str) -> pa.Table:
    """Give every measure with its interval, and what ours gains over each score.

    Returns
    -------
    pyarrow.Table, a row a score and metric
        ``ranking``, ``metric``; ``value``, ``low``, ``high`` : with its 95 % interval;
        ``gain``, ``gain_low``, ``gain_high`` : of ours over this one, paired; null for ours,
        and where ours is not among the scores.
    """
    rows = []
    for name, found in drawn.items():
        for nth, metric in enumerate(MEASURES):
            row: dict[str, Any] = {"ranking": name, "metric": metric}
            row |= dict(zip(_VALUES, interval(found[:, nth]), strict=True))
            if name != ours and ours in drawn:
                gain = drawn[ours][:, nth] - found[:, nth]
                row |= dict(zip(_GAINS, interval(gain), strict=True))
            rows.append(row)
    names = [(name, pa.large_string()) for name in ("ranking", "metric")]
    numbers = [(name, pa.float64()) for name in (*_VALUES, *_GAINS)]
    return pa.Table.from_pylist(rows, pa.schema([*names, *numbers]))


def interval(values: Floats, level: float = 0.95) -> tuple[float, float, float]:
    """Give the value in the data, and the percentiles of the draws."""
    low, high = np.quantile(values[1:], [(1 - level) / 2, (1 + level) / 2])
    return float(values[0]), float(low), float(high)


def _orders(trial: Trial) -> dict[str, Ints]:
    chance = stable_uniform(trial.members, "rank")
    return {
        name: np.lexsort((chance, -np.nan_to_num(score, nan=-np.inf)))
        for name, score in trial.scores.items()
    }


def _measured(trial: Trial, weights: Floats, k: int) -> dict[str, Floats]:
    """Measure all scores of a trial under every row of weights: how often a member was drawn."""
    outcome = trial.outcome
    largest = np.argsort(-outcome, kind="stable")[: int((outcome > 0).sum())]
    w = weights[:, largest]
    ideal = _discounted(w, np.cumsum(w, axis=1), outcome[largest])
    return {
        name: _measures(weights[:, order], outcome[order], k, ideal)
        for name, order in _orders(trial).items()
    }


def _measures(w: Floats, outcome: Floats, k: int, ideal: Floats) -> Floats:
    """Measure one ranking; weights and outcomes stand in its order."""
    rank = np.cumsum(w, axis=1)
    head = slice(0, int((rank < k).sum(axis=1).max(initial=0)) + 1)
    first = np.clip(k - (rank[:, head] - w[:, head]), 0, w[:, head])
    at = np.flatnonzero(outcome > 0)
    w_at, rank_at, y = w[:, at], rank[:, at], outcome[at]
    n_first = first.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = (first @ (outcome[head] > 0)) / n_first
        lift = (first @ outcome[head]) / (w_at @ y) / (n_first / w.sum(axis=1))
        found = np.where(w_at > 0, w_at * np.cumsum(w_at, axis=1) / rank_at, 0)
        average = found.sum(axis=1) / w_at.sum(axis=1)
        ndcg = _discounted(w_at, rank_at, y) / ideal
    return np.asarray(np.nan_to_num(np.column_stack([precision, lift, average, ndcg])))


def _discounted(w: Floats, rank: Floats, outcome: Floats) -> Floats:
    middle = np.maximum(rank - (w - 1) / 2, 1)  # who was drawn twice stands at both ranks
    return np.asarray((w * np.log2(1 + outcome) / np.log2(1 + middle)).sum(axis=1))
