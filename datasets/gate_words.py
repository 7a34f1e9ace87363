"""Words for the codes of offers and campaigns: column -> code -> (Chinese, English)."""

__all__ = ["GATE_WORDS"]

GATE_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "blocked_because": {
        "not_started": ("尚未开始", "not started yet"),
        "ended": ("已截止", "has ended"),
        "ends_soon": ("剩余时间太短", "ends too soon"),
        "no_stock": ("名额已用完", "no stock of the offer left"),
        "out_of_stock": ("商品缺货", "product out of stock"),
        "no_budget": ("预算已用完", "budget used up"),
        "not_recommendable": ("商品不可推荐", "product may not be recommended"),
        "nobody_eligible": ("没有会员有资格", "nobody may have it now"),
        "public_not_higher": ("公开价不高于会员价", "loses: the public price is not higher"),
        "no_public_price": ("没有公开价可比", "nothing to compare the price with"),
        "small_benefit": ("优惠太小", "saves too little"),
        "below_threshold": ("单件未达用券门槛", "one piece is below the threshold"),
        "low_rating": ("评分过低", "rating too low"),
        "no_rating": ("没有评分", "no rating"),
        "many_refunds": ("退单过多", "too many refunds"),
    },
    "price_from": {
        "paid": ("实付价", "paid"),
        "listed": ("标价", "list price"),
    },
    "evidence": {
        "held_out": ("有留白对照组", "a held-out arm"),
        "none": ("无对照组", "no held-out arm"),
    },
    "money": {
        "revenue": ("销售额", "revenue"),
        "margin": ("毛利", "margin"),
    },
    "terms": {
        "price": ("价格", "price"),
        "coupon": ("券面额", "coupon"),
    },
    "record": {
        "group": ("退群", "left the group"),
        "staff": ("删除好友", "removed the staff"),
        "message": ("消息退订", "quit logged with the message"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
