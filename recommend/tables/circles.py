"""Who is near whom: friends, inviters and invited, and group mates, as shares that add up to 1.

A member's circle is read from three tables, as far as they are there: ``ties``, ``referrals`` and
the inviters in ``memberships`` (see `siyu.recommend.tables.contacts`), and the members of the same
groups (see `siyu.recommend.tables.group_mates`). All of it as known at one moment.

The recommender knows members by their purchases, so that a circle holds customers who have not
opted out and nobody else: staff are nobody's friend, whatever the export of a chat tool says.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siyu.datasets.affinity import affinity_matrix
from siyu.datasets.community import Community
from siyu.recommend.sorted_keys import Bools, Floats, Ints, run_starts, within_run

from .contacts import Contacts, known_before, of_columns, of_ties
from .group_mates import GroupRings
from .purchases import Purchases

__all__ = ["LEADERS", "Circle", "circle_at", "has_circles"]

LEADERS = "koc_score"
"""The caller's member column that says who leads (see `Circle.weighed_by`)."""

_TABLES = ("ties", "referrals", "memberships")
_REFERRAL = 2.0  # weights beside 1 for a tie or an invitation into a group
_MATES = 0.5  # for all mates of a group together
_MOST_NEAR = 40  # members of a circle, and mates read of one group
_LEADING = 0.9  # a leader's score is in the top tenth of those above 0
_BLOCK = 16_384  # members whose contacts are added up at once: bounds the memory


@dataclass(frozen=True, slots=True, eq=False)
class Circle:
    """The nearest members of some members, or of all.

    Attributes
    ----------
    near : csr_array, n_rows x n_members, float32
        A row a member: the shares of the members near them. A row adds up to 1, or is empty;
        nobody is in their own circle.
    bought : Purchases
        Of all members, before the moment of the circle; the columns are its members.
    leads : bool array, n_members, or None
        Who leads by the caller's score; None where no score was given.
    """

    near: csr_array
    bought: Purchases
    leads: Bools | None = None

    def of_members(self, codes: Ints) -> "Circle":
        """Take the circles of some members: their codes become their rows."""
        return replace(self, near=self.near[codes])

    def weighed_by(self, score: Floats) -> "Circle":
        """Let members with a high score count for more in the circles they are in.

        A member's share grows by 1 + score / highest score, and shares are made to add up
        again; a score that is unknown or below 0 counts as 0. Leaders are those in the top tenth
        of the scores above 0.

        Parameters
        ----------
        score : float32 array, n_members, NaN unknown
            Such as the KOC score.
        """
        known = np.where(np.isfinite(score) & (score > 0), score, 0).astype(np.float64)
        highest = float(known.max(initial=0))
        if highest == 0:
            return replace(self, leads=np.zeros(len(known), np.bool_))
        raised = self.near.data * (1 + known / highest)[self.near.indices]
        bar = np.quantile(known[known > 0], _LEADING)
        return replace(self, near=_shares(raised, self.near), leads=known >= bar)


def has_circles(c: Community) -> bool:
    """Tell whether any table of a community could say who is near whom."""
    return any(c.has(name) for name in _TABLES)


def circle_at(
    c: Community, bought: Purchases, moment: int, score: Floats | None = None
) -> Circle | None:
    """Read everybody's circle as it was known just before a moment.

    Parameters
    ----------
    c : Community
        Cut at `moment` or later.
    bought : Purchases
        Before `moment`; its members are those who count.
    moment : int, microseconds since 1970 UTC
        Itself excluded; undated rows count at every moment.
    score : float32 array, n_members, optional
        Who leads; see `Circle.weighed_by`.

    Returns
    -------
    Circle, or None if no table could tell
        At most 40 members a circle, the nearest; equals go by the smaller id.

    Raises
    ------
    DataError
        If the weight of a tie is negative, unknown or infinite.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({"member_id": [1, 2, 3], "product_id": 7, "amount": 5.0})
    >>> orders["order_time"] = pd.to_datetime("2026-01-01", utc=True)
    >>> ties = pd.DataFrame({"source": [1, 1], "target": [2, 3], "kind": "friend"})
    >>> ties["tie_time"] = pd.to_datetime(["2026-01-01", "2026-05-01"], utc=True)
    >>> c = Community(orders=orders, ties=ties)
    >>> circle = circle_at(c, Purchases.of(c), c.moment("2026-02-01"))
    >>> circle.near.toarray().tolist()  # in February the third was no friend yet
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if not has_circles(c):
        return None
    contacts, rings = _read(c, bought.members, moment)
    circle = Circle(_nearest(contacts, rings, len(bought.members)), bought)
    return circle if score is None else circle.weighed_by(score)


def _read(c: Community, members: pa.Array, moment: int) -> tuple[Contacts, GroupRings | None]:
    """Read the tables as far as they are there."""
    ties, referrals, memberships = map(c.arrow, _TABLES)
    found, rings = [], None
    if ties is not None:
        found.append(of_ties(known_before(ties, "tie_time", moment), members, moment))
    if referrals is not None:
        rows = known_before(referrals, "referral_time", moment)
        columns = ("inviter_id", "invitee_id", "referral_time")
        found.append(of_columns(rows, columns, members, moment, _REFERRAL))
    if memberships is not None:
        rows = known_before(memberships, "joined_at", moment)
        rings = GroupRings.of(rows, members, moment)
        if "inviter_id" in rows.column_names:
            columns = ("inviter_id", "member_id", "joined_at")
            found.append(of_columns(rows, columns, members, moment, 1.0))
    return Contacts.joined(found), rings


def _nearest(contacts: Contacts, rings: GroupRings | None, n_members: int) -> csr_array:
    """Add up everybody's contacts, and keep the nearest."""
    parts = list(_blocks(contacts, rings, n_members))
    lengths = np.concatenate([np.zeros(1, np.int64), *(part[0] for part in parts)])
    near = np.concatenate([np.zeros(0, np.int32), *(part[1] for part in parts)])
    weight = np.concatenate([np.zeros(0), *(part[2] for part in parts)])
    shape = (n_members, n_members)
    return _shares(weight, csr_array((weight, near, np.cumsum(lengths)), shape=shape))


def _blocks(
    contacts: Contacts, rings: GroupRings | None, n_members: int
) -> Iterator[tuple[Ints, Ints, NDArray[np.float64]]]:
    """Give, a block of members at a time, the sizes of circles, who is in them, and how near."""
    for low in range(0, n_members, _BLOCK):
        high = min(low + _BLOCK, n_members)
        parts = [contacts.between(low, high)]
        if rings is not None:
            mates = rings.mates(low, high, _MOST_NEAR)
            parts.append(replace(mates, weight=mates.weight * _MATES))
        both = Contacts.joined(parts)
        total = affinity_matrix(both.owner, both.near, both.weight, (high - low, n_members))
        owner = np.repeat(np.arange(high - low), np.diff(total.indptr))
        order = np.lexsort((total.indices, -total.data, owner))
        kept = np.sort(order[within_run(run_starts(owner), len(owner)) < _MOST_NEAR])
        yield np.bincount(owner[kept], minlength=high - low), total.indices[kept], total.data[kept]


def _shares(weight: NDArray[np.float64], like: csr_array) -> csr_array:
    """Divide the stored values of every row by their sum."""
    owner = np.repeat(np.arange(like.shape[0]), np.diff(like.indptr))
    total = np.bincount(owner, weight, minlength=like.shape[0])
    shares = (weight / total[owner]).astype(np.float32)
    return csr_array((shares, like.indices, like.indptr), shape=like.shape)
