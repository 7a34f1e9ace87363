"""What a member's referrals brought: invitees who bought, and what they spent."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.shrinkage import GammaPrior, shrink_mean, shrink_rate
from siyu.graph.undated import UNDATED

from .forest_claims import Claims
from .referral_money import referral_money

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["ReferralOutcome", "referral_outcome"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ReferralOutcome:
    """What each member's referrals brought before one moment, an array each over the members.

    Attributes
    ----------
    n_invitees : int64 array
        Invitees whom this member referred first and who had not bought before.
    n_buyers : int64 array
        Those of them who bought afterwards.
    gmv : float64 array
        What they paid, net of refunds, in the currency of the orders.
    conversion : float64 array, 0..1
        Buyers an invitee, shrunk towards the rate of all inviters; NaN without invitees.
    gmv_each : float64 array
        Money an invitee, shrunk towards that of all inviters; NaN without invitees.
    """

    n_invitees: Ints
    n_buyers: Ints
    gmv: Floats
    conversion: Floats
    gmv_each: Floats

    @property
    def expected_buyers(self) -> Floats:
        """Give the shrunk rate times the number of invitees; 0 for who brought no buyer yet."""
        return np.where(self.n_buyers > 0, self.conversion * self.n_invitees, 0.0)

    @property
    def expected_gmv(self) -> Floats:
        """Give the shrunk money an invitee times their number; 0 where none was spent yet."""
        return np.where(self.gmv > 0, self.gmv_each * self.n_invitees, 0.0)


def referral_outcome(known: "Community", members: pa.Array) -> ReferralOutcome:
    """Credit every invitee to who referred them first, and count what came of it.

    An invitee is credited once, to the earliest referral (undated ones come last; at one
    instant the inviter with the smaller id). Who had bought before was not won by it and is
    left out, and so are referrals of oneself, by staff and of staff. Rates and money are
    shrunk, because otherwise one buyer of one invitee would beat nineteen of twenty.

    Parameters
    ----------
    known : Community
        Cut already, with referrals and orders.
    members : sorted pyarrow.Array
        Whom to return, also those without invitees.

    Returns
    -------
    ReferralOutcome
    """
    n = len(members)
    claims = Claims.of(known.arrow("referrals"), members)
    row = claims.first(n)
    brought = row >= 0
    since = np.full(n, UNDATED)
    since[brought] = claims.time[row[brought]]
    money = referral_money(known, members, brought, since)
    inviter, spent = claims.inviter[row[money.won]], money.gmv[money.won]
    n_invitees = np.bincount(inviter, minlength=n)
    n_buyers = np.bincount(inviter[money.bought[money.won]], minlength=n)
    gmv = exact_sum(inviter, spent, n)
    conversion, gmv_each = np.full(n, np.nan), np.full(n, np.nan)
    inviting = n_invitees > 0
    conversion[inviting] = shrink_rate(n_buyers[inviting], n_invitees[inviting])
    gmv_each[inviting] = _shrunk_money(gmv[inviting], n_invitees[inviting], spent, inviter)
    return ReferralOutcome(n_invitees, n_buyers, gmv, conversion, gmv_each)


def _shrunk_money(gmv: Floats, n_invitees: Ints, spent: Floats, inviter: Ints) -> Floats:
    """Draw the money an invitee towards that of all, the more the invitees of one differ."""
    _, own = np.unique(inviter, return_inverse=True)
    n_free = len(spent) - len(gmv)
    if n_free:
        within = math.fsum((spent - (gmv / n_invitees)[own]) ** 2) / n_free
    else:  # one invitee each: all that is known is how much those differ
        within = float(np.var(np.sort(spent))) if len(spent) else 0.0
    if not within > 0:
        return np.asarray(gmv / n_invitees)
    return shrink_mean(gmv, n_invitees, GammaPrior.of(gmv, n_invitees, within))
