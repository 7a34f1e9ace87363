"""Training windows, the trees that rank, and what their scores mean."""

__all__: list[str] = []
