"""Lists as they are handed in: checked, and cut to the length that counts."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, FrameKind, to_arrow
from siyu.recommend.sorted_keys import Ints

__all__ = ["Listed", "as_pairs"]

_PAIR = ("member_id", "product_id")


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """The first `k` places of every member's list.

    Attributes
    ----------
    rows : pa.Table
        With ``member_id``, ``product_id``, ``rank``, and whatever else was there.
    rank : int64 array, n_rows values from 1 to k
    kind : {"pandas", "polars", "pyarrow"}
        What was handed in.
    """

    rows: pa.Table
    rank: Ints
    kind: FrameKind

    @classmethod
    def of(cls, recommended: Frame, k: int) -> "Listed":
        """Check lists and leave out the ranks beyond `k`.

        Raises
        ------
        ParameterError
            If `k` is below 1.
        DataError
            If a column is missing, a member has a product or a rank twice, or a rank is below 1.
        """
        if k < 1:
            raise ParameterError("k", f"k must be 1 or more, got {k}")
        rows, kind = to_arrow(recommended)
        _require_columns(rows, (*_PAIR, "rank"), "lists")
        rank = np.asarray(rows["rank"].to_numpy(), np.int64)
        _refuse_repeated(rows, rank)
        kept = rank <= k
        return cls(rows.filter(pa.array(kept)), rank[kept], kind)


def as_pairs(relevant: Frame, more: tuple[str, ...] = ()) -> pa.Table:
    """Read what members took; it needs ``member_id``, ``product_id`` and `more`.

    Raises
    ------
    DataError
        If a column is missing.
    """
    rows, _ = to_arrow(relevant)
    _require_columns(rows, (*_PAIR, *more), "what was taken")
    return rows


def _require_columns(rows: pa.Table, needed: tuple[str, ...], what: str) -> None:
    missing = [name for name in needed if name not in rows.column_names]
    if missing:
        there = ", ".join(rows.column_names) or "none"
        raise DataError(f"{what}: the columns {', '.join(missing)} are missing; there are: {there}")
    nulls = {name: rows[name].null_count for name in needed if rows[name].null_count}
    if nulls:
        raise DataError(f"{what}: every value must be known, these are not: {nulls}")


def _refuse_repeated(shown: pa.Table, ranks: Ints) -> None:
    """Refuse lists that name a product or a rank twice, or a rank below 1."""
    if len(ranks) and ranks.min() < 1:
        raise DataError(f"ranks begin at 1, got {int(ranks.min())}")
    for column in ("product_id", "rank"):
        pairs = shown.group_by(["member_id", column]).aggregate([([], "count_all")])
        repeated = shown.num_rows - pairs.num_rows
        if repeated:
            raise DataError(f"a member has a {column} twice in the lists: {repeated} rows too many")
