"""Tag the members of a brand's community, find its KOC, and rank an offer for each."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.datasets import Community, label, make_community, read_orders
    from siyu.graph import MemberGraph, koc, structural_holes
    from siyu.recommend import OfferRecommender
    from siyu.segmentation import lifecycle, rfm, rfm_class, tag

__version__ = "0.1.0"

__all__ = [
    "Community",
    "MemberGraph",
    "OfferRecommender",
    "koc",
    "label",
    "lifecycle",
    "make_community",
    "read_orders",
    "rfm",
    "rfm_class",
    "structural_holes",
    "tag",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Community": "siyu.datasets.community",
        "MemberGraph": "siyu.graph",
        "OfferRecommender": "siyu.recommend",
        "koc": "siyu.graph",
        "label": "siyu.datasets",
        "lifecycle": "siyu.segmentation",
        "make_community": "siyu.datasets",
        "read_orders": "siyu.datasets",
        "rfm": "siyu.segmentation",
        "rfm_class": "siyu.segmentation",
        "structural_holes": "siyu.graph",
        "tag": "siyu.segmentation",
    },
)
