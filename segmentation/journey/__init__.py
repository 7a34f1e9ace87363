"""How members come and stay: funnel, cohorts, ripening, sources, what moved the revenue."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.segmentation.journey.calendar_days import day_uplift
    from siyu.segmentation.journey.channel_credit import attribution
    from siyu.segmentation.journey.cohort_table import CohortRules, cohorts
    from siyu.segmentation.journey.conversion import FunnelRules, funnel
    from siyu.segmentation.journey.festivals import festival_audience
    from siyu.segmentation.journey.first_purchase import ripening, ripening_curve
    from siyu.segmentation.journey.lifetime_value import ltv_cac
    from siyu.segmentation.journey.old_and_new import new_and_old
    from siyu.segmentation.journey.onboarding import onboarding_effect
    from siyu.segmentation.journey.operators import operator_spread
    from siyu.segmentation.journey.returning import return_after
    from siyu.segmentation.journey.revenue_drivers import revenue_split
    from siyu.segmentation.journey.sources import acquisition

_HERE = "siyu.segmentation.journey"

_PUBLIC = {
    "CohortRules": f"{_HERE}.cohort_table",
    "FunnelRules": f"{_HERE}.conversion",
    "acquisition": f"{_HERE}.sources",
    "attribution": f"{_HERE}.channel_credit",
    "cohorts": f"{_HERE}.cohort_table",
    "day_uplift": f"{_HERE}.calendar_days",
    "festival_audience": f"{_HERE}.festivals",
    "funnel": f"{_HERE}.conversion",
    "ltv_cac": f"{_HERE}.lifetime_value",
    "new_and_old": f"{_HERE}.old_and_new",
    "onboarding_effect": f"{_HERE}.onboarding",
    "operator_spread": f"{_HERE}.operators",
    "return_after": f"{_HERE}.returning",
    "revenue_split": f"{_HERE}.revenue_drivers",
    "ripening": f"{_HERE}.first_purchase",
    "ripening_curve": f"{_HERE}.first_purchase",
}

__all__ = [
    "CohortRules",
    "FunnelRules",
    "acquisition",
    "attribution",
    "cohorts",
    "day_uplift",
    "festival_audience",
    "funnel",
    "ltv_cac",
    "new_and_old",
    "onboarding_effect",
    "operator_spread",
    "return_after",
    "revenue_split",
    "ripening",
    "ripening_curve",
]

__getattr__, __dir__ = attach(__name__, _PUBLIC)
