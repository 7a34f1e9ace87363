"""Who joins when, brought by whom: organic arrivals, referral cascades, fraud rings, brokers."""

from dataclasses import dataclass, fields

import numpy as np

from .arrays import Bools, Floats, Ints
from .campaigns import FissionWindows
from .options import CommunityOptions
from .seasons import DAY, BusinessClock, Span

__all__ = ["RING_KINDS", "Founding", "Roster", "enrol"]

RING_KINDS = ("star", "cycle", "self")
_RING_SHARES = (0.7, 0.2, 0.1)
_INVITES = 0.35  # mean number of invitees of a member of mean sharing
_LARGEST_DEGREE = 0.5  # largest planned degree is n ** this
_N_BRIDGED = 4


@dataclass(frozen=True, slots=True)
class Roster:
    """Customers in the order in which they joined; every array has one value a customer."""

    joined: Ints
    """When they joined, in seconds since the start."""
    inviter: Ints
    """Who brought them: the code of an earlier customer, -1 for nobody."""
    generation: Ints
    """0 for those nobody brought, else one more than the inviter's."""
    community: Ints
    """Their social community; -1 for accounts of fraud rings."""
    degree: Ints
    """Planned number of ties."""
    is_broker: Bools
    bridged: Ints
    """The other communities a broker bridges, (n, 4), filled up with -1."""
    influence: Floats
    """How much others listen: lognormal around 1."""
    sharing: Floats
    """Propensity to invite: gamma around 1, double for brokers."""
    ring: Ints
    """The fraud ring an account belongs to; -1 for honest members."""
    ring_kind: Ints
    """The kind of that ring, a place in `RING_KINDS`; -1 for honest members."""

    def __len__(self) -> int:
        return len(self.joined)

    @property
    def is_fraud(self) -> Bools:
        """Tell accounts of fraud rings."""
        return self.ring >= 0


@dataclass(frozen=True, slots=True)
class Founding:
    """When the communities were founded, in seconds since the start, ascending."""

    at: Ints
    n_open: int
    """How many of the youngest communities take organic members at any time."""

    @classmethod
    def plan(cls, n_members: int, arrivals: Floats) -> "Founding":
        """Found one community per 100 members, a quarter at the start, the others one by one.

        Each after as many organic arrivals as the one before; so all grow to like sizes, and
        the youngest are still growing at the end. `arrivals` is the share of organic members
        who arrive on each day.
        """
        count = max(1, round(n_members / 100))
        n_open = -(-count // 4)
        share = np.maximum(np.arange(count) - n_open + 1, 0) / (count - n_open + 1) * 0.95
        day = np.searchsorted(np.cumsum(arrivals), share, side="right")
        day[:n_open] = 0
        return cls(day.astype(np.int64) * DAY, n_open)

    def joined_by(self, rng: np.random.Generator, when: Ints) -> Ints:
        """Choose one of the youngest communities that exist at each moment."""
        there = np.searchsorted(self.at, when, side="right").astype(np.int64)
        oldest = np.maximum(there - self.n_open, 0)
        chosen: Ints = oldest + (rng.random(len(when)) * (there - oldest)).astype(np.int64)
        return chosen


@dataclass(frozen=True, slots=True)
class _Calendar:
    span: Span
    arrivals: Floats
    windows: FissionWindows
    founding: Founding


def enrol(
    rng: np.random.Generator,
    n_members: int,
    options: CommunityOptions,
    clock: BusinessClock,
    windows: FissionWindows,
) -> tuple[Roster, Founding]:
    """Draw all customers and sort them by the moment they joined."""
    span = Span(options.days)
    n_fraud = round(options.fraud_share * n_members) if n_members >= 100 else 0
    n_fraud = n_fraud if n_fraud >= 8 else 0
    n_honest = n_members - n_fraud
    arrivals = _arrivals(clock)
    calendar = _Calendar(span, arrivals, windows, Founding.plan(n_honest, arrivals))
    social = _social(rng, n_honest, options)
    honest = _honest(rng, social, calendar)
    rings = _rings(rng, n_fraud, calendar)
    return _sorted(_stacked(honest, rings)), calendar.founding


@dataclass(frozen=True, slots=True)
class _Social:
    degree: Ints
    is_broker: Bools
    influence: Floats
    sharing: Floats


def _social(rng: np.random.Generator, n: int, options: CommunityOptions) -> _Social:
    """Draw what does not depend on time. Brokers are 2 % of all, among those of degree >= 6."""
    degree = _power_law(rng, n)
    may_broker = np.flatnonzero(degree >= 6)
    n_brokers = min(int(options.broker_share * n), len(may_broker)) if n >= 150 else 0
    is_broker = np.zeros(n, np.bool_)
    is_broker[rng.choice(may_broker, n_brokers, replace=False)] = True
    influence = np.exp(0.7 * rng.standard_normal(n))
    sharing = rng.gamma(0.4, 1 / 0.4, n) * np.where(is_broker, 2.0, 1.0)
    return _Social(degree, is_broker, influence, sharing)


def _power_law(rng: np.random.Generator, n: int, mean: float = 10.0) -> Ints:
    """Draw degrees with density d ** -2.5 from 3 up, scaled to the mean."""
    a, top = -1.5, max(n**_LARGEST_DEGREE, 6.0)
    drawn = (3**a + (top**a - 3**a) * rng.random(n)) ** (1 / a)
    scaled = np.floor(drawn * mean / max(float(drawn.mean()) if n else 1.0, 1.0) + rng.random(n))
    degree: Ints = np.maximum(3, scaled).astype(np.int64)
    return degree


def _honest(rng: np.random.Generator, social: _Social, calendar: _Calendar) -> Roster:
    """Let organic members arrive, and every generation invite the next one."""
    n = len(social.degree)
    joined, inviter = np.zeros(n, np.int64), np.full(n, -1)
    generation, community = np.zeros(n, np.int64), np.zeros(n, np.int64)
    done = min(n, max(1, round(n * (1 - _INVITES))))
    joined[:done] = _organic(rng, done, calendar)
    community[:done] = calendar.founding.joined_by(rng, joined[:done])
    parents = np.arange(done)
    while done < n and len(parents):
        parent = np.repeat(parents, rng.poisson(_INVITES * social.sharing[parents]))
        when = _invited_at(rng, joined[parent])
        seen = np.flatnonzero(when < calendar.span.seconds)
        seen = rng.permutation(seen)[: n - done]
        children = np.arange(done, done + len(seen))
        joined[children], inviter[children] = when[seen], parent[seen]
        generation[children] = generation[parent[seen]] + 1
        stays = rng.random(len(seen)) < 0.8
        elsewhere = calendar.founding.joined_by(rng, when[seen])
        community[children] = np.where(stays, community[parent[seen]], elsewhere)
        parents, done = children, done + len(seen)
    joined[done:] = _organic(rng, n - done, calendar)
    community[done:] = calendar.founding.joined_by(rng, joined[done:])
    bridged = _bridged(rng, social.is_broker, community, len(calendar.founding.at))
    honest = np.full(n, -1)
    return Roster(
        joined, inviter, generation, community, social.degree, social.is_broker, bridged,
        social.influence, social.sharing, honest, honest,
    )  # fmt: skip


def _arrivals(clock: BusinessClock) -> Floats:
    """Share of organic members who arrive each day: a fifth at the launch, then growing."""
    weight = clock.pace * np.linspace(0.7, 1.3, len(clock.pace))
    weight = weight / weight.sum() * 0.8
    weight[:20] += 0.2 / 20
    share: Floats = weight / weight.sum()
    return share


def _organic(rng: np.random.Generator, n: int, calendar: _Calendar) -> Ints:
    """Draw when organic members arrive, by daylight."""
    day: Ints = np.searchsorted(np.cumsum(calendar.arrivals), rng.random(n), side="right")
    whole: Ints = np.minimum(day, calendar.span.days - 1).astype(np.int64)
    return whole * DAY + _daylight(rng, n)


def _invited_at(rng: np.random.Generator, parent_joined: Ints) -> Ints:
    """Invitees join a lognormal time after their inviter: median 40 days, one at least."""
    delay = np.exp(np.log(40) + 1.1 * rng.standard_normal(len(parent_joined)))
    day: Ints = parent_joined // DAY + 1 + np.minimum(delay, 5000).astype(np.int64)
    return day * DAY + _daylight(rng, len(day))


def _daylight(rng: np.random.Generator, n: int) -> Ints:
    return rng.integers(8 * 3600, 22 * 3600, n)


def _bridged(rng: np.random.Generator, is_broker: Bools, community: Ints, count: int) -> Ints:
    """Choose two to four other communities for every broker."""
    bridged = np.full((len(is_broker), _N_BRIDGED), -1)
    brokers = np.flatnonzero(is_broker)
    if len(brokers) and count > 1:
        step = rng.random((len(brokers), count - 1)).argsort(axis=1)[:, :_N_BRIDGED] + 1
        other = (community[brokers][:, None] + step) % count
        wanted = rng.integers(2, _N_BRIDGED + 1, len(brokers))
        other[np.arange(other.shape[1])[None, :] >= wanted[:, None]] = -1
        bridged[brokers[:, None], np.arange(other.shape[1])] = other
    return bridged


def _rings(rng: np.random.Generator, n: int, calendar: _Calendar) -> Roster:
    """Draw fraud rings of 8 to 30 accounts that join in a burst within a fission campaign.

    A star: one account brings all others. A cycle: each brings the next. Self: a star whose
    centre brings itself, too (those closing rows are added to the referrals).
    """
    sizes = _ring_sizes(rng, n)
    ring = np.repeat(np.arange(len(sizes)), sizes)
    kind = rng.choice(len(RING_KINDS), len(sizes), p=_RING_SHARES)[ring]
    place = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    begins = calendar.windows.moments(rng, len(sizes)) + 10 * 3600
    pause = np.where(place == 0, 0, 20 + rng.exponential(150, n)).astype(np.int64)
    burst = np.cumsum(pause) - np.repeat(np.cumsum(pause)[np.cumsum(sizes) - sizes], sizes)
    leader = np.arange(n) - place
    previous = np.where(RING_KINDS.index("cycle") == kind, np.arange(n) - 1, leader)
    chain = np.where(RING_KINDS.index("cycle") == kind, place, np.minimum(place, 1))
    return Roster(
        joined=begins[ring] + burst,
        inviter=np.where(place == 0, -1, previous),
        generation=chain,
        community=np.full(n, -1),
        degree=np.zeros(n, np.int64),
        is_broker=np.zeros(n, np.bool_),
        bridged=np.full((n, _N_BRIDGED), -1),
        influence=np.zeros(n),
        sharing=np.zeros(n),
        ring=ring,
        ring_kind=kind,
    )


def _ring_sizes(rng: np.random.Generator, n: int) -> Ints:
    """Cut n accounts into rings of 8 to 30; the rest joins the last ring."""
    drawn = rng.integers(8, 31, n // 8 + 1)
    whole = drawn[np.cumsum(drawn) <= n]
    if not len(whole):
        return np.array([n] if n else [], np.int64)
    whole[-1] += n - whole.sum()
    return whole


def _stacked(honest: Roster, rings: Roster) -> Roster:
    shifted = np.where(rings.inviter >= 0, rings.inviter + len(honest), -1)
    parts = {
        f.name: np.concatenate([getattr(honest, f.name), getattr(rings, f.name)])
        for f in fields(Roster)
    }
    parts["inviter"] = np.concatenate([honest.inviter, shifted])
    return Roster(**parts)


def _sorted(roster: Roster) -> Roster:
    order = np.argsort(roster.joined, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    parts = {f.name: getattr(roster, f.name)[order] for f in fields(Roster)}
    inviter = parts["inviter"]
    parts["inviter"] = np.where(inviter >= 0, rank[inviter], -1) if len(order) else inviter
    return Roster(**parts)
