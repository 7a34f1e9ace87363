"""Scales that make unlike columns comparable: money, counts, shares, flags and codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .columns import Column
from .partition import kmeans, nearest
from .selection import valleys

__all__ = ["CODE_WEIGHT", "Scale", "in_units", "learn_scales", "moved", "scaled", "widths"]

Floats = npt.NDArray[np.float64]

CODE_WEIGHT = 0.5**0.5
"""Weight of a code: two members with different codes are 1 apart, squared.

Two members drawn at random are 2 apart in a number, squared, so that a code or flag counts at
most half as much as a number (Huang 1998 advises a weight of about half a standard deviation:
"Extensions to the k-means algorithm", Data Mining and Knowledge Discovery 2, 283-304).
"""

_FARTHEST = 6.0  # scaled numbers beyond are drawn in: no single member is a cluster
_SKEWED = 1.0
_UNIT_QUANTILE = 0.02
_LEAST_LEVEL_SHARE = 0.02
_FEW_VALUES = 10
_MOST_AT_ONE_VALUE = 0.3

# Modes are looked for among so many members; between them there must be a gap this deep.
_MOST_FOR_MODES = 2_000
_MOST_MODES = 4
_MANY_VALUES = 100  # counts have gaps between any two values
_GAP = 0.5
_MOST_WIDENED = 3.0

# Half widths of a normal in standard deviations, between these quantiles.
_SPREADS = ((0.25, 0.75, 1.349), (0.05, 0.95, 3.290), (0.01, 0.99, 4.653))


@dataclass(frozen=True, slots=True)
class Scale:
    """How one column is scaled.

    `kind` is number, lumpy (a number of few values, or with many members at one), flag or code.
    A number x becomes ``weight * (f(x) - centre) / spread`` with f(x) = log(1 + x / unit) where
    `unit` is not 0, else x. A code becomes one 0 or `weight` for each of `levels`; all other
    levels are one more, named "". `skewness` and `unknown` (a share) are as measured.
    """

    name: str
    kind: Literal["number", "lumpy", "flag", "code"]
    unit: float
    centre: float
    spread: float
    weight: float
    levels: tuple[str, ...]
    skewness: float
    unknown: float

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the scaled columns it makes."""
        return tuple(f"{self.name}={level}" for level in self.levels) or (self.name,)


def learn_scales(
    columns: Sequence[Column], sample: npt.NDArray[np.int64], max_unknown: float
) -> tuple[tuple[Scale, ...], dict[str, str]]:
    """Learn the scale of each column, or why it cannot be used (name -> reason).

    Whether a column varies and is below 0 anywhere is seen on all members, quantiles and
    skewness on the sample.
    """
    scales, dropped = [], {}
    for column in columns:
        unknown = float(np.isnan(column.values).mean())
        if unknown > max_unknown:
            dropped[column.name] = "too_many_unknown"
            continue
        found = _code_scale(column, unknown) if column.kind == "code" else None
        if column.kind != "code" and np.nanmax(column.values) > np.nanmin(column.values):
            found = _number_scale(column, sample, unknown)
        if found is None:
            dropped[column.name] = "constant" if len(column.levels) < 2 else "too_many_values"
        else:
            scales.append(found)
    return tuple(scales), dropped


def scaled(columns: Sequence[Column], scales: Sequence[Scale], n: int) -> Floats:
    """Scale n members, NaN where unknown; ``columns[i]`` goes with ``scales[i]``.

    A member's numbers depend on nobody else.
    """
    out = np.empty((n, len(widths(scales))), order="F")
    place = 0
    for column, scale in zip(columns, scales, strict=True):
        if scale.kind == "code":
            at = _level_places(column, scale)
            for level in range(len(scale.levels)):
                out[:, place] = np.where(np.isnan(at), np.nan, (at == level) * scale.weight)
                place += 1
        else:
            out[:, place] = _scaled_numbers(column.values, scale)
            place += 1
    return out


def widths(scales: Sequence[Scale]) -> list[tuple[int, Scale]]:
    """List every scaled column: its place within its scale, and the scale."""
    return [(place, scale) for scale in scales for place in range(len(scale.labels))]


def in_units(centers: Floats, scales: Sequence[Scale]) -> Floats:
    """Turn scaled centres back into the columns' units; flags and codes into shares."""
    out = np.empty_like(centers)
    for place, (_, scale) in enumerate(widths(scales)):
        plain = centers[:, place] / scale.weight * scale.spread + scale.centre
        out[:, place] = np.expm1(plain) * scale.unit if scale.unit else plain
    return out


def moved(centers: Floats, scales: Sequence[Scale], to: Sequence[Scale]) -> Floats:
    """Put centres that were scaled by `scales` on the scales `to`; NaN for columns not shared."""
    plain = in_units(centers, scales)
    at = {scale.labels[i]: j for j, (i, scale) in enumerate(widths(scales))}
    coded = {scale.name for scale in scales if scale.kind == "code"}
    out = np.full((len(centers), len(widths(to))), np.nan)
    for place, (i, scale) in enumerate(widths(to)):
        label = scale.labels[i]
        if label not in at and scale.name in coded:
            out[:, place] = 0.0  # nobody holds that level any more
        elif label in at and scale.kind == "code":
            out[:, place] = plain[:, at[label]] * scale.weight
        elif label in at:
            out[:, place] = _scaled_numbers(plain[:, at[label]], scale)
    return out


def _code_scale(column: Column, unknown: float) -> Scale | None:
    """Keep the levels that 2 % of the members hold; the others are one level together."""
    known = column.values[~np.isnan(column.values)].astype(np.int64)
    counts = np.bincount(known, minlength=len(column.levels))
    is_kept = counts >= max(_LEAST_LEVEL_SHARE * len(known), 1)
    kept = tuple(level for level, keep in zip(column.levels, is_kept, strict=True) if keep)
    if not kept or counts.max() == len(known):
        return None
    rest = () if is_kept.all() else ("",)
    return Scale(column.name, "code", 0, 0, 1, CODE_WEIGHT, kept + rest, np.nan, unknown)


def _number_scale(column: Column, sample: npt.NDArray[np.int64], unknown: float) -> Scale:
    values = column.values
    least, most = np.nanmin(values), np.nanmax(values)
    drawn = np.sort(values[sample])
    drawn = drawn[~np.isnan(drawn)]
    if least == 0 and most == 1 and np.isin(drawn, (0, 1)).all():
        return Scale(column.name, "flag", 0, 0, 1, 1, (), np.nan, unknown)
    met, counts = np.unique(drawn, return_counts=True)
    is_lumpy = len(met) <= _FEW_VALUES or counts.max() > _MOST_AT_ONE_VALUE * len(drawn)
    skewness = _skewness(drawn)
    may_log = least >= 0 and most > 1 and skewness > _SKEWED
    unit = _log_unit(drawn) if may_log else 0.0
    plain = np.log1p(drawn / unit) if unit else drawn
    centre, spread = _centre_and_spread(plain)
    if len(met) > _MANY_VALUES:
        spread = _spread_around_modes(plain, spread)
    kind: Literal["lumpy", "number"] = "lumpy" if is_lumpy else "number"
    weight = CODE_WEIGHT if is_lumpy else 1.0
    return Scale(column.name, kind, unit, centre, spread, weight, (), skewness, unknown)


def _log_unit(ordered: Floats) -> float:
    """Give u where log(1 + x / u) is less skewed than x, else 0; sorted input.

    A low quantile: below u the logarithm is hardly one, and groups there are squeezed.
    """
    unit = float(np.quantile(ordered[ordered > 0], _UNIT_QUANTILE))
    return unit if abs(_skewness(np.log1p(ordered / unit))) < _skewness(ordered) else 0.0


def _centre_and_spread(plain: Floats) -> tuple[float, float]:
    """Give the median, and the widest of three spreads between quantiles; sorted input."""
    if not len(plain):
        return 0.0, 1.0
    at = np.quantile(plain, [q for low, high, _ in _SPREADS for q in (low, high)])
    spreads = [(at[2 * i + 1] - at[2 * i]) / s for i, (_, _, s) in enumerate(_SPREADS)]
    spread = max(spreads)
    if spread <= 0:  # one value but for a few members in a hundred
        spread = float(plain.std()) or 1.0
    return float(np.median(plain)), float(spread)


def _spread_around_modes(plain: Floats, spread: float) -> float:
    """Give the spread around several values where members gather, if there are gaps between.

    The spread over all would hide such groups: it is large because of them.
    """
    drawn = plain[:: max(len(plain) // _MOST_FOR_MODES, 1), None]
    for k in range(_MOST_MODES, 1, -1):
        centers = kmeans(drawn, k, 0)
        labels, first, _ = nearest(drawn, centers)
        _, worst = valleys(drawn, labels, centers)
        if worst <= _GAP:
            return min(spread, max(float(np.sqrt(first.mean())), spread / _MOST_WIDENED))
    return spread


def _skewness(ordered: Floats) -> float:
    """Measure the third standardised moment; 0 where all are equal. Sorted input."""
    if len(ordered) < 3:
        return 0.0
    away = ordered - ordered.mean()
    spread = np.sqrt((away**2).mean())
    return float(((away / spread) ** 3).mean()) if spread > 0 else 0.0


def _scaled_numbers(values: Floats, scale: Scale) -> Floats:
    plain = np.log1p(np.maximum(values, 0.0) / scale.unit) if scale.unit else values
    away = (plain - scale.centre) / scale.spread
    if scale.kind in ("number", "lumpy"):
        away = np.clip(away, -_FARTHEST, _FARTHEST)
    return np.asarray(away * scale.weight)


def _level_places(column: Column, scale: Scale) -> Floats:
    """Give each member's place among the scale's levels: the last for a level it does not know."""
    known = {level: place for place, level in enumerate(scale.levels)}
    rest = known.get("", -1)
    places = np.array([known.get(level, rest) for level in column.levels] + [np.nan])
    at = np.where(np.isnan(column.values), len(column.levels), column.values)
    return np.asarray(places[at.astype(np.int64)], dtype=np.float64)
