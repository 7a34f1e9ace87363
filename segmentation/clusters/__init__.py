"""Groups of members that behave alike, and what sets a group apart."""

__all__: list[str] = []
