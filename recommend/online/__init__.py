"""Models on disk, and one member at a time in a service."""

__all__: list[str] = []
