"""What each tag of prices says, needs, and is good for."""

from .tag_entry import Tag

__all__ = ["DEAL_TAGS"]

_LINES = ("orders.order_time", "orders.amount")

DEAL_TAGS: tuple[Tag, ...] = (
    Tag(
        "discount_share",
        "share",
        "purchase lines",
        ("orders.discount",),
        (
            "带折扣的购买行占比",
            "share of purchase lines with a discount",
        ),
        (
            "高者用促销唤起，低者讲新品与品质",
            "promotions if high, novelty and quality if low",
        ),
        "lines",
    ),
    Tag(
        "discount_dependence",
        "share",
        "purchase lines",
        ("orders.discount",),
        (
            "带折扣的购买行占比，购买少时向全体收缩",
            "share of lines with a discount, drawn towards everybody's while lines are few",
        ),
        (
            "预测其对促销的反应，用于排期",
            "plan promotions by it",
        ),
        "lines",
    ),
    Tag(
        "discount_dependent",
        "flag",
        "",
        ("orders.discount",),
        (
            "折扣占比不低于一半（至少三行），且收缩后确定高于全体",
            "half or more of the lines (three at least), and the drawn share is surely above "
            "everybody's",
        ),
        (
            "逐步以权益替代直降，并留对照组",
            "replace price cuts by perks step by step, with a control group",
        ),
        "lines",
    ),
    Tag(
        "discount_depth",
        "share",
        "money",
        ("orders.discount", "orders.amount"),
        (
            "享受折扣的购买行中，优惠额占原价之比",
            "money taken off over the money before it, of lines with a discount",
        ),
        (
            "不必给到更深的折扣",
            "no need to go deeper than this",
        ),
        "lines",
    ),
    Tag(
        "coupon_share",
        "share",
        "purchase lines",
        ("orders.coupon_id",),
        (
            "使用优惠券的购买行占比",
            "share of purchase lines with a coupon",
        ),
        (
            "先以对照组验证增量，再发券",
            "test with a control group whether coupons add anything",
        ),
        "lines",
    ),
    Tag(
        "coupon_dependence",
        "share",
        "purchase lines",
        ("orders.coupon_id",),
        (
            "使用优惠券的购买行占比，购买少时向全体收缩",
            "share of lines with a coupon, drawn towards everybody's while lines are few",
        ),
        (
            "估算发券成本",
            "estimate what coupons cost",
        ),
        "lines",
    ),
    Tag(
        "coupon_dependent",
        "flag",
        "",
        ("orders.coupon_id",),
        (
            "用券占比不低于一半（至少三行），且收缩后确定高于全体",
            "half or more of the lines (three at least), and the drawn share is surely above "
            "everybody's",
        ),
        (
            "大小券搭配，拉长间隔",
            "pair a deep coupon with a shallow one, space them out",
        ),
        "lines",
    ),
    Tag(
        "deal_share",
        "share",
        "purchase lines",
        ("orders.discount|orders.coupon_id",),
        (
            "带折扣或用券的购买行占比，购买少时向全体收缩",
            "share of lines with a discount or a coupon, drawn towards everybody's while "
            "lines are few",
        ),
        (
            "判断促销是否为主要动因",
            "tells whether offers are what makes them buy",
        ),
        "lines",
    ),
    Tag(
        "deal_hunter",
        "flag",
        "",
        ("orders.discount|orders.coupon_id",),
        (
            "半数以上（至少三行）为优惠购买且确定高于全体，并符合其一：价位低于 0.4、毛利低于"
            "全体的四分之三、一半以上购买日在大促或会员日；仅用于选品与权益，不用于定价",
            "half or more of the lines (three at least) on offer, surely more than everybody's, "
            "and one of: price level below 0.4, margin below three quarters of everybody's, half "
            "of the purchase days in festivals or on member days; for choosing products and "
            "perks, never for prices",
        ),
        (
            "限量福利，控制补贴，引导分享",
            "limited perks, capped subsidies, ask them to share",
        ),
        "lines",
    ),
    Tag(
        "margin_share",
        "share",
        "money",
        ("orders.product_id", "orders.quantity", "products.cost"),
        (
            "已知成本的商品中，毛利占消费额之比（可为负）",
            "money left after costs over money paid, of products of known cost (may be negative)",
        ),
        (
            "评估服务投入，不用于定价",
            "weigh service by it, never prices",
        ),
        "lines",
    ),
    Tag(
        "stock_up",
        "share",
        "purchase lines",
        ("orders.product_id", "orders.quantity"),
        (
            "购买数量达到该商品通常数量两倍以上的行占比",
            "share of lines with at least twice the product's usual quantity",
        ),
        (
            "大促前推家庭装与组合装",
            "family packs before big sales",
        ),
        "lines",
    ),
    Tag(
        "stock_up_buyer",
        "flag",
        "",
        ("orders.product_id", "orders.quantity"),
        (
            "囤货行占比确定高于全体",
            "the share of such lines is surely above everybody's",
        ),
        (
            "大促前一周提醒，促后延长间隔",
            "remind a week before sales, leave in peace after",
        ),
        "lines",
    ),
    Tag(
        "refund_share",
        "share",
        "money",
        _LINES,
        (
            "退款金额占购买金额之比（退回更早的购买时可大于 1）",
            "money refunded over money paid (above 1 where earlier purchases are given back)",
        ),
        (
            "高者先做售后回访",
            "call before selling more if high",
        ),
        "lines",
    ),
    Tag(
        "refund_rate",
        "share",
        "lines",
        _LINES,
        (
            "退款行占全部行之比，行数少时向全体收缩",
            "share of all lines that are refunds, drawn towards everybody's while lines are few",
        ),
        (
            "预估退货成本",
            "estimate what returns cost",
        ),
        "lines",
    ),
    Tag(
        "refund_prone",
        "flag",
        "",
        _LINES,
        (
            "退款行占比确定高于全体，且至少两次",
            "the share of refund lines is surely above everybody's, twice at least",
        ),
        (
            "改进尺码与说明，先服务后促销",
            "better sizes and descriptions, service before promotion",
        ),
        "lines",
    ),
    Tag(
        "price_level",
        "number",
        "0 to 1",
        ("orders.product_id", "products.price|orders.quantity"),
        (
            "所购商品在本品类价格中的平均位置（0 最低、1 最高），购买少时向中间收缩",
            "mean place of the products bought among the prices of their category (0 "
            "lowest, 1 highest), drawn towards the middle while lines are few",
        ),
        (
            "推荐相近价位的商品",
            "recommend products of that level",
        ),
        "lines",
    ),
    Tag(
        "price_band",
        "code",
        "",
        ("orders.product_id", "products.price|orders.quantity"),
        (
            "按价位：低于 0.4 为平价，0.6 及以上为高端，其间为中价",
            "by price level: budget below 0.4, premium from 0.6, mid-price between",
        ),
        (
            "按价位选品，不按人定价",
            "choose products by it, never prices",
        ),
        "lines",
    ),
)
