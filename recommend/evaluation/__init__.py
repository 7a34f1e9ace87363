"""How good lists are: measures, baselines, time splits, comparisons."""

__all__: list[str] = []
