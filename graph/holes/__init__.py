"""Structural holes: who bridges what others leave apart, from one pass over the triangles."""

__all__: list[str] = []
