"""A fitted coupon model as a verified bundle; it holds what members bought: personal data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from siyu.datasets.bundle import read_bundle, write_bundle
from siyu.recommend.online.array_files import Packed, unpack
from siyu.recommend.online.storage import refuse_other_features

from .coupon_state import CouponState

__all__ = ["COUPONS", "read_coupon_model", "write_coupon_model"]

COUPONS = "coupon-model"


def write_coupon_model(
    folder: str | Path, state: CouponState, parameters: Mapping[str, Any]
) -> None:
    """Write a model and the parameters it was fitted with.

    Raises
    ------
    FileError
        If the folder cannot be written.
    """
    packed = Packed()
    meta = {
        "parameters": dict(parameters),
        "features": [feature.name for feature in state.features()],
        "state": packed.put("coupons", state),
    }
    write_bundle(folder, COUPONS, packed.files, meta)


def read_coupon_model(folder: str | Path) -> tuple[CouponState, dict[str, Any]]:
    """Read a model and its parameters.

    Raises
    ------
    ModelFileError
        If the bundle is not whole, or of a siyu with other features.
    """
    bundle = read_bundle(folder, COUPONS)
    state: CouponState = unpack(bundle, bundle.meta["state"])
    refuse_other_features(bundle, [feature.name for feature in state.features()])
    return state, bundle.meta["parameters"]
