"""Words for what speaks for a coupon: column -> code -> (Chinese, English)."""

__all__ = ["COUPON_WORDS"]

COUPON_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "family": {
        "coupon_use": ("平时用券习惯", "use of coupons of any kind"),
        "redeeming": ("历次发券的核销", "answers to coupons received"),
        "pool": ("本次可选的券", "the coupons to choose from"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
