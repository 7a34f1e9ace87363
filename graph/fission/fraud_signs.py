"""Signs that referrals were faked for the reward: a list for a person to check."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.estimates import known as known_numbers
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import lookup, take

from .fraud_evidence import (
    Excess,
    burst,
    no_buyers,
    quits,
    ring_sizes,
    self_inviters,
    shared_ids,
    silence,
)
from .rate_invitations import Invitations

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["FraudSigns", "fraud_suspects", "referral_fraud"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_SIGNS = (
    "silent_invitees",
    "no_buyers",
    "instant_quits",
    "burst",
    "ring",
    "mutual",
    "self_invite",
    "shared_id",
)
_N_ALIKE = 3  # the first so many signs say much the same
_RING = 3  # members from which bringing each other in turn is a ring; two may be friends
_MANY, _NEARLY_ALL, _BEYOND_CHANCE = 10, 0.9, 1e-6  # silence that needs no second sign
_MANY_SHARE = 4  # accounts on one id that a household does not explain


def referral_fraud(
    c: "Community",
    *,
    as_of: Any,
    output: FrameKind = "pandas",
) -> Frame:
    """List the members whose referrals bear signs of being faked, with the evidence.

    **A flag is a reason to look, not a verdict.** One sign alone has honest explanations: a
    member who posts a link in a group brings ten friends within the hour, a couple shares a
    phone. A member is ``suspected`` by two independent signs, or by one that is hard to explain.

    Parameters
    ----------
    c : Community
        With referrals. The more of orders, messages, events, memberships, identities and
        members with ``device_id``, ``ip`` or ``address``, the more signs can be seen.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame.

    Returns
    -------
    frame, one row a member with any sign, sorted by ``member_id``
        ``suspected`` : bool; ``signs`` : list of codes (see Notes); ``n_signs`` : how many of
        them are independent (silence, not buying and quitting count once); ``inviter_id`` : who
        brought the member first, null for nobody; ``n_invitees`` : whom the member brought
        first; ``silent_share``, ``silent_p`` : share of them that did not buy, talk or do
        anything in their first two weeks (three days while fewer than five are that old), and
        the chance of so many at the usual rate; ``unsold_share``, ``unsold_p`` : likewise for
        those who did not buy in their first 30 days; ``quit_share``, ``quit_p`` : for those who
        left their first group within a day; ``quick_share``, ``burst_p`` : share of the gaps
        between their arrivals shorter than an hour, and its chance at a steady pace;
        ``ring_size`` : members in the ring, 0 for none; ``n_shared`` : accounts of one inviter's
        circle that hold one id together, 0 for none. Shares and chances are null where nothing
        could be judged.

    Raises
    ------
    DataError
        If referrals are missing.

    Notes
    -----
    Only first referrals count (see `Invitations`), staff neither invite nor are invited. The
    signs, which the inviter bears and those invitees who make it up:

    ``silent_invitees``, ``no_buyers``, ``instant_quits``
        Half of five or more invitees at least (nine in ten for ``no_buyers``), and more than
        the usual rate explains: upper tail of a beta-binomial fitted to ordinary inviters (fewer
        than five invitees). Silence is hard from ten invitees where it takes nine in ten
        of them and its chance is below one in a million.
    ``burst``
        Five or more invitees, at least three of them within an hour of the one before, and
        more than a Poisson process at the inviter's own pace explains.
    ``ring``, hard
        Three or more members who brought each other in turn.
    ``mutual``
        Two who brought each other.
    ``self_invite``
        A referral of oneself.
    ``shared_id``, hard from four accounts
        An inviter and invitees, or invitees of one inviter, who hold one device, phone,
        address or other id together, unless most of its holders are other people.

    Chances are held against 0.01 over the number of inviters tested (Bonferroni): of a hundred
    honest communities about one has an inviter with a sign of each kind. Ids in a row are no
    sign: ids are given out in the order of joining, so that they would repeat the burst.
    Opted-out members are listed, too: the check is about rewards, it addresses nobody.

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(1000, random_state=0)
    >>> found = referral_fraud(c, as_of="2026-07-01")
    >>> found.loc[found["suspected"], "member_id"].isin(c.truth["rings"]["member_id"]).all()
    np.True_
    """
    c.require("referrals", call="referral_fraud()")
    known, end = c.before(as_of), c.moment(as_of)
    members = known.customers()
    signs = FraudSigns.of(known, end, members)
    return from_arrow(signs.table(members), output)


def fraud_suspects(known: "Community", end: int, members: pa.Array) -> Bools:
    """Tell whose referrals are suspected of being faked; see `referral_fraud`.

    Parameters
    ----------
    known : Community
        Cut already. Without referrals nobody is suspected.
    end : int
        The moment of the cut, in microseconds.
    members : pyarrow.Array of ids
        Whom to return; everybody is looked at.

    Returns
    -------
    bool array, n_members
    """
    if not known.has("referrals"):
        return np.zeros(len(members), dtype=np.bool_)
    everyone = known.customers()
    suspected = np.append(FraudSigns.of(known, end, everyone).suspected(), np.False_)
    return suspected[lookup(members, everyone)]


@dataclass(frozen=True, slots=True, eq=False)
class FraudSigns:
    """The evidence about every member; parts that could not be judged are None."""

    found: Invitations
    silent: Excess | None
    unsold: Excess | None
    quit: Excess | None
    burst: Excess
    ring_size: Ints
    own: Bools
    n_shared: Ints | None

    @classmethod
    def of(cls, known: "Community", end: int, members: pa.Array) -> "FraudSigns":
        """Measure everybody; `members` are all customers."""
        found = Invitations.of(known, members)
        recorded = known.observed.get("referrals", (0, end))[1]
        return cls(
            found,
            silence(known, end, members, found),
            no_buyers(known, end, members, found),
            quits(known, end, members, found),
            burst(min(recorded, end), found),
            ring_sizes(found),
            self_inviters(known, members),
            shared_ids(known, members, found),
        )

    def matrix(self) -> Bools:
        """Tell who bears which sign, (n_members, n_signs)."""
        none = np.zeros(self.found.n_members, dtype=np.bool_)
        columns = {
            "silent_invitees": none if self.silent is None else self.silent.marked,
            "no_buyers": none if self.unsold is None else self.unsold.marked,
            "instant_quits": none if self.quit is None else self.quit.marked,
            "burst": self.burst.marked,
            "ring": self.ring_size >= _RING,
            "mutual": self.ring_size == 2,
            "self_invite": self.own,
            "shared_id": none if self.n_shared is None else self.n_shared >= 2,
        }
        return np.column_stack([columns[sign] for sign in _SIGNS])

    def n_independent(self) -> Ints:
        """Count the signs; who is silent or quits at once buys nothing, so those count once."""
        signs = self.matrix()
        count: Ints = signs[:, :_N_ALIKE].any(axis=1) + signs[:, _N_ALIKE:].sum(axis=1)
        return count

    def suspected(self) -> Bools:
        """Tell who has two independent signs, or a hard one."""
        shared = 0 if self.n_shared is None else self.n_shared
        hard = (self.ring_size >= _RING) | (shared >= _MANY_SHARE) | self._all_silent()
        return np.asarray((self.n_independent() >= 2) | hard)

    def _all_silent(self) -> Bools:
        """Tell inviters whose invitees are silent beyond any usual rate, and those invitees."""
        if self.silent is None:
            return np.zeros(self.found.n_members, dtype=np.bool_)
        with np.errstate(invalid="ignore"):
            centre = (self.silent.p_value < _BEYOND_CHANCE) & (self.silent.share >= _NEARLY_ALL)
        centre &= self.found.n_invitees() >= _MANY
        by_centre = np.append(centre, np.False_)[self.found.parents()]
        return np.asarray(centre | (self.silent.marked & by_centre))

    def table(self, members: pa.Array) -> pa.Table:
        """Write one row for each member with any sign."""
        signs = self.matrix()
        at = np.flatnonzero(signs.any(axis=1))
        _, sign = np.nonzero(signs[at])
        ends = np.concatenate(([0], np.cumsum(signs[at].sum(axis=1)))).astype(np.int32)
        codes = pa.array(_SIGNS).take(pa.array(sign))
        evidence = {
            **_columns(self.silent, at, ("silent_share", "silent_p")),
            **_columns(self.unsold, at, ("unsold_share", "unsold_p")),
            **_columns(self.quit, at, ("quit_share", "quit_p")),
            **_columns(self.burst, at, ("quick_share", "burst_p")),
        }
        shared = pa.nulls(len(at), pa.int64())
        return pa.table(
            {
                "member_id": take(members, at),
                "suspected": pa.array(self.suspected()[at]),
                "signs": pa.ListArray.from_arrays(pa.array(ends), codes),
                "n_signs": pa.array(self.n_independent()[at]),
                "inviter_id": take(members, self.found.parents()[at]),
                "n_invitees": pa.array(self.found.n_invitees()[at]),
                **evidence,
                "ring_size": pa.array(self.ring_size[at]),
                "n_shared": shared if self.n_shared is None else pa.array(self.n_shared[at]),
            }
        )


def _columns(found: Excess | None, at: Ints, names: tuple[str, str]) -> dict[str, pa.Array]:
    """Write a share and its chance, null where nothing could be judged."""
    if found is None:
        return dict.fromkeys(names, pa.nulls(len(at), pa.float64()))
    return dict(zip(names, map(known_numbers, (found.share[at], found.p_value[at])), strict=True))
