"""K: how many new members a member brings, by closed cohort."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError, warn
from siyu.datasets.estimates import known as known_numbers
from siyu.datasets.estimates import named_columns
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ordering import distinct
from siyu.datasets.spans import span_us
from siyu.graph.undated import UNDATED

from .forest_claims import Claims
from .fraud_signs import fraud_suspects
from .rate_facts import RateFacts, group_ratios
from .rate_invitations import referrals_of

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["k_factor"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def k_factor(
    c: "Community",
    *,
    as_of: Any,
    window: Any = "30D",
    by: str | None = "cohort",
    output: FrameKind = "pandas",
) -> Frame:
    """Measure K, the new members that a member brings in the first days of membership.

    K is invitations per member times new members per invitation. **All** members of a cohort
    stand below the line, those who never invited, too: per inviter (``joined_per_inviter``, which
    some tools call K) it is many times as large and foretells no growth. Only members whose
    window is over are counted; who joined last week has had no time to invite.

    Parameters
    ----------
    c : Community
        With referrals, and members with ``joined_at``; orders for the columns of buyers.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    window : Timedelta, timedelta or str, a day or more
        The time from joining in which invitations, joins and purchases of invitees count.
    by : str or None
        ``"cohort"`` (local month of joining), a column of members such as ``"source"``, or None
        for everybody in one group, ``all``.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame.

    Returns
    -------
    frame, one row a group, in ascending order, members without a value last
        ``group``; ``n_members`` : members whose whole window was watched; ``n_left_out`` : the
        others: too young, before the record of referrals began, or without ``joined_at``;
        ``n_inviters``, ``n_invites`` : who invited, and distinct people invited, in the window;
        ``n_joined`` : those of them whom this member brought first and who were new;
        ``n_bought`` : those of them who bought in it, too, null without orders;
        ``invites_per_member``; ``join_rate``, ``join_low``, ``join_high`` : new members per
        invitation; ``k``, ``k_low``, ``k_high`` : new members per member; ``buyers_per_member``,
        ``buyers_low``, ``buyers_high``; ``k_trusted`` : k without the members suspected by
        `referral_fraud`, on both sides; ``joined_per_inviter``. Intervals are 95 % percentiles
        of a bootstrap over members. Null where nothing was watched.

    Raises
    ------
    DataError
        If referrals or ``members.joined_at`` are missing, or the column `by`.
    ParameterError
        If `window` is no span of a day or more.

    Warns
    -----
    SiyuWarning
        If referrals lie before their inviter joined: they count for nobody.

    Notes
    -----
    New means: joined no more than a day before the referral, and had not bought before. With
    k below 1 invitations alone do not keep a community growing; members brought also invite, and
    their children later: the sum of all generations is 1 / (1 - k).

    Examples
    --------
    >>> from siyu.datasets import make_community
    >>> c = make_community(1000, random_state=0)
    >>> found = k_factor(c, as_of="2026-07-01", by=None)
    >>> found[["group", "n_members", "n_invites", "n_joined"]]
      group  n_members  n_invites  n_joined
    0   all        956        140       138
    """
    c.require("referrals", "members", call="k_factor()")
    length = span_us("window", window)
    known, end = c.before(as_of), c.moment(as_of)
    facts = RateFacts.of(known, end)
    if len(facts.members) and np.all(facts.joined == UNDATED):
        raise DataError("k_factor() needs members with joined_at; nobody's is written down")
    group, names = facts.groups(by)
    begin, stop = facts.record
    with_date = facts.joined != UNDATED
    watched = with_date & (facts.joined >= begin) & (facts.joined + length <= stop)
    until = np.where(with_date, facts.joined, 0) + length
    joined, bought = _brought(facts, until)
    trusted = ~fraud_suspects(known, end, facts.members)
    honest = joined & trusted[facts.found.invitee] & trusted[facts.found.inviter]
    counts = _Counts(
        group[watched],
        len(names),
        _invites(facts, until)[watched],
        facts.per_inviter(joined)[watched],
        facts.per_inviter(bought)[watched],
    )
    k_trusted = _share(counts.sum(facts.per_inviter(honest)[watched]), counts.sum(trusted[watched]))
    unknown = counts.sum(~facts.orders_kept(until)[watched]) > 0
    n_left_out = np.bincount(group[~watched], minlength=len(names))
    columns = {"group": names, **counts.columns(n_left_out, unknown)}
    columns |= {"k_trusted": known_numbers(k_trusted), "joined_per_inviter": counts.per_inviter()}
    return from_arrow(pa.table(columns), output)


def _invites(facts: RateFacts, until: Ints) -> Ints:
    """Count the distinct people each member invited in the window; warn of earlier ones."""
    claims = Claims.of(referrals_of(facts.known), facts.members)
    kept = np.flatnonzero(claims.can_count() & (claims.time != UNDATED))
    who, whom, when = claims.inviter[kept], claims.invitee[kept], claims.time[kept]
    dated = facts.joined[who] != UNDATED
    early = dated & (when < facts.joined[who])
    if early.any():
        warn(f"{int(early.sum())} referrals lie before their inviter joined and count for nobody")
    inside = dated & ~early & (when < until[who])
    n = len(facts.members)
    return np.bincount(distinct(who[inside] * n + whom[inside]) // max(n, 1), minlength=n)


def _brought(facts: RateFacts, until: Ints) -> tuple[Bools, Bools]:
    """Tell which first referrals brought a new member, and a buyer, within the window."""
    who, whom = facts.found.inviter, facts.found.invitee
    dated = (facts.found.time != UNDATED) & (facts.joined[who] != UNDATED)
    inside = dated & (facts.found.time >= facts.joined[who]) & (facts.arrived() < until[who])
    joined = inside & facts.is_new
    return joined, joined & (facts.bought[whom] < until[who])


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """Invitations, joins and purchases of the members watched, with their groups."""

    group: Ints
    n_groups: int
    invites: Ints
    joined: Ints
    bought: Ints

    def sum(self, values: npt.NDArray[Any]) -> Ints:
        return np.bincount(self.group, values, self.n_groups).astype(np.int64)

    def columns(self, n_left_out: Ints, unknown: Bools) -> dict[str, pa.Array]:
        """Write counts, rates and K of every group; `unknown` marks those without orders."""
        n_members, n_invites = self.sum(np.ones(len(self.group))), self.sum(self.invites)
        ones = np.ones(len(self.group))
        return {
            "n_members": pa.array(n_members),
            "n_left_out": pa.array(n_left_out),
            "n_inviters": pa.array(self.sum(self.invites > 0)),
            "n_invites": pa.array(n_invites),
            "n_joined": pa.array(self.sum(self.joined)),
            "n_bought": pa.array(self.sum(self.bought), mask=unknown),
            "invites_per_member": known_numbers(_share(n_invites, n_members)),
            **self._ratio(self.joined, self.invites, ("join_rate", "join_low", "join_high")),
            **self._ratio(self.joined, ones, ("k", "k_low", "k_high")),
            **self._ratio(
                self.bought, ones, ("buyers_per_member", "buyers_low", "buyers_high"), unknown
            ),
        }

    def per_inviter(self) -> pa.Array:
        """Give the new members per member who invited at all."""
        return known_numbers(_share(self.sum(self.joined), self.sum(self.invites > 0)))

    def _ratio(
        self,
        above: Ints,
        below: npt.NDArray[Any],
        names: tuple[str, str, str],
        unless: Bools | None = None,
    ) -> dict[str, pa.Array]:
        found = group_ratios(
            above.astype(np.float64), below.astype(np.float64), self.group, self.n_groups
        )
        return named_columns(found, names, unless)


def _share(above: Ints, below: Ints) -> npt.NDArray[np.float64]:
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)
