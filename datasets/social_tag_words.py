"""Words for the tags of speaking, sharing, visiting and messages: their names and codes."""

__all__ = ["SOCIAL_CODES", "SOCIAL_NAMES", "SOCIAL_UNITS"]

Words = dict[str, tuple[str, str]]

_SPEAKING: Words = {
    "core_speaker": ("核心发言", "core speaker"),
    "speaker": ("发言", "speaker"),
    "lurker": ("潜水", "lurker"),
    "outside": ("不在群", "in no group"),
}

SOCIAL_NAMES: Words = {
    "speaking": ("群内角色", "voice in groups"),
    "n_shares": ("分享次数", "shares"),
    "n_invited": ("邀请人数", "members invited"),
    "days_inactive": ("静默天数", "days inactive"),
    "zombie": ("僵尸会员", "zombie"),
}
"""Tag -> words."""

SOCIAL_CODES: dict[str, Words] = {"speaking": _SPEAKING}
"""Tag -> code -> words."""

SOCIAL_UNITS: Words = {
    "events": ("互动", "events"),
    "messages": ("发言", "messages"),
    "referrals": ("邀请", "referrals"),
}
"""What evidence is counted in -> words."""
