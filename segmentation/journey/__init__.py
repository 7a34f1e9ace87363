"""How members come and stay: funnel, cohorts, ripening, sources, what moved the revenue."""

__all__: list[str] = []
