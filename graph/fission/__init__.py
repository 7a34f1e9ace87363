"""Referrals as a forest: how far they spread, how fast, what they brought, and fraud signs."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from .forest_campaigns import campaign_spread, kind_spread
    from .forest_cascades import cascade_stats
    from .forest_doubts import referral_problems
    from .forest_generations import generations
    from .forest_members import referral_stats
    from .fraud_signs import referral_fraud
    from .matched_value import referred_value
    from .quota_runs import quota_completion
    from .rate_campaigns import campaign_k
    from .rate_cohorts import k_factor
    from .rate_cycles import cycle_time
    from .referral_forest import ReferralForest
    from .reward_kept import reward_cost
    from .upstream_gmv import upstream_credit

__all__ = [
    "ReferralForest",
    "campaign_k",
    "campaign_spread",
    "cascade_stats",
    "cycle_time",
    "generations",
    "k_factor",
    "kind_spread",
    "quota_completion",
    "referral_fraud",
    "referral_problems",
    "referral_stats",
    "referred_value",
    "reward_cost",
    "upstream_credit",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "ReferralForest": "siyu.graph.fission.referral_forest",
        "campaign_k": "siyu.graph.fission.rate_campaigns",
        "campaign_spread": "siyu.graph.fission.forest_campaigns",
        "cascade_stats": "siyu.graph.fission.forest_cascades",
        "cycle_time": "siyu.graph.fission.rate_cycles",
        "generations": "siyu.graph.fission.forest_generations",
        "k_factor": "siyu.graph.fission.rate_cohorts",
        "kind_spread": "siyu.graph.fission.forest_campaigns",
        "quota_completion": "siyu.graph.fission.quota_runs",
        "referral_fraud": "siyu.graph.fission.fraud_signs",
        "referral_problems": "siyu.graph.fission.forest_doubts",
        "referral_stats": "siyu.graph.fission.forest_members",
        "referred_value": "siyu.graph.fission.matched_value",
        "reward_cost": "siyu.graph.fission.reward_kept",
        "upstream_credit": "siyu.graph.fission.upstream_gmv",
    },
)
