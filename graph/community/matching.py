"""The same community by the same number: today's divisions matched to earlier ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup

from .division import Division, divisions_of, read_division, same_type

__all__ = ["Overlaps", "best_pairs", "match_communities", "overlaps_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def match_communities(
    previous: Frame | Sequence[Frame],
    current: Frame,
    *,
    min_jaccard: float = 0.1,
    output: FrameKind = "pandas",
) -> Frame:
    """Give today's communities the numbers that they had before.

    Of all ways to pair communities of today with those of the last time, each with one at
    most, the one is taken in which most members keep their number (a maximum-weight matching);
    of equally good ones, that with the largest overlaps. Communities that hardly overlap are
    not paired. Who found no partner is new, and gets a number never given before.

    Parameters
    ----------
    previous : frame with ``member_id`` and ``community``, or list of frames
        The last run; or all runs so far, oldest first. The last one is matched. Numbers of
        communities that died stay unused only if a run in which they lived is among them.
    current : frame with ``member_id`` and ``community``
        As `communities` gives it. Members may have come or gone.
    min_jaccard : float in [0, 1]
        Least share of the members of either of two communities who are in both, for the two to
        be the same one.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a member of `current`, sorted by ``member_id``
        ``community`` : int. New communities count on from the highest number in `previous`,
        larger ones first; of one size, the one with the smallest member first.

    Raises
    ------
    DataError
        If a frame does not give every member one community, or ids are text in one and
        integers in the other.
    ParameterError
        If `min_jaccard` is out of range, or `previous` holds no frame.

    See Also
    --------
    community_changes : what became of each community.

    References
    ----------
    Greene, Doyle & Cunningham (2010), "Tracking the evolution of communities in dynamic social
    networks", ASONAM, for matching by Jaccard overlap above a threshold. Crouse (2016), "On
    implementing 2D rectangular assignment algorithms", IEEE TAES 52(4), for the assignment.

    Examples
    --------
    >>> import pandas as pd
    >>> before = pd.DataFrame({"member_id": [1, 2, 3, 4, 5], "community": [0, 0, 0, 1, 1]})
    >>> after = pd.DataFrame({"member_id": [1, 2, 4, 5, 6], "community": [1, 1, 0, 0, 0]})
    >>> match_communities(before, after)["community"].tolist()
    [0, 0, 1, 1, 1]
    """
    if not 0 <= min_jaccard <= 1:
        raise ParameterError("min_jaccard", f"min_jaccard must be 0 to 1, got {min_jaccard}")
    runs = divisions_of(previous)
    today = read_division(current, "current")
    overlaps = overlaps_of(runs[-1], today)
    pair = best_pairs(overlaps, overlaps.jaccard() >= max(min_jaccard, np.finfo(float).tiny))
    number = np.zeros(len(overlaps.after), dtype=np.int64)
    is_new = np.ones(len(overlaps.after), dtype=bool)
    number[overlaps.second[pair]] = overlaps.before[overlaps.first[pair]]
    is_new[overlaps.second[pair]] = False
    highest = max((int(run.labels.max()) for run in runs if len(run.labels)), default=-1)
    new = np.flatnonzero(is_new)
    _, opened, code = np.unique(today.labels, return_index=True, return_inverse=True)
    in_order = new[np.lexsort((opened[new], -overlaps.size_after[new]))]
    number[in_order] = highest + 1 + np.arange(len(in_order))
    table = {"member_id": today.members, "community": number[code]}
    return from_arrow(pa.table(table), output)


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """Communities before and after, and how many members each two of them share.

    Attributes
    ----------
    before, after : int64 arrays
        Labels, ascending.
    size_before, size_after : int64 arrays
        Members of each.
    first, second, shared : int64 arrays
        Positions in `before` and `after` of each two that share members, and how many;
        sorted by first, then second.
    """

    before: Ints
    after: Ints
    size_before: Ints
    size_after: Ints
    first: Ints
    second: Ints
    shared: Ints

    def jaccard(self) -> Floats:
        """Give the share of the members of either who are in both."""
        either = self.size_before[self.first] + self.size_after[self.second] - self.shared
        return np.asarray(self.shared / either, dtype=np.float64)


def overlaps_of(one: Division, other: Division) -> Overlaps:
    """Count the members that two divisions share, community by community."""
    before, code_before, size_before = _counted(one.labels)
    after, code_after, size_after = _counted(other.labels)
    found = lookup(other.members, same_type(one.members, other.members, "previous"))
    stays = np.flatnonzero(found >= 0)
    key = code_before[found[stays]] * max(len(after), 1) + code_after[stays]
    pairs, shared = np.unique(key, return_counts=True)
    first, second = np.divmod(pairs, max(len(after), 1))
    return Overlaps(before, after, size_before, size_after, first, second, shared)


def _counted(labels: Ints) -> tuple[Ints, Ints, Ints]:
    names, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    return names, codes.astype(np.int64), sizes


def best_pairs(overlaps: Overlaps, allowed: npt.NDArray[np.bool_]) -> Ints:
    """Choose the pairs, each community in one at most, that share most members in all."""
    rows = np.flatnonzero(allowed)
    n, m = len(overlaps.before), len(overlaps.after)
    if not len(rows):
        return rows
    # Overlap breaks ties between equal counts only: all of it together is less than a member.
    weight = overlaps.shared[rows] + overlaps.jaccard()[rows] / (len(rows) + 1)
    # Everybody may stay without a partner: a column of its own, worth next to nothing.
    first = np.concatenate([overlaps.first[rows], np.arange(n)])
    second = np.concatenate([overlaps.second[rows], m + np.arange(n)])
    worth = np.concatenate([weight, np.full(n, 1e-9)])
    at = first.astype(np.int32), second.astype(np.int32)  # the only indices the matching takes
    matrix = sparse.csr_array((worth, at), shape=(n, m + n))
    one, other = sparse.csgraph.min_weight_full_bipartite_matching(matrix, maximize=True)
    real = other < m
    chosen = np.isin(
        overlaps.first[rows] * m + overlaps.second[rows],
        one[real].astype(np.int64) * m + other[real],
    )
    return rows[chosen]
