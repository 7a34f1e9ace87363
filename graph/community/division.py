"""Who belongs to which community: divisions as frames or arrays, read in one place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, to_arrow
from siyu.datasets.ids import encode, lookup
from siyu.graph.member_graph import MemberGraph
from siyu.graph.tie_arrays import Codes

__all__ = ["Division", "divisions_of", "labels_for", "read_division", "same_type", "start_from"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """The community of each member: ids ascending, and one label each."""

    members: pa.Array
    labels: Ints


def read_division(frame: Frame, name: str, *, by_text: bool = False) -> Division:
    """Read ``member_id`` and ``community`` of a frame in any row order; other columns may be.

    With `by_text` communities may have text for names, such as the ids of groups; their labels
    then are numbers in the order of the names.

    Raises
    ------
    DataError
        If a column is not there, a value is missing, a community is no integer, or a member
        stands in several rows. `name` says which frame it is.

    Examples
    --------
    >>> frame = pa.table({"member_id": ["b", "a"], "community": [0, 3]})
    >>> division = read_division(frame, "previous")
    >>> division.members.to_pylist(), division.labels
    (['a', 'b'], array([3, 0]))
    """
    table, _ = to_arrow(frame)
    for column in ("member_id", "community"):
        if column not in table.column_names:
            raise DataError(
                f"{name} needs the columns member_id and community, got {table.column_names}"
            )
        if table[column].null_count:
            raise DataError(f"{name}: {table[column].null_count} rows lack {column}")
    labels = table["community"]
    if by_text and not pa.types.is_integer(labels.type):
        labels = pa.chunked_array([encode(labels)[0]], pa.int64())
    if not pa.types.is_integer(labels.type) and len(labels):
        raise DataError(f"{name}: community must be an integer, got {labels.type}")
    codes, members = encode(table["member_id"])
    if len(members) < len(codes):
        twice = len(codes) - len(members)
        raise DataError(f"{name}: {twice} rows name a member again; one community a member")
    sorted_labels = np.empty(len(codes), dtype=np.int64)
    sorted_labels[codes] = labels.cast(pa.int64()).to_numpy()
    return Division(members, sorted_labels)


def divisions_of(previous: Frame | Sequence[Frame]) -> list[Division]:
    """Read one frame, or several, oldest first."""
    frames: list[Any] = list(previous) if isinstance(previous, list | tuple) else [previous]
    if not frames:
        raise ParameterError("previous", "previous must be a frame or a list of some, got none")
    return [read_division(frame, "previous") for frame in frames]


def start_from(previous: Frame | Sequence[Frame], members: pa.Array) -> Codes:
    """Give the last community of each member of today; who is new is alone."""
    last = divisions_of(previous)[-1]
    found = lookup(members, same_type(last.members, members, "previous"))
    _, codes = np.unique(last.labels, return_inverse=True)
    labels: Ints = len(last.labels) + np.arange(len(members))
    labels[found >= 0] = codes[found[found >= 0]]
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)


def labels_for(members: MemberGraph, labels: npt.ArrayLike | Frame) -> tuple[Ints, Ints]:
    """Give the communities of a graph, ascending, and which of them each member is in.

    Raises
    ------
    ParameterError
        If an array is not one integer a member.
    DataError
        If a frame does not give every member one community.
    """
    of_member = _of_frame if hasattr(labels, "columns") else _of_array
    names, code = np.unique(of_member(members, labels), return_inverse=True)
    return names, code.astype(np.int64)


def _of_frame(members: MemberGraph, labels: Any) -> Ints:
    division = read_division(labels, "labels")
    found = lookup(members.ids, same_type(division.members, members.ids, "labels"))
    if (found < 0).any():
        without = int((found < 0).sum())
        raise DataError(f"{without} of {len(members)} members have no community in labels")
    return division.labels[found]


def _of_array(members: MemberGraph, labels: Any) -> Ints:
    of_member = np.asarray(labels)
    if of_member.shape == (0,) == (len(members),):
        return np.zeros(0, dtype=np.int64)
    if of_member.shape != (len(members),) or not np.issubdtype(of_member.dtype, np.integer):
        raise ParameterError(
            "labels",
            f"labels must be one integer a member ({len(members)}), "
            f"got {of_member.dtype} of shape {of_member.shape}",
        )
    return of_member.astype(np.int64)


def same_type(known: pa.Array, asked: pa.Array, name: str) -> pa.Array:
    """Refuse to look for text ids among integers, or the other way round."""
    whole = pa.types.is_integer(known.type), pa.types.is_integer(asked.type)
    if len(known) and len(asked) and whole[0] != whole[1]:
        kinds = [("integers" if is_whole else "text") for is_whole in whole]
        raise DataError(f"member ids are {kinds[1]}, but those of {name} are {kinds[0]}")
    return pc.cast(known if len(asked) else known[:0], asked.type)
