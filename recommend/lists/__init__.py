"""From scores to the lists that members get, with reasons."""

__all__: list[str] = []
