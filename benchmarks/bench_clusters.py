"""Find planted groups of members, beside k-means on standard scores; and time both on many rows.

Groups differ in skewed numbers of unlike units, in half of the worlds also in a code and a flag
(coded as 0 and 1 for k-means); a tenth of the values of some worlds are unknown (k-means takes
the mean). k-means is told how many groups there are, `MemberClusters` is not. ARI is the adjusted
Rand index with the planted groups; where there are none, the share of draws in which none was
found. Ends with an error where ours is not the better one on average, or finds groups in noise
in more than one draw in five.

    python benchmarks/bench_clusters.py                                  # 5 draws, 1,000,000 rows
    python benchmarks/bench_clusters.py --draws 1 --members 600 --rows 20000
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from siyu.segmentation.clusters.member_clusters import MemberClusters

__all__ = ["WORLDS", "main", "noise", "score_world", "timed"]

Array = npt.NDArray[Any]
World = Callable[[np.random.Generator, int], tuple[pd.DataFrame, Array]]

UNITS = np.array([1000, 5, 2, 50, 3, 20])
SKEW = np.array([0.8, 0.5, 0.5, 0.9, 0.6, 0.7])
LEAST_AGREEMENT = 0.98


def money(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, Array]:
    """Draw groups in log-normal numbers of six units."""
    k = int(rng.integers(3, 7))
    truth = rng.integers(0, k, n)
    x = rng.normal(size=(k, 6))[truth] * 3 + rng.normal(size=(n, 6))
    return _frame(np.exp(x * SKEW) * UNITS), truth


def plain(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, Array]:
    """Draw groups in normal numbers of one unit: the world that suits k-means."""
    k = int(rng.integers(3, 7))
    truth = rng.integers(0, k, n)
    return _frame(rng.normal(size=(k, 6))[truth] * 3 + rng.normal(size=(n, 6))), truth


def mixed(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, Array]:
    """Draw groups in four numbers, a code and a flag."""
    frame, truth = money(rng, n)
    channel = np.where(rng.random(n) < 0.7, truth % 3, rng.integers(0, 3, n))
    owl = rng.random(n) < rng.uniform(0, 1, truth.max() + 1)[truth]
    frame = frame.drop(columns=["x4", "x5"])
    return frame.assign(channel=np.array(["app", "shop", "web"])[channel], owl=owl), truth


def holes(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, Array]:
    """Draw groups in numbers of which a tenth is unknown."""
    frame, truth = money(rng, n)
    return frame.mask(rng.random(frame.shape) < 0.1), truth


def one_number(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, Array]:
    """Draw two groups that differ in one number of five."""
    truth = (rng.random(n) < 0.4).astype(np.int64)
    x = rng.normal(size=(n, 5))
    x[:, 0] += 5 * truth
    return _frame(x), truth


WORLDS: dict[str, World] = {
    "log-normal money": money,
    "normal, one unit": plain,
    "with code and flag": mixed,
    "a tenth unknown": holes,
    "one number of five": one_number,
}


def noise(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw columns that have nothing to do with one another."""
    columns = [rng.lognormal(3, 1, n), rng.exponential(5, n), rng.uniform(size=n)]
    columns += [rng.poisson(3, n), rng.poisson(0.2, n), rng.normal(size=n)]
    return _frame(np.column_stack(columns)).assign(owl=rng.random(n) < 0.4)


def score_world(world: World, draws: int, n: int) -> tuple[list[float], list[float], int]:
    """Give the ARI of ours and of k-means in each draw, and how often ours found the right k."""
    from sklearn.metrics import adjusted_rand_score

    ours, theirs, right = [], [], 0
    for seed in range(draws):
        frame, truth = world(np.random.default_rng(seed), n)
        found = MemberClusters().fit(frame)
        k = int(truth.max()) + 1
        right += found.n_clusters_ == k
        ours.append(adjusted_rand_score(truth, found.labels_))
        theirs.append(adjusted_rand_score(truth, _standard_kmeans(frame, k)))
    return ours, theirs, right


def timed(rows: int, columns: int = 20) -> tuple[list[float], list[float]]:
    """Give seconds and ARI with easy groups: of ours, of ours told k, and of k-means."""
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(0)
    truth = rng.integers(0, 8, rows)
    x = rng.normal(size=(8, columns))[truth] * 3 + rng.normal(size=(rows, columns))
    frame = _frame(x)
    ways: list[Callable[[], Array]] = [
        lambda: MemberClusters().fit(x).labels_,
        lambda: MemberClusters(8).fit(x).labels_,
        lambda: _standard_kmeans(frame, 8),
    ]
    seconds, scores = [], []
    for way in ways:
        start = time.perf_counter()
        labels = way()
        seconds.append(time.perf_counter() - start)
        scores.append(float(adjusted_rand_score(truth, labels)))
    return seconds, scores


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--members", type=int, default=3_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    told = parser.parse_args(arguments)
    print("| world | ARI: ours, k not told | k-means, k told | right k |\n|---|---|---|---|")
    every_ours, every_theirs = [], []
    for name, world in WORLDS.items():
        ours, theirs, right = score_world(world, told.draws, told.members)
        means = statistics.mean(ours), statistics.mean(theirs)
        print(f"| {name} | {means[0]:.3f} | {means[1]:.3f} | {right} of {told.draws} |", flush=True)
        every_ours += ours
        every_theirs += theirs
    draws = 2 * told.draws
    frames = (noise(np.random.default_rng(100 + seed), told.members) for seed in range(draws))
    none = sum(MemberClusters().fit(frame).n_clusters_ == 1 for frame in frames)
    print(f"| no groups | none found in {none} of {draws} | | |", flush=True)
    seconds, scores = timed(told.rows)
    print(
        f"\n| {told.rows:,} rows x 20 | ours, k chosen | ours, k told | k-means, k told |\n"
        "|---|---|---|---|\n"
        f"| seconds | {' | '.join(f'{s:.1f}' for s in seconds)} |\n"
        f"| ARI | {' | '.join(f'{s:.4f}' for s in scores)} |"
    )
    if statistics.mean(every_ours) <= statistics.mean(every_theirs):
        raise SystemExit("k-means on standard scores was the better one")
    if none < 0.8 * draws:
        raise SystemExit(f"groups were found in noise in {draws - none} of {draws} draws")
    if min(scores[:2]) < LEAST_AGREEMENT:
        raise SystemExit(f"easy groups should be found, ARI {min(scores[:2]):.4f}")


def _frame(x: Array) -> pd.DataFrame:
    return pd.DataFrame(x, columns=[f"x{place}" for place in range(x.shape[1])])


def _standard_kmeans(frame: pd.DataFrame, k: int) -> Array:
    """Cluster as is usual: means for unknowns, 0 and 1 for codes, standard scores, ten starts."""
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    coded = pd.get_dummies(frame).astype(float)
    scores = StandardScaler().fit_transform(coded.fillna(coded.mean()))
    n_init = 10 if len(frame) < 100_000 else 1
    return np.asarray(KMeans(k, n_init=n_init, random_state=0).fit_predict(scores))


if __name__ == "__main__":
    main()
