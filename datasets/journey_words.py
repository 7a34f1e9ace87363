"""Words for the codes of journeys: column -> code -> (Chinese, English)."""

__all__ = ["JOURNEY_WORDS"]

_STEPS = {
    "acquisition": ("获客", "acquisition"),
    "activation": ("激活", "activation"),
    "retention": ("留存", "retention"),
    "revenue": ("变现", "revenue"),
    "referral": ("推荐", "referral"),
}

JOURNEY_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "step": _STEPS,
    "previous": _STEPS,
    "buyer": {"new": ("新客", "new"), "old": ("老客", "old")},
    "driver": {
        "buyers": ("购买人数", "buyers"),
        "orders_per_buyer": ("人均购买次数", "orders per buyer"),
        "basket_value": ("客单价", "basket value"),
        "refunds": ("退款", "refunds"),
    },
    "credit": {
        "first": ("首次触点", "first touch"),
        "last": ("末次触点", "last touch"),
        "linear": ("平均分配", "linear"),
        "referral": ("裂变归因", "referral"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
