"""What the ranker knows of a pair of member and product, declared once."""

__all__: list[str] = []
