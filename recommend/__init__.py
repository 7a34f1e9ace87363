"""Recommend: an offer for each member, ranked by trees that had to earn their place."""

if __name__ != "siyu.recommend":
    raise ImportError("this folder installs as siyu.recommend; install siyu and import that")

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.recommend.candidates.recall import RecallOptions, source_recall
    from siyu.recommend.coupons.coupon_model import CouponModel
    from siyu.recommend.evaluation.backtesting import BacktestOptions, backtest_offers, rolling_cuts
    from siyu.recommend.evaluation.leakage import LeakageOptions, leakage_report
    from siyu.recommend.evaluation.metrics import list_quality, next_purchases
    from siyu.recommend.lists.list_rules import ListRules
    from siyu.recommend.offers.campaign_roi import ReturnRules, campaign_return
    from siyu.recommend.offers.fairness import price_fairness
    from siyu.recommend.offers.offer_choice import choose_offers
    from siyu.recommend.offers.offer_gates import check_offers
    from siyu.recommend.offers.offer_rules import OfferRules
    from siyu.recommend.offers.past_sends import recently_sent
    from siyu.recommend.offers.price_columns import PriceRules, price_drivers
    from siyu.recommend.offers.send_quits import quits_after_sends
    from siyu.recommend.offers.stock_limits import StockRules, allocate_stock
    from siyu.recommend.offers.worth import product_values
    from siyu.recommend.online.forgetting import forget_members
    from siyu.recommend.online.offer_service import OfferService
    from siyu.recommend.recommender import OfferRecommender
    from siyu.recommend.sales_leads import leads
    from siyu.recommend.tables.levels import at_level

__all__ = [
    "BacktestOptions",
    "CouponModel",
    "LeakageOptions",
    "ListRules",
    "OfferRecommender",
    "OfferRules",
    "OfferService",
    "PriceRules",
    "RecallOptions",
    "ReturnRules",
    "StockRules",
    "allocate_stock",
    "at_level",
    "backtest_offers",
    "campaign_return",
    "check_offers",
    "choose_offers",
    "forget_members",
    "leads",
    "leakage_report",
    "list_quality",
    "next_purchases",
    "price_drivers",
    "price_fairness",
    "product_values",
    "quits_after_sends",
    "recently_sent",
    "rolling_cuts",
    "source_recall",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BacktestOptions": "siyu.recommend.evaluation.backtesting",
        "CouponModel": "siyu.recommend.coupons.coupon_model",
        "LeakageOptions": "siyu.recommend.evaluation.leakage",
        "ListRules": "siyu.recommend.lists.list_rules",
        "OfferRecommender": "siyu.recommend.recommender",
        "OfferRules": "siyu.recommend.offers.offer_rules",
        "OfferService": "siyu.recommend.online.offer_service",
        "PriceRules": "siyu.recommend.offers.price_columns",
        "RecallOptions": "siyu.recommend.candidates.recall",
        "ReturnRules": "siyu.recommend.offers.campaign_roi",
        "StockRules": "siyu.recommend.offers.stock_limits",
        "allocate_stock": "siyu.recommend.offers.stock_limits",
        "at_level": "siyu.recommend.tables.levels",
        "backtest_offers": "siyu.recommend.evaluation.backtesting",
        "campaign_return": "siyu.recommend.offers.campaign_roi",
        "check_offers": "siyu.recommend.offers.offer_gates",
        "choose_offers": "siyu.recommend.offers.offer_choice",
        "forget_members": "siyu.recommend.online.forgetting",
        "leads": "siyu.recommend.sales_leads",
        "leakage_report": "siyu.recommend.evaluation.leakage",
        "list_quality": "siyu.recommend.evaluation.metrics",
        "next_purchases": "siyu.recommend.evaluation.metrics",
        "price_drivers": "siyu.recommend.offers.price_columns",
        "price_fairness": "siyu.recommend.offers.fairness",
        "product_values": "siyu.recommend.offers.worth",
        "quits_after_sends": "siyu.recommend.offers.send_quits",
        "recently_sent": "siyu.recommend.offers.past_sends",
        "rolling_cuts": "siyu.recommend.evaluation.backtesting",
        "source_recall": "siyu.recommend.candidates.recall",
    },
)
