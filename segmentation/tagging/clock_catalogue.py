"""What each tag of hours, weekdays and dates says, needs, and is good for."""

from .tag_entry import Tag

__all__ = ["CLOCK_TAGS"]

_ORDERS = ("orders.order_time",)
_ACTS = ("orders.order_time|events.event_time|messages.message_time",)

CLOCK_TAGS: tuple[Tag, ...] = (
    Tag(
        "member_day_habit",
        "share",
        "purchase days",
        _ORDERS,
        (
            "落在会员日的购买日占比（默认每月 13 日，可自定日历）",
            "share of purchase days on member days (the 13th of a month, unless the "
            "calendar says otherwise)",
        ),
        (
            "会员日前一天提醒",
            "remind on the eve of the member day",
        ),
        "visits",
    ),
    Tag(
        "festival_share",
        "share",
        "purchase days",
        _ORDERS,
        (
            "落在大促期间的购买日占比（默认春节、618、双 11、双 12）",
            "share of purchase days within festivals (Spring Festival, 618, double 11 and "
            "double 12 unless the calendar says otherwise)",
        ),
        (
            "高者大促前预热，低者避开大促",
            "warm up before festivals if high, keep out of them if low",
        ),
        "visits",
    ),
    Tag(
        "festival_only",
        "flag",
        "",
        _ORDERS,
        (
            "两个以上购买日且全部在大促期间",
            "two purchase days or more, all of them within festivals",
        ),
        (
            "平日以内容维系，大促前再唤醒",
            "content between festivals, wake before the next",
        ),
        "visits",
    ),
    Tag(
        "favourite_festival",
        "name",
        "",
        _ORDERS,
        (
            "购买日最多的大促",
            "festival with most purchase days",
        ),
        (
            "纳入该大促的名单",
            "put on the list of that festival",
        ),
        "visits",
    ),
    Tag(
        "month_part",
        "code",
        "",
        _ORDERS,
        (
            "一月之中购买日最多的一段：上旬、中旬、下旬；不足三个购买日为空",
            "third of the month with most purchase days; null below three",
        ),
        (
            "发薪日前后安排触达",
            "reach out around pay day",
        ),
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
        (
            "在该时段发送",
            "send then",
        ),
        "acts",
    ),
    Tag(
        "active_daypart",
        "code",
        "",
        _ACTS,
        (
            "一天中最活跃的时段：上午 5 点、中午 11 点、下午 14 点、晚上 18 点、夜间 22 点起",
            "part of the day with most acts: from 5, 11, 14, 18 and 22 o'clock",
        ),
        (
            "内容与时段相配",
            "match content and time of day",
        ),
        "acts",
    ),
    Tag(
        "active_weekday",
        "code",
        "",
        _ACTS,
        (
            "一周中最活跃的一天",
            "weekday with most acts",
        ),
        (
            "活动排在该日",
            "schedule for that day",
        ),
        "acts",
    ),
    Tag(
        "weekend_share",
        "share",
        "acts",
        _ACTS,
        (
            "周六、周日的行为占比",
            "share of acts on Saturdays and Sundays",
        ),
        (
            "高者周末到店活动，低者工作日推送",
            "events at weekends if high, messages on workdays if low",
        ),
        "acts",
    ),
    Tag(
        "night_share",
        "share",
        "acts",
        _ACTS,
        (
            "22 点至 5 点的行为占比",
            "share of acts between 22:00 and 5:00",
        ),
        (
            "决定是否可在夜间触达",
            "decide whether night messages are welcome",
        ),
        "acts",
    ),
    Tag(
        "night_owl",
        "flag",
        "",
        _ACTS,
        (
            "一半以上行为在夜间，且至少五次",
            "half or more of at least five acts at night",
        ),
        (
            "晚间直播与秒杀优先通知",
            "tell first about late shows and sales",
        ),
        "acts",
    ),
)
