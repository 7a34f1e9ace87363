"""What each tag of visits and of the habits that events tell says, needs, and is good for."""

from .event_rows import CART, CHECK_IN, GROUP_BUY, MUTE, POINTS, SHARE, TAKING_PART, TASK, UNMUTE
from .event_rows import needs_event as _named
from .tag_entry import Tag

__all__ = ["VISIT_TAGS"]

_EVENTS = ("events.event_time",)
_EVENTS_AND_ORDERS = ("events.event_time", "orders.order_time")
_CARTS = (_named(CART), "orders.order_time")

VISIT_TAGS: tuple[Tag, ...] = (
    Tag(
        "visit_depth",
        "number",
        "pages",
        _EVENTS,
        (
            "近 90 天每次访问浏览页数的中位数；无会话编号时间隔 30 分钟算新访问；"
            "无 view 事件时数全部互动",
            "median pages a visit in 90 days; without session ids a pause of 30 minutes ends a "
            "visit; events named view, or all events where nobody has one",
        ),
        (
            "浏览深者推测评与对比，浅者给直达链接",
            "reviews for deep visitors, short cuts for others",
        ),
        "app_visits",
    ),
    Tag(
        "visit_depth_band",
        "code",
        "",
        _EVENTS,
        (
            "访问深度在全体访客中的三等分：浅、适中、深",
            "visit depth in thirds of all visitors: shallow, medium, deep",
        ),
        ("先改善浏览浅人群的落地页", "improve the landing page for shallow visitors first"),
        "app_visits",
    ),
    Tag(
        "visits_28d",
        "count",
        "visits",
        _EVENTS,
        ("近 28 天开始的访问次数", "visits begun in the last 28 days"),
        ("近期常来者可邀约试用", "invite frequent visitors to a trial"),
        "app_visits",
    ),
    Tag(
        "browse_to_buy",
        "share",
        "visits",
        _EVENTS_AND_ORDERS,
        (
            "近 90 天一日以上的访问中，24 小时内有购买者的占比，访问少时向全体收缩",
            "share of the visits of 90 days, a day old or more, that were followed by a purchase "
            "within 24 hours, drawn towards all members' while visits are few",
        ),
        (
            "常逛不买者给导购答疑，不先给折扣",
            "answers from staff, not discounts, if they only look",
        ),
        "app_visits",
    ),
    Tag(
        "cart_left_share",
        "share",
        "carts",
        _CARTS,
        (
            "近 90 天三日以上的加购中，三日内未购买该商品的占比（商品未知时看任何购买），"
            "少时向全体收缩",
            "share of the carts of 90 days, three days old or more, whose product was not bought "
            "within three days (any purchase where products are unknown), drawn towards all "
            "members' while carts are few",
        ),
        ("查运费、凑单门槛等弃购原因", "look for reasons such as shipping costs"),
        "carts",
    ),
    Tag(
        "cart_abandoner",
        "flag",
        "",
        _CARTS,
        (
            "近 90 天至少三次加购满三日，且半数以上未在三日内购买",
            "at least three carts of 90 days are three days old, and half or more were left",
        ),
        ("加购次日提醒一次，勿连发", "one reminder the day after, not a series"),
        "carts",
    ),
    Tag(
        "carts_waiting",
        "count",
        "carts",
        _CARTS,
        ("近三日加购且尚未购买的次数", "carts of the last three days not bought yet"),
        ("现在提醒付款", "remind to pay now"),
        "carts",
    ),
    Tag(
        "n_shares",
        "count",
        "events",
        (_named(SHARE),),
        ("近 180 天 share 类互动的次数", "events named share in 180 days"),
        ("给分享素材与专属链接", "give them material and own links"),
        "events",
    ),
    Tag(
        "share_pace",
        "number",
        "shares in 28 days",
        (_named(SHARE),),
        (
            "近 180 天平均每 28 天的分享次数，入会短者向全体收缩",
            "shares in 28 days, mean of the last 180, drawn towards all members' while they are "
            "known for a short time",
        ),
        ("高者邀为裂变种子", "ask the busiest to start a campaign"),
        "events",
    ),
    Tag(
        "n_group_buys",
        "count",
        "events",
        (_named(GROUP_BUY),),
        ("近 180 天参与拼团的次数", "events of team buying in 180 days"),
        ("新团优先邀请做团长", "ask first to lead a new team"),
        "events",
    ),
    Tag(
        "check_in_days",
        "count",
        "days",
        (_named(CHECK_IN),),
        ("近 90 天有签到的天数", "local days with a check-in in 90 days"),
        ("按签到天数发成长奖励", "reward by days"),
        "events",
    ),
    Tag(
        "check_in_habit",
        "flag",
        "",
        (_named(CHECK_IN),),
        (
            "近 12 周中有三周以上签到",
            "a check-in in three or more of the last 12 weeks",
        ),
        ("在签到页放新品与任务", "novelties and tasks on the check-in page"),
        "events",
    ),
    Tag(
        "taking_part_pace",
        "number",
        "days in 28 days",
        (_named(TAKING_PART),),
        (
            "近 90 天平均每 28 天参与活动（签到、任务、投票、拼团等）的天数，入会短者向全体收缩",
            "days in 28 with a check-in, task, vote, team purchase or the like, mean of the last "
            "90, drawn towards all members' while they are known for a short time",
        ),
        ("参与多发言少者用活动触达，不逼发言", "reach the silent who take part by activities"),
        "events",
    ),
    Tag(
        "task_return_d1",
        "share",
        "task days",
        (_named(TASK),),
        (
            "近 90 天（八日以前）做任务或签到后次日又有互动的占比，少时向全体收缩",
            "share of days with a task or check-in (in 90 days, 8 or more days ago) with an event "
            "on the next day, drawn towards all members' while tasks are few",
        ),
        ("次日回访低的任务要改奖励节奏", "change the rhythm of rewards where few return"),
        "task_days",
    ),
    Tag(
        "task_return_d7",
        "share",
        "task days",
        (_named(TASK),),
        (
            "近 90 天（八日以前）做任务或签到后七日内又有互动的占比，少时向全体收缩",
            "share of days with a task or check-in (in 90 days, 8 or more days ago) with an event "
            "in the next seven days, drawn towards all members' while tasks are few",
        ),
        ("回访高者加长任务链", "longer chains of tasks for those who return"),
        "task_days",
    ),
    Tag(
        "points_balance",
        "number",
        "points",
        (_named(POINTS), "events.value"),
        (
            "points 类事件 value 之和（获得为正，兑换为负）",
            "sum of the values of events named points",
        ),
        ("余额高者推积分兑换", "offer things to spend points on"),
        "events",
    ),
    Tag(
        "muted",
        "flag",
        "",
        (_named(MUTE + UNMUTE),),
        (
            "最近一次 mute/unmute 事件为 mute，或会员表 muted 列为真：触达变低，并非流失",
            "the last event of mute and unmute is mute, or members say so in a column muted: "
            "lower reach, not churn",
        ),
        ("改用朋友圈或服务号，不加量", "use another channel, do not send more"),
        "events",
    ),
)
"""Visits, carts, and habits, in the order of the columns of `tag`."""
