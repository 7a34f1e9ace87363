"""Where each member stands in the picture of the network: one disc a community.

Communities are discs that never overlap, placed one after another, the largest first, near
those they share ties with. Inside a disc members stand in a sunflower spiral, the best
connected in the middle. KOC are then pulled halfway to the members they are tied with, so
that who bridges two communities stands between them. No randomness, no iterations that
depend on it: the same ties give the same picture.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Network", "places", "shown_members"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_GOLDEN = np.pi * (3 - np.sqrt(5))
_MOST_DISCS = 40
_FEWEST_IN_DISC = 5
_MOST_FRIENDS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Members as codes: ties of pairs (first < second), a community each, KOC by rank.

    Parameters
    ----------
    first, second : int64 arrays, n_ties
    weight : float64 array, n_ties
    community : int64 array, n_members
        0 is the largest; -1 is none.
    koc : int64 array, n_koc
        Best first.
    """

    first: Ints
    second: Ints
    weight: Floats
    community: Ints
    koc: Ints

    def only(self, members: Ints) -> "Network":
        """Keep these members, in this order; ties to others go."""
        code = np.full(len(self.community), -1, dtype=np.int64)
        code[members] = np.arange(len(members))
        kept = (code[self.first] >= 0) & (code[self.second] >= 0)
        koc = code[self.koc]
        return Network(
            code[self.first[kept]],
            code[self.second[kept]],
            self.weight[kept],
            self.community[members],
            koc[koc >= 0],
        )

    def degree(self) -> Ints:
        """Count the ties of each member."""
        both = np.concatenate((self.first, self.second))
        return np.bincount(both, minlength=len(self.community))


def shown_members(network: Network, most: int) -> Ints:
    """Choose whom to draw: KOC, their closest friends, then the biggest communities whole.

    Parameters
    ----------
    network : Network
    most : int
        At most this many members.

    Returns
    -------
    int64 array, codes, ascending
    """
    n = len(network.community)
    turn = np.full(n, np.inf)
    turn[network.koc] = 0
    for koc in network.koc:
        mine = np.flatnonzero((network.first == koc) | (network.second == koc))
        near = mine[np.argsort(-network.weight[mine], kind="stable")][:_MOST_FRIENDS]
        friends = network.first[near] + network.second[near] - koc
        turn[friends] = np.minimum(turn[friends], 1)
    rest = np.isinf(turn)
    turn[rest] = 2 + np.where(network.community < 0, n, network.community)[rest]
    order = np.lexsort((np.arange(n), -network.degree(), turn))
    return np.sort(order[:most])


def places(network: Network) -> tuple[Floats, Floats, Ints]:
    """Place every member of a network that is drawn whole.

    Parameters
    ----------
    network : Network

    Returns
    -------
    (x, y, disc)
        Positions, and the disc of each member; the last disc may hold the members of
        all communities that are too small for their own.
    """
    disc, radius = _discs(network.community)
    cx, cy = _disc_centres(radius, _ties_between(network, disc, len(radius)))
    order = np.lexsort((np.arange(len(disc)), -network.degree(), disc))
    starts = np.concatenate(([0], np.cumsum(np.bincount(disc, minlength=len(radius)))))
    step = np.empty(len(disc))
    step[order] = np.arange(len(disc)) - starts[disc[order]]
    away, angle = np.sqrt(step + 0.5), step * _GOLDEN
    x = cx[disc] + away * np.cos(angle)
    y = cy[disc] + away * np.sin(angle)
    return *_bridges_between(network, x, y), disc


def _discs(community: Ints) -> tuple[Ints, Floats]:
    """Give each member a disc and each disc a radius, in units of a member's spacing."""
    names, at, size = np.unique(community, return_inverse=True, return_counts=True)
    own = np.flatnonzero((names >= 0) & (size >= _FEWEST_IN_DISC))
    own = own[np.lexsort((names[own], -size[own]))][:_MOST_DISCS]
    number = np.full(len(names), len(own))
    number[own] = np.arange(len(own))
    disc = number[at].astype(np.int64)
    members = np.bincount(disc, minlength=int(disc.max(initial=-1)) + 1)
    return disc, np.sqrt(members) + 1.0


def _ties_between(network: Network, disc: Ints, n: int) -> Floats:
    flat = disc[network.first] * n + disc[network.second]
    table = np.bincount(flat, minlength=n * n).reshape(n, n).astype(np.float64)
    return np.asarray(table + table.T)


def _disc_centres(radius: Floats, ties: Floats) -> tuple[Floats, Floats]:
    """Put discs side by side, each where its ties to those already placed are shortest."""
    n = len(radius)
    x, y = np.zeros(n), np.zeros(n)
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    for disc in range(1, n):
        reach = (radius[:disc] + radius[disc])[:, None]
        try_x = (x[:disc, None] + reach * np.cos(turn)).ravel()
        try_y = (y[:disc, None] + reach * np.sin(turn)).ravel()
        apart = np.hypot(try_x[:, None] - x[:disc], try_y[:, None] - y[:disc])
        free = np.all(apart >= reach[:, 0] - 1e-9, axis=1)
        pull = ties[disc, :disc] / max(ties[disc, :disc].sum(), 1)
        cost = apart @ pull + np.hypot(try_x / 1.5, try_y)
        best = int(np.argmin(np.where(free, np.round(cost, 6), np.inf)))
        x[disc], y[disc] = try_x[best], try_y[best]
    return x, y


def _bridges_between(network: Network, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Pull KOC halfway to their friends' middle, then push KOC apart."""
    x, y = x.copy(), y.copy()
    old_x, old_y = x.copy(), y.copy()
    for koc in network.koc:
        mine = (network.first == koc) | (network.second == koc)
        friends = (network.first + network.second)[mine] - koc
        if len(friends):
            x[koc] = (old_x[koc] + old_x[friends].mean()) / 2
            y[koc] = (old_y[koc] + old_y[friends].mean()) / 2
    koc = network.koc
    room = 0.055 * max(np.ptp(x), np.ptp(y), 1) if len(x) else 1.0
    for _ in range(40 if len(koc) > 1 else 0):
        dx, dy = x[koc][:, None] - x[koc], y[koc][:, None] - y[koc]
        far = np.hypot(dx, dy)
        np.fill_diagonal(far, np.inf)
        push = np.clip(room - far, 0, None) / np.maximum(far, 1e-6) / 2
        sign = np.sign(np.arange(len(koc))[:, None] - np.arange(len(koc)))
        x[koc] += np.round((push * np.where(far < 1e-6, sign * 1e-6, dx)).sum(axis=1), 9)
        y[koc] += np.round((push * dy).sum(axis=1), 9)
    return x, y
