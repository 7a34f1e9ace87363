"""What each tag of community life says, needs, and is good for."""

from .message_catalogue import MESSAGE_TAGS
from .reach_catalogue import REACH_TAGS
from .tag_entry import Tag
from .visit_catalogue import VISIT_TAGS

__all__ = ["SOCIAL_TAGS"]

SOCIAL_TAGS: tuple[Tag, ...] = VISIT_TAGS + MESSAGE_TAGS + REACH_TAGS
"""Visits and habits, talk and referrals, messages sent and coupons."""
