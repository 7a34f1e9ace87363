"""Recommend: personal lists of products, ranked by boosted trees that had to earn their place."""

if __name__ != "siyu.recommend":
    raise ImportError("this folder installs as siyu.recommend; install siyu and import that")

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.recommend.evaluation.metrics import list_quality, next_purchases
    from siyu.recommend.recommender import OfferRecommender

__all__ = ["OfferRecommender", "list_quality", "next_purchases"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "OfferRecommender": "siyu.recommend.recommender",
        "list_quality": "siyu.recommend.evaluation.metrics",
        "next_purchases": "siyu.recommend.evaluation.metrics",
    },
)
