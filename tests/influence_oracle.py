"""Exact spreads on tiny graphs: every world there could be, one after the other."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product

import networkx as nx

__all__ = ["exact_reach", "exact_spread", "spreads_of_all"]

Arc = tuple[int, int, float]
Reach = dict[int, set[int]]


def exact_reach(
    arcs: Sequence[Arc], seeds: Iterable[int], nodes: Iterable[int], kind: str = "ic"
) -> dict[int, float]:
    """Give the probability that each node is reached, by adding up all worlds."""
    begin, everybody = list(seeds), list(nodes)
    reach = dict.fromkeys(everybody, 0.0)
    for chance, found in _worlds(arcs, everybody, kind):
        for node in set().union(*(found[seed] for seed in begin)):
            reach[node] += chance
    return reach


def exact_spread(
    arcs: Sequence[Arc], seeds: Iterable[int], nodes: Iterable[int], kind: str = "ic"
) -> float:
    """Give the expected number of nodes reached."""
    return sum(exact_reach(arcs, seeds, nodes, kind).values())


def spreads_of_all(
    arcs: Sequence[Arc], k: int, nodes: Iterable[int], kind: str = "ic"
) -> dict[tuple[int, ...], float]:
    """Give the spread of every set of k seeds, in ascending order of the members."""
    everybody = list(nodes)
    spreads = dict.fromkeys(combinations(everybody, k), 0.0)
    for chance, found in _worlds(arcs, everybody, kind):
        for seeds in spreads:
            spreads[seeds] += chance * len(set().union(*(found[seed] for seed in seeds)))
    return spreads


def _worlds(arcs: Sequence[Arc], nodes: Sequence[int], kind: str) -> Iterator[tuple[float, Reach]]:
    """Give every world's chance, and whom each node reaches in it."""
    for chance, live in _cascade_worlds(arcs) if kind == "ic" else _threshold_worlds(arcs):
        graph = nx.DiGraph(live)
        graph.add_nodes_from(nodes)
        yield chance, {node: {node} | nx.descendants(graph, node) for node in nodes}


def _cascade_worlds(arcs: Sequence[Arc]) -> Iterator[tuple[float, list[tuple[int, int]]]]:
    for live in product((False, True), repeat=len(arcs)):
        chance = 1.0
        for (_, _, p), is_live in zip(arcs, live, strict=True):
            chance *= p if is_live else 1 - p
        yield chance, [(u, v) for (u, v, _), is_live in zip(arcs, live, strict=True) if is_live]


def _threshold_worlds(arcs: Sequence[Arc]) -> Iterator[tuple[float, list[tuple[int, int]]]]:
    choices: list[list[tuple[int, int | None, float]]] = []
    for node in sorted({v for _, v, _ in arcs}):
        heard: list[tuple[int, int | None, float]] = [(node, u, p) for u, v, p in arcs if v == node]
        choices.append([*heard, (node, None, 1 - sum(p for _, _, p in heard))])
    for picked in product(*choices):
        chance = 1.0
        for _, _, p in picked:
            chance *= p
        yield chance, [(u, v) for v, u, _ in picked if u is not None]
