"""Chat groups: their health by day, how long they live, whom they reach, who looks after them."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from .day_table import group_days
    from .exposure import ExposureEffect, exposure_effect
    from .flash_sales import flash_group_sales
    from .health import group_health
    from .leverage import amplification, sharer_leverage
    from .peers import PeerEffect, peer_effect
    from .reach import GroupReach, group_reach
    from .staffing import staff_load

__all__ = [
    "ExposureEffect",
    "GroupReach",
    "PeerEffect",
    "amplification",
    "exposure_effect",
    "flash_group_sales",
    "group_days",
    "group_health",
    "group_reach",
    "peer_effect",
    "sharer_leverage",
    "staff_load",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "ExposureEffect": "siyu.graph.groups.exposure",
        "GroupReach": "siyu.graph.groups.reach",
        "PeerEffect": "siyu.graph.groups.peers",
        "amplification": "siyu.graph.groups.leverage",
        "exposure_effect": "siyu.graph.groups.exposure",
        "flash_group_sales": "siyu.graph.groups.flash_sales",
        "group_days": "siyu.graph.groups.day_table",
        "group_health": "siyu.graph.groups.health",
        "group_reach": "siyu.graph.groups.reach",
        "peer_effect": "siyu.graph.groups.peers",
        "sharer_leverage": "siyu.graph.groups.leverage",
        "staff_load": "siyu.graph.groups.staffing",
    },
)
