"""How clusters are looked for: the parameters of `MemberClusters`, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from siyu.datasets.errors import ParameterError

__all__ = ["Search", "checked_search"]


@dataclass(frozen=True, slots=True)
class Search:
    """How clusters are looked for; `n_clusters` is None where it is to be chosen."""

    n_clusters: int | None
    k_range: tuple[int, int]
    n_resamples: int
    min_stability: float
    max_unknown: float


def checked_search(given: Mapping[str, Any]) -> Search:
    """Refuse parameters that are out of range."""
    asked, (low, high), n_resamples = given["n_clusters"], given["k_range"], given["n_resamples"]
    auto = isinstance(asked, str) and asked == "auto"
    if not auto and not (_is_whole(asked) and asked >= 1):
        raise ParameterError("n_clusters", f"n_clusters must be 'auto' or 1 or more, got {asked!r}")
    if not (_is_whole(low) and _is_whole(high) and 2 <= low <= high):
        raise ParameterError(
            "k_range", f"k_range must be (low, high), 2 <= low <= high, got {(low, high)!r}"
        )
    if not _is_whole(n_resamples) or n_resamples < 2:
        raise ParameterError("n_resamples", f"n_resamples must be 2 or more, got {n_resamples!r}")
    for name in ("min_stability", "max_unknown"):
        if not 0 <= given[name] <= 1:
            raise ParameterError(name, f"{name} must lie in 0 .. 1, got {given[name]!r}")
    return Search(
        None if auto else int(asked),
        (int(low), int(high)),
        int(n_resamples),
        float(given["min_stability"]),
        float(given["max_unknown"]),
    )


def _is_whole(number: Any) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)
