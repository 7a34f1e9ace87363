"""What sets a segment apart: every column inside it against all other members."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.labels import Lang

from .columns import column_of, read_members
from .differences import differences
from .naming import feature_word, value_word, word_of

__all__ = ["segment_profile"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MOST_NUMBERS = 20
_N_BINS = 5

_COLUMNS = (
    "segment",
    "n",
    "share",
    "rank",
    "feature",
    "value",
    "statistic",
    "inside",
    "low",
    "high",
    "median",
    "outside",
    "difference",
    "difference_low",
    "difference_high",
    "lift",
    "effect",
    "p_value",
    "q_value",
    "is_telling",
    "n_known",
    "n_unknown",
)


def segment_profile(
    tags: Frame,
    by: str,
    *,
    member_id: str = "member_id",
    features: list[str] | None = None,
    lang: Lang | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Compare every segment with all other members, column by column.

    Parameters
    ----------
    tags : frame, one row a member
        Such as the output of `tag`, `rfm` or `MemberClusters.assign`, joined.
    by : str
        The column of segments: codes, flags or numbers. Numbers of more than 20 values are cut
        into fifths by value, equal values together; a fifth is named by its ends, such as
        ``[10, 25)``.
    member_id : str
    features : list of str, optional
        The columns to compare; default all numbers, flags and codes. Of a code, the 30 levels
        that most members hold are compared; free text and times are not.
    lang : {"zh", "en"}, optional
        Put words in the place of codes, in the same columns.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `tags`.

    Returns
    -------
    frame, one row for each segment and number, flag or level of a code
        Sorted by segment (numbers by size), then ``rank`` (1 tells most: first what is telling,
        then by size of effect).
        ``segment`` : text; ``n`` : its members; ``share`` : of all members, 0 to 1;
        ``feature``, ``value`` : the column, and the level of a code (``true`` for a flag, null
        for a number); ``statistic`` : ``mean`` of a number or ``share`` of a level, for
        ``inside`` (95 % interval ``low``, ``high``: Student's, Wilson's) and ``outside`` (all
        members of other segments); ``median`` : inside, numbers alone;
        ``difference`` : inside less outside (interval: Welch's, Newcombe's);
        ``lift`` : inside over outside, null where outside is 0 or a number can be below 0;
        ``effect`` : Cohen's h of shares, Cohen's d of a number's normal scores, which no huge
        value rules; 0.2 is small, 0.8 large; ``p_value`` : that chance alone does as much;
        ``q_value`` : the same after Benjamini and Hochberg, over all rows;
        ``is_telling`` : q at most 0.05, effect at least 0.2 and 5 members known;
        ``n_known``, ``n_unknown`` : members inside whose value is known, and is not.
        Unknown values count nowhere else. Members whose segment is unknown are in no
        comparison; if there are any, the last row, without a segment, has their ``n``.

    Raises
    ------
    ParameterError
        If `by` or a feature is missing or cannot be compared.
    SchemaError
        If ids are null or repeated, a number is infinite, or a text column is free text.

    Notes
    -----
    Segments that were made from the very columns compared (clusters, RFM classes) differ in
    them by construction: there the p-values say little, the effects much.
    Time O(n log n) for each number.

    Examples
    --------
    >>> import pandas as pd
    >>> tags = pd.DataFrame({
    ...     "member_id": range(40),
    ...     "stage": ["new", "loyal"] * 20,
    ...     "frequency": [1.0, 6.0] * 20,
    ... })
    >>> told = segment_profile(tags, "stage")
    >>> told[["segment", "n", "feature", "inside", "outside", "lift"]].round(2)
      segment   n    feature  inside  outside  lift
    0   loyal  20  frequency     6.0      1.0  6.00
    1     new  20  frequency     1.0      6.0  0.17
    """
    table, kind = to_arrow(tags)
    _require(table, by, features, member_id)
    if member_id in table.column_names:  # sums in one order, whatever the order of the rows
        table = table.sort_by(member_id)
    chosen = features or [n for n in table.column_names if n not in (member_id, by)]
    ids = [member_id] if member_id in table.column_names else []
    compared = read_members(table.select([*ids, *chosen]), member_id)
    if features and compared.skipped:
        told = ", ".join(f"{name} ({why})" for name, why in compared.skipped.items())
        raise ParameterError("features", f"these columns cannot be compared: {told}")
    groups, names = _segments(by, table[by])
    rows = differences(compared.columns, groups, len(names))
    return from_arrow(_worded(_named(rows, groups, names), by, lang), output or kind)


def _require(table: pa.Table, by: str, features: list[str] | None, member_id: str) -> None:
    """Refuse columns that are not there, and those that cannot be compared."""
    there = [name for name in table.column_names if name != member_id]
    if by not in there:
        raise ParameterError("by", f"there is no column {by!r}; there are: {', '.join(there)}")
    missing = [name for name in features or [] if name not in there or name == by]
    if missing:
        raise ParameterError(
            "features", f"no columns to compare: {missing}; there are: {', '.join(there)}"
        )


def _segments(by: str, values: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Give each member's segment, -1 for unknown, and the segments' names in order."""
    column = column_of(by, values)
    if isinstance(column, str):
        if column == "no_values":
            return np.full(len(values), -1), []
        raise ParameterError(
            "by", f"{by!r} holds neither codes, flags nor numbers, but {values.type}"
        )
    if np.isinf(column.values).any():
        raise ParameterError("by", f"{by!r} must be finite or null")
    if column.kind == "number":
        return _number_segments(column.values)
    names = ["false", "true"] if column.kind == "flag" else list(column.levels)
    codes = np.where(np.isnan(column.values), -1, column.values).astype(np.int64)
    met = np.unique(codes[codes >= 0])
    places = np.full(len(names) + 1, -1)  # the last place is that of -1
    places[met] = np.arange(len(met))
    return places[codes], [names[i] for i in met]


def _number_segments(values: Floats) -> tuple[Ints, list[str]]:
    """Take few numbers as they are, and cut many into fifths."""
    known = ~np.isnan(values)
    met = np.unique(values[known])
    if len(met) <= _MOST_NUMBERS:
        names = [f"{value:g}" for value in met]
        edges = met
    else:
        edges = np.unique(np.quantile(values[known], np.arange(_N_BINS) / _N_BINS))
        ends = [f"{edge:.6g}" for edge in (*edges, met[-1])]
        lasts = [")"] * (len(edges) - 1) + ["]"]
        names = [f"[{a}, {b}{z}" for a, b, z in zip(ends, ends[1:], lasts, strict=False)]
    places = np.searchsorted(edges, values, side="right") - 1
    return np.where(known, places, -1), names


def _named(rows: pa.Table, groups: Ints, names: list[str]) -> pa.Table:
    """Name the segments and say how large they are, that of the unknown last."""
    counts = np.bincount(groups + 1, minlength=len(names) + 1)
    sizes = np.roll(counts, -1)
    shares = sizes / max(len(groups), 1)
    table = rows.rename_columns([{"group": "segment"}.get(n, n) for n in rows.column_names])
    if sizes[-1]:
        unknown = {name: pa.nulls(1, table[name].type) for name in table.column_names}
        unknown["segment"] = pa.array([len(names)])
        table = pa.concat_tables([table, pa.table(unknown)])
    at = table["segment"].combine_chunks()
    segments = pa.array([*names, None], pa.string()).take(at)
    table = table.set_column(table.column_names.index("segment"), "segment", segments)
    table = table.append_column("n", pa.array(sizes).take(at))
    return table.append_column("share", pa.array(shares).take(at)).select(list(_COLUMNS))


def _worded(table: pa.Table, by: str, lang: Lang | None) -> pa.Table:
    """Put words in the place of codes: of segments, features and their values."""
    if lang is None:
        return table
    if lang not in ("zh", "en"):
        raise ParameterError("lang", f"lang must be 'zh' or 'en', got {lang!r}")
    features = table["feature"].to_pylist()
    said = {
        "segment": [value_word(by, code, lang) for code in table["segment"].to_pylist()],
        "feature": [feature_word(name, lang) for name in features],
        "value": [
            value_word(name, code, lang)
            for name, code in zip(features, table["value"].to_pylist(), strict=True)
        ],
        "statistic": [word_of("statistic", code, lang) for code in table["statistic"].to_pylist()],
    }
    for name, words in said.items():
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(words, pa.string()))
    return table
