"""What each tag of buying says, needs, and is good for."""

from .tag_entry import Tag

__all__ = ["PURCHASE_TAGS"]

_VISITS = ("orders.order_time|events.event_time",)
_LINES = ("orders.order_time", "orders.amount")

PURCHASE_TAGS: tuple[Tag, ...] = (
    Tag(
        "stage",
        "code",
        "",
        _VISITS,
        (
            "按会员自己的购买节奏判断：潜客、新客、成长、成熟、沉睡、流失、回流（无订单时按互动）",
            "by the member's own rhythm of buying: prospect, new, growing, loyal, dormant, "
            "churned or won back (of events where there are no orders)",
        ),
        (
            "按阶段设计触达：迎新、养成、权益、唤醒、召回",
            "one programme a stage, from welcome to win-back",
        ),
        "visits",
    ),
    Tag(
        "purchase_rhythm_days",
        "number",
        "days",
        _VISITS,
        (
            "两次购买日之间的预期天数：自己的平均间隔，间隔少时向全体收缩",
            "expected days between two purchase days: the own mean gap, drawn towards that of "
            "all members while gaps are few",
        ),
        ("按节奏安排提醒的频率", "pace reminders by it"),
        "gaps",
    ),
    Tag(
        "next_due",
        "time",
        "",
        _VISITS,
        ("最近一次购买加上预期间隔", "last purchase plus the expected gap"),
        ("到期前几天发补货提醒", "remind to restock a few days before"),
        "gaps",
    ),
    Tag(
        "rfm_class",
        "code",
        "",
        _LINES,
        (
            "近度、频次、金额与全体买家的中位数相比的八类；未购买者单列",
            "eight classes of recency, frequency and money against the buyers' medians; members "
            "who never bought apart",
        ),
        (
            "重要类别用服务与权益，一般类别用自动化",
            "service for the key classes, automation for the common",
        ),
        "visits",
    ),
    Tag(
        "purchase_value",
        "number",
        "currency",
        _LINES,
        (
            "平均每个购买日的净消费额（扣除退款）",
            "mean net money a purchase day, refunds taken off",
        ),
        ("设置满减门槛时参考", "set thresholds of offers near it"),
        "visits",
    ),
    Tag(
        "value_band",
        "code",
        "",
        _LINES,
        (
            "单日消费额在全体买家中的三等分：低、中、高",
            "spend a purchase day in thirds of all buyers: low, middle, high",
        ),
        ("按消费力选品，不按消费力定价", "choose products by it, never prices"),
        "visits",
    ),
    Tag(
        "basket_size",
        "number",
        "lines",
        ("orders.order_id",),
        ("平均每单的商品行数", "mean lines an order"),
        ("单件多者推搭配与套装", "bundles for those who buy one thing at a time"),
        "orders",
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
        ("大促前推家庭装与组合装", "family packs before big sales"),
        "lines",
    ),
    Tag(
        "discount_share",
        "share",
        "purchase lines",
        ("orders.discount",),
        ("带折扣的购买行占比", "share of purchase lines with a discount"),
        ("高者用促销唤起，低者讲新品与品质", "promotions if high, novelty and quality if low"),
        "lines",
    ),
    Tag(
        "coupon_share",
        "share",
        "purchase lines",
        ("orders.coupon_id",),
        ("使用优惠券的购买行占比", "share of purchase lines with a coupon"),
        ("先以对照组验证增量，再发券", "test with a control group whether coupons add anything"),
        "lines",
    ),
    Tag(
        "refund_share",
        "share",
        "money",
        _LINES,
        ("退款金额占购买金额之比", "money refunded over money paid"),
        ("高者先做售后回访", "call before selling more if high"),
        "lines",
    ),
    Tag(
        "favourite_category",
        "name",
        "",
        ("orders.product_id", "products.category"),
        (
            "近期权重最高的品类（半衰期 180 天）",
            "category bought most, recent purchases counting more (half-life 180 days)",
        ),
        ("内容与上新按品类推送", "content and novelties of that category"),
        "lines",
    ),
    Tag(
        "favourite_category_share",
        "share",
        "weighted purchase lines",
        ("orders.product_id", "products.category"),
        (
            "该品类占比，购买少时向全体收缩",
            "its share, drawn towards all members' while purchases are few",
        ),
        ("高者深耕该品类，低者多样推荐", "depth if high, variety if low"),
        "lines",
    ),
    Tag(
        "favourite_channel",
        "name",
        "",
        ("orders.channel",),
        ("近期购买最多的渠道", "channel bought through most of late"),
        ("在该渠道发优惠", "make offers there"),
        "lines",
    ),
    Tag(
        "favourite_store",
        "name",
        "",
        ("orders.store_id",),
        ("近期购买最多的门店", "store bought in most of late"),
        ("由该店导购跟进", "hand over to the staff of that store"),
        "lines",
    ),
)
