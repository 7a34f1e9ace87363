"""Files of any origin, read strictly: what is kept, what is mended, what is refused."""

__all__: list[str] = []
