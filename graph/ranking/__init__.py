"""Whom a brand should know: components, roles, the KOC list, and one learned from outcomes."""

__all__: list[str] = []
