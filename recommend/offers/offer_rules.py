"""Under which conditions an offer may be shown: the brand's own rules."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from siyu.datasets.errors import ParameterError

__all__ = ["OfferRules"]

_AT_LEAST_0 = ("min_benefit", "min_benefit_share", "min_stock", "min_sales")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRules:
    """What an offer must be like to be shown. Every rule names the code of who breaks it.

    Whatever the rules: offers that have not begun or have ended, have no stock, no budget, or a
    product that is out of stock or not recommendable, are never shown.

    Parameters
    ----------
    min_time_left : Timedelta, timedelta or str
        Time a member must have left to act (``ends_soon``).
    min_rating : float, optional
        Lowest rating of the product (``low_rating``).
    allow_unrated : bool
        Whether products without a rating pass `min_rating` (else ``no_rating``).
    max_refund_rate : float in [0, 1], optional
        Highest share of the product's sales that came back, drawn towards that of all products
        (``many_refunds``).
    min_sales : int, 0 or more
        Sales that it takes to block by `max_refund_rate`.
    must_beat_public : bool
        Block offers whose public price is not higher than the member's (``public_not_higher``).
    min_benefit : float, 0 or more
        Least money a member saves against the public price, or by the coupon
        (``small_benefit``; ``no_public_price`` where nobody knows what is saved).
    min_benefit_share : float in [0, 1]
        The same as a share of the public price, or of what must be spent.
    one_item_reaches : bool
        Block a coupon on products of which one alone does not reach its threshold
        (``below_threshold``).
    min_stock : float, 0 or more
        Fewer pieces than this, but at least 1, count as none (``no_stock``).
    stock_is : {"left", "total"}
        Whether ``offers.stock`` says how many are left now, or how many there were at first; in
        the latter case known orders with the coupon are taken off.

    Raises
    ------
    ParameterError
        If a value is out of range.

    Examples
    --------
    >>> OfferRules(min_rating=4.0, max_refund_rate=0.1).must_beat_public
    True
    """

    min_time_left: Any = "0D"
    min_rating: float | None = None
    allow_unrated: bool = True
    max_refund_rate: float | None = None
    min_sales: int = 20
    must_beat_public: bool = True
    min_benefit: float = 0.0
    min_benefit_share: float = 0.0
    one_item_reaches: bool = False
    min_stock: float = 1.0
    stock_is: str = "left"

    def __post_init__(self) -> None:
        for name in _AT_LEAST_0:
            if not getattr(self, name) >= 0:
                raise ParameterError(name, f"{name} must be 0 or more, got {getattr(self, name)}")
        for name in ("max_refund_rate", "min_benefit_share"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise ParameterError(name, f"{name} must lie between 0 and 1, got {value}")
        if self.stock_is not in ("left", "total"):
            raise ParameterError(
                "stock_is", f"stock_is must be 'left' or 'total', got {self.stock_is!r}"
            )
        self.time_left_us()

    def time_left_us(self) -> int:
        """Give `min_time_left` in microseconds."""
        try:
            length = pd.Timedelta(self.min_time_left)
        except (ValueError, TypeError) as error:
            raise _no_span(self.min_time_left) from error
        if pd.isna(length) or length < pd.Timedelta(0):
            raise _no_span(self.min_time_left)
        return int(length // pd.Timedelta(microseconds=1))


def _no_span(value: Any) -> ParameterError:
    return ParameterError(
        "min_time_left", f"min_time_left must be a span such as '12h', 0 or more; got {value!r}"
    )
