"""Models on disk, and one member at a time in a service."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.recommend.online.forgetting import forget_members
    from siyu.recommend.online.offer_list import Offer, OfferList
    from siyu.recommend.online.offer_service import OfferService

__all__ = [
    "Offer",
    "OfferList",
    "OfferService",
    "forget_members",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Offer": "siyu.recommend.online.offer_list",
        "OfferList": "siyu.recommend.online.offer_list",
        "OfferService": "siyu.recommend.online.offer_service",
        "forget_members": "siyu.recommend.online.forgetting",
    },
)
