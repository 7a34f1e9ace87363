"""What offers are worth, which may be shown, how far they reach, and what campaigns earned."""

__all__: list[str] = []
