"""Rows to learn from: histories at earlier cuts, and what came in the window after each.

Features of a row lie before its cut; its labels lie in ``[cut, cut + horizon)``, which ends
before the moment of the fit. The population's norms are learned anew at each cut.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from siyu.datasets.windows import training_cuts

from .visit_features import Columns, gap_norm, visit_features
from .visit_history import History

__all__ = ["LabelledVisits", "labelled_visits", "past_cuts"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_SETTLE = 28  # days of record that a cut needs before it, or the horizon if that is less
_MOST_ROWS = 400_000


@dataclass(frozen=True, slots=True, eq=False)
class LabelledVisits:
    """Members at cuts, by cut, then by member.

    Attributes
    ----------
    columns : mapping of name to float64 array, n_rows
        As `visit_features` gives them.
    visits : int64 array, n_rows
        Visits in the window after the cut.
    money : float64 array, n_rows
        Net money in that window.
    cut, member : int64 arrays, n_rows
        Day of the cut, and position in ``history.members``.
    step : int
        Of all members at all cuts every so-manieth was kept; 1 is all.
    """

    columns: Columns
    visits: Ints
    money: Floats
    cut: Ints
    member: Ints
    step: int = 1


def past_cuts(
    history: History, horizon: int, *, until: int = 0, n_cuts: int = 12, step: int | None = None
) -> Ints:
    """Give the cuts whose window of labels ends by day `until`: ascending, the last first of all.

    Parameters
    ----------
    history : History
    horizon : int >= 1, days
    until : int, 0 or less
    n_cuts : int >= 1
        At most so many.
    step : int >= 1, optional
        Days between cuts; default 14, or the horizon if that is less. Windows may overlap.

    Returns
    -------
    int64 array, ascending; empty where the record is too short.
    """
    first = history.first_day + min(_SETTLE, horizon) - 1
    return training_cuts(first, until, horizon, n_cuts, step or min(14, horizon))


def labelled_visits(history: History, cuts: Ints, horizon: int) -> LabelledVisits:
    """Stand at each cut, and look back for features and ahead for labels.

    Beyond 400,000 rows, about every k-th is kept.
    """
    parts = [_at_cut(history, int(cut), horizon) for cut in cuts]
    names = parts[0].columns
    n_rows = sum(len(part.member) for part in parts)
    step = -(-n_rows // _MOST_ROWS) or 1

    def joined(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])[::step]

    return LabelledVisits(
        {name: np.concatenate([part.columns[name] for part in parts])[::step] for name in names},
        visits=joined("visits"),
        money=joined("money"),
        cut=joined("cut"),
        member=joined("member"),
        step=step,
    )


def _at_cut(history: History, cut: int, horizon: int) -> LabelledVisits:
    who, columns = visit_features(history, gap_norm(history, cut), cut)
    visits, money = history.between(cut, cut + horizon)
    return LabelledVisits(columns, visits[who], money[who], np.full(len(who), cut), who)
