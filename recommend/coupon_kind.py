"""A recommender of kind "coupon": which of its parameters hold, and what it cannot be asked."""

from collections.abc import Mapping
from typing import Any

from siyu.datasets.errors import ParameterError
from siyu.recommend.coupons.coupon_model import CouponModel

from .fitting import check_choices

__all__ = ["coupon_model", "refuse_for_coupons", "shared_parameters"]

_SHARED = ("horizon", "ranker", "n_jobs", "random_state")


def coupon_model(parameters: Mapping[str, Any]) -> CouponModel:
    """Make the model of coupons that goes with a recommender's parameters.

    Raises
    ------
    ParameterError
        If a parameter is out of range, or set to what only products know.
    """
    check_choices(parameters)
    for name, usual in (("goal", "repurchase"), ("activity", "orders"), ("level", "product")):
        if parameters[name] != usual:
            raise ParameterError(
                name, f"{name} is for products: with kind='coupon' leave it at {usual!r}"
            )
    return CouponModel(**{name: parameters[name] for name in _SHARED})


def shared_parameters(coupons: CouponModel) -> dict[str, Any]:
    """Give the parameters that a recommender shares with its model of coupons."""
    return {name: getattr(coupons, name) for name in _SHARED}


def refuse_for_coupons(**asked: Any) -> None:
    """Refuse what lists of coupons know nothing of.

    Raises
    ------
    ParameterError
        Naming it.
    """
    for name, value in asked.items():
        if value is not None and value is not False:
            raise ParameterError(name, f"{name} is for products: kind is 'coupon'")
