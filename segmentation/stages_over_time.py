"""Stages at several moments, and how members pass from one stage to another between them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from siyu.datasets.clock import INSTANT
from siyu.datasets.community import Community, as_community, kind_of
from siyu.datasets.errors import ParameterError, Problem, SchemaError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.ids import encode, lookup
from siyu.datasets.intervals import wilson_interval
from siyu.datasets.member_rows import MemberRows

from .stage_rules import Method, StageRules
from .stages import STAGES, activity_rows, chosen_rules, stages_at

__all__ = ["stage_history", "stages_at_moments", "transition_matrix"]

Ints = npt.NDArray[np.int64]

_N = len(STAGES)


def stage_history(
    data: Community | Frame,
    *,
    as_of: Iterable[Any],
    activity: Literal["orders", "events"] = "orders",
    method: Method = "own_gap",
    rules: StageRules | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Tell every member's lifecycle stage at several moments, as it was known at each.

    The rows of a moment are what `lifecycle` says at it: nothing later is used, neither of the
    member nor of the others. Rows are grouped once for all moments.

    Parameters
    ----------
    data : Community, or frame of schema `activity`
    as_of : sequence of Timestamp, datetime or str
        The moments, one or more, in any order; each is excluded itself.
    activity, method, rules, output
        As in `lifecycle`.

    Returns
    -------
    frame, a row a moment and member, sorted by ``as_of``, ``member_id``
        ``member_id``; ``as_of`` : the moment; ``stage`` : code, null where unknown. Members
        who were not yet met at a moment have no row there.

    Raises
    ------
    DataError
        If the table `activity` is missing.
    ParameterError
        If there is no moment, one is given twice, or another argument is out of range.

    Warns
    -----
    SiyuWarning
        As `lifecycle`; each weakness once, with the number of moments it weakens.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2026-01-01", "2026-01-11", "2026-01-21"]).tz_localize("UTC")
    >>> orders = pd.DataFrame({"member_id": 7, "order_time": days, "amount": 9.0})
    >>> stage_history(orders, as_of=["2026-01-12", "2026-03-01"])["stage"].tolist()
    ['growing', 'dormant']
    """
    rules = chosen_rules(activity, method, rules)
    c = as_community(data, activity)
    moments = _moments(c, as_of)
    tables, said = [], list[tuple[str, str]]()
    for end, table, doubts in stages_at_moments(c, moments, activity, rules):
        at = pa.array(np.full(table.num_rows, end)).cast(INSTANT)
        tables.append(table.select(["member_id", "stage"]).add_column(1, "as_of", at))
        said += doubts.items()
    for kind, last in dict(said).items():
        n = sum(other == kind for other, _ in said)
        warn(f"stage_history(): {last} (at the last of {n} moments of which this is true)")
    return from_arrow(pa.concat_tables(tables).combine_chunks(), output or kind_of(data))


def transition_matrix(history: Frame) -> Frame:
    """Count how members pass from stage to stage between consecutive moments.

    All pairs of consecutive moments are counted together. The answer is long, a row a pair of
    stages, because each share has an interval of its own; for the square, pivot it:
    ``.pivot(index="stage_before", columns="stage_after", values="share")``.

    Parameters
    ----------
    history : frame of `stage_history`
        ``member_id``, ``as_of``, ``stage``, one row a member and moment, in any order.

    Returns
    -------
    frame like `history`, 56 rows
        Every pair of stages, in the order of `STAGES`, also those that never occur.
        ``stage_before`` : stage at a moment; null, in the last rows: first met after it;
        ``stage_after`` : stage at the next moment; ``n_members`` : members who passed so,
        counted at every pair of moments; ``share`` : of those in ``stage_before``, 0 to 1, null
        if there were none; ``low``, ``high`` : 95 % Wilson interval of the share. Members whose
        stage is unknown, or who have no row at the later moment, do not count there.

    Raises
    ------
    SchemaError
        If a column is missing, holds other codes, a member or moment is null, or a member has
        two rows at a moment.

    Notes
    -----
    A member counts once a pair of moments. Over many moments the intervals are too narrow by
    as much as one member's passages resemble each other.

    Examples
    --------
    >>> import pandas as pd
    >>> history = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 2, 1, 2, 3],
    ...         "as_of": pd.to_datetime(["2026-05-01"] * 2 + ["2026-06-01"] * 3),
    ...         "stage": ["new", "new", "growing", "new", "new"],
    ...     }
    ... )
    >>> moved = transition_matrix(history)
    >>> moved.loc[moved.n_members > 0, ["stage_after", "n_members", "share"]]
       stage_after  n_members  share
    8          new          1    0.5
    9      growing          1    0.5
    50         new          1    1.0
    """
    table, kind = to_arrow(history)
    before, after = _passages(table)
    n = np.bincount(before * _N + after, minlength=(_N + 1) * _N).reshape(_N + 1, _N)
    total = n.sum(axis=1, keepdims=True)
    found = [
        wilson_interval(int(times), int(of))
        for row, of in zip(n, total[:, 0], strict=True)
        for times in row
    ]
    none = np.repeat(total[:, 0] == 0, _N)
    stages = pa.array([*STAGES, None], pa.string())
    columns = {
        "stage_before": stages.take(pa.array(np.repeat(np.arange(_N + 1), _N))),
        "stage_after": stages.take(pa.array(np.tile(np.arange(_N), _N + 1))),
        "n_members": pa.array(n.ravel()),
        "share": pa.array([each.estimate for each in found], mask=none),
        "low": pa.array([each.low for each in found], mask=none),
        "high": pa.array([each.high for each in found], mask=none),
    }
    return from_arrow(pa.table(columns), kind)


def stages_at_moments(
    c: Community, moments: Sequence[int], activity: str, rules: StageRules
) -> Iterator[tuple[int, pa.Table, dict[str, str]]]:
    """Stage all customers at each of the moments (us, ascending), as `lifecycle` does.

    Yields
    ------
    (moment, pyarrow.Table, doubts)
        The table of `stage_table` and what makes it weak, see `stages_at`.
    """
    latest = c.before(_instant(moments[-1]))
    rows = activity_rows(latest, activity, latest.customers())
    for end in moments:
        known = c.before(_instant(end))
        then = _only(rows.where(rows.times < end), known.customers())
        yield end, *stages_at(then, known, activity, rules, end)


def _moments(c: Community, as_of: Iterable[Any]) -> list[int]:
    """Read the moments, ascending."""
    if isinstance(as_of, str) or not isinstance(as_of, Iterable):
        raise ParameterError("as_of", f"as_of must be a sequence of moments, got {as_of!r}")
    moments = sorted(c.moment(each) for each in as_of)
    if not moments or len(set(moments)) < len(moments):
        n = len(moments)
        raise ParameterError("as_of", f"as_of must be one or more different moments, got {n}")
    return moments


def _instant(us: int) -> pd.Timestamp:
    return pd.Timestamp(us, unit="us", tz="UTC")


def _only(rows: MemberRows, members: pa.Array) -> MemberRows:
    """Give the rows of some members, among whom are all who have rows."""
    codes = lookup(rows.members, members)[rows.codes]
    starts = np.zeros(len(members) + 1, dtype=np.int64)
    np.cumsum(np.bincount(codes, minlength=len(members)), out=starts[1:])
    return MemberRows(rows.table, members, codes, starts, rows.times)


def _passages(history: pa.Table) -> tuple[Ints, Ints]:
    """Give the stages before and after of everybody between consecutive moments, as places."""
    stage = _stages(history)
    member = encode(history["member_id"])[0]
    moment = np.unique(history["as_of"].to_numpy(), return_inverse=True)[1]
    order = np.lexsort((moment, member))
    stage, member, moment = stage[order], member[order], moment[order]
    follows = np.zeros(len(order), dtype=np.bool_)
    follows[1:] = (member[1:] == member[:-1]) & (moment[1:] <= moment[:-1] + 1)
    if n := int((follows[1:] & (moment[1:] == moment[:-1])).sum()):
        raise SchemaError("history", (Problem("member_id", "two rows at one moment", n),))
    before = np.where(follows, np.append(_N, stage[:-1])[: len(stage)], _N)
    counts = (moment > 0) & (stage >= 0) & (before >= 0)
    return before[counts], stage[counts]


def _stages(history: pa.Table) -> Ints:
    """Read the stages as places in `STAGES`, -1 where unknown."""
    there = history.column_names
    problems = [
        Problem(name, f"required, but missing; there are: {', '.join(there)}", history.num_rows)
        for name in ("member_id", "as_of", "stage")
        if name not in there
    ]
    problems = problems or [
        Problem(name, "required, but empty", n)
        for name in ("member_id", "as_of")
        if (n := history[name].null_count)
    ]
    if problems:
        raise SchemaError("history", tuple(problems))
    codes = history["stage"].cast(pa.string())
    stage = lookup(codes, pa.array(STAGES))
    if n_other := int(np.count_nonzero((stage < 0) & codes.is_valid().to_numpy())):
        raise SchemaError("history", (Problem("stage", "no code of STAGES", n_other),))
    return stage
