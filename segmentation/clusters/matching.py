"""Ids of clusters: by size at first, and the same from run to run."""

import numpy as np
import numpy.typing as npt

from .partition import squared_distances

__all__ = ["first_ids", "matched_ids", "reach"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def first_ids(centers: Floats, sizes: Ints) -> Ints:
    """Give ids 0, 1, 2, ... by size, the largest first; of equal size by their centres."""
    order = np.lexsort((*centers.T[::-1], -sizes))
    ids = np.empty(len(sizes), dtype=np.int64)
    ids[order] = np.arange(len(sizes))
    return ids


def matched_ids(
    centers: Floats, sizes: Ints, earlier: tuple[Floats, Ints, Floats], next_id: int
) -> Ints:
    """Give clusters the ids of the earlier clusters they are, and new ids to new ones.

    Parameters
    ----------
    centers : float64 array, k * n_columns
        On the earlier scales; NaN where the earlier column is gone.
    sizes : int64 array, k
    earlier : (centres, ids, reach) of the earlier run
    next_id : int, larger than any id ever given

    Returns
    -------
    int64 array, k
        Pairs are chosen that are least apart in total, squared, among those within reach of the
        earlier centre; a cluster without a partner is new: the largest first.

    References
    ----------
    Kuhn (1955), "The Hungarian method for the assignment problem", Naval Research Logistics
    Quarterly 2, 83-97.
    """
    from scipy.optimize import linear_sum_assignment

    before, known, within = earlier
    apart = squared_distances(centers, before)
    too_far = apart > within**2
    impossible = 1.0 + 2 * len(apart) * float(apart.max(initial=0.0))
    ours, theirs = linear_sum_assignment(np.where(too_far, impossible, apart))
    ids = np.full(len(sizes), -1, dtype=np.int64)
    pairs = ~too_far[ours, theirs]
    ids[ours[pairs]] = known[theirs[pairs]]
    new = np.flatnonzero(ids < 0)
    ids[new] = next_id + first_ids(centers[new], sizes[new])
    return ids


def reach(centers: Floats, spread: Floats) -> Floats:
    """Say how far a centre may move and remain the same cluster.

    As far as its members lie from it (root mean square), or half way to the nearest other
    centre, if that is farther.
    """
    if len(centers) < 2:
        return spread
    apart = squared_distances(centers, centers)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(np.maximum(spread, np.sqrt(apart.min(axis=1)) / 2))
