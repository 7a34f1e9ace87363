"""All tags of community life: visits, habits, talk, messages, referrals, coupons, silence."""

from dataclasses import dataclass

from siyu.segmentation.records import is_recorded

from .activity_tags import activity_tags, trust_tags
from .coupon_tags import CouponNorms, coupon_norms, coupon_tags
from .event_habit_tags import HabitNorms, habit_norms, habit_tags
from .evidence import Found
from .facts import Facts, acts_of
from .message_tags import MessageNorms, message_norms, message_tags
from .onboarding_tags import OnboardingNorms, onboarding_norms, onboarding_tags
from .referral_tags import ReferralNorms, referral_norms, referral_tags, source_tags
from .send_tags import SendNorms, send_norms, send_tags
from .visit_tags import VisitNorms, visit_norms, visit_tags

__all__ = ["CommunityNorms", "community_norms", "community_tags"]


@dataclass(frozen=True, slots=True, eq=False)
class CommunityNorms:
    """What the tags of community life compare a member with: their population step.

    `dated` are the tables with acts of anybody.
    """

    dated: tuple[str, ...]
    visits: VisitNorms
    habits: HabitNorms
    messages: MessageNorms
    sends: SendNorms
    referrals: ReferralNorms
    onboarding: OnboardingNorms
    coupons: CouponNorms


def community_norms(facts: Facts) -> CommunityNorms:
    """Learn from all members what each is compared with."""
    tables = [t for t in ("orders", "events", "messages") if is_recorded(facts.c, t, facts.end)]
    return CommunityNorms(
        tuple(table for table in tables if len(acts_of(facts, (table,)).times)),
        visit_norms(facts),
        habit_norms(facts),
        message_norms(facts),
        send_norms(facts),
        referral_norms(facts),
        onboarding_norms(facts),
        coupon_norms(facts),
    )


def community_tags(facts: Facts, norms: CommunityNorms) -> dict[str, Found]:
    """Tag what members do besides buying, for any chunk of members.

    Parameters
    ----------
    facts : Facts
        Of any members, in a community that holds all rows about them, replies to them and their
        referrals included.
    norms : CommunityNorms
        Of all members.

    Returns
    -------
    dict of tag to `Found`
        Tags whose tables, columns or events nobody has are left out: they are unknown.
    """
    return (
        visit_tags(facts, norms.visits)
        | habit_tags(facts, norms.habits)
        | message_tags(facts, norms.messages)
        | send_tags(facts, norms.sends)
        | referral_tags(facts, norms.referrals)
        | source_tags(facts)
        | onboarding_tags(facts, norms.onboarding)
        | coupon_tags(facts, norms.coupons)
        | activity_tags(facts, norms.dated)
        | trust_tags(facts, norms.messages)
    )
