"""Tags by lifecycle and behaviour, value and churn, journeys, rules, clusters."""

if __name__ != "siyu.segmentation":
    raise ImportError("this folder installs as siyu.segmentation; install siyu and import that")

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.segmentation.clusters.member_clusters import MemberClusters
    from siyu.segmentation.clusters.profile import segment_profile
    from siyu.segmentation.expected_stages import next_stage
    from siyu.segmentation.journey.cohort_table import cohorts
    from siyu.segmentation.journey.conversion import funnel
    from siyu.segmentation.recency import rfm
    from siyu.segmentation.rfm_classes import RfmEdges, rfm_class, rfm_edges, rfm_score
    from siyu.segmentation.rules.rule_set import TagRules
    from siyu.segmentation.stage_rules import StageRules
    from siyu.segmentation.stages import STAGES, lifecycle
    from siyu.segmentation.stages_over_time import stage_history, transition_matrix
    from siyu.segmentation.tagging.calendars import Calendar
    from siyu.segmentation.tagging.catalogue import tag_catalog
    from siyu.segmentation.tagging.changes import tag_changes
    from siyu.segmentation.tagging.support import tag_support
    from siyu.segmentation.tagging.tags import tag
    from siyu.segmentation.value.backtesting import backtest
    from siyu.segmentation.value.bg_nbd import BGNBD
    from siyu.segmentation.value.btyd_frame import btyd_summary
    from siyu.segmentation.value.churn_models import ChurnModel
    from siyu.segmentation.value.gamma_gamma import GammaGamma
    from siyu.segmentation.value.mbg_nbd import MBGNBD
    from siyu.segmentation.value.pareto_nbd import ParetoNBD
    from siyu.segmentation.value.value_models import ValueModel
    from siyu.segmentation.winning_back import win_back

_PUBLIC = {
    "BGNBD": "siyu.segmentation.value.bg_nbd",
    "Calendar": "siyu.segmentation.tagging.calendars",
    "ChurnModel": "siyu.segmentation.value.churn_models",
    "GammaGamma": "siyu.segmentation.value.gamma_gamma",
    "MBGNBD": "siyu.segmentation.value.mbg_nbd",
    "MemberClusters": "siyu.segmentation.clusters.member_clusters",
    "ParetoNBD": "siyu.segmentation.value.pareto_nbd",
    "RfmEdges": "siyu.segmentation.rfm_classes",
    "STAGES": "siyu.segmentation.stages",
    "StageRules": "siyu.segmentation.stage_rules",
    "TagRules": "siyu.segmentation.rules.rule_set",
    "ValueModel": "siyu.segmentation.value.value_models",
    "backtest": "siyu.segmentation.value.backtesting",
    "btyd_summary": "siyu.segmentation.value.btyd_frame",
    "cohorts": "siyu.segmentation.journey.cohort_table",
    "funnel": "siyu.segmentation.journey.conversion",
    "lifecycle": "siyu.segmentation.stages",
    "next_stage": "siyu.segmentation.expected_stages",
    "rfm": "siyu.segmentation.recency",
    "rfm_class": "siyu.segmentation.rfm_classes",
    "rfm_edges": "siyu.segmentation.rfm_classes",
    "rfm_score": "siyu.segmentation.rfm_classes",
    "segment_profile": "siyu.segmentation.clusters.profile",
    "stage_history": "siyu.segmentation.stages_over_time",
    "tag": "siyu.segmentation.tagging.tags",
    "tag_catalog": "siyu.segmentation.tagging.catalogue",
    "tag_changes": "siyu.segmentation.tagging.changes",
    "tag_support": "siyu.segmentation.tagging.support",
    "transition_matrix": "siyu.segmentation.stages_over_time",
    "win_back": "siyu.segmentation.winning_back",
}

__all__ = [
    "BGNBD",
    "MBGNBD",
    "STAGES",
    "Calendar",
    "ChurnModel",
    "GammaGamma",
    "MemberClusters",
    "ParetoNBD",
    "RfmEdges",
    "StageRules",
    "TagRules",
    "ValueModel",
    "backtest",
    "btyd_summary",
    "cohorts",
    "funnel",
    "lifecycle",
    "next_stage",
    "rfm",
    "rfm_class",
    "rfm_edges",
    "rfm_score",
    "segment_profile",
    "stage_history",
    "tag",
    "tag_catalog",
    "tag_changes",
    "tag_support",
    "transition_matrix",
    "win_back",
]

__getattr__, __dir__ = attach(__name__, _PUBLIC)
