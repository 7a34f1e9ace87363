"""What each tag of talk, of referrals and of the first week says, needs, and is good for."""

from .tag_entry import Tag

__all__ = ["MESSAGE_TAGS"]

_ACTS = ("orders.order_time|events.event_time|messages.message_time",)
_SAID = ("messages.message_time",)
_REPLIES = ("messages.reply_to_member_id",)
_LINKS = ("messages.has_link",)
_FIRST_WEEK = (
    "members.joined_at",
    "events.event_time|orders.order_time|messages.message_time|memberships.joined_at",
)

MESSAGE_TAGS: tuple[Tag, ...] = (
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
        "speaking_pace",
        "number",
        "days in 28 days",
        _SAID,
        (
            "近 90 天平均每 28 天有发言的天数，入会短者向全体收缩",
            "days in 28 with a message, mean of the last 90, drawn towards all members' while "
            "they are known for a short time",
        ),
        ("与参与活动频率对照，分开运营", "compare with the pace of taking part"),
        "messages",
    ),
    Tag(
        "n_groups",
        "count",
        "groups",
        ("memberships.group_id",),
        ("目前所在（未退出）的群数", "groups joined and not left"),
        ("同一内容只在一个群触达", "send the same content in one of them only"),
        "groups",
    ),
    Tag(
        "n_answered",
        "count",
        "members",
        _REPLIES,
        ("近 90 天回复过的不同会员数", "different members they replied to in 90 days"),
        ("人数多者邀为群助手", "ask the busiest to help in the group"),
        "messages",
    ),
    Tag(
        "answerer",
        "flag",
        "",
        _REPLIES,
        ("近 90 天回复过至少三位会员", "replied to three members or more in 90 days"),
        ("给答疑身份与新品资料", "give a helper's badge and product material"),
        "messages",
    ),
    Tag(
        "reply_rate",
        "share",
        "turns",
        _REPLIES,
        (
            "近 90 天的发言轮次（一人一群一日）中获得他人回复的占比，轮次少时向全体收缩",
            "share of turns (all said by one in a group on a day) of 90 days that another member "
            "replied to, drawn towards all members' while turns are few",
        ),
        (
            "低者由群主回应，高者做话题发起",
            "the owner replies if low, let them open topics if high",
        ),
        "turns",
    ),
    Tag(
        "link_share",
        "share",
        "messages",
        _LINKS,
        ("近 90 天发言中带链接的占比", "share of the messages of 90 days with a link"),
        ("高者提醒群规", "remind of the rules of the group if high"),
        "messages",
    ),
    Tag(
        "spam_poster",
        "flag",
        "",
        _LINKS,
        (
            "近 90 天至少五条发言且八成以上带链接：交人工判断",
            "five messages or more in 90 days, four in five of them with a link: for a person to "
            "judge",
        ),
        ("人工复核后再处理", "have a person look before anything is done"),
        "messages",
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
        "invitee_buy_share",
        "share",
        "members",
        ("referrals.inviter_id", "orders.order_time"),
        (
            "邀请来的会员中已购买者的占比，人数少时向全体收缩",
            "share of the members they brought who have bought, drawn towards all inviters' while "
            "they are few",
        ),
        ("按成交而非人头奖励", "reward purchases, not heads"),
        "referrals",
    ),
    Tag(
        "referred",
        "flag",
        "",
        ("referrals.invitee_id",),
        ("由其他会员邀请而来", "another member brought them"),
        ("用邀请人的名义迎新", "welcome in the name of the one who brought them"),
        "referrals",
    ),
    Tag(
        "referred_by_campaign",
        "name",
        "",
        ("referrals.campaign_id", "campaigns.kind"),
        (
            "首次被邀请所在裂变活动的方式（拼、帮、送、券、砍、比、换）",
            "kind of the campaign of their first invitation",
        ),
        ("沿用打动他们的玩法", "use the kind that moved them again"),
        "referrals",
    ),
    Tag(
        "acquisition_source",
        "name",
        "",
        ("members.source",),
        ("会员表记载的来源", "source that the table of members tells"),
        ("按来源比较留存再分配预算", "compare retention by source before spending"),
        "members",
    ),
    Tag(
        "onboarded",
        "flag",
        "",
        _FIRST_WEEK,
        (
            "入会七日内有 onboard 事件；无人有该事件时，为完成两步以上",
            "an event named onboard within seven days of joining; where nobody has one, two first "
            "steps or more",
        ),
        ("未完成者七日内补一次迎新", "one more welcome within the week if not done"),
        "step_kinds",
    ),
    Tag(
        "onboarding_steps",
        "count",
        "steps",
        _FIRST_WEEK,
        (
            "入会七日内完成的步骤数：互动、发言、入群、首购（只数有记录的）",
            "first steps within seven days of joining: an event, a message, a group joined, a "
            "purchase (those recorded)",
        ),
        ("引导到下一步", "lead to the next step"),
        "step_kinds",
    ),
    Tag(
        "tenure_days",
        "number",
        "days",
        _ACTS,
        (
            "入会或首次出现（取较早者）至今的天数",
            "days since joining or being first seen, whichever is earlier",
        ),
        ("周年纪念与老客权益", "anniversaries and privileges of old members"),
        "acts",
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
    Tag(
        "trust_proxy",
        "number",
        "0 to 1",
        ("members.joined_at", "messages.reply_to_member_id|orders.order_time"),
        (
            "代理指标而非信任本身：90 天内回复者数 r/(r+3)、入会天数 d/(d+180)、1-退款率，"
            "取已知项（至少两项）的平均",
            "a proxy, not trust itself: mean of what is known (two at least) of r/(r+3) for r "
            "members who replied in 90 days, d/(d+180) for d days since joining, and one less the "
            "share of money refunded",
        ),
        ("高者邀请评价与内测", "ask for reviews and first trials if high"),
        "parts",
    ),
)
"""Talk, referrals, the first week and silence, in the order of the columns of `tag`."""
