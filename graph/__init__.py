"""Members as a graph: ties, structural holes, communities and the KOC who bridge them."""

if __name__ != "siyu.graph":
    raise ImportError("this folder installs as siyu.graph; install siyu and import that")

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from .bridging import community_bridging
    from .burt import constraint, effective_size, local_constraint, structural_holes
    from .community_detection import communities, modularity
    from .graph_convert import as_member_graph
    from .koc_ranking import KocWeights, koc
    from .member_graph import MemberGraph
    from .ties import build_ties

__all__ = [
    "KocWeights",
    "MemberGraph",
    "as_member_graph",
    "build_ties",
    "communities",
    "community_bridging",
    "constraint",
    "effective_size",
    "koc",
    "local_constraint",
    "modularity",
    "structural_holes",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "KocWeights": "siyu.graph.koc_ranking",
        "MemberGraph": "siyu.graph.member_graph",
        "as_member_graph": "siyu.graph.graph_convert",
        "build_ties": "siyu.graph.ties",
        "communities": "siyu.graph.community_detection",
        "community_bridging": "siyu.graph.bridging",
        "constraint": "siyu.graph.burt",
        "effective_size": "siyu.graph.burt",
        "koc": "siyu.graph.koc_ranking",
        "local_constraint": "siyu.graph.burt",
        "modularity": "siyu.graph.community_detection",
        "structural_holes": "siyu.graph.burt",
    },
)
