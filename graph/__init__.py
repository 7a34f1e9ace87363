"""Members as a graph: ties, structural holes, communities and the KOC who bridge them."""

if __name__ != "siyu.graph":
    raise ImportError("this folder installs as siyu.graph; install siyu and import that")

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from .community.community_detection import communities, modularity
    from .graph_convert import as_member_graph
    from .holes.bridging import community_bridging
    from .holes.burt import constraint, effective_size, local_constraint, structural_holes
    from .member_graph import MemberGraph
    from .ranking.koc_ranking import KocWeights, koc
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
        "KocWeights": "siyu.graph.ranking.koc_ranking",
        "MemberGraph": "siyu.graph.member_graph",
        "as_member_graph": "siyu.graph.graph_convert",
        "build_ties": "siyu.graph.ties",
        "communities": "siyu.graph.community.community_detection",
        "community_bridging": "siyu.graph.holes.bridging",
        "constraint": "siyu.graph.holes.burt",
        "effective_size": "siyu.graph.holes.burt",
        "koc": "siyu.graph.ranking.koc_ranking",
        "local_constraint": "siyu.graph.holes.burt",
        "modularity": "siyu.graph.community.community_detection",
        "structural_holes": "siyu.graph.holes.burt",
    },
)
