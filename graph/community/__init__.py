"""Communities: found, named the same from run to run, and seen beside the groups members sit in."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from .community_detection import communities, modularity
    from .community_history import community_changes
    from .community_measures import Agreement, community_agreement, community_quality
    from .group_belonging import communities_in_groups, group_overlaps, overlapping_communities
    from .matching import match_communities

__all__ = [
    "Agreement",
    "communities",
    "communities_in_groups",
    "community_agreement",
    "community_changes",
    "community_quality",
    "group_overlaps",
    "match_communities",
    "modularity",
    "overlapping_communities",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Agreement": "siyu.graph.community.community_measures",
        "communities": "siyu.graph.community.community_detection",
        "communities_in_groups": "siyu.graph.community.group_belonging",
        "community_agreement": "siyu.graph.community.community_measures",
        "community_changes": "siyu.graph.community.community_history",
        "community_quality": "siyu.graph.community.community_measures",
        "group_overlaps": "siyu.graph.community.group_belonging",
        "match_communities": "siyu.graph.community.matching",
        "modularity": "siyu.graph.community.community_detection",
        "overlapping_communities": "siyu.graph.community.group_belonging",
    },
)
