"""Whom to give a message first: influence models, seeds with a certificate, and whom they reach."""

__all__: list[str] = []
