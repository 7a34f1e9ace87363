"""What networkx shows of the siyu backend; loaded at ``import networkx``, so it loads nothing."""

from typing import Any

__all__ = ["get_info"]

_SAME = "As networkx defines it; see siyu.graph.nx_backend for loops, weights and directions."
_FUNCTIONS = {
    "constraint": "All nodes from one pass over the triangles, whatever the hubs. " + _SAME,
    "effective_size": "All nodes from one pass over the triangles, in O(m) memory. " + _SAME,
    "local_constraint": "One pair from two sorted rows. " + _SAME,
    "triangles": "One pass over the triangles, each met once.",
    "clustering": "Weighted and directed too; one pass over the triangles.",
    "average_clustering": "Weighted and directed too; one pass over the triangles.",
    "transitivity": "One pass over the triangles; undirected graphs.",
    "betweenness_centrality": "From all sources, without weights or endpoints.",
    "bridges": "By a numbered spanning tree, without a step of Python an edge; simple graphs.",
    "leiden_communities": "Connected communities, the same for the same seed.",
    "leiden_partitions": "The partition after each level and each further pass.",
}


def get_info() -> dict[str, Any]:
    """Describe the backend, as the entry point ``networkx.backend_info`` asks.

    Returns
    -------
    dict
        Names, addresses, and what is said of each function in the documentation of networkx.

    Examples
    --------
    >>> get_info()["backend_name"], "constraint" in get_info()["functions"]
    ('siyu', True)
    """
    return {
        "backend_name": "siyu",
        "project": "siyu",
        "package": "siyu",
        "short_summary": "Structural holes, clustering, betweenness and Leiden, on arrays.",
        "functions": {name: {"additional_docs": text} for name, text in _FUNCTIONS.items()},
    }
