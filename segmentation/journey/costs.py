"""What acquiring members cost, by group and, where told, by period."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import instants, local_day
from siyu.datasets.errors import DataError, ParameterError, Problem, SchemaError
from siyu.datasets.frames import Frame, to_arrow

from .audience import Audience
from .periods import period_of

__all__ = ["Costs", "campaign_costs", "costs_given"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """Amounts spent on a group; `period` numbers the month or week, 0 if none was asked for."""

    group: pa.Array
    period: Ints
    cost: Floats

    def before(self, period: int) -> "Costs":
        """Keep what was spent in the periods before one."""
        kept = np.flatnonzero(self.period < period)
        return Costs(self.group.take(pa.array(kept)), self.period[kept], self.cost[kept])


def costs_given(costs: Frame, by: str, period: str | None, kind: pa.DataType) -> Costs:
    """Read a frame of costs.

    Parameters
    ----------
    costs : frame with the column `by`, ``cost`` and, if `period` is given, ``period``
    by : str
    period : {"month", "week"} or None
    kind : pyarrow.DataType
        That of the groups' names in the community.

    Raises
    ------
    SchemaError
        If a column is missing, a group unknown or of another type, or a cost unknown or negative.
    ParameterError
        If a period cannot be read.
    """
    table, _ = to_arrow(costs)
    wanted = [by, "cost"] + (["period"] if period else [])
    lacking = [name for name in wanted if name not in table.column_names]
    if lacking:
        rule = f"required, but missing; there are: {', '.join(table.column_names)}"
        problems = tuple(Problem(name, rule, table.num_rows) for name in lacking)
        raise SchemaError("costs", problems)
    cost = np.asarray(_cast(table, "cost", pa.float64()).to_numpy(), np.float64)
    if n := int(np.count_nonzero(~(np.isfinite(cost) & (cost >= 0)))):
        raise SchemaError("costs", (Problem("cost", "must be a number of 0 or more", n),))
    if n := table[by].null_count:
        raise SchemaError("costs", (Problem(by, "must be known: nobody can be told its cost", n),))
    number = np.zeros(len(cost), np.int64)
    if period is not None:
        number = _numbers(table["period"], period)
    return Costs(_cast(table, by, kind).combine_chunks(), number, cost)


def campaign_costs(a: Audience, period: str | None) -> Costs:
    """Take what campaigns cost; with a period, spread evenly over the campaign's local days."""
    table = a.c.arrow("campaigns")
    if table is None or "cost" not in table.column_names:
        raise DataError("costs by campaign_id need campaigns with the column cost, or costs=")
    table = table.filter(table["cost"].is_valid())
    cost, ids = table["cost"].to_numpy(), table["campaign_id"].combine_chunks()
    if period is None:
        return Costs(ids, np.zeros(len(cost), np.int64), cost)
    if "starts_at" not in table.column_names:
        raise DataError("campaigns have no starts_at; their cost belongs to no period")
    ends = table["ends_at"] if "ends_at" in table.column_names else table["starts_at"]
    starts = table["starts_at"]
    dated = np.flatnonzero(starts.is_valid().to_numpy())
    first = local_day(instants(starts.take(pa.array(dated))), a.c.tz)
    last = local_day(instants(pc.coalesce(ends, starts).take(pa.array(dated))) - 1, a.c.tz)
    n_days = np.maximum(last - first + 1, 1)
    which = np.repeat(dated, n_days)
    day = np.repeat(first, n_days) + _counting(n_days)
    daily = np.repeat(cost[dated] / n_days, n_days)
    return Costs(ids.take(pa.array(which)), period_of(day, period), daily)


def _counting(sizes: Ints) -> Ints:
    """Count 0, 1, 2 ... within each stretch."""
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _cast(table: pa.Table, column: str, kind: pa.DataType) -> pa.ChunkedArray:
    try:
        return table[column].cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        rule = f"expected {kind}, got {table[column].type}"
        raise SchemaError("costs", (Problem(column, rule, table.num_rows),)) from error


def _numbers(names: pa.ChunkedArray, period: str) -> Ints:
    """Read periods, named by a day or month in them."""
    wanted = "2026-03" if period == "month" else "2026-03-02"
    if names.null_count or pa.types.is_integer(names.type) or pa.types.is_floating(names.type):
        raise ParameterError("costs", f"periods must read such as '{wanted}', got {names.type}")
    try:
        days = np.array(names.to_pylist(), "datetime64[D]").astype(np.int64)
    except ValueError as error:
        raise ParameterError("costs", f"periods must read such as '{wanted}': {error}") from error
    return period_of(days, period)
