"""Referrals as a forest: how far they spread, how fast, what they brought, and fraud signs."""

__all__: list[str] = []
