"""Counts of few people are not shown, and cannot be worked out from the total."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from siyu.datasets.errors import ParameterError

__all__ = ["SMALLEST", "hidden_cells", "shown_count", "shown_rate"]

SMALLEST = 10
"""The fewest members a report tells about."""

Mask = npt.NDArray[np.bool_]


def hidden_cells(
    counts: Sequence[int] | npt.NDArray[np.int64],
    k: int = SMALLEST,
    known: Sequence[bool] | Mask | None = None,
) -> Mask:
    """Say which counts of a table must be hidden, when its total is public.

    Counts of 1 to k - 1 are hidden. As long as the total less the visible counts would
    narrow one of them down to fewer than these k - 1 values, the smallest other count that
    prevents it is hidden with them (complementary suppression); if none does so alone, all
    are. A reader knows which ones lie below `k`.

    Parameters
    ----------
    counts : n_cells whole numbers >= 0
        Cells that add up to a total which is shown.
    k : int
        The smallest count that may be shown; 1 hides nothing.
    known : n_cells flags, optional
        Cells that are public elsewhere; hiding them would protect nobody.

    Returns
    -------
    bool array, n_cells
        If even hiding every cell is not enough, all of them are hidden.

    Raises
    ------
    ParameterError
        If `k` is below 1.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, chapter 4 (cell suppression).

    Examples
    --------
    >>> hidden_cells([120, 3, 45, 60]).tolist()
    [False, True, True, False]
    """
    if k < 1:
        raise ParameterError("k", f"k must be 1 or more, got {k}")
    cells = np.asarray(counts, dtype=np.int64)
    fixed = np.zeros(len(cells), dtype=bool) if known is None else np.asarray(known, dtype=bool)
    small: Mask = (cells > 0) & (cells < k) & ~fixed
    if not _told(cells, small, small, k):
        return small
    helpers = np.flatnonzero((cells >= k) & ~fixed)
    hide: Mask = small.copy()
    for cell in helpers[np.argsort(cells[helpers], kind="stable")]:
        alone: Mask = small | (np.arange(len(cells)) == cell)
        if not _told(cells, small, alone, k):
            return alone
        hide[cell] = True
    return hide


def shown_count(count: int, hidden: bool, k: int = SMALLEST) -> str:  # noqa: FBT001
    """Write a count, or which side of `k` it lies on when it is hidden.

    Examples
    --------
    >>> shown_count(1234, False), shown_count(3, True), shown_count(45, True)
    ('1,234', '<10', '≥10')
    """
    if not hidden:
        return f"{count:,}"
    return f"<{k}" if count < k else f"≥{k}"


def shown_rate(part: int, whole: int, k: int = SMALLEST) -> str:
    """Write a share of people in percent; bounds only when few are in it, or few are not.

    Examples
    --------
    >>> shown_rate(250, 1000), shown_rate(4, 1000), shown_rate(997, 1000), shown_rate(2, 8)
    ('25.0%', '<1.0%', '>99.0%', '–')
    """
    if whole < k:
        return "–"
    if 0 < part < k:
        return f"<{100 * k / whole:.1f}%"
    if 0 < whole - part < k:
        return f">{100 * (1 - k / whole):.1f}%"
    return f"{100 * part / whole:.1f}%"


def _told(cells: npt.NDArray[np.int64], small: Mask, hide: Mask, k: int) -> bool:
    """Say whether the sum of the hidden cells narrows a small one to less than 1..k-1."""
    n_small = int(small.sum())
    if n_small == 0:
        return False
    rest = int(cells[hide].sum())
    n_large = int(hide.sum()) - n_small
    highest = rest - (n_small - 1) - n_large * k
    lowest = rest - (n_small - 1) * (k - 1) if n_large == 0 else 1
    return highest < k - 1 or lowest > 1
