"""The purchase histories that buy-till-you-die models are fitted to: x, t_x and T of members."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.errors import DataError, ParameterError, Problem, SchemaError
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, to_arrow

__all__ = [
    "Histories",
    "distinct_rows",
    "more_than",
    "new_member",
    "read_histories",
    "read_horizon",
    "read_numbers",
    "read_weights",
    "require_members",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MOST_PURCHASES = 1_000_000
LONGEST = 1e12
_TABLE = "btyd summary"


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """Members' histories, a row each: `x` repeat purchases, `t_x` the last of them, age `T`.

    Members who never bought (all three missing) have NaN in all three.
    """

    x: Floats
    t_x: Floats
    T: Floats

    def bought(self) -> Bools:
        """Tell who ever bought."""
        return ~np.isnan(self.x)

    def thinned(self, weight: Floats, n: int) -> tuple["Histories", Floats] | None:
        """Keep about every k-th row, `n` in all; None if there are not many more."""
        if len(self.x) < 3 * n:
            return None
        kept = slice(None, None, len(self.x) // n)
        return Histories(self.x[kept], self.t_x[kept], self.T[kept]), weight[kept]

    def distinct(self, weight: Floats) -> tuple["Histories", Floats]:
        """Put buyers of one history into one row, with the sum of their weights.

        Rows are in ascending order and weights of 0 are left out, so that the result is the
        same for any order of the members.
        """
        there = self.bought() & (weight > 0)
        columns = [column[there] for column in (self.x, self.t_x, self.T)]
        rows, at = distinct_rows(*columns)
        return Histories(*rows), exact_sum(at, weight[there], len(rows[0]))


def read_histories(summary: Frame) -> Histories:
    """Check a summary and read its columns ``x``, ``t_x`` and ``T``.

    Parameters
    ----------
    summary : frame with columns ``x``, ``t_x``, ``T``
        As `btyd_summary` gives it.

    Returns
    -------
    Histories
        In the order of the rows.

    Raises
    ------
    SchemaError
        Listing every broken rule: column, rule, number of rows, first row.
    """
    x, t_x, age = read_numbers(summary, "x", "t_x", "T")
    missing = np.isnan(x).astype(np.int64) + np.isnan(t_x) + np.isnan(age)
    with np.errstate(invalid="ignore"):
        broken = [
            ("x / t_x / T", "known or missing together", (missing == 1) | (missing == 2)),
            ("x", "must be a whole number of 0 or more", (x < 0) | (np.abs(x - np.rint(x)) > 0)),
            ("x", f"must be at most {MOST_PURCHASES:,}", x > MOST_PURCHASES),
            ("t_x", "must be 0 or more", t_x < 0),
            ("T", f"must lie between 0 and {LONGEST:.0e}", (age < 0) | (age > LONGEST)),
            ("t_x", "must not exceed T", t_x > age),
            ("t_x", "must be 0 where x is 0", (x == 0) & (t_x > 0)),
            (
                "x",
                "above 0 where t_x is 0: leave out the first order, and count several orders "
                "of one day once (btyd_summary() does)",
                (x > 0) & (t_x == 0),
            ),
        ]
    problems = [
        Problem(column, rule, int(wrong.sum()), int(np.argmax(wrong)))
        for column, rule, wrong in broken
        if wrong.any()
    ]
    if problems:
        raise SchemaError(_TABLE, tuple(problems))
    return Histories(x, t_x, age)


def read_numbers(summary: Frame, *names: str) -> list[Floats]:
    """Read columns of a summary as float64, NaN where missing, or raise `SchemaError`."""
    table, _ = to_arrow(summary)
    listed = ", ".join(table.column_names) or "no columns"
    absent = [name for name in names if name not in table.column_names]
    if absent:
        rule = f"required, but missing; there are: {listed}"
        raise SchemaError(_TABLE, tuple(Problem(name, rule, table.num_rows) for name in absent))
    kinds = {name: table[name].type for name in names}
    texts = [name for name, kind in kinds.items() if not _is_number(kind)]
    if texts:
        problems = (Problem(n, f"expected numbers, got {kinds[n]}", table.num_rows) for n in texts)
        raise SchemaError(_TABLE, tuple(problems))
    return [_floats(table[name]) for name in names]


def read_weights(sample_weight: npt.ArrayLike | None, n_rows: int) -> Floats:
    """Check the weights of the rows; 1 each by default."""
    if sample_weight is None:
        return np.ones(n_rows)
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n_rows,):
        raise ParameterError(
            "sample_weight", f"sample_weight must hold {n_rows} numbers, got {weight.shape}"
        )
    if not np.all(np.isfinite(weight) & (weight >= 0)):
        raise ParameterError("sample_weight", "sample_weight must be 0 or more, and finite")
    return weight


def require_members(n: int, model: str, whom: str) -> None:
    """Refuse to learn from nobody."""
    if not n:
        raise DataError(f"{model} learns from {whom}, and there are none")


def read_horizon(horizon: float) -> float:
    """Check a horizon, in the unit of the summary."""
    if not 0 <= horizon <= LONGEST:
        told = f"horizon must lie between 0 and {LONGEST:.0e}, got {horizon}"
        raise ParameterError("horizon", told)
    return float(horizon)


def new_member() -> Histories:
    """Give the history of one who has just bought for the first time."""
    return Histories(np.zeros(1), np.zeros(1), np.zeros(1))


def distinct_rows(*columns: Floats) -> tuple[list[Floats], Ints]:
    """Find the distinct rows of some columns, in ascending order, and which one each row is.

    Examples
    --------
    >>> distinct_rows(np.array([2.0, 1.0, 2.0]), np.array([0.5, 0.5, 0.5]))
    ([array([1., 2.]), array([0.5, 0.5])], array([1, 0, 1]))
    """
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values = np.unique(column)
        if key.max(initial=0) >= np.iinfo(np.int64).max // max(len(values), 1):
            key = np.searchsorted(np.unique(key), key)
        key = key * len(values) + np.searchsorted(values, column)
    _, first, at = np.unique(key, return_index=True, return_inverse=True)
    return [column[first] for column in columns], at


def more_than(counts: Floats, weight: Floats) -> Floats:
    """Give the weight of members with a count above 0, above 1, ... above the largest less 1.

    Examples
    --------
    >>> more_than(np.array([0.0, 2.0, 1.0]), np.array([1.0, 1.0, 5.0]))
    array([6., 1.])
    """
    at = np.bincount(counts.astype(np.int64), weight)
    return np.asarray(np.cumsum(at[::-1])[::-1][1:])


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_null(kind)
    )


def _floats(column: pa.ChunkedArray) -> Floats:
    filled = pc.fill_null(column.cast(pa.float64()), np.nan)
    return np.asarray(filled.to_numpy(), dtype=np.float64)
