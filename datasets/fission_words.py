"""Words for the codes of referrals: column -> code -> (Chinese, English)."""

__all__ = ["CAMPAIGN_KINDS", "FISSION_WORDS"]

CAMPAIGN_KINDS: dict[str, tuple[str, str]] = {
    "groupbuy": ("拼团", "group buy"),
    "help": ("助力", "help a friend"),
    "gift": ("赠送", "gift"),
    "coupon": ("分享券", "shared coupon"),
    "bargain": ("砍价", "bargain"),
    "contest": ("比拼", "ranking contest"),
    "swap": ("换群", "group swap"),
}
"""The seven kinds of fission: 拼 帮 送 券 砍 比 换."""

FISSION_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "signs": {
        "silent_invitees": ("邀来的人毫无动静", "invitees do nothing at all"),
        "no_buyers": ("邀来的人都不下单", "invitees never buy"),
        "instant_quits": ("邀来的人进群当天就退", "invitees quit within a day"),
        "burst": ("短时间内扎堆加入", "joined in a burst"),
        "ring": ("循环互邀成环", "brought each other in a ring"),
        "mutual": ("两人互邀", "brought each other"),
        "self_invite": ("自己邀请自己", "brought themselves"),
        "shared_id": ("共用设备或号码", "share a device or another id"),
    },
    "campaign_kind": {**CAMPAIGN_KINDS, "all": ("合计", "all")},
    "outcome": {
        "bought": ("下单转化", "bought"),
        "value": ("人均消费", "value"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
