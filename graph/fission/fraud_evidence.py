"""What speaks for faked referrals: silence, bursts, quits, rings and shared ids, measured.

Every measure is one array over all members, so that signs can be put together afterwards. What
many fakes would bend, the usual rate of silence or of quitting, is taken from **ordinary
inviters** alone: those with fewer than five invitees.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US, HOUR_US
from siyu.datasets.ids import encode, lookup
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.ordering import distinct, opens_run
from siyu.datasets.purchases import is_purchase
from siyu.datasets.shrinkage import BetaPrior
from siyu.graph.undated import UNDATED, times_of

from .forest_shape import climb
from .fraud_tails import burst_tail, rate_tail
from .rate_facts import NEVER, first_times, joined_times
from .rate_invitations import Invitations, referrals_of

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = [
    "Excess",
    "burst",
    "no_buyers",
    "quit_at_once",
    "quits",
    "ring_sizes",
    "self_inviters",
    "shared_ids",
    "silence",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_STAR = 5  # invitees from which an inviter is tested, and is no ordinary one any more
_ORDINARY = 20  # invitees of ordinary inviters needed to know the usual rate
_CHANCE = 0.01  # chance that any honest inviter of a community gets one kind of sign
_MOST = 0.5  # share of the invitees from which silence or quitting is a sign
_NEARLY_ALL = 0.9
_BUYING = 30 * DAY_US
_WATCHES = (14 * DAY_US, 3 * DAY_US)
_QUICK = HOUR_US
_LEAST_QUICK = 3
_LEAST_SPAN = 30 * DAY_US
_SHARED = ("device_id", "ip", "address")
_ACTS = (("orders", "order_time"), ("messages", "message_time"), ("events", "event_time"))


@dataclass(frozen=True, slots=True, eq=False)
class Excess:
    """How many of each inviter's invitees are of one kind, beside the usual.

    Attributes
    ----------
    share : float64 array over the members, 0..1
        NaN where no invitee could be judged.
    p_value : float64 array
        Chance of as many or more at the usual rate; NaN where it was not tested.
    marked : bool array
        Inviters with too many, and those invitees of theirs.
    """

    share: Floats
    p_value: Floats
    marked: Bools

    @classmethod
    def of(
        cls,
        found: Invitations,
        judged: Bools,
        held: Bools,
        done: Bools | None = None,
        least: float = _MOST,
    ) -> "Excess":
        """Compare `held` among the `judged` invitees of each inviter with ordinary inviters.

        Inviters in `done` are not tested; `least` is the share from which it is a sign.
        """
        size = found.n_members
        n = np.bincount(found.inviter[judged], minlength=size)
        k = np.bincount(found.inviter[judged & held], minlength=size)
        p_value, ordinary = np.full(size, np.nan), found.n_invitees() < _STAR
        tested = n >= _STAR if done is None else (n >= _STAR) & ~done
        if n[ordinary].sum() >= _ORDINARY and tested.any():
            prior = BetaPrior.of(k[ordinary], n[ordinary])
            p_value[tested] = rate_tail(k[tested], n[tested], prior)
        share = np.where(n > 0, k / np.maximum(n, 1), np.nan)
        limit = _CHANCE / max(int(tested.sum()), 1)
        with np.errstate(invalid="ignore"):
            marked = (p_value < limit) & (share >= least)
        marked[found.invitee[judged & held & marked[found.inviter]]] = True
        return cls(share, p_value, marked)

    def or_else(self, other: "Excess") -> "Excess":
        """Take what another measure found for the inviters whom this one could not test."""
        untested = np.isnan(self.p_value)
        return Excess(
            np.where(untested, other.share, self.share),
            np.where(untested, other.p_value, self.p_value),
            self.marked | other.marked,
        )


def silence(known: "Community", end: int, members: pa.Array, found: Invitations) -> Excess | None:
    """Find inviters most of whose invitees never bought, talked or did anything at first.

    At first means within two weeks of coming or, for inviters with fewer than five invitees of
    that age, within three days; ordinary inviters are judged by the same time. None without
    any table of acts: silence is unknown then.
    """
    tables = {name: known.arrow(name) for name, _ in _ACTS if known.has(name)}
    if not tables:
        return None
    quiet = _Quiet.of(known, end, members, found, tables)
    longer = quiet.within(found, _WATCHES[0])
    return longer.or_else(quiet.within(found, _WATCHES[1], ~np.isnan(longer.p_value)))


def no_buyers(known: "Community", end: int, members: pa.Array, found: Invitations) -> Excess | None:
    """Find inviters hardly any of whose invitees bought in their first month."""
    rows = known.arrow("orders")
    if rows is None:
        return None
    bought = rows.select(["member_id", "order_time"]).filter(pa.array(is_purchase(rows)))
    quiet = _Quiet.of(known, end, members, found, {"orders": bought})
    return quiet.within(found, _BUYING, least=_NEARLY_ALL)


@dataclass(frozen=True, slots=True, eq=False)
class _Quiet:
    """Since when each first invitee is there, the first act, and the span of the records.

    `since` is the later of referral and joining, `UNDATED` where neither is known.
    """

    since: Ints
    first_act: Ints
    begin: int
    last: int

    @classmethod
    def of(
        cls,
        known: "Community",
        end: int,
        members: pa.Array,
        found: Invitations,
        tables: dict[str, pa.Table],
    ) -> "_Quiet":
        first, begin, last = np.full(len(members), NEVER), UNDATED, end
        for name, rows in tables.items():
            first = np.minimum(first, first_times(rows, dict(_ACTS)[name], members))
            start, stop = known.observed.get(name, (begin, last))
            begin, last = max(begin, start), min(last, stop)
        since = np.maximum(found.time, joined_times(known, members)[found.invitee])
        return cls(since, first[found.invitee], begin, last)

    def within(
        self,
        found: Invitations,
        watch: int,
        done: Bools | None = None,
        least: float = _MOST,
    ) -> Excess:
        """Judge invitees by their first days; those without any date by all that is recorded."""
        dated = self.since != UNDATED
        until = np.where(dated, self.since, 0) + watch
        old = np.where(dated, (self.since >= self.begin) & (until <= self.last), False)
        judged = old | (~dated & (self.begin == UNDATED))
        quiet = self.first_act >= np.where(dated, until, NEVER)
        return Excess.of(found, judged, quiet, done, least)


def quits(known: "Community", end: int, members: pa.Array, found: Invitations) -> Excess | None:
    """Find inviters most of whose invitees left their first group within a day of joining it."""
    left = quit_at_once(known, end, members)
    if left is None:
        return None
    judged, quick = left
    return Excess.of(found, judged[found.invitee], quick[found.invitee])


def quit_at_once(known: "Community", end: int, members: pa.Array) -> tuple[Bools, Bools] | None:
    """Tell who was watched for a day after joining a first group, and who left within that day.

    None where nobody's leaving is written down.
    """
    rows = known.arrow("memberships")
    if rows is None or not {"joined_at", "left_at"} <= set(rows.column_names):
        return None
    rows = rows.select(["member_id", "joined_at", "left_at"])
    joins = MemberRows.of(rows.filter(rows["joined_at"].is_valid()), "joined_at", members)
    joined = joins.first_time()
    left = times_of(joins.table, "left_at")
    at_first = joins.times == np.repeat(np.nan_to_num(joined), joins.count())
    quick = at_first & (left != UNDATED) & (left - joins.times < DAY_US)
    last = min(end, known.observed.get("memberships", (0, end))[1])
    with np.errstate(invalid="ignore"):
        judged = joined + DAY_US <= last
    return judged, np.bincount(joins.codes[quick], minlength=len(members)) > 0


def burst(end: int, found: Invitations) -> Excess:
    """Find inviters whose invitees came within an hour of each other, against a steady pace.

    The pace is the inviter's own from the first invitee to `end`, where the record stops, over
    30 days at least; ``share`` is that of the gaps between arrivals shorter than an hour.
    """
    dated = found.time != UNDATED
    who, whom, when = (part[dated] for part in (found.inviter, found.invitee, found.time))
    size = found.n_members
    n = np.bincount(who, minlength=size)
    opens = opens_run(who)
    after = ~opens & (np.diff(when, prepend=0) < _QUICK)
    n_quick = np.bincount(who[after], minlength=size)
    first = np.full(size, end)
    first[who[opens]] = when[opens]
    tested = n >= _STAR
    span = np.maximum(end - first, _LEAST_SPAN).astype(np.float64)
    p_value = np.full(size, np.nan)
    p_value[tested] = burst_tail(n_quick[tested], n[tested], float(_QUICK), span[tested])
    with np.errstate(invalid="ignore"):
        marked = (p_value < _CHANCE / max(int(tested.sum()), 1)) & (n_quick >= _LEAST_QUICK)
    quick = after | np.append(after, np.False_)[1:]
    marked[whom[quick & marked[who]]] = True
    share = np.where(n > 1, n_quick / np.maximum(n - 1, 1), np.nan)
    return Excess(share, p_value, marked)


def ring_sizes(found: Invitations) -> Ints:
    """Count the members of the ring each member is in: of those who brought each other in turn.

    0 outside of rings. Everybody has one first inviter, so that rings never overlap.
    """
    n = found.n_members
    parent = found.parents().astype(np.int32)
    on_ring = climb(parent)[2].astype(np.int64)
    place = np.full(n, -1)
    place[on_ring] = np.arange(len(on_ring))
    smallest, onwards = np.arange(len(on_ring)), place[parent[on_ring]]
    for _ in range(len(on_ring).bit_length()):  # each round looks twice as far
        smallest, onwards = np.minimum(smallest, smallest[onwards]), onwards[onwards]
    size = np.zeros(n, dtype=np.int64)
    size[on_ring] = np.bincount(smallest, minlength=len(on_ring))[smallest]
    return size


def self_inviters(known: "Community", members: pa.Array) -> Bools:
    """Tell who stands as their own inviter in any referral."""
    rows = referrals_of(known)
    inviter, invitee = (lookup(rows[name], members) for name in ("inviter_id", "invitee_id"))
    marked = np.zeros(len(members), dtype=np.bool_)
    marked[inviter[(inviter == invitee) & (inviter >= 0)]] = True
    return marked


def shared_ids(known: "Community", members: pa.Array, found: Invitations) -> Ints | None:
    """Count how many of an inviter and the invitees hold one id together: a device, a phone.

    Ids are those of the table identities and the columns device_id, ip and address of members.
    An id held mostly by others, such as the network of a shop, does not count. None where no
    ids are known; 0 for members who share none.
    """
    pairs = [pair for pair in _held_ids(known, members) if len(pair[0])]
    if not pairs and not _has_ids(known):
        return None
    shared = np.zeros(len(members), dtype=np.int64)
    inviters = distinct(found.inviter)
    lot = MemberRows.of(  # each invitee in the inviter's lot, and the inviter, too
        pa.table(
            {
                "member_id": np.concatenate([found.invitee, inviters]),
                "lot": np.concatenate([found.inviter, inviters]),
            }
        ),
        members=pa.array(np.arange(len(members))),
    )
    n_lots = lot.count()
    lots = lot.table["lot"].to_numpy()
    for member, value in pairs:
        held = np.bincount(value)
        times = n_lots[member]
        at = np.repeat(lot.starts[member] - np.cumsum(times) + times, times)
        at += np.arange(len(at))
        who, what = np.repeat(member, times), np.repeat(value, times)
        _, key = np.unique(lots[at] * (len(held) + 1) + what, return_inverse=True)
        together = np.bincount(key)[key]
        counts = (together >= 2) & (2 * together >= held[what])
        np.maximum.at(shared, who[counts], together[counts])
    return shared


def _has_ids(known: "Community") -> bool:
    return known.has("identities") or bool(_shared_columns(known.arrow("members")))


def _shared_columns(rows: pa.Table | None) -> list[str]:
    return [] if rows is None else [name for name in _SHARED if name in rows.column_names]


def _held_ids(known: "Community", members: pa.Array) -> list[tuple[Ints, Ints]]:
    """Give for each kind of id which member holds which value, once each."""
    held = []
    rows = known.arrow("identities")
    if rows is not None:
        named = encode(rows["id_kind"])[0] * (rows.num_rows + 1) + encode(rows["id"])[0]
        held.append((lookup(rows["member_id"], members), named))
    rows = known.arrow("members")
    if rows is not None:
        holder = lookup(rows["member_id"], members)
        held += [(holder, encode(rows[name])[0]) for name in _shared_columns(rows)]
    return [_distinct_pairs(member, value) for member, value in held]


def _distinct_pairs(member: Ints, value: Ints) -> tuple[Ints, Ints]:
    known = (member >= 0) & (value >= 0)
    _, value = np.unique(value[known], return_inverse=True)
    width = int(value.max(initial=0)) + 1
    pairs = distinct(member[known] * width + value)
    return pairs // width, pairs % width
