"""Contacts between members, read from ties, referrals and invitations: who, whom, how near."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from siyu.datasets.affinity import decay
from siyu.datasets.clock import INSTANT, instants
from siyu.datasets.errors import DataError
from siyu.datasets.ids import lookup
from siyu.recommend.sorted_keys import Ints

__all__ = ["Contacts", "known_before", "of_columns", "of_ties"]

_HALF_LIFE = 365.0  # days after which a dated contact weighs half
_ATTENTION = ("mention", "nominate", "reply", "trust")
_BACK = 0.5  # weight of a tie of attention for the one who is given it

Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """One row a contact.

    Attributes
    ----------
    owner, near : int64 arrays, member codes
        The second is near the first; ascending by owner where they were joined.
    weight : float64 array, 0 or more
    """

    owner: Ints
    near: Ints
    weight: Wide

    @classmethod
    def joined(cls, parts: Sequence["Contacts"]) -> "Contacts":
        """Put contacts together, ascending by owner.

        Examples
        --------
        >>> one = Contacts(np.array([5, 2]), np.array([1, 1]), np.ones(2))
        >>> Contacts.joined([one, one]).owner.tolist()
        [2, 2, 5, 5]
        """
        owner = np.concatenate([np.zeros(0, np.int64), *(part.owner for part in parts)])
        near = np.concatenate([np.zeros(0, np.int64), *(part.near for part in parts)])
        weight = np.concatenate([np.zeros(0), *(part.weight for part in parts)])
        order = np.argsort(owner, kind="stable")
        return cls(owner[order], near[order], weight[order])

    def between(self, low: int, high: int) -> "Contacts":
        """Keep the contacts of the owners from `low` to below `high`, whose codes then begin at 0.

        Examples
        --------
        >>> some = Contacts(np.array([2, 5]), np.array([1, 1]), np.ones(2))
        >>> some.between(4, 6).owner.tolist()
        [1]
        """
        part = slice(*np.searchsorted(self.owner, [low, high]).tolist())
        return Contacts(self.owner[part] - low, self.near[part], self.weight[part])


def of_ties(ties: pa.Table, members: pa.Array, moment: int) -> Contacts:
    """Read ties in both directions.

    The source of a tie of attention (mention, nominate, reply, trust) looks up to its target;
    for the target, the source is half as near. Other kinds weigh the same both ways.

    Parameters
    ----------
    ties : pa.Table of schema ``ties``
        Rows before `moment`; a row without a weight weighs 1.
    members : pa.Array, sorted ids
        Rows that name anybody else are left out, and ties with oneself.
    moment : int, microseconds since 1970 UTC
        A tie weighs half as much for every year before; one without a time weighs all.

    Raises
    ------
    DataError
        If a weight is negative, unknown or infinite.
    """
    source, target = lookup(ties["source"], members), lookup(ties["target"], members)
    weight = _fading(ties, "tie_time", moment)
    if "weight" in ties.column_names:
        weight = weight * _strength(ties["weight"])
    back = np.ones(len(weight))
    if "kind" in ties.column_names:
        is_attention = pc.is_in(ties["kind"], pa.array(_ATTENTION, ties["kind"].type))
        back = np.where(is_attention.to_numpy(), _BACK, 1.0)
    return _both(source, target, weight, weight * back)


def of_columns(
    rows: pa.Table, columns: tuple[str, str, str], members: pa.Array, moment: int, weight: float
) -> Contacts:
    """Read two columns of members who are near each other, and when that began.

    Parameters
    ----------
    rows : pa.Table
        Before `moment`.
    columns : names of the two members and of the time, which may be absent
    members, moment
        As in `of_ties`; a contact fades as a tie does.
    weight : float
    """
    first, second, time = columns
    weights = weight * _fading(rows, time, moment)
    return _both(lookup(rows[first], members), lookup(rows[second], members), weights, weights)


def known_before(rows: pa.Table, time: str, moment: int) -> pa.Table:
    """Keep the rows before a moment, and those without a time.

    Examples
    --------
    >>> times = pa.array([5, None, 9], INSTANT)
    >>> known_before(pa.table({"tie_time": times}), "tie_time", 9).num_rows
    2
    """
    if time not in rows.column_names:
        return rows
    late = pc.greater_equal(rows[time], pa.scalar(moment, INSTANT)).fill_null(False)
    return rows.take(pa.array(np.flatnonzero(~late.to_numpy())))


def _strength(column: pa.ChunkedArray) -> Wide:
    """Read the weights of ties; a null weighs 1."""
    strength = np.asarray(column.fill_null(1.0).to_numpy(), np.float64)
    n_wrong = int((~(np.isfinite(strength) & (strength >= 0))).sum())
    if n_wrong:
        raise DataError(
            f"the weight of a tie must be a number of 0 or more: {n_wrong} of {len(strength)} "
            "rows of 'ties' have another"
        )
    return strength


def _both(first: Ints, second: Ints, there: Wide, back: Wide) -> Contacts:
    """Put the second of each pair near the first, and the first near the second."""
    kept = (first >= 0) & (second >= 0) & (first != second)
    first, second = first[kept], second[kept]
    return Contacts(
        np.concatenate([first, second]),
        np.concatenate([second, first]),
        np.concatenate([there[kept], back[kept]]),
    )


def _fading(rows: pa.Table, time: str, moment: int) -> Wide:
    """Weigh rows by age; those without a time weigh 1."""
    if time not in rows.column_names:
        return np.ones(rows.num_rows)
    is_dated = np.asarray(rows[time].is_valid().to_numpy())
    times = instants(rows[time].fill_null(pa.scalar(moment - 1, INSTANT)))
    return np.where(is_dated, decay(times, moment, _HALF_LIFE), 1.0)
