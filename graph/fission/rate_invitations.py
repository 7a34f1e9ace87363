"""Who brought whom first, and when: what all rates of referral start from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .forest_claims import Claims

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["Invitations", "referrals_of"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Invitations:
    """The first referral of every invitee, in order of inviter, time and invitee.

    Attributes
    ----------
    n_members : int
    inviter, invitee : int64 arrays, n_invitees values, codes of members
    time : int64 array
        Microseconds, or `UNDATED`.
    row : int64 array
        The row of the table referrals.
    """

    n_members: int
    inviter: Ints
    invitee: Ints
    time: Ints
    row: Ints

    @classmethod
    def of(cls, known: "Community", members: pa.Array) -> "Invitations":
        """Read the referrals of a community that was cut already.

        Which referral of an invitee is the first is told by `Claims`.
        """
        claims = Claims.of(referrals_of(known), members)
        row = claims.first(len(members))
        row = row[row >= 0]
        inviter, invitee, time = (
            part[row] for part in (claims.inviter, claims.invitee, claims.time)
        )
        order = np.lexsort((invitee, time, inviter))
        return cls(len(members), *(part[order] for part in (inviter, invitee, time, row)))

    def n_invitees(self) -> Ints:
        """Count the invitees of each member."""
        return np.bincount(self.inviter, minlength=self.n_members)

    def parents(self) -> Ints:
        """Give each member's inviter, -1 for none."""
        parent = np.full(self.n_members, -1)
        parent[self.invitee] = self.inviter
        return parent


def referrals_of(known: "Community") -> pa.Table:
    """Give the referrals, or raise `DataError` where there are none."""
    known.require("referrals", call="the rates of referral")
    rows: pa.Table = known.arrow("referrals")
    return rows
