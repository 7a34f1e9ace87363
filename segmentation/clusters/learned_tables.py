"""What clusters learned, as tables for people."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .scaling import Scale
from .selection import Candidate

__all__ = ["scaling_frame", "selection_frame"]


def scaling_frame(scales: Sequence[Scale]) -> pd.DataFrame:
    """Show how each column is scaled; see `MemberClusters.scaling_`."""
    return pd.DataFrame(
        {
            "column": [s.name for s in scales],
            "scaling": [s.kind for s in scales],
            "log_unit": [s.unit or np.nan for s in scales],
            "centre": [s.centre for s in scales],
            "spread": [s.spread for s in scales],
            "weight": [s.weight for s in scales],
            "levels": [list(s.levels) for s in scales],
            "skewness": [s.skewness for s in scales],
            "unknown": [s.unknown for s in scales],
        }
    )


def selection_frame(candidates: Sequence[Candidate], k: int) -> pd.DataFrame:
    """Show the scores of each number of clusters; see `MemberClusters.selection_`."""
    names = ("k", "stability", "valley", "worst_valley", "gain", "silhouette", "is_sound")
    frame = pd.DataFrame({name: [getattr(c, name) for c in candidates] for name in names})
    return frame.assign(is_chosen=frame["k"] == k)
