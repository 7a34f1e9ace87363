"""Chat groups: their health by day, how long they live, whom they reach, who looks after them."""

__all__: list[str] = []
