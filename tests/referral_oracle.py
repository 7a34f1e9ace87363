"""Referral forests the slow way: one claim, one member, one walk at a time."""

from typing import Any

import networkx as nx
import numpy as np

__all__ = ["brought_by", "random_claims", "tree_below"]

Claim = tuple[int, int, int | None]


def random_claims(seed: int) -> list[Claim]:
    """Draw claims: odd seeds at random (circles, doubles, self-invites), even ones as a tree."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 40)), int(rng.integers(1, 60))
    if seed % 2:
        inviter, invitee = rng.integers(0, n, m), rng.integers(0, n, m)
    else:
        invitee = np.arange(1, n)
        inviter = np.maximum(invitee - rng.integers(1, min(4, n), n - 1), 0)
    time = rng.integers(0, 10, len(inviter))
    dated = rng.random(len(inviter)) < 0.8
    return [
        (int(a), int(b), int(t) if known else None)
        for a, b, t, known in zip(inviter, invitee, time, dated, strict=True)
    ]


def brought_by(claims: list[Claim]) -> tuple[dict[int, int], int]:
    """Give each invitee's inviter, and count the circles broken."""
    first: dict[int, tuple[bool, int, int]] = {}
    for inviter, invitee, time in claims:
        rank = (time is None, time or 0, inviter)
        if inviter != invitee and (invitee not in first or rank < first[invitee]):
            first[invitee] = rank
    parent = {invitee: rank[2] for invitee, rank in first.items()}
    graph = nx.DiGraph([(inviter, invitee) for invitee, inviter in parent.items()])
    circles = list(nx.simple_cycles(graph))
    for circle in circles:
        del parent[max(circle, key=lambda member: first[member])]
    return parent, len(circles)


def tree_below(parent: dict[int, int], members: list[int], top: int) -> dict[str, Any]:
    """Measure the subtree of one member with networkx."""
    graph = nx.DiGraph([(inviter, invitee) for invitee, inviter in parent.items()])
    graph.add_nodes_from(members)
    steps = nx.single_source_shortest_path_length(graph, top)
    generation = np.bincount(list(steps.values()))[1:]
    depth, root = 0, top
    while root in parent:
        depth, root = depth + 1, parent[root]
    whole = graph.subgraph(steps).to_undirected()
    return {
        "root": root,
        "depth": depth,
        "below": set(steps) - {top},
        "height": max(steps.values()),
        "breadth": int(generation.max(initial=0)),
        "virality": nx.average_shortest_path_length(whole) if len(steps) > 1 else np.nan,
    }
