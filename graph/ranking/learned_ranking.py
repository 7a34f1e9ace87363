"""The list that a learned KOC model gives: the ranked with reasons, and who is left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError

from .koc_exclusions import exclusions, left_out
from .koc_facts import KocFacts
from .learned_baselines import KOC_SCORE, baseline_scores, transparent_score
from .learned_features import Features, KocMoment, koc_features
from .learned_reasons import reasons_from, the_reason
from .learned_windows import matrix_of

if TYPE_CHECKING:
    from siyu.datasets.community import Community

    from .learned_koc import KocModel

__all__ = ["Scale", "ranked_list"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """What a plain ranking is worth: its values, and the outcome expected at each.

    Attributes
    ----------
    values, expected : float64 arrays, both ascending
        Between two values the outcome is interpolated, beyond them it stays.
    unknown : float
        The outcome expected of members without a value.
    """

    values: Floats
    expected: Floats
    unknown: float

    @classmethod
    def of(cls, values: Floats, outcome: Floats) -> "Scale":
        """Fit the outcome as a function that nowhere falls (isotonic regression).

        References
        ----------
        Barlow, Bartholomew, Bremner & Brunk (1972), "Statistical Inference under Order
        Restrictions".
        """
        from sklearn.isotonic import IsotonicRegression

        known = ~np.isnan(values)
        unknown = float(outcome[~known].mean()) if (~known).any() else 0.0
        if not known.any():
            return cls(np.zeros(1), np.zeros(1), unknown)
        found = IsotonicRegression().fit(values[known], outcome[known])
        return cls(found.X_thresholds_, found.y_thresholds_, unknown)

    def expect(self, values: Floats) -> Floats:
        """Give the outcome expected at each value."""
        found = np.interp(values, self.values, self.expected)
        return np.where(np.isnan(values), self.unknown, found)


def ranked_list(model: "KocModel", c: "Community", end: int, who: tuple[Any, bool]) -> pa.Table:
    """Rank everybody but staff and those left out; `who`: the caller's list, and suspects."""
    at = KocMoment.of(c, end)
    exclude, suspected = who
    facts = KocFacts(at.known, end, at.members, ties=None)
    why = exclusions(facts, exclude, suspected=suspected)
    features = koc_features(at, model.task_.horizon, model.task_.outcome)
    by, score = _scores(model, c, at, features)
    stay = np.flatnonzero(why == 0)
    by_stay = np.nan_to_num(by[stay], nan=-np.inf)
    order = stay[np.argsort(-by_stay, kind="stable")]
    ranked = pa.table(
        {
            "member_id": at.members.take(pa.array(order)),
            "rank": pa.array(np.arange(1, len(order) + 1)),
            "score": score[order],
            "reasons": _reasons(model, features, by, order),
            "excluded_because": pa.nulls(len(order), pa.large_string()),
        }
    )
    return pa.concat_tables([ranked, left_out(facts, why, ranked.schema)])


def _scores(
    model: "KocModel", c: "Community", at: KocMoment, features: Features
) -> tuple[Floats, Floats]:
    """Give what members are ranked by, and the outcome expected of each."""
    if model.trees_ is not None:
        _require_columns(model.trees_.columns, features, at)
        found = model.trees_.predict(matrix_of(features, model.trees_.columns))
        return found, found
    assert model.scale_ is not None  # noqa: S101  (one of both is there once fitted)
    name, there = model.source_, baseline_scores(features, model.task_.outcome)
    if name == KOC_SCORE:
        by = transparent_score(c, at.end, at.members)
    elif name in there:
        by = there[name]
    else:
        raise DataError(
            f"the model ranks by {name!r}, and this community lacks the tables for it; it has: "
            f"{', '.join(at.known.tables()) or 'none'}"
        )
    return by, model.scale_.expect(by)


def _require_columns(columns: Sequence[str], features: Features, at: KocMoment) -> None:
    """Refuse to rank without what the trees learned from: they would take it for unknown."""
    missing = [name for name in columns if name not in features]
    if missing:
        raise DataError(
            f"the model learned from {len(missing)} numbers that this community has no tables "
            f"for, such as {missing[0]!r}; it has: {', '.join(at.known.tables()) or 'none'}. Fit "
            "it on the tables that are there"
        )


def _reasons(model: "KocModel", features: Features, by: Floats, order: Ints) -> pa.Array:
    if model.trees_ is None:
        return the_reason(model.source_, by[order], model.task_.outcome)
    matrix = matrix_of(features, model.trees_.columns).take(order)
    columns = model.trees_.columns
    split = model.trees_.contributions(matrix).reshape(-1, len(columns) + 1)
    return reasons_from(split, columns, model.task_.outcome)
