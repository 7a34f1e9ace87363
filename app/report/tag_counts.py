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
    order : codes that come first, in this order; others follow by size
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
    text = values.cast(pa.large_string())
    pairs = pc.value_counts(text.combine_chunks()).to_pylist()
    met = {pair["values"]: int(pair["counts"]) for pair in pairs}
    place = {code: i for i, code in enumerate(order)}

    def turn(code: str | None) -> tuple[int, int, str]:
        if code is None:
            return (len(place) + 1, 0, "")
        return (place.get(code, len(place)), 0 if code in place else -met[code], code)

    codes = sorted(met, key=turn)
    counts = np.array([met[code] for code in codes], dtype=np.int64)
    hidden = hidden_cells(counts, k, [code in public for code in codes])
    return [
        TagCount(code, met[code], len(values), bool(h), k)
        for code, h in zip(codes, hidden, strict=True)
    ]
