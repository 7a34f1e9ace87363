"""What each tag of messages sent and of coupons in hand says, needs, and is good for."""

from .send_tags import OPEN_RATE_CHANNELS
from .tag_entry import Tag

__all__ = ["REACH_TAGS"]

_OPENED = ("sends.opened_at",)
_BY_CHANNEL = ("sends.opened_at", "sends.channel")
_QUIT = ("sends.quit_at",)
_COUPONS = (
    "offer_members.issued_at",
    "orders.coupon_id|sends.redeemed_at|events.event=coupon_redeem|events.event=redeem",
)
_CHANNEL_NAMES = {
    "wecom": ("企业微信", "WeCom chat"),
    "moments": ("朋友圈", "Moments"),
    "service_account": ("服务号", "the service account"),
    "subscription_account": ("订阅号", "the subscription account"),
    "sms": ("短信", "text message"),
}


def _open_rate(channel: str) -> Tag:
    zh, en = _CHANNEL_NAMES[channel]
    return Tag(
        f"open_rate_{channel}",
        "share",
        "messages sent",
        ("sends.opened_at", f"sends.channel={channel}"),
        (
            f"近 180 天（三日以前）经{zh}发送的消息的打开率，发送少时向该渠道全体收缩",
            f"share opened of the messages of 180 days, three days old or more, by {en}, drawn "
            "towards that channel's while messages are few",
        ),
        (f"比较各渠道后再决定是否用{zh}", f"compare channels before using {en}"),
        "sends",
    )


REACH_TAGS: tuple[Tag, ...] = (
    Tag(
        "sends_28d",
        "count",
        "messages sent",
        ("sends.send_time",),
        (
            "近 28 天发给本人的消息数（不含群发到群）",
            "messages sent to them in 28 days, groups aside",
        ),
        ("接近上限者暂停", "pause near the cap"),
        "sends",
    ),
    Tag(
        "open_rate",
        "share",
        "messages sent",
        _OPENED,
        (
            "近 180 天（三日以前）消息的打开率，只计能看到打开的渠道，发送少时向全体收缩",
            "share opened of the messages of 180 days, three days old or more, in channels that "
            "tell opens, drawn towards all members' while messages are few",
        ),
        ("低者减量换内容", "send less and other content if low"),
        "sends",
    ),
    *(_open_rate(channel) for channel in OPEN_RATE_CHANNELS),
    Tag(
        "reach_channel",
        "name",
        "",
        _BY_CHANNEL,
        (
            "收到过消息的渠道中打开率（收缩后）最高者",
            "of the channels they were sent messages by, the one with the highest open rate, "
            "drawn towards the channel's",
        ),
        ("优先用该渠道", "use this channel first"),
        "sends",
    ),
    Tag(
        "reach_open_rate",
        "share",
        "messages sent",
        _BY_CHANNEL,
        ("最佳触达渠道的打开率", "open rate of the best channel to reach"),
        ("低者改由导购一对一", "leave to the staff, one to one, if low"),
        "sends",
    ),
    Tag(
        "best_send_hour",
        "count",
        "local hour",
        _OPENED,
        (
            "近 180 天打开最多的小时（与相邻小时平滑并向全体收缩），至少三次打开",
            "hour with most opens in 180 days, smoothed with its neighbours and drawn towards "
            "all members'; three opens at least",
        ),
        ("在该小时前发送", "send just before it"),
        "opens",
    ),
    Tag(
        "message_weary",
        "flag",
        "",
        ("sends.opened_at|sends.quit_at",),
        (
            "近 28 天打开数不足自己以往（按渠道）预期的六成且偶然的可能低于 5%，或收到消息后退订",
            "opens of the last 28 days are under 60 % of what their own past of each channel "
            "foretold, by chance less than one time in twenty; or they quit after a message",
        ),
        ("降频四周，只发服务类消息", "send less for four weeks, services only"),
        "sends",
    ),
    Tag(
        "quit_messages",
        "flag",
        "",
        _QUIT,
        (
            "收到消息后退订，此后未再发送（近 180 天）",
            "quit after a message of 180 days, none sent since",
        ),
        ("尊重退订，改用店内触达", "respect it, meet them in the store"),
        "sends",
    ),
    Tag(
        "quit_risk",
        "share",
        "messages sent",
        _QUIT,
        (
            "下一条消息后退订的机会：近 28 天同样消息量的会员的退订率；已退订者为空",
            "chance to quit after the next message: how often members with as many messages in "
            "28 days quit; null for those who have",
        ),
        ("高者先停发一周", "pause for a week if high"),
        "sends",
    ),
    Tag(
        "coupon_redeem_share",
        "share",
        "coupons",
        _COUPONS,
        (
            "近 180 天发放且已过期（无到期日按 28 天）的券中核销的占比，少时向全体收缩",
            "share redeemed of the coupons issued in 180 days whose time is over (28 days where "
            "no end is told), drawn towards all members' while coupons are few",
        ),
        ("低者停发券，改送服务", "stop coupons if low, offer service"),
        "coupons",
    ),
    Tag(
        "coupon_hoarder",
        "flag",
        "",
        _COUPONS,
        (
            "近 180 天至少五张券已过期且一张未用",
            "five coupons or more of 180 days ran out and none was redeemed",
        ),
        ("不再发券，试内容与新品", "no more coupons, try content and novelties"),
        "coupons",
    ),
)
"""Messages sent and coupons, in the order of the columns of `tag`."""
