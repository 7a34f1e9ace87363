"""Who will redeem which coupon."""

__all__: list[str] = []
