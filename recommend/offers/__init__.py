"""What offers are worth, which may be shown, how far they reach, and what campaigns earned."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.recommend.offers.campaign_roi import ReturnRules, campaign_return
    from siyu.recommend.offers.fairness import price_fairness
    from siyu.recommend.offers.offer_choice import choose_offers
    from siyu.recommend.offers.offer_gates import check_offers
    from siyu.recommend.offers.offer_rules import OfferRules
    from siyu.recommend.offers.past_sends import recently_sent
    from siyu.recommend.offers.price_columns import PriceRules, price_drivers
    from siyu.recommend.offers.send_quits import quits_after_sends
    from siyu.recommend.offers.stock_limits import StockPlan, StockRules, allocate_stock
    from siyu.recommend.offers.worth import product_values

__all__ = [
    "OfferRules",
    "PriceRules",
    "ReturnRules",
    "StockPlan",
    "StockRules",
    "allocate_stock",
    "campaign_return",
    "check_offers",
    "choose_offers",
    "price_drivers",
    "price_fairness",
    "product_values",
    "quits_after_sends",
    "recently_sent",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "OfferRules": "siyu.recommend.offers.offer_rules",
        "PriceRules": "siyu.recommend.offers.price_columns",
        "ReturnRules": "siyu.recommend.offers.campaign_roi",
        "StockPlan": "siyu.recommend.offers.stock_limits",
        "StockRules": "siyu.recommend.offers.stock_limits",
        "allocate_stock": "siyu.recommend.offers.stock_limits",
        "campaign_return": "siyu.recommend.offers.campaign_roi",
        "check_offers": "siyu.recommend.offers.offer_gates",
        "choose_offers": "siyu.recommend.offers.offer_choice",
        "price_drivers": "siyu.recommend.offers.price_columns",
        "price_fairness": "siyu.recommend.offers.fairness",
        "product_values": "siyu.recommend.offers.worth",
        "quits_after_sends": "siyu.recommend.offers.send_quits",
        "recently_sent": "siyu.recommend.offers.past_sends",
    },
)
