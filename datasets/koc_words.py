"""Words for the codes of the KOC list: column -> code -> (Chinese, English)."""

__all__ = ["KOC_WORDS"]

KOC_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "koc_column": {
        "member_id": ("会员", "member"),
        "rank": ("名次", "rank"),
        "score": ("得分", "score"),
        "tier": ("层级", "tier"),
        "held_back_because": ("未列核心的原因", "below the core because"),
        "confidence": ("把握", "confidence"),
        "role": ("角色", "role"),
        "bridging": ("桥接", "bridging"),
        "trust": ("被听见", "trust"),
        "referral": ("带来买家", "referral"),
        "sharing": ("分享", "sharing"),
        "purchases": ("自己购买", "purchases"),
        "activity": ("活跃", "activity"),
        "tenure": ("会龄", "tenure"),
        "reasons": ("理由", "reasons"),
        "excluded_because": ("未入选的原因", "not ranked because"),
    },
    "role": {
        "connector": ("桥接者", "connector"),
        "opinion_leader": ("意见领袖", "opinion leader"),
        "converter": ("带货达人", "converter"),
        "expert": ("答疑专家", "expert"),
        "sharer": ("分享达人", "willing sharer"),
        "hub": ("KOL 型大 V", "KOL-like hub"),
        "sleeper": ("待唤醒会员", "sleeper, to be woken"),
        "ordinary": ("普通会员", "ordinary member"),
    },
    "tier": {
        "core": ("核心", "core"),
        "rising": ("潜力", "rising"),
        "watch": ("观察", "watch"),
        "none": ("未入选", "none"),
    },
    "held_back_because": {
        "hub": ("KOL 型大 V，非普通消费者", "KOL-like hub, no ordinary consumer"),
        "sleeper": ("已沉默，先唤醒", "sleeper, to be woken first"),
        "silent_lately": ("近 90 天无动静", "silent for the last 90 days"),
        "no_purchases": ("近一年未下单", "no own purchase in the last year"),
    },
    "reasons": {
        "bridges_communities": ("连接多个圈子", "bridges communities"),
        "listened_to": ("说话有人听", "is listened to"),
        "brings_buyers": ("邀请的人会下单", "brings buyers"),
        "shares_often": ("常分享、常邀请", "shares and invites often"),
        "buys_often": ("自己常买", "buys often"),
        "active_lately": ("近期活跃", "active lately"),
        "long_standing": ("老会员", "long-standing member"),
        "answers_questions": ("常替人解答", "answers questions"),
    },
    "excluded_because": {
        "staff": ("员工", "staff"),
        "opted_out": ("已退出个性化服务", "opted out"),
        "excluded": ("被名单排除", "on the list of exclusions"),
        "suspected_fraud": ("疑似作弊，待人工核查", "suspected of fraud, to be checked"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
