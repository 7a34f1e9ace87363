"""The door for frames: every eager frame comes in as Arrow and goes out as it came."""

from typing import Any, Literal

import narwhals as nw
import pyarrow as pa

from .errors import ParameterError

__all__ = ["Frame", "FrameKind", "from_arrow", "to_arrow"]

Frame = Any
"""An eager frame: pandas, polars or pyarrow."""

FrameKind = Literal["pandas", "polars", "pyarrow"]


def to_arrow(frame: Frame) -> tuple[pa.Table, FrameKind]:
    """Turn a frame of any kind into an Arrow table, and say what kind to give back.

    Parameters
    ----------
    frame : pandas, polars or pyarrow frame, or anything narwhals can collect
        Lazy frames and DuckDB relations are collected here. A pandas index is left out.

    Returns
    -------
    (pyarrow.Table, kind)
        `kind` is what `from_arrow` needs to return the same kind of frame;
        ``"pyarrow"`` for everything that was lazy.

    Raises
    ------
    ParameterError
        If `frame` is not a frame, or a pandas column mixes types that Arrow cannot hold.

    Examples
    --------
    >>> import pandas as pd
    >>> table, kind = to_arrow(pd.DataFrame({"member_id": [1, 2]}))
    >>> table.num_rows, kind
    (2, 'pandas')
    """
    if isinstance(frame, pa.Table):
        return frame, "pyarrow"
    try:
        native = nw.from_native(frame)
    except TypeError as error:
        raise ParameterError(
            "frame", f"expected a pandas, polars or pyarrow frame, got {type(frame).__name__}"
        ) from error
    except nw.exceptions.DuplicateError as error:
        raise ParameterError("frame", f"a column appears more than once: {error}") from error
    if isinstance(native, nw.LazyFrame):
        return native.collect("pyarrow").to_arrow(), "pyarrow"
    if native.implementation.is_pandas():
        return _from_pandas(frame), "pandas"
    return native.to_arrow(), "polars" if native.implementation.is_polars() else "pyarrow"


def from_arrow(table: pa.Table, kind: FrameKind = "pandas") -> Frame:
    """Turn an Arrow table into a frame of the given kind.

    Parameters
    ----------
    table : pyarrow.Table
    kind : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame
        In pandas, integers with missing values are ``Int64``, flags with missing
        values ``boolean``, instants ``datetime64[us, UTC]``; the index is a ``RangeIndex``.

    Raises
    ------
    ParameterError
        If `kind` is none of the three.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from_arrow(pa.table({"n": [1, None]}))["n"].dtype
    Int64Dtype()
    """
    if kind == "pyarrow":
        return table
    if kind == "polars":
        import polars as pl

        return pl.from_arrow(table)
    if kind == "pandas":
        return _to_pandas(table)
    raise ParameterError("output", f"expected 'pandas', 'polars' or 'pyarrow', got {kind!r}")


def _from_pandas(frame: Any) -> pa.Table:
    """Read a pandas frame column by column, so that a bad one can be named."""
    columns = {}
    for position, name in enumerate(frame.columns):
        values = frame.iloc[:, position]
        try:
            columns[str(name)] = pa.array(values, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ParameterError(
                "frame", f"column '{name}' mixes types and cannot be read: {error}"
            ) from error
    return pa.table(columns)


def _to_pandas(table: pa.Table) -> Any:
    import pandas as pd

    series = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type
        if column.null_count and pa.types.is_integer(kind):
            series[name] = column.to_pandas(types_mapper={kind: pd.Int64Dtype()}.get)
        elif column.null_count and pa.types.is_boolean(kind):
            series[name] = column.to_pandas(types_mapper={kind: pd.BooleanDtype()}.get)
        else:
            series[name] = column.to_pandas()
    return pd.DataFrame(series, index=pd.RangeIndex(table.num_rows))
