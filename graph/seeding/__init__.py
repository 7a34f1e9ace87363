"""Whom to give a message first: influence models, seeds with a certificate, and whom they reach."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from .followed_actions import ActionRules
    from .influence_direction import influence_graph, influence_ties
    from .influence_learning import influence_calibration, learn_influence
    from .reached_members import influenced
    from .seed_choice import choose_seeds
    from .seed_rules import SeedRules
    from .seed_set import SeedSet
    from .single_reach import member_reach
    from .spread_simulation import expected_spread

__all__ = [
    "ActionRules",
    "SeedRules",
    "SeedSet",
    "choose_seeds",
    "expected_spread",
    "influence_calibration",
    "influence_graph",
    "influence_ties",
    "influenced",
    "learn_influence",
    "member_reach",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "ActionRules": "siyu.graph.seeding.followed_actions",
        "SeedRules": "siyu.graph.seeding.seed_rules",
        "SeedSet": "siyu.graph.seeding.seed_set",
        "choose_seeds": "siyu.graph.seeding.seed_choice",
        "expected_spread": "siyu.graph.seeding.spread_simulation",
        "influence_calibration": "siyu.graph.seeding.influence_learning",
        "influence_graph": "siyu.graph.seeding.influence_direction",
        "influence_ties": "siyu.graph.seeding.influence_direction",
        "influenced": "siyu.graph.seeding.reached_members",
        "learn_influence": "siyu.graph.seeding.influence_learning",
        "member_reach": "siyu.graph.seeding.single_reach",
    },
)
