"""Tag the members of a brand's community, find its KOC, and rank an offer for each member."""

from siyu.datasets.lazy import attach

__version__ = "0.1.0"

__getattr__, __dir__ = attach(__name__, {})
