"""How many members bear each value of a tag, with small counts hidden."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .small_counts import SMALLEST, hidden_cells, shown_count
from .wording import share

__all__ = ["TagCount", "tag_counts"]


@dataclass(frozen=True, slots=True)
class TagCount:
    """One value of a tag: its code (None where the tag is unknown), and how many bear it."""

    code: str | None
    count: int
    total: int
    hidden: bool
    k: int = SMALLEST

    def text(self) -> str:
        """Give the count as it may be read."""
        return shown_count(self.count, self.hidden, self.k)

    def share(self) -> str:
        """Give the share of all members as it may be read."""
        return "" if self.hidden else share(self.count / max(self.total, 1))

    def size(self) -> int | None:
        """Give the count for drawing and sorting; None where it is hidden."""
        return None if self.hidden else self.count


def tag_counts(
    values: pa.ChunkedArray,
    order: Sequence[str] = (),
    *,
    k: int = SMALLEST,
    public: Sequence[str] = (),
) -> list[TagCount]:
    """Count the values of a tag column.

    Parameters
    ----------
    values : a text or flag column, a row a member
    order : codes that come first, in this order; others follow by size, hidden ones last
    k : int
        Counts below it are hidden, and cannot be worked out from the total.
    public : codes whose count is known anyway, and is hidden for nobody's sake

    Returns
    -------
    list of TagCount
        Values that nobody bears are left out; unknown comes last.

    Examples
    --------
    >>> counted = tag_counts(pa.chunked_array([["new"] * 30 + ["lost"] * 20 + [None] * 3]))
    >>> [(c.code, c.text()) for c in counted]
    [('new', '30'), ('lost', '≥10'), (None, '<10')]
    """
    pairs = pc.value_counts(values.cast(pa.large_string()).combine_chunks()).to_pylist()
    met = {pair["values"]: int(pair["counts"]) for pair in pairs}
    codes = sorted(met, key=lambda code: (code is None, code or ""))
    counts = np.array([met[code] for code in codes], dtype=np.int64)
    hidden = hidden_cells(counts, k, [code in public for code in codes])
    found = [
        TagCount(code, met[code], len(values), bool(h), k)
        for code, h in zip(codes, hidden, strict=True)
    ]
    return sorted(found, key=lambda count: _turn(count, order))


def _turn(count: TagCount, order: Sequence[str]) -> tuple[int, int]:
    """Say where a value stands; not even the place of a hidden count tells its size."""
    if count.code is None:
        return len(order) + 2, 0
    if count.code in order:
        return order.index(count.code), 0
    return (len(order) + 1, 0) if count.hidden else (len(order), -count.count)
