"""How far a choice of seeds spreads at least, and how far any choice could: OPIM-C.

Seeds are chosen on one collection of reverse samples, which flatters them, and judged on another,
which does not. Both are doubled until the certificate is good enough.
"""

import logging
import math
from dataclasses import dataclass

import numpy as np

from .cover_bound import most_covered
from .max_cover import best_cover
from .reverse_sets import ReverseSampler, ReverseSets
from .seed_limits import SeedLimits
from .seed_rules import SeedRules
from .spread_model import SpreadModel

__all__ = ["CertifiedSeeds", "certified_seeds", "least_covered", "least_spread", "most_spread"]

_log = logging.getLogger(__name__)

_FIRST = 1024
_SETTLED = 0.98


@dataclass(frozen=True, slots=True, eq=False)
class CertifiedSeeds:
    """Seeds in the order of choice, and what is certain about them.

    Attributes
    ----------
    chosen : list of int
    lower, upper : float
        The spread of the seeds is at least `lower`, that of any allowed choice at most `upper`,
        both with the confidence asked for.
    judge : ReverseSets
        The samples that had no part in the choice.
    n_sets : int
        Samples in both collections.
    cover_ratio : float
        What the choice covers of the first collection, over the bound on what any choice covers:
        the ratio that could be certified with no end of samples.
    """

    chosen: list[int]
    lower: float
    upper: float
    judge: ReverseSets
    n_sets: int
    cover_ratio: float


def certified_seeds(
    model: SpreadModel, limits: SeedLimits, rules: SeedRules, rng: np.random.Generator
) -> CertifiedSeeds:
    """Double the samples until the ratio asked for is certified, or there may be no more.

    Every round's certificate fails with the same small chance, of all rounds together at most
    1 - confidence; so it holds wherever sampling stops. The bound on the best cover is only
    looked for where it can decide: rounds that would fail were the choice the best possible go on.
    """
    n, target = len(model), rules.target_ratio
    first_rng, second_rng = rng.spawn(2)
    ours, theirs = ReverseSampler(model, first_rng), ReverseSampler(model, second_rng)
    n_sets = min(_FIRST, rules.max_sets)
    n_rounds = math.ceil(math.log2(rules.max_sets / n_sets)) + 1
    doubt = math.log(2 * n_rounds / (1 - rules.confidence))
    while True:
        sets, judge = ours.grow(n_sets), theirs.grow(n_sets)
        cover = best_cover(sets, limits)
        covered = int(judge.covered(cover.chosen)[-1])
        lower = max(least_spread(covered, n_sets, doubt) * n, len(cover.chosen))
        n_entries = 2 * max(ours.n_entries, theirs.n_entries)
        is_last = n_sets >= rules.max_sets or n_entries > rules.max_entries
        enough = least_covered(lower / target / n, n_sets, doubt)
        if is_last or cover.n_covered <= enough:
            bound = most_covered(sets, limits, cover.n_covered, enough)
            upper = max(min(most_spread(bound, n_sets, doubt) * n, n), lower)
            _log.info("%d samples: between %.1f and %.1f", 2 * n_sets, lower, upper)
            ratio = cover.n_covered / bound if bound else 1.0  # nobody allowed is in any sample
            found = CertifiedSeeds(cover.chosen, lower, upper, judge, 2 * n_sets, ratio)
            if is_last or _is_final(found, target):
                return found
        n_sets = min(2 * n_sets, rules.max_sets)


def _is_final(found: CertifiedSeeds, target: float) -> bool:
    """Tell whether the target is met, or out of reach of any number of samples."""
    ratio = found.lower / found.upper
    is_stuck = found.cover_ratio < target and ratio >= _SETTLED * found.cover_ratio
    return ratio >= target or is_stuck


def least_covered(share: float, n_sets: int, doubt: float) -> float:
    """Give the number of sets for which `most_spread` tells of this share.

    Examples
    --------
    >>> round(least_covered(most_spread(500, 1000, 5.0), 1000, 5.0), 6)
    500.0
    """
    root = math.sqrt(share * n_sets) - math.sqrt(doubt / 2)
    return math.inf if share >= 1 else root * abs(root) - doubt / 2


def least_spread(n_covered: float, n_sets: int, doubt: float) -> float:
    """Bound a share from below, of which `n_covered` of `n_sets` samples tell.

    It fails with chance exp(-doubt) at most (Tang et al. 2018, formula 5).

    Examples
    --------
    >>> round(least_spread(500, 1000, 5.0), 3)
    0.433
    """
    root = math.sqrt(n_covered + 2 * doubt / 9) - math.sqrt(doubt / 2)
    return max(root * abs(root) - doubt / 18, 0.0) / n_sets


def most_spread(n_covered: float, n_sets: int, doubt: float) -> float:
    """Bound a share from above, of which `n_covered` of `n_sets` samples tell.

    It fails with chance exp(-doubt) at most (Tang et al. 2018, formula 8).

    Examples
    --------
    >>> round(most_spread(500, 1000, 5.0), 3)
    0.576
    """
    return (math.sqrt(n_covered + doubt / 2) + math.sqrt(doubt / 2)) ** 2 / n_sets
