"""The entry of one tag in the catalogue."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from siyu.datasets.clock import INSTANT

__all__ = ["Kind", "Tag"]

Kind = Literal["code", "flag", "share", "number", "count", "time", "name"]
Both = tuple[str, str]

_TYPES: dict[str, pa.DataType] = {
    "code": pa.string(),
    "flag": pa.bool_(),
    "share": pa.float64(),
    "number": pa.float64(),
    "count": pa.int64(),
    "time": INSTANT,
    "name": pa.large_string(),
}


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag; pairs are (Chinese, English).

    `needs` lists ``table.column`` of everything the tag is made of; ``a|b`` means either, and
    ``table.column=value`` that the value must occur. `support` is what its evidence is counted
    in: visits, lines, orders, acts, events, messages ... (words: ``WORDS["support_unit"]``).
    """

    tag: str
    kind: Kind
    unit: str
    needs: tuple[str, ...]
    definition: Both
    action: Both
    support: str

    def type(self) -> pa.DataType:
        """Give the Arrow type of the column."""
        return _TYPES[self.kind]
