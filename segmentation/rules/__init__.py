"""Tag rules as data: read, checked, explained, never run as code."""

__all__: list[str] = []
