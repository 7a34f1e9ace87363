"""What members are worth and who will stay: buy-till-you-die models, boosted trees, backtests."""

__all__: list[str] = []
