"""RFM scores and classes: how members compare, and what to call them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.errors import ParameterError, Problem, SchemaError
from siyu.datasets.exact_sums import exact_total
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.schema import Column, Schema

from .rfm_codes import CN8, NAMED11, NO_PURCHASE

__all__ = [
    "RfmEdges",
    "class_codes",
    "edges_of",
    "rfm_class",
    "rfm_edges",
    "rfm_score",
    "scores_of",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_MEASURES = ("recency", "frequency", "monetary")
_RFM = Schema(
    "rfm",
    (
        Column("member_id", "id", required=True, key="member"),
        *(Column(name, "number") for name in _MEASURES),
    ),
)


@dataclass(frozen=True, slots=True)
class RfmEdges:
    """The values a member must beat to score: the population step of RFM scores.

    Each tuple runs from the easiest edge to the hardest: `recency` falls, the others rise.
    A score is 1 plus the number of edges beaten, that is a recency below the edge and a
    frequency or monetary value above it. Equal values therefore always score alike; where
    many share one value, edges coincide and some scores stay empty (see `n_bins`).
    """

    recency: tuple[float, ...]
    frequency: tuple[float, ...]
    monetary: tuple[float, ...]

    @property
    def n_scores(self) -> int:
        """The highest score."""
        return len(self.recency) + 1

    @property
    def n_bins(self) -> dict[str, int]:
        """How many different scores each measure can really give."""
        return {name: len(set(getattr(self, name))) + 1 for name in _MEASURES}


def rfm_edges(
    rfm_table: Frame, *, thresholds: str | int | Mapping[str, Any] = "median"
) -> RfmEdges:
    """Find the edges between RFM scores in a population.

    Parameters
    ----------
    rfm_table : frame of `rfm`, n_members rows
        Members without purchases (``frequency`` 0) do not take part.
    thresholds : "median", "mean", int or mapping
        One edge at the median or mean; an int ``n`` of 2 or more: the ``n - 1`` quantile
        edges of n equal parts (each edge is a value that occurs); a mapping gives own
        edges: ``{"recency": 30, "frequency": 3, "monetary": [50, 100]}`` (a number or a
        list, one length for all three).

    Returns
    -------
    RfmEdges

    Raises
    ------
    ParameterError
        If `thresholds` is none of these.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 2, 3],
    ...         "recency": [5.0, 50.0, 9.0],
    ...         "frequency": [4, 1, 1],
    ...         "monetary": [80.0, 20.0, 30.0],
    ...     }
    ... )
    >>> edges = rfm_edges(table)
    >>> edges
    RfmEdges(recency=(9.0,), frequency=(1.0,), monetary=(30.0,))
    >>> edges.n_bins
    {'recency': 2, 'frequency': 2, 'monetary': 2}
    """
    return edges_of(_checked(rfm_table)[0], thresholds)


def rfm_score(rfm_table: Frame, edges: RfmEdges | None = None) -> Frame:
    """Score every member's recency, frequency and monetary value.

    Parameters
    ----------
    rfm_table : frame of `rfm`, n_members rows
    edges : RfmEdges, optional
        Given edges make the scores of a chunk equal to those of the whole. Default: the
        quintiles of `rfm_table`, hence scores 1 to 5.

    Returns
    -------
    frame like `rfm_table`, sorted by ``member_id``
        ``r_score``, ``f_score``, ``m_score`` : int, 1 to ``edges.n_scores``, higher is
        better; null without purchases.
        ``rfm_score`` : text of the three digits, such as ``"555"``; null without purchases.

    Raises
    ------
    SchemaError
        If `rfm_table` lacks a column.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 2, 3],
    ...         "recency": [5.0, 50.0, None],
    ...         "frequency": [4, 1, 0],
    ...         "monetary": [80.0, 20.0, None],
    ...     }
    ... )
    >>> rfm_score(table, RfmEdges((30.0,), (2.0,), (50.0,)))[["r_score", "f_score", "m_score"]]
       r_score  f_score  m_score
    0        2        2        2
    1        1        1        1
    2     <NA>     <NA>     <NA>
    """
    rows, kind = _checked(rfm_table)
    scores = scores_of(rows, edges or edges_of(rows, 5))
    bought = _bought(rows)
    r, f, m = (pa.array(score, mask=~bought) for score in scores)
    digits = pc.binary_join_element_wise(*(score.cast(pa.string()) for score in (r, f, m)), "")
    table = {"member_id": rows["member_id"], "r_score": r, "f_score": f, "m_score": m}
    return from_arrow(pa.table({**table, "rfm_score": digits}), kind)


def rfm_class(
    rfm_table: Frame,
    scheme: Literal["cn8", "named11"] = "cn8",
    thresholds: str | int | Mapping[str, Any] | RfmEdges | None = None,
) -> Frame:
    """Put every member into one named RFM class.

    Parameters
    ----------
    rfm_table : frame of `rfm`, n_members rows
    scheme : {"cn8", "named11"}
        ``"cn8"`` : eight classes by high or low R, F and M. M tells key (重要) from common
        (一般); R and F tell value (价值, both high), develop (发展, only R high), keep
        (保持, only F high) and retain (挽留, both low).
        ``"named11"`` : eleven classes by scores of 1 to 5, from champions to lost.
    thresholds : "median", "mean", mapping or RfmEdges, optional
        Where high begins, as in `rfm_edges`; high is beyond the threshold, so a member
        exactly on it is low. Default: the median for cn8, the quintiles for named11, both
        of `rfm_table`. Given edges make the classes of a chunk equal to those of the whole.

    Returns
    -------
    frame like `rfm_table`, sorted by ``member_id``
        ``rfm_class`` : code; ``"no_purchase"`` for members who never bought; null where
        the frequency is unknown. Words: `siyu.datasets.label`.

    Raises
    ------
    ParameterError
        If `scheme` is unknown, or `thresholds` give the wrong number of scores.
    SchemaError
        If `rfm_table` lacks a column.

    References
    ----------
    The score codes of named11 are the eleven segments in common use among vendors.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {
    ...         "member_id": [1, 2, 3],
    ...         "recency": [5.0, 50.0, None],
    ...         "frequency": [4, 1, 0],
    ...         "monetary": [80.0, 20.0, None],
    ...     }
    ... )
    >>> rfm_class(table, thresholds={"recency": 30, "frequency": 2, "monetary": 50})
       member_id      rfm_class
    0          1      key_value
    1          2  common_retain
    2          3    no_purchase
    """
    if scheme not in ("cn8", "named11"):
        raise ParameterError("scheme", f"scheme must be 'cn8' or 'named11', got {scheme!r}")
    rows, kind = _checked(rfm_table)
    wanted = 2 if scheme == "cn8" else 5
    if thresholds is None:
        thresholds = "median" if scheme == "cn8" else 5
    edges = edges_of(rows, thresholds)
    if edges.n_scores != wanted:
        raise ParameterError(
            "thresholds", f"{scheme} needs {wanted - 1} edges a measure, got {edges.n_scores - 1}"
        )
    classes = class_codes(rows, edges, scheme)
    return from_arrow(pa.table({"member_id": rows["member_id"], "rfm_class": classes}), kind)


def class_codes(rows: pa.Table, edges: RfmEdges, scheme: str = "cn8") -> pa.Array:
    """Give the class of each row of a checked RFM table."""
    names = CN8 if scheme == "cn8" else NAMED11
    r, f, m = scores_of(rows, edges)
    words = sorted({*names.values(), NO_PURCHASE})
    by_score = np.zeros((6, 6, 6), dtype=np.int64)
    for (x, y, z), word in names.items():
        by_score[x, y, z] = words.index(word)
    frequency = rows["frequency"].to_numpy()
    found = np.where(_bought(rows), by_score[r, f, m], words.index(NO_PURCHASE))
    return pa.array(words).take(pa.array(found, mask=np.isnan(frequency)))


def _checked(rfm_table: Frame) -> tuple[pa.Table, FrameKind]:
    """Check an RFM table and sort it by member."""
    table, kind = to_arrow(rfm_table)
    missing = [name for name in _MEASURES if name not in table.column_names]
    if missing:
        there = ", ".join(table.column_names)
        rule = f"required, but missing; there are: {there}"
        raise SchemaError("rfm", tuple(Problem(name, rule, table.num_rows) for name in missing))
    return _RFM.check(table).sort_by("member_id"), kind


def _bought(rows: pa.Table) -> Bools:
    return np.asarray(rows["frequency"].to_numpy() > 0)


def scores_of(rows: pa.Table, edges: RfmEdges) -> tuple[Ints, Ints, Ints]:
    """Score each row: 1 plus the number of edges beaten."""
    recency, frequency, monetary = (rows[name].to_numpy() for name in _MEASURES)
    return (
        1 + sum((recency < edge).astype(np.int64) for edge in edges.recency),
        1 + sum((frequency > edge).astype(np.int64) for edge in edges.frequency),
        1 + sum((monetary > edge).astype(np.int64) for edge in edges.monetary),
    )


def edges_of(rows: pa.Table, thresholds: str | int | Mapping[str, Any] | RfmEdges) -> RfmEdges:
    """Find edges in a checked RFM table; see `rfm_edges`."""
    if isinstance(thresholds, RfmEdges):
        return thresholds
    if isinstance(thresholds, Mapping):
        return _own_edges(thresholds)
    of_buyers = [rows[name].to_numpy()[_bought(rows)] for name in _MEASURES]
    if thresholds == "median":
        return RfmEdges(*((float(np.median(v)) if len(v) else 0.0,) for v in of_buyers))
    if thresholds == "mean":
        return RfmEdges(*((exact_total(v) / max(len(v), 1),) for v in of_buyers))
    if not isinstance(thresholds, int) or not 2 <= thresholds <= 9:
        expected = "'median', 'mean', a whole number of 2 to 9, a mapping or RfmEdges"
        raise ParameterError("thresholds", f"thresholds must be {expected}, got {thresholds!r}")
    recency, frequency, monetary = of_buyers
    fewer_days = _quantiles(-recency, thresholds)
    return RfmEdges(
        tuple(-edge for edge in fewer_days),
        _quantiles(frequency, thresholds),
        _quantiles(monetary, thresholds),
    )


def _quantiles(values: Floats, n: int) -> tuple[float, ...]:
    """Give the n - 1 edges of n equal parts; each edge is a value that occurs."""
    if not len(values):
        return (0.0,) * (n - 1)
    parts = np.arange(1, n) / n
    return tuple(float(edge) for edge in np.quantile(values, parts, method="inverted_cdf"))


def _own_edges(thresholds: Mapping[str, Any]) -> RfmEdges:
    if sorted(thresholds) != sorted(_MEASURES):
        wanted = ", ".join(_MEASURES)
        got = ", ".join(map(str, thresholds))
        raise ParameterError("thresholds", f"thresholds must name {wanted}; got {got}")
    edges = {name: np.atleast_1d(np.asarray(value, float)) for name, value in thresholds.items()}
    lengths = {name: edge.size for name, edge in edges.items()}
    if len(set(lengths.values())) > 1 or not all(
        np.isfinite(edge).all() for edge in edges.values()
    ):
        raise ParameterError(
            "thresholds", f"thresholds must be numbers, as many for each measure; got {lengths}"
        )
    rising = {name: tuple(float(edge) for edge in np.sort(edges[name])) for name in _MEASURES}
    return RfmEdges(rising["recency"][::-1], rising["frequency"], rising["monetary"])
