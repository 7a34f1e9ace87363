"""Who will redeem which coupon."""

from typing import TYPE_CHECKING

from siyu.datasets.lazy import attach

if TYPE_CHECKING:
    from siyu.recommend.coupons.coupon_model import CouponModel

__all__ = [
    "CouponModel",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "CouponModel": "siyu.recommend.coupons.coupon_model",
    },
)
