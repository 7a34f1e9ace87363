"""Tags by lifecycle and behaviour: RFM, stages at the member's own rhythm, what members do."""

if __name__ != "siyu.segmentation":
    raise ImportError("this folder installs as siyu.segmentation; install siyu and import that")

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.segmentation.recency import rfm
    from siyu.segmentation.rfm_classes import RfmEdges, rfm_class, rfm_edges, rfm_score
    from siyu.segmentation.stages import STAGES, StageRules, lifecycle

_PUBLIC = {
    "STAGES": "siyu.segmentation.stages",
    "RfmEdges": "siyu.segmentation.rfm_classes",
    "StageRules": "siyu.segmentation.stages",
    "lifecycle": "siyu.segmentation.stages",
    "rfm": "siyu.segmentation.recency",
    "rfm_class": "siyu.segmentation.rfm_classes",
    "rfm_edges": "siyu.segmentation.rfm_classes",
    "rfm_score": "siyu.segmentation.rfm_classes",
}

__all__ = [
    "STAGES",
    "RfmEdges",
    "StageRules",
    "lifecycle",
    "rfm",
    "rfm_class",
    "rfm_edges",
    "rfm_score",
]

__getattr__, __dir__ = attach(__name__, _PUBLIC)
