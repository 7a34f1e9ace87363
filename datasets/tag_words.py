"""Words for the tags of buying and of the clock: their names and their codes."""

__all__ = ["SUPPORT_UNITS", "TAG_CODES", "TAG_NAMES"]

Words = dict[str, tuple[str, str]]

_VALUE_BANDS: Words = {
    "low": ("低消费力", "low spend"),
    "middle": ("中消费力", "middle spend"),
    "high": ("高消费力", "high spend"),
}

_WEEKDAYS: Words = {
    "mon": ("周一", "Monday"),
    "tue": ("周二", "Tuesday"),
    "wed": ("周三", "Wednesday"),
    "thu": ("周四", "Thursday"),
    "fri": ("周五", "Friday"),
    "sat": ("周六", "Saturday"),
    "sun": ("周日", "Sunday"),
}

TAG_NAMES: Words = {
    "stage": ("生命周期阶段", "lifecycle stage"),
    "purchase_rhythm_days": ("购买节奏", "own rhythm"),
    "next_due": ("预计下次购买", "next purchase due"),
    "rfm_class": ("RFM 类别", "RFM class"),
    "purchase_value": ("单日消费额", "spend a purchase day"),
    "value_band": ("消费力", "spending band"),
    "basket_size": ("客单件数", "basket size"),
    "stock_up": ("囤货倾向", "stocking up"),
    "discount_share": ("折扣占比", "bought at a discount"),
    "coupon_share": ("用券占比", "bought with a coupon"),
    "refund_share": ("退款率", "refunded"),
    "favourite_category": ("偏好品类", "favourite category"),
    "favourite_category_share": ("偏好强度", "taste for it"),
    "favourite_channel": ("偏好渠道", "favourite channel"),
    "favourite_store": ("常去门店", "favourite store"),
    "member_day_habit": ("会员日习惯", "member-day habit"),
    "active_hour": ("活跃时段", "active hour"),
    "active_weekday": ("活跃星期", "active weekday"),
    "night_share": ("夜间占比", "night share"),
    "night_owl": ("夜猫子", "night owl"),
}
"""Tag -> words."""

TAG_CODES: dict[str, Words] = {
    "value_band": _VALUE_BANDS,
    "active_weekday": _WEEKDAYS,
}
"""Tag -> code -> words."""

SUPPORT_UNITS: Words = {
    "visits": ("购买日或活跃日", "visits"),
    "gaps": ("购买间隔", "gaps"),
    "lines": ("商品行", "order lines"),
    "orders": ("订单", "orders"),
    "acts": ("行为", "acts"),
}
"""What evidence is counted in -> words."""
