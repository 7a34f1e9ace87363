"""Members as a graph: ties, structural holes, communities and the KOC who bridge them."""

if __name__ != "siyu.graph":
    raise ImportError("this folder installs as siyu.graph; install siyu and import that")

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from .burt import constraint, effective_size, local_constraint, structural_holes
    from .community_detection import communities, modularity
    from .graph_convert import as_member_graph
    from .member_graph import MemberGraph

__all__ = [
    "MemberGraph",
    "as_member_graph",
    "communities",
    "constraint",
    "effective_size",
    "local_constraint",
    "modularity",
    "structural_holes",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "MemberGraph": "siyu.graph.member_graph",
        "as_member_graph": "siyu.graph.graph_convert",
        "communities": "siyu.graph.community_detection",
        "constraint": "siyu.graph.burt",
        "effective_size": "siyu.graph.burt",
        "local_constraint": "siyu.graph.burt",
        "modularity": "siyu.graph.community_detection",
        "structural_holes": "siyu.graph.burt",
    },
)
