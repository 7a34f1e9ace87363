"""Words for the codes of the KOC list: column -> code -> (Chinese, English)."""

__all__ = ["KOC_WORDS"]

KOC_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "role": {
        "connector": ("桥接者", "connector"),
        "opinion_leader": ("意见领袖", "opinion leader"),
        "converter": ("带货达人", "converter"),
        "loyal_buyer": ("铁杆买家", "loyal buyer"),
        "active_member": ("活跃会员", "active member"),
        "ordinary": ("普通会员", "ordinary member"),
    },
    "reasons": {
        "bridges_communities": ("连接多个圈子", "bridges communities"),
        "listened_to": ("说话有人听", "is listened to"),
        "brings_buyers": ("邀请的人会下单", "brings buyers"),
        "buys_often": ("自己常买", "buys often"),
        "active_lately": ("近期活跃", "active lately"),
    },
    "excluded_because": {
        "staff": ("员工", "staff"),
        "opted_out": ("已退出个性化服务", "opted out"),
        "excluded": ("被名单排除", "on the list of exclusions"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
