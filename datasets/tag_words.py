"""Words for the tags of buying and of the clock: their names and their codes."""

__all__ = ["SUPPORT_LEVELS", "SUPPORT_UNITS", "TAG_CODES", "TAG_NAMES", "TAG_THEMES"]

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

_TRENDS: Words = {
    "falling": ("下降", "falling"),
    "steady": ("平稳", "steady"),
    "rising": ("上升", "rising"),
}

_TIERS: Words = {
    "super_user": ("超级用户", "super user"),
    "silent_payer": ("沉默金主", "silent payer"),
    "potential_koc": ("潜力 KOC", "potential KOC"),
    "to_activate": ("待激活", "to activate"),
}

_PRICE_BANDS: Words = {
    "budget": ("平价", "budget"),
    "mid_price": ("中价", "mid-price"),
    "premium": ("高端", "premium"),
}

_FESTIVALS: Words = {
    "spring_festival": ("春节", "Spring Festival"),
    "june_618": ("618 大促", "618"),
    "double_11": ("双 11", "double 11"),
    "double_12": ("双 12", "double 12"),
}

_MONTH_PARTS: Words = {
    "early_month": ("上旬", "to the 10th"),
    "mid_month": ("中旬", "11th to 20th"),
    "late_month": ("下旬", "from the 21st"),
}

_DAYPARTS: Words = {
    "morning": ("上午", "morning"),
    "noon": ("中午", "noon"),
    "afternoon": ("下午", "afternoon"),
    "evening": ("晚上", "evening"),
    "night": ("夜间", "night"),
}

TAG_NAMES: Words = {
    "stage": ("生命周期阶段", "lifecycle stage"),
    "purchase_rhythm_days": ("购买节奏", "own rhythm"),
    "rhythm_regularity": ("节奏规律性", "regularity of rhythm"),
    "next_due": ("预计下次购买", "next purchase due"),
    "overdue_ratio": ("逾期倍数", "overdue ratio"),
    "tenure_days": ("会龄", "tenure"),
    "repeat_buyer": ("复购会员", "repeat buyer"),
    "one_time_buyer": ("一次性买家", "one-time buyer"),
    "rfm_class": ("RFM 类别", "RFM class"),
    "purchase_value": ("单日消费额", "spend a purchase day"),
    "value_band": ("消费力", "spending band"),
    "value_trend": ("消费趋势", "spend trend"),
    "recent_spend_share": ("近期消费占比", "recent spend"),
    "big_ticket": ("大额购买", "big ticket"),
    "user_tier": ("用户分层", "user tier"),
    "basket_size": ("客单件数", "basket size"),
    "basket_value": ("客单价", "order value"),
    "discount_share": ("折扣占比", "bought at a discount"),
    "discount_dependence": ("折扣依赖度", "discount dependence"),
    "discount_dependent": ("折扣依赖", "depends on discounts"),
    "discount_depth": ("平均折扣深度", "depth of discounts"),
    "coupon_share": ("用券占比", "bought with a coupon"),
    "coupon_dependence": ("用券依赖度", "coupon dependence"),
    "coupon_dependent": ("用券依赖", "depends on coupons"),
    "deal_share": ("优惠购买占比", "bought on offer"),
    "deal_hunter": ("羊毛党", "deal hunter"),
    "margin_share": ("毛利率", "margin"),
    "stock_up": ("囤货倾向", "stocking up"),
    "stock_up_buyer": ("囤货型", "stocks up"),
    "refund_share": ("退款率", "refunded"),
    "refund_rate": ("退货倾向", "refund rate"),
    "refund_prone": ("易退货", "refund-prone"),
    "price_level": ("价位", "price level"),
    "price_band": ("价格带", "price band"),
    "favourite_category": ("偏好品类", "favourite category"),
    "favourite_category_share": ("偏好强度", "taste for it"),
    "favourite_category_lift": ("偏好提升度", "lift of the category"),
    "favourite_brand": ("偏好品牌", "favourite brand"),
    "favourite_brand_share": ("品牌忠诚度", "share of the brand"),
    "favourite_brand_lift": ("品牌提升度", "lift of the brand"),
    "n_categories": ("品类数", "categories bought"),
    "variety_seeking": ("求新求异", "variety seeking"),
    "next_category": ("待补货品类", "category due"),
    "next_category_due": ("品类补货日", "when it is due"),
    "new_product_share": ("新品占比", "new products"),
    "new_product_lift": ("新品提升度", "lift of new products"),
    "new_product_lover": ("新品爱好者", "new-product lover"),
    "repeat_share": ("试后复购率", "trial to repeat"),
    "favourite_channel": ("偏好渠道", "favourite channel"),
    "favourite_channel_share": ("渠道集中度", "share of the channel"),
    "multi_channel": ("多渠道会员", "many channels"),
    "favourite_store": ("常去门店", "favourite store"),
    "store_loyalty": ("门店忠诚度", "store loyalty"),
    "store_loyal": ("门店忠客", "loyal to a store"),
    "member_day_habit": ("会员日习惯", "member-day habit"),
    "festival_share": ("大促购买占比", "bought in festivals"),
    "festival_only": ("大促型买家", "festival-only buyer"),
    "favourite_festival": ("偏好大促", "favourite festival"),
    "month_part": ("购买旬段", "part of the month"),
    "active_hour": ("活跃时段", "active hour"),
    "active_daypart": ("活跃时段类型", "part of the day"),
    "active_weekday": ("活跃星期", "active weekday"),
    "weekend_share": ("周末占比", "weekend share"),
    "night_share": ("夜间占比", "night share"),
    "night_owl": ("夜猫子", "night owl"),
}
"""Tag -> words."""

TAG_CODES: dict[str, Words] = {
    "value_band": _VALUE_BANDS,
    "value_trend": _TRENDS,
    "user_tier": _TIERS,
    "price_band": _PRICE_BANDS,
    "favourite_festival": _FESTIVALS,
    "month_part": _MONTH_PARTS,
    "active_daypart": _DAYPARTS,
    "active_weekday": _WEEKDAYS,
}
"""Tag -> code -> words."""

SUPPORT_UNITS: Words = {
    "visits": ("购买日或活跃日", "visits"),
    "gaps": ("购买间隔", "gaps"),
    "lines": ("商品行", "order lines"),
    "orders": ("订单", "orders"),
    "acts": ("行为", "acts"),
    "products": ("商品", "products"),
}
"""What evidence is counted in -> words."""

TAG_THEMES: Words = {
    "buying": ("购买与价值", "buying and value"),
    "deals": ("折扣、券与退款", "discounts, coupons, refunds"),
    "taste": ("偏好", "taste"),
    "timing": ("时间习惯", "when they are active"),
    "visits": ("访问与互动", "visits and habits"),
    "talk": ("社群发言与拉新", "talk and referrals"),
    "reach": ("触达", "how to reach them"),
}
"""What tags are about -> words."""

SUPPORT_LEVELS: Words = {
    "weak": ("证据不足", "weak"),
    "fair": ("证据尚可", "fair"),
    "strong": ("证据充分", "strong"),
}
"""How far evidence can be trusted -> words."""
