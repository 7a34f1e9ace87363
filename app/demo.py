"""The moment at which the demo looks at its synthetic community."""

__all__ = ["DEMO_AS_OF"]

DEMO_AS_OF = "2026-06-03"
"""Four weeks before the synthetic community ends, so that its future is there to check."""
