"""The shop at one moment: histories, members alike, tastes, what sells."""

__all__: list[str] = []
