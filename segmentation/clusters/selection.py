"""How many clusters there are, if any: what comes back on other members, with gaps between."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .partition import kmeans, nearest, squared_distances

__all__ = ["Candidate", "chosen", "score_candidates", "valleys"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SHARE_DRAWN = 0.5
_SILHOUETTE_ROWS = 1_500
_END = 0.1  # half width of the windows at two centres and midway, in the distance between them
_EQUALLY_STABLE = 0.05
_MOST_VALLEY = 0.75
_LEAST_GAIN = 0.03


@dataclass(frozen=True, slots=True)
class Candidate:
    """The scores of one number of clusters.

    Attributes
    ----------
    k : int
    stability : float, at most 1; 0 is chance
    valley, worst_valley : float >= 0
        Members midway between two neighbouring clusters, over those at the emptier of the two
        centres, by numbers alone: mean and highest over clusters and their nearest. 1 or more
        where no gap separates them; NaN without numbers.
    gain : float
        Share of all spread that clusters explain beyond what they would if flags and codes had
        nothing to do with one another or with the numbers; NaN without flags and codes.
    silhouette : float in -1 .. 1
    is_sound : bool, may be chosen
    """

    k: int
    stability: float
    valley: float
    worst_valley: float
    gain: float
    silhouette: float
    is_sound: bool


def score_candidates(
    z: Floats, blocks: Ints, ks: range, min_stability: float, draws: tuple[int, int]
) -> list[Candidate]:
    """Score every number of clusters on a sample of members.

    Parameters
    ----------
    z : float64 array, n_rows * n_columns
        Scaled, NaN where unknown.
    blocks : int64 array, n_columns
        -1 for a number; columns of one flag, code or lumpy number share a number of 0 or more.
    ks : range, each at least 2 and at most the distinct rows
    min_stability : float
    draws : (number of resamples, seed)

    Notes
    -----
    Stability: each resample is half of the members; its centres label all members, and the
    adjusted Rand index between the labels of two resamples is averaged over all pairs. A long
    cloud, or an even one with corners, is cut stably too; hence the valleys.

    References
    ----------
    Ben-Hur, Elisseeff & Guyon (2002), Pacific Symposium on Biocomputing 7, 6-17; Fang & Wang
    (2012), Computational Statistics & Data Analysis 56(3), 468-477; Hubert & Arabie (1985),
    Journal of Classification 2, 193-218 (adjusted Rand index); Rousseeuw (1987), Journal of
    Computational and Applied Mathematics 20, 53-65 (silhouette).
    """
    n_resamples, seed = draws
    rng = np.random.default_rng(seed)
    size = max(int(_SHARE_DRAWN * len(z)), 2)
    halves = [z[np.sort(rng.choice(len(z), size, replace=False))] for _ in range(n_resamples)]
    unrelated = _unrelated(z, blocks, rng)
    total, numbers = _within(z, 1, seed), blocks < 0
    found = []
    for k in ks:
        centers = kmeans(z, k, seed)
        labels, first, _ = nearest(z, centers)
        stability = _agreement([nearest(z, kmeans(half, k, seed))[0] for half in halves])
        mean, worst = valleys(z[:, numbers], labels, centers[:, numbers])
        gain = (_within(unrelated, k, seed) - float(first.sum())) / total
        is_sound = stability >= min_stability and (mean <= _MOST_VALLEY or gain >= _LEAST_GAIN)
        silhouette = _silhouette(z, labels)
        found.append(Candidate(k, stability, mean, worst, gain, silhouette, is_sound))
    return found


def chosen(candidates: list[Candidate]) -> int:
    """Choose the number of clusters, 1 if none is sound.

    Of the sound ones about as stable as the most stable: the most clusters of which each has a
    gap to its nearest; where there are none such, the highest silhouette.
    """
    sound = [c for c in candidates if c.is_sound]
    if not sound:
        return 1
    best = max(c.stability for c in sound)
    near = [c for c in sound if c.stability >= best - _EQUALLY_STABLE]
    apart = [c.k for c in near if c.worst_valley <= _MOST_VALLEY]
    return max(apart) if apart else max(near, key=lambda c: (c.silhouette, -c.k)).k


def _agreement(labellings: list[Ints]) -> float:
    """Average the adjusted Rand index over all pairs."""
    from sklearn.metrics import adjusted_rand_score

    n = len(labellings)
    pairs = [(labellings[i], labellings[j]) for i in range(n) for j in range(i)]
    return float(np.mean([adjusted_rand_score(one, other) for one, other in pairs]))


def _unrelated(z: Floats, blocks: Ints, rng: np.random.Generator) -> Floats | None:
    """Shuffle each flag and code among members, so that it has nothing to do with the rest."""
    if (blocks < 0).all():
        return None
    out = z.copy()
    for block in np.unique(blocks[blocks >= 0]):
        columns = np.flatnonzero(blocks == block)
        out[:, columns] = z[np.ix_(rng.permutation(len(z)), columns)]
    return out


def _within(z: Floats | None, k: int, seed: int) -> float:
    """Sum the squared distances within k clusters; NaN without members."""
    return float("nan") if z is None else float(np.nansum(nearest(z, kmeans(z, k, seed))[1]))


def valleys(z: Floats, labels: Ints, centers: Floats) -> tuple[float, float]:
    """Measure how empty it is between each cluster and its nearest: mean and highest."""
    if not z.shape[1] or len(centers) < 2:
        return float("nan"), float("nan")
    apart = squared_distances(centers, centers)
    np.fill_diagonal(apart, np.inf)
    filled = np.where(np.isnan(z), centers[labels], z)
    valleys = []
    for one, other in enumerate(apart.argmin(axis=1)):
        way = centers[other] - centers[one]
        length = max(float((way * way).sum()), 1e-12)
        members = filled[(labels == one) | (labels == other)]
        at = ((members - centers[one]) * way).sum(axis=1) / length
        here, midway, there = ((np.abs(at - place) <= _END).sum() for place in (0.0, 0.5, 1.0))
        valleys.append((midway + 1) / (min(here, there) + 1))
    return float(np.mean(valleys)), float(np.max(valleys))


def _silhouette(z: Floats, labels: Ints) -> float:
    """Measure the silhouette on the first rows; what is unknown counts as the mean."""
    from sklearn.metrics import silhouette_score

    rows = np.flatnonzero(labels >= 0)[:_SILHOUETTE_ROWS]
    if not 1 < len(np.unique(labels[rows])) < len(rows):
        return float("nan")
    filled = np.where(np.isnan(z), np.nanmean(z, axis=0), z)[rows]
    return float(silhouette_score(filled, labels[rows]))
