"""Words for the codes of the referral forest: column -> code -> (Chinese, English)."""

__all__ = ["REFERRAL_WORDS"]

REFERRAL_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "problem": {
        "staff": ("涉及员工", "by or of staff"),
        "outside": ("不在所选会员内", "outside the members asked for"),
        "self_invite": ("自己邀请自己", "brought themselves"),
        "cycle": ("邀请关系成环", "closes a circle"),
        "second_inviter": ("已由他人先邀请", "somebody else was first"),
        "repeated": ("重复邀请", "invited again"),
        "undated": ("时间不明", "time unknown"),
        "after_joining": ("入会之后才被邀请", "invited after joining"),
        "inviter_later": ("邀请人来得更晚", "the inviter came later"),
    },
}
"""The words that `siyu.datasets.label` puts in the place of codes."""
