"""What each tag of hours, weekdays and dates says, needs, and is good for."""

from .tag_entry import Tag

__all__ = ["CLOCK_TAGS"]

_ACTS = ("orders.order_time|events.event_time|messages.message_time",)

CLOCK_TAGS: tuple[Tag, ...] = (
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
        "visits",
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
        "acts",
    ),
    Tag(
        "active_weekday",
        "code",
        "",
        _ACTS,
        ("一周中最活跃的一天", "weekday with most acts"),
        ("活动排在该日", "schedule for that day"),
        "acts",
    ),
    Tag(
        "night_share",
        "share",
        "acts",
        _ACTS,
        ("22 点至 5 点的行为占比", "share of acts between 22:00 and 5:00"),
        ("决定是否可在夜间触达", "decide whether night messages are welcome"),
        "acts",
    ),
    Tag(
        "night_owl",
        "flag",
        "",
        _ACTS,
        ("一半以上行为在夜间，且至少五次", "half or more of at least five acts at night"),
        ("晚间直播与秒杀优先通知", "tell first about late shows and sales"),
        "acts",
    ),
)
