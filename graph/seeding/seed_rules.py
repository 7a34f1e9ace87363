"""What a choice of seeds must obey, and how sure it must be."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from siyu.datasets.errors import ParameterError

__all__ = ["SeedRules"]


@dataclass(frozen=True, slots=True, eq=False)
class SeedRules:
    """The terms of one choice; `choose_seeds` says how they act together.

    Attributes
    ----------
    target_ratio : float in (0, 1)
        Sampling stops once the spread is certified to be at least this share of the largest
        spread that any allowed choice could have. A low target, such as the 0.63 that greedy
        choices reach at worst, is cheap and can lose to the best connected. With 50 seeds on
        Last.fm, wiki-Vote and Epinions (weighted cascade) 0.95 spreads 0.3 to 0.6 % further than
        0.9, and that 0.8 to 1.6 % further than 0.8, in 0.1 to 1 second more. Where chances are
        small (0.02 a tie) nothing is gained beyond 0.9, and 0.8 takes a tenth of the time.
    confidence : float in (0, 1)
        The certificate holds with this probability.
    max_sets : int >= 256
        Samples in each of the two collections, at most.
    max_entries : int >= 1
        Members in all sets of one collection, at most (by and large: 30 bytes each).
    n_simulations : int >= 2
        Fresh cascades behind the reported spread, and behind that of each baseline.
    costs : frame with ``member_id`` and ``cost`` > 0, optional
        What it costs to win each member. Default: 1 each.
    budget : float > 0, optional
        What the seeds may cost together. Needs `costs`.
    groups : frame with ``member_id`` and ``group``, optional
        The group, region or store of each member, for `quotas`; a member has one at most.
    quotas : mapping of group to (at least, at most), optional
        How many seeds may come from a group; None: no bound. Groups not named are free.
    exclude : frame with ``member_id``, or ids, optional
        Who is never a seed (opted out, resellers); they still pass on what reaches them.

    Raises
    ------
    ParameterError
        If a number is out of range, a quota is no pair in order, `budget` comes without `costs`,
        or `quotas` without `groups`.

    Examples
    --------
    >>> SeedRules(target_ratio=0.8).confidence
    0.99
    >>> SeedRules(budget=10)
    Traceback (most recent call last):
        ...
    siyu.datasets.errors.ParameterError: budget needs costs, a frame of member_id and cost [E001]
    """

    target_ratio: float = 0.95
    confidence: float = 0.99
    max_sets: int = 1 << 21
    max_entries: int = 16_000_000
    n_simulations: int = 300
    costs: Any = None
    budget: float | None = None
    groups: Any = None
    quotas: Mapping[Any, tuple[int | None, int | None]] | None = None
    exclude: Any = None

    def __post_init__(self) -> None:
        for name in ("target_ratio", "confidence"):
            if not 0 < getattr(self, name) < 1:
                raise ParameterError(
                    name, f"{name} must lie between 0 and 1, got {getattr(self, name)}"
                )
        for name, least in (("max_sets", 256), ("max_entries", 1), ("n_simulations", 2)):
            if getattr(self, name) < least:
                raise ParameterError(
                    name, f"{name} must be {least} or more, got {getattr(self, name)}"
                )
        if self.budget is not None and self.costs is None:
            raise ParameterError("budget", "budget needs costs, a frame of member_id and cost")
        if self.budget is not None and not 0 < self.budget < float("inf"):
            raise ParameterError("budget", f"budget must be above 0, got {self.budget}")
        if self.quotas and self.groups is None:
            raise ParameterError("quotas", "quotas need groups, a frame of member_id and group")
        for group, pair in (self.quotas or {}).items():
            _check_quota(group, pair)


def _check_quota(group: Any, pair: Any) -> None:
    try:
        low, high = pair
    except (TypeError, ValueError):
        low = high = -1
    whole = all(number is None or isinstance(number, Integral) for number in (low, high))
    if not whole or (low or 0) < 0 or (high is not None and high < (low or 0)):
        raise ParameterError(
            "quotas", f"a quota is (at least, at most), got {pair!r} for group {group!r}"
        )
