"""From rows a member to figures: means with intervals, differences, by segment of members."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, from_arrow, to_arrow
from siyu.datasets.ids import ids_in, lookup
from siyu.datasets.intervals import Interval, bootstrap_mean, paired_difference
from siyu.recommend.sorted_keys import Ints

__all__ = ["mean_differences", "mean_measures"]

Wide = NDArray[np.float64]


def mean_measures(
    measured: Frame, *, segments: Frame | None = None, level: float = 0.95, random_state: Any = 0
) -> Frame:
    """Average every measure over members, with its bootstrap interval.

    Parameters
    ----------
    measured : frame with member_id and measures
        One row a member, such as `list_quality` gives; null is left out.
    segments : frame with member_id and one column, optional
        Such as lifecycle stage or region: figures are then given for each of its values, too.
        Members that it lacks, or whose value is null, stand in the segment null.
    level : float in (0, 1)
    random_state : int, Generator or None

    Returns
    -------
    frame like `measured`, one row a segment and measure
        ``segment`` : the value as text, "all" for everybody (they come first); ``measure``;
        ``n_members``; ``mean``; ``low``; ``high`` : null where fewer than two members tell.

    Raises
    ------
    DataError
        If a member stands twice, or a table lacks its columns.

    Examples
    --------
    >>> import pandas as pd
    >>> measured = pd.DataFrame({"member_id": [1, 2, 3], "hit": [1.0, 0.0, 1.0]})
    >>> where = pd.DataFrame({"member_id": [1, 2, 3], "region": ["north", "south", "north"]})
    >>> found = mean_measures(measured, segments=where)
    >>> found[["segment", "n_members", "mean"]].round(2).values.tolist()
    [['all', 3, 0.67], ['north', 2, 1.0], ['south', 1, 0.0]]
    """
    rows, kind = to_arrow(measured)
    members = _members_of(rows, "measured")
    found = []
    for name, chosen in _segments(members, segments):
        for measure in _measures(rows):
            values = _values(rows, measure)[chosen]
            mean = bootstrap_mean(values[~np.isnan(values)], level=level, random_state=random_state)
            found.append((name, measure, mean))
    return from_arrow(_figures(found, "mean"), kind)


def mean_differences(
    measured: Frame,
    reference: Frame,
    *,
    segments: Frame | None = None,
    level: float = 0.95,
    random_state: Any = 0,
) -> Frame:
    """Average how much better every member's list is than another's, member by member.

    Parameters
    ----------
    measured, reference : frames with member_id and measures
        As in `mean_measures`; measures that both have are compared, on the members that both
        have, where neither is null.
    segments, level, random_state
        As in `mean_measures`.

    Returns
    -------
    frame like `measured`, one row a segment and measure
        ``segment``, ``measure``, ``n_members``; ``difference`` : mean of `measured` less
        `reference`; ``low``, ``high`` : its paired interval. A gain is shown if ``low`` is
        above 0.

    Raises
    ------
    DataError
        As in `mean_measures`; also if the two have no measure in common.

    Examples
    --------
    >>> import pandas as pd
    >>> ours = pd.DataFrame({"member_id": [1, 2], "ndcg": [0.5, 0.25]})
    >>> theirs = pd.DataFrame({"member_id": [2, 1], "ndcg": [0.25, 0.0]})
    >>> mean_differences(ours, theirs)["difference"].tolist()
    [0.25]
    """
    (rows, kind), (others, _) = to_arrow(measured), to_arrow(reference)
    members, against = _members_of(rows, "measured"), _members_of(others, "reference")
    measures = [name for name in _measures(rows) if name in others.column_names]
    if not measures:
        raise DataError("measured and reference have no measure in common")
    at = lookup(rows["member_id"], against)
    found = []
    order = lookup(others["member_id"], against)
    for name, chosen in _segments(members, segments):
        for measure in measures:
            theirs = np.full(len(against) + 1, np.nan)
            theirs[order] = _values(others, measure)
            both = np.column_stack([_values(rows, measure), theirs[at]])[chosen]
            both = both[~np.isnan(both).any(axis=1)]
            gain = paired_difference(both[:, 0], both[:, 1], level=level, random_state=random_state)
            found.append((name, measure, gain))
    return from_arrow(_figures(found, "difference"), kind)


def _members_of(rows: pa.Table, what: str) -> pa.Array:
    """Give the members in order of id; refuse one that stands twice."""
    if "member_id" not in rows.column_names:
        raise DataError(f"{what}: the column member_id is missing")
    members = ids_in(rows["member_id"])
    if len(members) != rows.num_rows:
        raise DataError(
            f"{what}: expected one row a member, got {rows.num_rows} rows of {len(members)}"
        )
    return rows["member_id"].combine_chunks()


def _measures(rows: pa.Table) -> list[str]:
    """Name the columns that hold numbers."""
    names = []
    for name in rows.column_names:
        kind = rows.schema.field(name).type
        if name != "member_id" and (pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
            names.append(name)
    return names


def _values(rows: pa.Table, name: str) -> Wide:
    """Read one measure; null is NaN."""
    column = rows[name].cast(pa.float64())
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)


def _segments(members: pa.Array, segments: Frame | None) -> list[tuple[str | None, Ints]]:
    """Name the segments and the rows of each: everybody, then every value, then null."""
    everyone: list[tuple[str | None, Ints]] = [("all", np.arange(len(members)))]
    if segments is None:
        return everyone
    table, _ = to_arrow(segments)
    named = [name for name in table.column_names if name != "member_id"]
    if len(named) != 1:
        raise ParameterError(
            "segments", f"segments needs member_id and one further column, got {named}"
        )
    at = lookup(members, _members_of(table, "segments"))
    column = table[named[0]].combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    values = column.cast(pa.large_string()).take(pa.array(at, mask=at < 0))
    everyone += [
        (value, np.flatnonzero(_is_equal(values, value)))
        for value in sorted(values.drop_null().unique().to_pylist())
    ]
    if values.null_count:
        everyone.append((None, np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))))
    return everyone


def _is_equal(values: pa.Array, value: str) -> NDArray[np.bool_]:
    found = pc.fill_null(pc.equal(values, value), fill_value=False)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)


def _figures(found: list[tuple[str | None, str, Interval]], name: str) -> pa.Table:
    """Lay out intervals as rows."""

    def numbers(values: list[float]) -> pa.Array:
        return pa.array(values, pa.float64(), from_pandas=True)

    return pa.table(
        {
            "segment": pa.array([segment for segment, *_ in found], pa.large_string()),
            "measure": pa.array([measure for _, measure, _ in found], pa.large_string()),
            "n_members": pa.array([one.n for *_, one in found], pa.int64()),
            name: numbers([one.estimate for *_, one in found]),
            "low": numbers([one.low for *_, one in found]),
            "high": numbers([one.high for *_, one in found]),
        }
    )
