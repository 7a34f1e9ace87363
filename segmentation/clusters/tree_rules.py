"""Clusters as readable rules: the leaves of a shallow tree, rounded, and how far they hold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .columns import Column
from .scaling import Scale

__all__ = ["Rule", "find_rules"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_DEEPEST = 3
_FEW = 50


@dataclass(frozen=True, slots=True)
class Rule:
    """The best leaf of one cluster.

    Attributes
    ----------
    conditions : tuples of (column, ``at_least`` | ``below`` | ``is`` | ``is_not``, value)
        Empty if no leaf is the cluster's, or there is one cluster.
    precision : float, share of the members it finds who are in the cluster; NaN if it finds none
    coverage : float, share of the cluster's members it finds
    """

    conditions: tuple[tuple[str, str, str], ...]
    precision: float
    coverage: float


def find_rules(
    columns: Sequence[Column], scales: Sequence[Scale], labels: Ints, n_clusters: int
) -> tuple[list[Rule], float]:
    """Fit a tree to the clusters, and say its rules and its fidelity.

    Every other member teaches the tree; precision, coverage and fidelity (the share of members
    whom the tree puts in their cluster) are measured on the others, if there are 50 or more.
    An unknown number counts as the median, an unknown flag or code as none. Numbers in
    conditions are rounded, and measured so.
    """
    from sklearn.tree import DecisionTreeClassifier

    if n_clusters < 2 or not len(labels):
        return [Rule((), float("nan"), 0.0)] * n_clusters, float("nan")
    x, names = _features(columns, scales)
    few = len(labels) < 2 * _FEW
    teach, test = (slice(None),) * 2 if few else (slice(0, None, 2), slice(1, None, 2))
    tree = DecisionTreeClassifier(max_depth=_DEEPEST, min_samples_leaf=0.005, random_state=0).fit(
        x[teach], labels[teach]
    )
    leaves = _leaves(tree.tree_, tree.classes_, names)
    told = np.full(len(labels[test]), -1)
    rules = [Rule((), float("nan"), 0.0)] * n_clusters
    for cluster, splits in leaves:
        found = _found(x[test], splits)
        told[found] = cluster
        is_in = labels[test] == cluster
        hits = int((found & is_in).sum())
        coverage = hits / max(int(is_in.sum()), 1)
        precision = hits / int(found.sum()) if found.any() else float("nan")
        if coverage > rules[cluster].coverage:
            rules[cluster] = Rule(_conditions(splits, names), precision, coverage)
    return rules, float((told == labels[test]).mean())


Name = tuple[str, str | None]  # column, level of a code ("" for all others), or None
Split = tuple[int, bool, float]  # place, whether at least, edge


def _features(columns: Sequence[Column], scales: Sequence[Scale]) -> tuple[Floats, list[Name]]:
    """Give what the tree may ask of: numbers and flags as they are, one column a level."""
    parts, names = [], list[Name]()
    for column, scale in zip(columns, scales, strict=True):
        unknown = np.isnan(column.values)
        if scale.kind != "code":
            middle = 0.0 if scale.kind == "flag" else float(np.nanmedian(column.values))
            parts.append(np.where(unknown, middle, column.values))
            names.append((column.name, "true" if scale.kind == "flag" else None))
            continue
        is_other = ~unknown
        for level in (name for name in scale.levels if name):
            held = column.values == column.levels.index(level)
            is_other = is_other & ~held
            parts.append(held.astype(np.float64))
            names.append((column.name, level))
        if "" in scale.levels:
            parts.append(is_other.astype(np.float64))
            names.append((column.name, ""))
    return np.column_stack(parts), names


def _leaves(tree: object, classes: Ints, names: list[Name]) -> list[tuple[int, list[Split]]]:
    """List each leaf's cluster and the splits on the way to it, edges rounded."""
    left, right = tree.children_left, tree.children_right  # type: ignore[attr-defined]
    place, edge, value = tree.feature, tree.threshold, tree.value  # type: ignore[attr-defined]
    found, waiting = list[tuple[int, list[Split]]](), [(0, list[Split]())]
    while waiting:
        node, way = waiting.pop()
        if left[node] < 0:
            found.append((int(classes[value[node][0].argmax()]), way))
            continue
        at = int(place[node])
        cut = _rounded(float(edge[node])) if names[at][1] is None else 0.5
        waiting.append((int(right[node]), [*way, (at, True, cut)]))
        waiting.append((int(left[node]), [*way, (at, False, cut)]))
    return found


def _rounded(number: float) -> float:
    return float(f"{number:.3g}")


def _found(x: Floats, splits: list[Split]) -> npt.NDArray[np.bool_]:
    found = np.ones(len(x), dtype=bool)
    for place, at_least, edge in splits:
        found &= (x[:, place] >= edge) == at_least
    return found


def _conditions(splits: list[Split], names: list[Name]) -> tuple[tuple[str, str, str], ...]:
    """Say splits as conditions, of two of the same kind on one column the narrower."""
    narrowest: dict[tuple[int, bool], float] = {}
    for place, at_least, edge in splits:
        known = narrowest.get((place, at_least), edge)
        narrowest[place, at_least] = max(edge, known) if at_least else min(edge, known)
    said = []
    for (place, at_least), edge in narrowest.items():
        column, level = names[place]
        if level is None:
            said.append((column, "at_least" if at_least else "below", f"{edge:g}"))
        else:
            said.append(_condition(column, level, holds=at_least))
    return tuple(said)


def _condition(column: str, level: str, *, holds: bool) -> tuple[str, str, str]:
    """Say that a flag is true or false, or that a code is or is not at a level."""
    if level == "true":
        return column, "is", "true" if holds else "false"
    return column, "is" if holds else "is_not", level
