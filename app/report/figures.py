"""All figures of the report, for notebooks: frames in, plotly figures out."""

from .behaviour_figures import gap_histogram, hours_heatmap, weekly_sales
from .koc_figures import koc_components, member_map
from .offer_figures import baseline_bars, probability_histogram, top_products
from .segment_figures import class_bars, stage_bars

__all__ = [
    "baseline_bars",
    "class_bars",
    "gap_histogram",
    "hours_heatmap",
    "koc_components",
    "member_map",
    "probability_histogram",
    "stage_bars",
    "top_products",
    "weekly_sales",
]
