"""What each stage and RFM class means, and what to do about it."""

from dataclasses import dataclass

from siyu.datasets.labels import WORDS

from .figure_style import BLUE, GREEN, GREY, ORANGE, PINK, RED, SKY
from .wording import Text

__all__ = [
    "ADVICE",
    "CLASS_ORDER",
    "STAGE_COLOURS",
    "STAGE_ORDER",
    "UNKNOWN",
    "Advice",
    "code_words",
]

UNKNOWN = Text("未知", "Unknown")


@dataclass(frozen=True, slots=True)
class Advice:
    """Who the members of a segment are, and the next thing to do with them."""

    meaning: Text
    action: Text


STAGE_ORDER = ("prospect", "new", "growing", "loyal", "won_back", "dormant", "churned")
STAGE_COLOURS = {
    "prospect": GREY,
    "new": SKY,
    "growing": GREEN,
    "loyal": BLUE,
    "dormant": ORANGE,
    "churned": RED,
    "won_back": PINK,
}
CLASS_ORDER = (
    *("key_value", "key_develop", "key_keep", "key_retain"),
    *("common_value", "common_develop", "common_keep", "common_retain"),
    *("champions", "loyal", "potential_loyalist", "new_customers", "promising"),
    *("need_attention", "about_to_sleep", "at_risk", "cannot_lose", "hibernating", "lost"),
)

_STAGES: dict[str, Advice] = {
    "prospect": Advice(
        Text("已入会，还没有买过", "Joined, never bought"),
        Text("新人礼或低价尝鲜，促成首单", "Welcome gift or a cheap first product"),
    ),
    "new": Advice(
        Text("刚完成首单，还在自己的复购周期内", "Bought once, the next order is not overdue"),
        Text("教会使用，到期前提醒第二单", "Teach the product; ask for order two before it is due"),
    ),
    "growing": Advice(
        Text("已复购，次数还不多，未逾期", "Bought again, not yet a habit, not overdue"),
        Text("推荐搭配与新品类，养成习惯", "Offer matching products; build the habit"),
    ),
    "loyal": Advice(
        Text("购买成习惯，仍在自己的节奏里", "Buys regularly, in the own rhythm"),
        Text("会员权益与新品优先，邀请做 KOC", "Privileges and first access; invite as KOC"),
    ),
    "dormant": Advice(
        Text("超过自己的节奏很久没买", "Long overdue by the own rhythm"),
        Text("用最爱的品类唤醒，给一次性优惠", "Wake with the favourite category and one coupon"),
    ),
    "churned": Advice(
        Text("逾期太久，多半不会自己回来", "So overdue that few come back unasked"),
        Text("小范围测试召回，不再频繁打扰", "Test win-back on a few; stop frequent messages"),
    ),
    "won_back": Advice(
        Text("流失或沉睡后又来购买", "Bought again after a long silence"),
        Text("当新客照顾，弄清为何回来", "Care as for a new member; learn why they are back"),
    ),
}

_CLASSES: dict[str, Advice] = {
    "key_value": Advice(
        Text("近期买过，买得勤，花得多", "Recent, frequent, high spending"),
        Text("重点服务，专属权益，不打折", "Best service and privileges; no discounts needed"),
    ),
    "key_develop": Advice(
        Text("近期买过，花得多，但不勤", "Recent and high spending, not frequent"),
        Text("缩短间隔：到期提醒，搭配购", "Shorten the gap: reminders, matching products"),
    ),
    "key_keep": Advice(
        Text("买得勤，花得多，但有一阵没来", "Frequent and high spending, silent lately"),
        Text("本周一对一联系，问清原因", "Contact one by one this week; ask what happened"),
    ),
    "key_retain": Advice(
        Text("花得多，但不勤也不近", "High spending, neither recent nor frequent"),
        Text("大力度挽留一次", "One strong win-back offer"),
    ),
    "common_value": Advice(
        Text("近期买过，买得勤，客单低", "Recent and frequent, small baskets"),
        Text("提高客单：满减、组合装", "Raise the basket: thresholds, bundles"),
    ),
    "common_develop": Advice(
        Text("近期买过，不勤，花得少", "Recent, not frequent, low spending"),
        Text("引导第二、第三单", "Lead to orders two and three"),
    ),
    "common_keep": Advice(
        Text("买得勤，花得少，有一阵没来", "Frequent, low spending, silent lately"),
        Text("用常买的商品提醒", "Remind with what they usually buy"),
    ),
    "common_retain": Advice(
        Text("不近、不勤、花得少", "Neither recent nor frequent, low spending"),
        Text("只用低成本群发", "Low-cost broadcasts only"),
    ),
    "champions": Advice(
        Text("近、勤、花得最多", "Most recent, frequent and spending"),
        Text("专属权益，请他们推荐", "Privileges; ask them to recommend"),
    ),
    "loyal": Advice(
        Text("常来，花得多", "Come often and spend well"),
        Text("升级会员，新品优先", "Upgrade; first access to novelties"),
    ),
    "potential_loyalist": Advice(
        Text("近期买过几次", "Recent, a few purchases"),
        Text("入会权益与搭配推荐", "Membership benefits, matching products"),
    ),
    "new_customers": Advice(
        Text("刚来，只买过一两次", "Just came, one or two purchases"),
        Text("迎新，引导第二单", "Welcome; lead to the second order"),
    ),
    "promising": Advice(
        Text("近期买过，花得多，次数少", "Recent, good spending, few purchases"),
        Text("提高频次：提醒、订阅", "Raise frequency: reminders, subscriptions"),
    ),
    "need_attention": Advice(
        Text("各项中等偏上，正在变冷", "Above average, cooling down"),
        Text("限时优惠，推荐常买品类", "A timed offer in their usual category"),
    ),
    "about_to_sleep": Advice(
        Text("不近也不勤，快要沉睡", "Fading, about to go quiet"),
        Text("用热销品唤醒", "Wake with best sellers"),
    ),
    "at_risk": Advice(
        Text("从前常买，很久没来", "Used to buy often, long silent"),
        Text("个人化消息加优惠，尽快", "Personal message and coupon, soon"),
    ),
    "cannot_lose": Advice(
        Text("从前花得最多，很久没来", "Used to spend most, long silent"),
        Text("一对一联系，最大力度挽回", "Contact one by one; the strongest offer"),
    ),
    "hibernating": Advice(
        Text("很久以前买过，不多", "Bought little, long ago"),
        Text("低成本群发，换季再试", "Low-cost broadcasts; try again next season"),
    ),
    "lost": Advice(
        Text("各项最低", "Lowest on every measure"),
        Text("不再花钱，保留退订权", "Spend nothing more; keep opting out easy"),
    ),
}

ADVICE = {"stage": _STAGES, "rfm_class": _CLASSES}
"""By column and code; codes of own rules are not in it."""


def code_words(column: str, code: str | None) -> Text:
    """Give the words for a code of a column; the code itself where there are none.

    Examples
    --------
    >>> code_words("stage", "won_back").en, code_words("stage", None).zh
    ('Won back', '未知')
    >>> code_words("mine", "x1").zh
    'x1'
    """
    if code is None:
        return UNKNOWN
    if code in ("true", "false"):
        return Text("是", "Yes") if code == "true" else Text("否", "No")
    zh, en = WORDS.get(column, {}).get(code, (code, code))
    return Text(zh, en if en == code and zh == code else en[:1].upper() + en[1:])
