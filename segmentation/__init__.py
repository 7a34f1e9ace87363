"""Tags by lifecycle and behaviour: RFM, stages at the member's own rhythm, what members do."""

if __name__ != "siyu.segmentation":
    raise ImportError("this folder installs as siyu.segmentation; install siyu and import that")

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.segmentation.recency import rfm
    from siyu.segmentation.rfm_classes import RfmEdges, rfm_class, rfm_edges, rfm_score
    from siyu.segmentation.stages import STAGES, StageRules, lifecycle
    from siyu.segmentation.tagging.catalogue import tag_catalog
    from siyu.segmentation.tagging.changes import tag_changes
    from siyu.segmentation.tagging.tags import tag

_PUBLIC = {
    "STAGES": "siyu.segmentation.stages",
    "RfmEdges": "siyu.segmentation.rfm_classes",
    "StageRules": "siyu.segmentation.stages",
    "lifecycle": "siyu.segmentation.stages",
    "rfm": "siyu.segmentation.recency",
    "rfm_class": "siyu.segmentation.rfm_classes",
    "rfm_edges": "siyu.segmentation.rfm_classes",
    "rfm_score": "siyu.segmentation.rfm_classes",
    "tag": "siyu.segmentation.tagging.tags",
    "tag_catalog": "siyu.segmentation.tagging.catalogue",
    "tag_changes": "siyu.segmentation.tagging.changes",
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
    "tag",
    "tag_catalog",
    "tag_changes",
]

__getattr__, __dir__ = attach(__name__, _PUBLIC)
