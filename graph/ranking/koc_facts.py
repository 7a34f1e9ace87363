"""What is known before one moment, gathered once for everything that is said of the members."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.as_of import cut
from siyu.datasets.errors import ParameterError, warn
from siyu.datasets.frames import Frame
from siyu.datasets.ids import ids_in
from siyu.datasets.schema import SCHEMAS
from siyu.graph.tie_rules import TieRules
from siyu.graph.tie_sources import holds_ties
from siyu.graph.ties import ties_known

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["KocFacts", "gather_facts", "share_below", "share_of_all"]

Floats = npt.NDArray[np.float64]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class KocFacts:
    """What is known before one moment.

    Attributes
    ----------
    known : Community
        Cut already.
    end : int
        The moment, in microseconds.
    members : sorted pyarrow.Array
        Everybody who is measured: all but staff.
    ties : pyarrow.Table or None
        ``source``, ``target``, ``weight`` and perhaps ``kind``; None if no table holds ties.
    """

    known: "Community"
    end: int
    members: pa.Array
    ties: pa.Table | None
    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def once(self, name: str, make: "Callable[[KocFacts], T]") -> T:
        """Make something of these facts, and give the same again when it is asked for again."""
        if name not in self._made:
            self._made[name] = make(self)
        return cast("T", self._made[name])


def gather_facts(c: "Community", as_of: Any, ties: Frame | None) -> KocFacts:
    """Cut a community at a moment and take its ties, or those given in their place.

    Parameters
    ----------
    c : Community
    as_of : Timestamp, datetime or str
    ties : frame of schema ``ties``, or None
        Those dated at or after `as_of`, and those of staff, are left out.

    Returns
    -------
    KocFacts
    """
    known, end = c.before(as_of), c.moment(as_of)
    members = known.customers()
    return KocFacts(known, end, members, _ties(known, end, members, ties))


def share_below(values: Floats) -> Floats:
    """Scale to 0..1 by rank: the share of members with any that one reaches or passes.

    Parameters
    ----------
    values : float64 array
        What is not above 0 counts as nothing, and gets 0.

    Returns
    -------
    float64 array
        The largest value gets 1; equal values share the mean of their ranks.

    Examples
    --------
    >>> share_below(np.array([0.0, 5.0, 5.0, 9.0, 100.0]))
    array([0.   , 0.375, 0.375, 0.75 , 1.   ])
    """
    scaled, rank = np.zeros(len(values)), _ranks(values)
    scaled[values > 0] = rank / max(len(rank), 1)
    return scaled


def share_of_all(values: Floats) -> Floats:
    """Scale to 0..1 by rank: the share of all members that one reaches or passes.

    Parameters
    ----------
    values : float64 array
        What is not above 0 counts as nothing, and gets 0.

    Returns
    -------
    float64 array
        The largest value gets 1; equal values share the mean of their ranks.

    Examples
    --------
    >>> share_of_all(np.array([0.0, 5.0, 5.0, 9.0, 100.0]))
    array([0. , 0.5, 0.5, 0.8, 1. ])
    """
    scaled, rank = np.zeros(len(values)), _ranks(values)
    scaled[values > 0] = (len(values) - len(rank) + rank) / max(len(values), 1)
    return scaled


def _ranks(values: Floats) -> Floats:
    """Rank the values above 0 from 1 up; equal ones share the mean of their ranks."""
    _, at, count = np.unique(values[values > 0], return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[at], dtype=np.float64)


def _ties(known: "Community", end: int, members: pa.Array, given: Frame | None) -> pa.Table | None:
    """Give the ties among the members, in an order free of the input's; None if there are none."""
    if given is None:
        return ties_known(known, end, TieRules()) if holds_ties(known) else None
    table = cut("ties", SCHEMAS["ties"].check(given, known.tz), end)
    keys = [name for name in ("source", "target", "kind", "weight") if name in table.column_names]
    if not table.num_rows:
        return table.select(keys)
    met, kind = ids_in(members, known.staff()), table["source"].type
    if kind != met.type and len(met):
        raise ParameterError("ties", f"member_id are {met.type} here, ties hold {kind}")
    members, met = members.cast(kind), met.cast(kind)  # of the same type, or without any
    inside = _both_in(table, members)
    if n_strange := table.num_rows - pc.sum(_both_in(table, met)).as_py():
        warn(
            f"{n_strange} of {table.num_rows} given ties name somebody whom no table knows before "
            "as_of; they are left out"
        )
    return table.filter(inside).select(keys).sort_by([(name, "ascending") for name in keys])


def _both_in(ties: pa.Table, ids: pa.Array) -> pa.ChunkedArray:
    """Tell which ties are between two of some members."""
    return pc.and_(pc.is_in(ties["source"], ids), pc.is_in(ties["target"], ids))
