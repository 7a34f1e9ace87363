"""Communities: found, named the same from run to run, and seen beside the groups members sit in."""

__all__: list[str] = []
