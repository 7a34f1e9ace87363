"""Rows to learn from: named feature columns, labels, and the queries they belong to.

What a learner cannot use is refused here, once: columns of text, rows of unequal number, unknown
labels, infinite features, queries whose rows do not lie together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from .errors import DataError, ParameterError
from .frames import to_arrow

__all__ = ["FeatureMatrix", "Features", "TrainingRows"]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMatrix:
    """A float32 matrix whose columns have names.

    Attributes
    ----------
    values : float32 array, n_rows x n_columns, row by row in memory
        NaN is unknown. Whole numbers are exact up to 2^24.
    columns : names, one a column, no name twice

    Examples
    --------
    >>> import numpy as np
    >>> table = FeatureMatrix.of({"price": np.array([1.5, 2.0]), "new": np.array([True, False])})
    >>> table.select(("new", "price")).values.tolist()
    [[1.0, 1.5], [0.0, 2.0]]
    """

    values: NDArray[np.float32]
    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        wrong = self.values.dtype != np.float32 or self.values.ndim != 2
        if wrong or self.values.shape[1] != len(self.columns):
            raise ParameterError(
                "values",
                f"expected a float32 matrix of {len(self.columns)} named columns, "
                f"got {self.values.dtype} of shape {self.values.shape}",
            )
        _refuse_repeated(self.columns)

    @classmethod
    def of(cls, features: "Features") -> "FeatureMatrix":
        """Take features as they come: a matrix as it is, columns gathered into one.

        Parameters
        ----------
        features : FeatureMatrix, mapping of name to numpy or Arrow array, or any eager frame
            Numbers and booleans; nulls become NaN.

        Raises
        ------
        DataError
            If a column is not numeric, or the columns differ in length.
        """
        if isinstance(features, FeatureMatrix):
            return features
        if isinstance(features, Mapping):
            names, columns = tuple(features), list(features.values())
        else:
            table, _ = to_arrow(features)
            names, columns = tuple(table.column_names), table.columns
        _refuse_repeated(names)
        arrays = [_numbers(name, column) for name, column in zip(names, columns, strict=True)]
        lengths = {len(array) for array in arrays}
        if len(lengths) > 1:
            raise DataError(f"the feature columns have {sorted(lengths)} rows, expected one length")
        values = np.empty((max(lengths, default=0), len(arrays)), np.float32)
        for position, array in enumerate(arrays):
            with np.errstate(over="ignore"):
                values[:, position] = array
        return cls(values, names)

    def select(self, columns: Sequence[str]) -> "FeatureMatrix":
        """Give these columns in this order; itself if nothing changes.

        Raises
        ------
        DataError
            If a column is missing; the message lists all that are.
        """
        if tuple(columns) == self.columns:
            return self
        missing = [name for name in columns if name not in self.columns]
        if missing:
            raise DataError(f"feature columns {missing} are missing; present: {list(self.columns)}")
        places = [self.columns.index(name) for name in columns]
        return FeatureMatrix(np.ascontiguousarray(self.values[:, places]), tuple(columns))

    def take(self, rows: NDArray[np.int64]) -> "FeatureMatrix":
        """Give these rows in this order."""
        return FeatureMatrix(self.values[rows], self.columns)


Features: TypeAlias = "FeatureMatrix | Mapping[str, Any] | Any"


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRows:
    """Rows with labels, made by `of`.

    Attributes
    ----------
    matrix : FeatureMatrix, n_rows rows
        Finite or NaN.
    labels : float64 array, n_rows finite values
    starts : int64 array, n_queries + 1 offsets into the rows, or None
    weights : float64 array, n_rows values of 0 or more, or None
    """

    matrix: FeatureMatrix
    labels: NDArray[np.float64]
    starts: NDArray[np.int64] | None = None
    weights: NDArray[np.float64] | None = None

    @classmethod
    def of(
        cls,
        features: Features,
        labels: ArrayLike,
        queries: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> "TrainingRows":
        """Check and gather labelled rows.

        Parameters
        ----------
        features : as in `FeatureMatrix.of`, n_rows rows
        labels : numbers or booleans, n_rows
        queries : n_rows values, optional
            What each row is ranked within, such as the member's code: any values, but the rows
            of one query must lie together.
        weights : n_rows numbers of 0 or more, optional

        Returns
        -------
        TrainingRows

        Raises
        ------
        DataError
            If lengths differ, a label or weight is unknown, a feature is infinite, or a query's
            rows do not lie together.

        Examples
        --------
        >>> rows = TrainingRows.of({"price": [3.0, 2.0, 1.0]}, labels=[1, 0, 0], queries=[7, 7, 9])
        >>> rows.starts.tolist()
        [0, 2, 3]
        """
        matrix = FeatureMatrix.of(features)
        n_rows = len(matrix.values)
        given = {"labels": labels, "queries": queries, "weights": weights}
        arrays = {name: np.asarray(one) for name, one in given.items() if one is not None}
        for name, array in arrays.items():
            if array.shape != (n_rows,):
                raise DataError(f"{name} have shape {array.shape}, expected one for {n_rows} rows")
        _refuse_infinite(matrix)
        target = _finite("labels", arrays["labels"])
        weighing = _finite("weights", arrays["weights"]) if weights is not None else None
        if weighing is not None and (weighing < 0).any():
            raise DataError("weights must be 0 or more")
        starts = _query_starts(arrays["queries"]) if queries is not None else None
        return cls(matrix, target, starts, weighing)

    def with_columns(self, columns: Sequence[str]) -> "TrainingRows":
        """Give the same rows with these feature columns, in this order."""
        return TrainingRows(self.matrix.select(columns), self.labels, self.starts, self.weights)

    def with_short_queries(self, longest: int) -> "TrainingRows":
        """Split every query of more than `longest` rows into pieces of equal size.

        Every piece takes each so-manieth row of its query, so that rows in the order of a first
        ranking are shared out evenly. Rows of other queries stay where they are; a query that is
        not split costs nothing.
        """
        if self.starts is None or (sizes := np.diff(self.starts)).max(initial=0) <= longest:
            return self
        n_pieces = -(-sizes // longest)
        query = np.repeat(np.arange(sizes.size), sizes)
        within = np.arange(len(query)) - self.starts[query]
        piece = within % n_pieces[query]
        order = np.lexsort((within, piece, query))
        changed = (np.diff(query[order]) != 0) | (np.diff(piece[order]) != 0)
        weights = None if self.weights is None else self.weights[order]
        starts = _offsets(changed, len(query))
        return TrainingRows(self.matrix.take(order), self.labels[order], starts, weights)


def _refuse_repeated(names: Sequence[str]) -> None:
    """Refuse a name that two columns share."""
    if len(set(names)) == len(names):
        return
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"feature columns {repeated} appear more than once")


def _numbers(name: str, column: Any) -> NDArray[Any]:
    """Read one feature column as numbers; nulls as NaN."""
    if isinstance(column, pa.Array | pa.ChunkedArray):
        kind = column.type
        if pa.types.is_boolean(kind) or pa.types.is_null(kind):
            column = column.cast(pa.float32())
        column = (
            column.to_numpy()
            if isinstance(column, pa.ChunkedArray)
            else column.to_numpy(zero_copy_only=False)
        )
    array = np.asarray(column)
    if array.dtype.kind not in "biuf" or array.ndim != 1:
        raise DataError(
            f"feature column {name!r} must hold numbers, got {array.dtype} of shape {array.shape}; "
            "turn text into codes first"
        )
    return array


def _refuse_infinite(matrix: FeatureMatrix) -> None:
    """Refuse infinite features, naming their columns."""
    infinite = [
        name
        for position, name in enumerate(matrix.columns)
        if np.isinf(matrix.values[:, position]).any()
    ]
    if infinite:
        raise DataError(
            f"feature columns {infinite} hold infinite values (or beyond 3e38); use NaN for unknown"
        )


def _finite(name: str, values: NDArray[Any]) -> NDArray[np.float64]:
    """Read labels or weights as float64 and refuse unknown ones."""
    if values.dtype.kind not in "biuf":
        raise DataError(f"{name} must be numbers, got {values.dtype}")
    numbers = values.astype(np.float64)
    n_wrong = int((~np.isfinite(numbers)).sum())
    if n_wrong:
        raise DataError(f"{name} must be known and finite, {n_wrong} of {numbers.size} are not")
    return numbers


def _query_starts(queries: NDArray[Any]) -> NDArray[np.int64]:
    """Find where each query begins; refuse queries that are torn apart."""
    starts = _offsets(queries[1:] != queries[:-1], len(queries))
    n_queries = len(np.unique(queries))
    if n_queries != len(starts) - 1:
        raise DataError(
            f"the rows of a query must lie together: {n_queries} queries lie in "
            f"{len(starts) - 1} stretches; sort the rows by query"
        )
    return starts


def _offsets(changed: NDArray[np.bool_], n_rows: int) -> NDArray[np.int64]:
    """Turn "differs from the row before" into offsets of stretches, with the end."""
    if not n_rows:
        return np.zeros(1, np.int64)
    return np.concatenate([[0], np.flatnonzero(changed) + 1, [n_rows]]).astype(np.int64)
