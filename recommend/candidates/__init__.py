"""The products worth scoring for each member, source by source."""

__all__: list[str] = []
