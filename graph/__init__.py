"""Members as a graph: ties, structural holes, communities, KOC, seeds, referrals and groups."""

if __name__ != "siyu.graph":
    raise ImportError("this folder installs as siyu.graph; install siyu and import that")

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from .community.community_detection import communities, modularity
    from .community.community_measures import community_quality
    from .fission.forest_members import referral_stats
    from .graph_convert import as_member_graph
    from .groups.health import group_health
    from .holes.betweenness_paths import betweenness
    from .holes.bridging import community_bridging
    from .holes.burt import constraint, effective_size, local_constraint, structural_holes
    from .holes.cut_ties import articulation_points, bridge_ties
    from .holes.participation_ties import community_ties, participation
    from .member_graph import MemberGraph
    from .ranking.koc_categories import koc_by_category
    from .ranking.koc_evidence_table import koc_evidence
    from .ranking.koc_ranking import koc
    from .ranking.koc_role_table import koc_roles
    from .ranking.koc_scoring import KocWeights
    from .ranking.learned_backtest import koc_backtest
    from .ranking.learned_koc import KocModel
    from .ranking.opinion_leaders import opinion_leaders
    from .seeding.reached_members import influenced
    from .seeding.seed_choice import choose_seeds
    from .seeding.seed_rules import SeedRules
    from .ties import build_ties

__all__ = [
    "KocModel",
    "KocWeights",
    "MemberGraph",
    "SeedRules",
    "articulation_points",
    "as_member_graph",
    "betweenness",
    "bridge_ties",
    "build_ties",
    "choose_seeds",
    "communities",
    "community_bridging",
    "community_quality",
    "community_ties",
    "constraint",
    "effective_size",
    "group_health",
    "influenced",
    "koc",
    "koc_backtest",
    "koc_by_category",
    "koc_evidence",
    "koc_roles",
    "local_constraint",
    "modularity",
    "opinion_leaders",
    "participation",
    "referral_stats",
    "structural_holes",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "KocModel": "siyu.graph.ranking.learned_koc",
        "KocWeights": "siyu.graph.ranking.koc_scoring",
        "MemberGraph": "siyu.graph.member_graph",
        "SeedRules": "siyu.graph.seeding.seed_rules",
        "articulation_points": "siyu.graph.holes.cut_ties",
        "as_member_graph": "siyu.graph.graph_convert",
        "betweenness": "siyu.graph.holes.betweenness_paths",
        "bridge_ties": "siyu.graph.holes.cut_ties",
        "build_ties": "siyu.graph.ties",
        "choose_seeds": "siyu.graph.seeding.seed_choice",
        "communities": "siyu.graph.community.community_detection",
        "community_bridging": "siyu.graph.holes.bridging",
        "community_quality": "siyu.graph.community.community_measures",
        "community_ties": "siyu.graph.holes.participation_ties",
        "constraint": "siyu.graph.holes.burt",
        "effective_size": "siyu.graph.holes.burt",
        "group_health": "siyu.graph.groups.health",
        "influenced": "siyu.graph.seeding.reached_members",
        "koc": "siyu.graph.ranking.koc_ranking",
        "koc_backtest": "siyu.graph.ranking.learned_backtest",
        "koc_by_category": "siyu.graph.ranking.koc_categories",
        "koc_evidence": "siyu.graph.ranking.koc_evidence_table",
        "koc_roles": "siyu.graph.ranking.koc_role_table",
        "local_constraint": "siyu.graph.holes.burt",
        "modularity": "siyu.graph.community.community_detection",
        "opinion_leaders": "siyu.graph.ranking.opinion_leaders",
        "participation": "siyu.graph.holes.participation_ties",
        "referral_stats": "siyu.graph.fission.forest_members",
        "structural_holes": "siyu.graph.holes.burt",
    },
)
