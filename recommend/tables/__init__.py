"""What a recommender reads from a community: purchases, settings, who may be addressed."""

__all__: list[str] = []
