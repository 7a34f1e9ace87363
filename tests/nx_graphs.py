"""Random networkx graphs for the tests of the backend, and networkx' own path that is right."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import networkx as nx
import numpy as np

__all__ = ["KINDS", "SIMPLE", "quiet_conversions", "random_graph"]

KINDS: list[Any] = [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]
SIMPLE: list[Any] = [nx.Graph, nx.DiGraph]


@contextmanager
def quiet_conversions() -> Iterator[None]:
    """Reuse conversions without the warning of networkx, and leave its settings as they were."""
    before = set(nx.config.warnings_to_ignore)
    nx.config.warnings_to_ignore.add("cache")
    yield
    nx.config.backend_priority.algos = []  # networkx 3.4 leaves it as it was set for a moment
    nx.config.warnings_to_ignore.clear()
    nx.config.warnings_to_ignore.update(before)


def random_graph(kind: Any, seed: int, *, loops: bool = False, n: int = 14) -> Any:
    """Make a weighted graph of text nodes, some without ties."""
    r = np.random.default_rng(seed)
    G = kind()
    G.add_nodes_from(f"n{k}" for k in r.permutation(n))
    for u, v in r.integers(0, n - 2, (30, 2)).tolist():
        if loops or u != v:
            G.add_edge(f"n{u}", f"n{v}", w=float(r.integers(1, 9)))
    return G
