"""What each tag of speaking, sharing, visiting and messages says, needs, and is good for."""

from .tag_entry import Tag

__all__ = ["SOCIAL_TAGS"]

_ACTS = ("orders.order_time|events.event_time|messages.message_time",)

SOCIAL_TAGS: tuple[Tag, ...] = (
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
        "messages",
    ),
    Tag(
        "n_shares",
        "count",
        "events",
        ("events.event=share",),
        ("share 类互动的次数", "events named share"),
        ("给分享素材与专属链接", "give them material and own links"),
        "events",
    ),
    Tag(
        "n_invited",
        "count",
        "members",
        ("referrals.inviter_id",),
        ("邀请来的不同会员数", "different members they brought"),
        ("纳入推荐官计划", "take into the referral programme"),
        "referrals",
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
        "acts",
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
        "acts",
    ),
)
