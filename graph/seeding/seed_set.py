"""Seeds, and what is known about them."""

from dataclasses import dataclass
from typing import Literal

from siyu.datasets.frames import Frame
from siyu.datasets.intervals import Interval

__all__ = ["SeedSet"]


@dataclass(frozen=True, slots=True, eq=False)
class SeedSet:
    """The members to begin with, how far they reach, and how good that is at least.

    Attributes
    ----------
    seeds : frame, one row a seed in the order of choice
        ``rank`` : from 1; ``member_id``; ``gain`` : members that this seed adds to the expected
        spread of those before it; ``spread`` : expected spread up to this seed (both from
        samples that had no part in the choice); ``cost`` : null without costs.
    spread : Interval
        Expected number of members reached, seeds included, from fresh simulations.
    lower, upper : float
        With probability `confidence` the spread of the seeds is at least `lower`, and that of
        any allowed choice at most `upper`.
    confidence : float
    target_ratio : float
        What was asked for.
    n_sets : int
        Reverse samples drawn.
    baselines : frame, one row a method
        ``method`` : "chosen" (these seeds), "degree" (who acts on most members), "pagerank" (of
        the ties turned around), "low_constraint" (Burt's), "random"; each obeys the same rules.
        ``n_seeds``; ``spread``, ``low``, ``high`` : from as many fresh simulations.
        `siyu.datasets.label` puts words in the place of the codes.
    model : {"ic", "lt"}
    """

    seeds: Frame
    spread: Interval
    lower: float
    upper: float
    confidence: float
    target_ratio: float
    n_sets: int
    baselines: Frame
    model: Literal["ic", "lt"]

    @property
    def certified_ratio(self) -> float:
        """Give the share of the best possible spread that the seeds are certain to reach."""
        return self.lower / self.upper

    @property
    def leverage(self) -> float:
        """Give the members reached beyond the seeds, per seed: what each one passes on."""
        return self.spread.estimate / len(self.seeds) - 1

    @property
    def reached_target(self) -> bool:
        """Tell whether the ratio asked for is certified."""
        return self.certified_ratio >= self.target_ratio
