"""What became of communities from one day to another."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup

from .division import read_division
from .matching import Overlaps, overlaps_of

__all__ = ["community_changes"]

Ints = npt.NDArray[np.int64]

_STEADY = 0.1  # a size within this share of the former one has not changed


def community_changes(
    previous: Frame, current: Frame, *, min_share: float = 0.2, output: FrameKind = "pandas"
) -> Frame:
    """Tell what became of every community between two days, by its number.

    Numbers must mean the same in both: let ``communities(graph, previous=...)`` or
    `match_communities` give those of `current`.

    Parameters
    ----------
    previous, current : frames with ``member_id`` and ``community``
    min_share : float in (0, 1]
        Share of a community's former members who must go to another community together for
        the move to be told.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, sorted by ``community``, its own state first, then by ``community_after``
        ``community`` : the community that the row tells of;
        ``community_event`` : once for every community

        - ``kept``, ``grown``, ``shrunk`` : in both; size within a tenth, above, below;
        - ``born`` : new; ``died`` : gone;

        and once for every `min_share` of its former members that went elsewhere together

        - ``split`` : to a community that is new;
        - ``merged`` : to one that was there before, while their own is gone;
        - ``moved`` : likewise, while their own goes on;

        ``community_before``, ``community_after`` : numbers, null before birth and after death;
        ``n_before``, ``n_after`` : their members, null likewise;
        ``n_shared`` : members in both; null for births and deaths;
        ``jaccard`` : ``n_shared`` / members of either, null likewise.

    Raises
    ------
    DataError
        If a frame does not give every member one community, or ids are text in one and
        integers in the other.
    ParameterError
        If `min_share` is out of range.

    Examples
    --------
    >>> import pandas as pd
    >>> before = pd.DataFrame({"member_id": [1, 2, 3, 4, 5, 6], "community": [0] * 4 + [1] * 2})
    >>> after = before.assign(community=[0, 0, 2, 2, 1, 1])
    >>> told = community_changes(before, after)
    >>> told[["community", "community_event", "community_after", "n_shared"]]
       community community_event  community_after  n_shared
    0          0          shrunk                0         2
    1          0           split                2         2
    2          1            kept                1         2
    3          2            born                2      <NA>
    """
    if not 0 < min_share <= 1:
        raise ParameterError(
            "min_share", f"min_share must be above 0 and at most 1, got {min_share}"
        )
    overlaps = overlaps_of(read_division(previous, "previous"), read_division(current, "current"))
    state, flow = _states(overlaps), _flows(overlaps, min_share)
    table = pa.concat_tables([state, flow])
    order = np.lexsort(
        (
            table["community_after"].fill_null(-1).to_numpy(),
            np.repeat([0, 1], [state.num_rows, flow.num_rows]),
            table["community"].to_numpy(),
        )
    )
    return from_arrow(table.take(pa.array(order)), output)


def _states(overlaps: Overlaps) -> pa.Table:
    """Tell of every community whether it lives, and how it goes."""
    names = np.union1d(overlaps.before, overlaps.after)
    before = _find(names, overlaps.before)
    after = _find(names, overlaps.after)
    own = np.flatnonzero(overlaps.before[overlaps.first] == overlaps.after[overlaps.second])
    pair = np.full(len(names), -1, dtype=np.int64)
    pair[np.searchsorted(names, overlaps.before[overlaps.first[own]])] = own
    growth = _taken(overlaps.size_after, after) / _taken(overlaps.size_before, before)
    event = np.select(
        [before < 0, after < 0, growth > 1 + _STEADY, growth < 1 - _STEADY],
        ["born", "died", "grown", "shrunk"],
        "kept",
    )
    lives = (before >= 0) & (after >= 0)
    table = _rows(overlaps, names, event, before, after)
    # A number may live on without a single member who stayed.
    shared = np.where(pair >= 0, _taken(overlaps.shared, pair), 0)
    jaccard = np.where(pair >= 0, _taken(overlaps.jaccard(), pair), 0.0)
    return table.append_column("n_shared", pa.array(shared, pa.int64(), mask=~lives)).append_column(
        "jaccard", pa.array(jaccard, mask=~lives)
    )


def _flows(overlaps: Overlaps, min_share: float) -> pa.Table:
    """Tell where the members of each community went together, if not with it."""
    source, target = overlaps.before[overlaps.first], overlaps.after[overlaps.second]
    large = overlaps.shared >= min_share * overlaps.size_before[overlaps.first]
    pair = np.flatnonzero((source != target) & large)
    first, second = overlaps.first[pair], overlaps.second[pair]
    event = np.select(
        [~np.isin(target[pair], overlaps.before), ~np.isin(source[pair], overlaps.after)],
        ["split", "merged"],
        "moved",
    )
    table = _rows(overlaps, source[pair], event, first, second)
    return table.append_column("n_shared", pa.array(overlaps.shared[pair])).append_column(
        "jaccard", pa.array(overlaps.jaccard()[pair])
    )


def _rows(
    overlaps: Overlaps, names: Ints, event: npt.NDArray[np.str_], before: Ints, after: Ints
) -> pa.Table:
    """Begin a table: the community, the event, and both communities with their sizes."""

    def column(values: Ints, at: Ints) -> pa.Array:
        return pa.array(_taken(values, at), pa.int64(), mask=at < 0)

    return pa.table(
        {
            "community": pa.array(names, pa.int64()),
            "community_event": pa.array(event.tolist(), pa.large_string()),
            "community_before": column(overlaps.before, before),
            "community_after": column(overlaps.after, after),
            "n_before": column(overlaps.size_before, before),
            "n_after": column(overlaps.size_after, after),
        }
    )


def _find(names: Ints, among: Ints) -> Ints:
    """Give the position of each name among ascending ones, -1 for none."""
    return lookup(pa.array(names), pa.array(among, pa.int64()))


def _taken(values: npt.NDArray[Any], at: Ints) -> npt.NDArray[Any]:
    """Take values, 1 where the position is -1."""
    taken = np.ones(len(at), dtype=values.dtype)
    taken[at >= 0] = values[at[at >= 0]]
    return taken
