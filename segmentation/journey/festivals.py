"""Festivals: which members they reach, and who buys on no other day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import INSTANT, instants
from siyu.datasets.community import Community, kind_of
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.estimates import named_columns, shares
from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup
from siyu.datasets.purchases import is_purchase
from siyu.segmentation.rhythm import rhythm_of
from siyu.segmentation.stages import (
    STAGES,
    StageRules,
    activity_rows,
    known_stages,
    stage_table,
)
from siyu.segmentation.visits import visits_of

from .audience import Audience, audience_of

__all__ = ["festival_audience"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Spans = dict[str, tuple[int, int]]


def festival_audience(
    data: Community | Frame,
    *,
    as_of: Any,
    festivals: Mapping[str, tuple[Any, Any]] | None = None,
    output: FrameKind | None = None,
) -> Frame:
    """Tell whom each festival reached: new buyers, regulars, or those who had fallen silent.

    Members are told apart by the lifecycle stage they were in just before the festival began
    (see `siyu.segmentation.lifecycle`): prospects who buy in it are its new buyers, all others
    are old.

    Parameters
    ----------
    data : Community, or frame of schema `orders`
        With orders.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    festivals : mapping of name to (start, end), optional
        `end` is excluded; such as ``{"618": ("2026-06-16", "2026-06-19")}``. Those that begin
        at or after `as_of` are left out. Default: campaigns of the kind ``festival``.
    output : {"pandas", "polars", "pyarrow"}, optional
        Kind of frame; default the kind of `data`, pandas for a
        Community.

    Returns
    -------
    frame, one row for each festival and stage, by begin, then in the order of stages
        ``festival``; ``starts_at``; ``stage`` : code before it, null where unknown;
        ``n_members`` : members in that stage (those who joined during the festival are
        prospects); ``n_bought`` : of those, who bought in the festival; ``share``, ``low``,
        ``high`` : n_bought / n_members (Wilson, 95 %); ``amount`` : what they paid in it, refunds
        aside; ``n_festival_only`` : of n_bought, who until `as_of` never bought outside of the
        festivals given; ``only_share``, ``only_low``, ``only_high`` : their part of n_bought;
        ``complete`` : whether the festival was over.

    Raises
    ------
    DataError
        If orders are missing, or `festivals` are not given and no campaign is one.
    ParameterError
        If a festival ends before it begins.

    Warns
    -----
    SiyuWarning
        If the record of orders ended before `as_of`.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(n_members=500, random_state=0)
    >>> days = {"618": ("2026-06-16", "2026-06-19")}
    >>> found = festival_audience(c, as_of="2026-07-01", festivals=days).set_index("stage")
    >>> bool(found.loc["loyal", "share"] > found.loc["churned", "share"])
    True
    """
    a = audience_of(data, as_of, ("orders",), (), "festival_audience()")
    spans = _spans(a, festivals)
    rows, of, at = a.rows("orders", "order_time", columns=("amount", "quantity"))
    bought = is_purchase(rows)
    of, at, amount = of[bought], at[bought], rows["amount"].to_numpy()[bought]
    in_any = np.zeros(len(at), np.bool_)
    for start, end in spans.values():
        in_any |= (at >= start) & (at < end)
    outside = np.bincount(of[~in_any], minlength=len(a.members)) > 0
    parts = [_EMPTY]
    for name, (start, end) in spans.items():
        inside = (at >= start) & (at < end)
        buys = np.bincount(of[inside], minlength=len(a.members)) > 0
        reached = _Reached(
            stage=_stages_before(a, start),
            there=(a.since < min(end, a.end)) | buys,
            buys=buys,
            only_here=buys & ~outside,
            spent=exact_sum(of, amount, len(a.members), where=inside),
        )
        parts.append(reached.table(name, start, is_over=end <= a.end))
    return from_arrow(pa.concat_tables(parts), output or kind_of(data))


@dataclass(frozen=True, slots=True, eq=False)
class _Reached:
    """What one festival meant to each member; `stage` is a place in `_STAGES`."""

    stage: Ints
    there: Bools
    buys: Bools
    only_here: Bools
    spent: npt.NDArray[np.float64]

    def table(self, name: str, start: int, *, is_over: bool) -> pa.Table:
        """Count the members of each stage that anybody was in."""
        n, n_bought, n_only = (
            np.bincount(self.stage[self.there & mask], minlength=len(_STAGES))
            for mask in (self.there, self.buys, self.only_here)
        )
        amount = exact_sum(self.stage, self.spent, len(_STAGES))
        only_names = ("only_share", "only_low", "only_high")
        columns = {
            "festival": pa.array([name] * len(_STAGES), pa.string()),
            "starts_at": pa.array(np.full(len(_STAGES), start)).cast(INSTANT),
            "stage": _STAGES,
            "n_members": pa.array(n),
            "n_bought": pa.array(n_bought),
            **named_columns(shares(n_bought, n)),
            "amount": pa.array(amount),
            "n_festival_only": pa.array(n_only),
            **named_columns(shares(n_only, n_bought), only_names),
            "complete": pa.array(np.full(len(_STAGES), is_over)),
        }
        return pa.table(columns).take(pa.array(np.flatnonzero(n)))


_STAGES = pa.array([*STAGES, None], pa.string())
_NONE = np.empty(0, np.int64)
_NOBODY = np.empty(0, np.bool_)
_EMPTY = _Reached(_NONE, _NOBODY, _NOBODY, _NOBODY, np.empty(0)).table("", 0, is_over=True)


def _spans(a: Audience, festivals: Mapping[str, tuple[Any, Any]] | None) -> Spans:
    """Give begin and end (us) of the festivals that have begun, by begin, then by name."""
    if festivals is not None:
        spans = {name: _span(a, name, given) for name, given in festivals.items()}
    else:
        spans = _of_campaigns(a)
    for name, (start, end) in spans.items():
        if start >= end:
            raise ParameterError("festivals", f"festival '{name}' ends before it begins")
    begun = [(start, str(name), end) for name, (start, end) in spans.items() if start < a.end]
    return {name: (start, end) for start, name, end in sorted(begun)}


def _span(a: Audience, name: str, given: Any) -> tuple[int, int]:
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise ParameterError("festivals", f"'{name}' must be a pair (start, end), got {given!r}")
    return a.c.moment(given[0]), a.c.moment(given[1])


def _of_campaigns(a: Audience) -> Spans:
    needed = ("kind", "starts_at", "ends_at")
    table = a.c.arrow("campaigns")
    if table is None or not set(needed) <= set(table.column_names):
        raise DataError(
            "festival_audience() needs festivals=, or campaigns with kind, starts_at and ends_at"
        )
    is_one = pc.and_(pc.equal(table["kind"], "festival"), pc.is_valid(table["ends_at"]))
    table = table.filter(pc.and_(is_one, pc.is_valid(table["starts_at"])))
    if not table.num_rows:
        raise DataError("no campaign is of the kind 'festival'; name them by festivals=")
    spans = zip(instants(table["starts_at"]), instants(table["ends_at"]), strict=True)
    names = table["campaign_id"].to_pylist()
    return {str(n): (int(s), int(e)) for n, (s, e) in zip(names, spans, strict=True)}


def _stages_before(a: Audience, start: int) -> Ints:
    """Give the stage of each member just before a moment, as a place in `_STAGES`."""
    known = a.c.before(pd.Timestamp(start, unit="us", tz="UTC"))
    rules = StageRules()
    rows = activity_rows(known, "orders", a.members)
    visits = visits_of(rows, a.c.tz)
    rhythm = rhythm_of(visits, rules.churned_us)
    staged = stage_table(visits, a.members, rhythm, rules, start)
    stage = known_stages(staged, known, "orders", start)["stage"]
    return np.where((place := lookup(stage, _STAGES[:-1])) < 0, len(STAGES), place)
