"""Every tag: what it says, what it needs, and what to do with it."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from siyu.datasets.clock import INSTANT
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.labels import WORDS

__all__ = ["CATALOGUE", "Tag", "tag_catalog"]

Kind = Literal["code", "flag", "share", "number", "count", "time", "name"]
Both = tuple[str, str]

_TYPES: dict[str, pa.DataType] = {
    "code": pa.string(),
    "flag": pa.bool_(),
    "share": pa.float64(),
    "number": pa.float64(),
    "count": pa.int64(),
    "time": INSTANT,
    "name": pa.large_string(),
}


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag; pairs are (Chinese, English).

    `needs` lists ``table.column`` of everything the tag is made of; ``a|b`` means either, and
    ``table.column=value`` that the value must occur.
    """

    tag: str
    kind: Kind
    unit: str
    needs: tuple[str, ...]
    definition: Both
    action: Both

    def type(self) -> pa.DataType:
        """Give the Arrow type of the column."""
        return _TYPES[self.kind]


def tag_catalog(output: FrameKind = "pandas") -> Frame:
    """List every tag that `tag` can give, with its meaning and what to do with it.

    Parameters
    ----------
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a tag, in the order of the columns of `tag`
        ``tag`` : column name; ``kind`` : code, flag, share, number, count, time or name;
        ``unit`` : of its values; ``needs`` : ``table.column`` of what it is made of;
        ``name_zh``, ``name_en``, ``definition_zh``, ``definition_en``, ``action_zh``,
        ``action_en`` : words.

    Examples
    --------
    >>> tag_catalog().loc[0, ["tag", "kind", "name_zh"]].tolist()
    ['stage', 'code', '生命周期阶段']
    """
    names = [WORDS["tag"][tag.tag] for tag in CATALOGUE]
    columns: dict[str, list[str]] = {
        "tag": [tag.tag for tag in CATALOGUE],
        "kind": [tag.kind for tag in CATALOGUE],
        "unit": [tag.unit for tag in CATALOGUE],
        "needs": [", ".join(tag.needs) for tag in CATALOGUE],
    }
    words = {
        "name": names,
        "definition": [tag.definition for tag in CATALOGUE],
        "action": [tag.action for tag in CATALOGUE],
    }
    for word, pairs in words.items():
        columns[f"{word}_zh"], columns[f"{word}_en"] = map(list, zip(*pairs, strict=True))
    return from_arrow(pa.table(columns), output)


_VISITS = ("orders.order_time|events.event_time",)
_ACTS = ("orders.order_time|events.event_time|messages.message_time",)
_LINES = ("orders.order_time", "orders.amount")

CATALOGUE: tuple[Tag, ...] = (
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
    ),
    Tag(
        "next_due",
        "time",
        "",
        _VISITS,
        ("最近一次购买加上预期间隔", "last purchase plus the expected gap"),
        ("到期前几天发补货提醒", "remind to restock a few days before"),
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
    ),
    Tag(
        "basket_size",
        "number",
        "lines",
        ("orders.order_id",),
        ("平均每单的商品行数", "mean lines an order"),
        ("单件多者推搭配与套装", "bundles for those who buy one thing at a time"),
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
    ),
    Tag(
        "discount_share",
        "share",
        "purchase lines",
        ("orders.discount",),
        ("带折扣的购买行占比", "share of purchase lines with a discount"),
        ("高者用促销唤起，低者讲新品与品质", "promotions if high, novelty and quality if low"),
    ),
    Tag(
        "coupon_share",
        "share",
        "purchase lines",
        ("orders.coupon_id",),
        ("使用优惠券的购买行占比", "share of purchase lines with a coupon"),
        ("先以对照组验证增量，再发券", "test with a control group whether coupons add anything"),
    ),
    Tag(
        "refund_share",
        "share",
        "money",
        _LINES,
        ("退款金额占购买金额之比", "money refunded over money paid"),
        ("高者先做售后回访", "call before selling more if high"),
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
    ),
    Tag(
        "favourite_channel",
        "name",
        "",
        ("orders.channel",),
        ("近期购买最多的渠道", "channel bought through most of late"),
        ("在该渠道发优惠", "make offers there"),
    ),
    Tag(
        "favourite_store",
        "name",
        "",
        ("orders.store_id",),
        ("近期购买最多的门店", "store bought in most of late"),
        ("由该店导购跟进", "hand over to the staff of that store"),
    ),
    Tag(
        "member_day_habit",
        "share",
        "purchase days",
        ("orders.order_time",),
        (
            "落在会员日（每月 13 日）的购买日占比",
            "share of purchase days on the member day, the 13th of a month",
        ),
        ("会员日前一天提醒", "remind on the eve of the member day"),
    ),
    Tag(
        "active_hour",
        "count",
        "local hour",
        _ACTS,
        (
            "一天中最活跃的小时（与相邻小时平滑）",
            "hour of the day with most acts, smoothed with its neighbours",
        ),
        ("在该时段发送", "send then"),
    ),
    Tag(
        "active_weekday",
        "code",
        "",
        _ACTS,
        ("一周中最活跃的一天", "weekday with most acts"),
        ("活动排在该日", "schedule for that day"),
    ),
    Tag(
        "night_share",
        "share",
        "acts",
        _ACTS,
        ("22 点至 5 点的行为占比", "share of acts between 22:00 and 5:00"),
        ("决定是否可在夜间触达", "decide whether night messages are welcome"),
    ),
    Tag(
        "night_owl",
        "flag",
        "",
        _ACTS,
        ("一半以上行为在夜间，且至少五次", "half or more of at least five acts at night"),
        ("晚间直播与秒杀优先通知", "tell first about late shows and sales"),
    ),
    Tag(
        "speaking",
        "code",
        "",
        ("messages.message_time", "memberships.member_id"),
        (
            "近 90 天：核心发言（12 天以上）、发言、潜水（在群不发言）、不在群",
            "in 90 days: core speaker (12 days or more), speaker, lurker (silent in a group), "
            "outside",
        ),
        (
            "核心发言者邀为体验官，潜水者用投票唤起",
            "ask core speakers to try products, polls for lurkers",
        ),
    ),
    Tag(
        "n_shares",
        "count",
        "events",
        ("events.event=share",),
        ("share 类互动的次数", "events named share"),
        ("给分享素材与专属链接", "give them material and own links"),
    ),
    Tag(
        "n_invited",
        "count",
        "members",
        ("referrals.inviter_id",),
        ("邀请来的不同会员数", "different members they brought"),
        ("纳入推荐官计划", "take into the referral programme"),
    ),
    Tag(
        "days_inactive",
        "number",
        "days",
        _ACTS,
        (
            "距最近一次购买、互动、发言或邀请的天数",
            "days since the last purchase, event, message or invitation",
        ),
        ("超过自己的节奏时轻触达", "a light touch once beyond the own rhythm"),
    ),
    Tag(
        "zombie",
        "flag",
        "",
        _ACTS,
        (
            "已知 180 天以上而近 180 天毫无行为",
            "known for 180 days or more and no act in the last 180",
        ),
        ("停止群发，节省成本", "stop sending, save the cost"),
    ),
)
