"""What each tag of rhythm and money says, needs, and is good for."""

from .tag_entry import Tag

__all__ = ["PURCHASE_TAGS"]

_VISITS = ("orders.order_time|events.event_time",)
_LINES = ("orders.order_time", "orders.amount")
_ORDERS = ("orders.order_time",)

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
            "expected days between two purchase days: the own mean gap, drawn towards that "
            "of all members while gaps are few",
        ),
        (
            "按节奏安排提醒的频率",
            "pace reminders by it",
        ),
        "gaps",
    ),
    Tag(
        "rhythm_regularity",
        "number",
        "0 to 1",
        _VISITS,
        (
            "1 减去购买间隔的变异系数，不低于 0；间隔不足三个为空",
            "1 less the coefficient of variation of the gaps, at least 0; null below three gaps",
        ),
        (
            "高者适合订阅与定期送，低者靠活动触发",
            "subscriptions if high, occasions if low",
        ),
        "gaps",
    ),
    Tag(
        "next_due",
        "time",
        "",
        _VISITS,
        (
            "最近一次购买加上预期间隔",
            "last purchase plus the expected gap",
        ),
        (
            "到期前几天发补货提醒",
            "remind to restock a few days before",
        ),
        "gaps",
    ),
    Tag(
        "overdue_ratio",
        "number",
        "own gaps",
        _VISITS,
        (
            "距最近一次购买的天数与预期间隔之比，大于 1 即逾期",
            "days since the last purchase over the expected gap; above 1 is overdue",
        ),
        (
            "1 至 2.5 之间轻提醒，更高转召回",
            "a reminder between 1 and 2.5, win back beyond",
        ),
        "gaps",
    ),
    Tag(
        "repeat_buyer",
        "flag",
        "",
        _ORDERS,
        (
            "在两个以上不同日子购买过",
            "bought on two different days or more",
        ),
        (
            "复购者进入会员养成，未复购者推第二单",
            "membership programme if so, a second-order offer if not",
        ),
        "visits",
    ),
    Tag(
        "one_time_buyer",
        "flag",
        "",
        _ORDERS,
        (
            "只在一天购买过，且已超过预期的下次购买时间",
            "bought on one day only, and the next purchase is overdue",
        ),
        (
            "首购品类的二单券，先以对照组验证",
            "a second-order offer in the first category, tested against a control group",
        ),
        "visits",
    ),
    Tag(
        "rfm_class",
        "code",
        "",
        _LINES,
        (
            "近度、频次、金额与全体买家的中位数相比的八类；未购买者单列",
            "eight classes of recency, frequency and money against the buyers' medians; "
            "members who never bought apart",
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
        (
            "设置满减门槛时参考",
            "set thresholds of offers near it",
        ),
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
        (
            "按消费力选品，不按消费力定价",
            "choose products by it, never prices",
        ),
        "visits",
    ),
    Tag(
        "value_trend",
        "code",
        "",
        _LINES,
        (
            "最近三个购买日的平均消费与更早相比：上升（超过 1.25 倍）、下降（低于 0.8 倍）"
            "、平稳；不足六个购买日为空",
            "mean spend of the last three purchase days against those before: rising "
            "(above 1.25 times), falling (below 0.8), steady; null below six purchase days",
        ),
        (
            "下降者回访原因，上升者推进阶品",
            "ask the falling why, offer the rising the next better product",
        ),
        "visits",
    ),
    Tag(
        "recent_spend_share",
        "share",
        "money",
        _LINES,
        (
            "近 90 天消费占全部消费之比",
            "share of all spend that fell in the last 90 days",
        ),
        (
            "高者趁热交叉推荐，低者唤醒",
            "cross-sell while high, wake when low",
        ),
        "visits",
    ),
    Tag(
        "big_ticket",
        "flag",
        "",
        _LINES,
        (
            "至少有一个购买日的消费达到全体购买日的前 5%",
            "at least one purchase day among the 5 % largest of all members'",
        ),
        (
            "专人服务与大件售后",
            "personal service and care after the sale",
        ),
        "visits",
    ),
    Tag(
        "user_tier",
        "code",
        "",
        ("orders.order_time", "orders.amount", "events.event_time|messages.message_time"),
        (
            "消费与互动分层：近一年消费、近 90 天互动各与中位数相比——超级用户、沉默金主、潜"
            "力 KOC、待激活",
            "tiers of spend (a year) and interaction (90 days), each against the median: "
            "super user, silent payer, potential KOC, to activate",
        ),
        (
            "超级用户共创，沉默金主一对一，潜力 KOC 给任务，待激活用福利",
            "create with super users, serve silent payers one to one, tasks for potential "
            "KOCs, perks for the rest",
        ),
        "acts",
    ),
    Tag(
        "basket_size",
        "number",
        "lines",
        ("orders.order_id",),
        (
            "平均每单的商品行数",
            "mean lines an order",
        ),
        (
            "单件多者推搭配与套装",
            "bundles for those who buy one thing at a time",
        ),
        "orders",
    ),
    Tag(
        "basket_value",
        "number",
        "currency",
        ("orders.order_id", "orders.amount"),
        (
            "平均每单的消费额（不扣退款）",
            "mean money an order, refunds not taken off",
        ),
        (
            "满减门槛设在略高处",
            "set thresholds a little above",
        ),
        "orders",
    ),
)
