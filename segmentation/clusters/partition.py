"""k-means for members of whom not everything is known, the same in any order and any threads."""

import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.randomness import stable_hash

__all__ = ["canonical_order", "kmeans", "nearest", "squared_distances"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BLOCK = 1 << 13  # rows whose distances stay in the processor's cache
_ROUNDS = 5


def canonical_order(columns: Sequence[Floats]) -> Ints:
    """Order rows by a hash of what their columns hold: rows that change places are alike.

    So neither the order of the rows nor the members' ids can change what is drawn or summed.
    """
    key = np.zeros(len(columns[0]), dtype=np.uint64)
    for place, column in enumerate(columns):
        values = column + 0.0  # there is one zero
        values[np.isnan(values)] = np.inf  # and one unknown
        key += stable_hash(pa.array(values.view(np.int64)), f"column {place}")
    return np.argsort(key, kind="stable")


def kmeans(z: Floats, k: int, seed: int, *, n_init: int = 5, init: Floats | None = None) -> Floats:
    """Find the centres of k clusters; what is unknown of a member adds no distance.

    Parameters
    ----------
    z : float64 array, n_rows * n_columns
        NaN is unknown; no column is wholly so.
    k : int >= 1
    seed : int
    n_init : int, starts by k-means++
    init : float64 array, k * n_columns, optional
        The one start instead.

    Returns
    -------
    float64 array, at most k * n_columns
        Without centres that nobody is nearest to.

    References
    ----------
    Chi, Chi & Baraniuk (2016), "k-POD: a method for k-means clustering of missing data", The
    American Statistician 70(1), 91-99: unknown values are those of the member's own centre.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    unknown = np.isnan(z)
    partial = bool(unknown.any())
    start = np.nanmean(z, axis=0)
    filled = np.where(unknown, start, z).astype(np.float32)
    labels = np.full(len(z), -1)
    for _ in range(_ROUNDS if partial else 1):
        given = "k-means++" if init is None else init.astype(np.float32)
        model = KMeans(k, init=given, n_init=n_init if init is None else 1, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than k
            model.fit(filled)
        init, before, labels = model.cluster_centers_, labels, model.labels_
        if not partial or np.array_equal(before, labels):
            break
        filled = np.where(unknown, init[labels], z).astype(np.float32)
    return _means(z, labels.astype(np.int64), model.cluster_centers_)


def nearest(z: Floats, centers: Floats) -> tuple[Ints, Floats, Floats]:
    """Find each member's centre, its squared distance, and that of the second centre.

    A member of whom nothing is known has the label -1 and NaN distances; the second distance
    is NaN where there is one centre.
    """
    labels = np.full(len(z), -1, dtype=np.int64)
    first, second = np.full(len(z), np.nan), np.full(len(z), np.nan)
    for begin in range(0, len(z), _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        away = _block_distances(z[rows], centers)
        known = ~np.isnan(away[0])
        labels[rows] = np.where(known, away.argmin(axis=0), -1)
        ordered = np.partition(away, min(1, len(centers) - 1), axis=0)
        first[rows] = ordered[0]
        if len(centers) > 1:
            second[rows] = ordered[1]
    return labels, first, second


def squared_distances(z: Floats, centers: Floats) -> Floats:
    """Measure the squared distance of each member to each centre, n_rows * n_centers.

    What is unknown counts as far as what is known; NaN if nothing is known. A member's distance
    has the same bytes alone as among others.
    """
    out = np.empty((len(z), len(centers)))
    for begin in range(0, len(z), _BLOCK):
        out[begin : begin + _BLOCK] = _block_distances(z[begin : begin + _BLOCK], centers).T
    return out


def _block_distances(z: Floats, centers: Floats) -> Floats:
    """Sum over columns one after the other, so that no sum depends on the other rows."""
    total = np.zeros((len(centers), len(z)))
    n_known = np.zeros(len(z))
    if not z.shape[1]:  # no column varies: all members are alike
        return total
    for place in range(z.shape[1]):
        values = np.ascontiguousarray(z[:, place])
        unknown = np.isnan(values)
        away = values - centers[:, place, None]
        away *= away
        if unknown.any():
            away[:, unknown] = 0.0
        total += away
        n_known += ~unknown
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total * np.where(n_known > 0, z.shape[1] / n_known, np.nan))


def _means(z: Floats, labels: Ints, centers: Floats) -> Floats:
    """Give each cluster's means over what is known of its members, the centre's own without."""
    k, out = len(centers), centers.astype(np.float64)
    for place in range(z.shape[1]):
        values = z[:, place]
        known = ~np.isnan(values)
        counts = np.bincount(labels[known], minlength=k)
        sums = np.bincount(labels[known], values[known], minlength=k)
        out[:, place] = np.where(counts > 0, sums / np.maximum(counts, 1), out[:, place])
    return out[np.bincount(labels, minlength=k) > 0]
