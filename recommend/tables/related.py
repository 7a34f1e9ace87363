"""What members have to do with others and with coupons, put beside what is known of them."""

from dataclasses import dataclass, replace
from typing import Any

from siyu.datasets.community import Community

from .circles import circle_at, has_circles
from .held_coupons import has_coupons, held_coupons
from .purchases import Purchases
from .setting import MemberFacts

__all__ = ["Relations"]


@dataclass(frozen=True, slots=True)
class Relations:
    """Which of them a shop has at all: asked once, so that every moment has the same features.

    Attributes
    ----------
    circles : bool
        Whether anything tells who is near whom.
    coupons : bool
        Whether there are coupons for products.
    """

    circles: bool = False
    coupons: bool = False

    @classmethod
    def of(cls, c: Community) -> "Relations":
        """Look at the tables of a shop."""
        return cls(circles=has_circles(c), coupons=has_coupons(c))

    def read(
        self,
        c: Community,
        bought: Purchases,
        moment: int,
        facts: MemberFacts,
        leaders: Any = None,
    ) -> MemberFacts:
        """Put them beside the facts.

        Parameters
        ----------
        c : Community
            Cut at the moment or later.
        bought : Purchases
            Before the moment; gives the codes.
        moment : int, microseconds since 1970 UTC
        facts : MemberFacts, n_members
        leaders : float32 array, n_members, optional
            Who leads the others, as `circle_at` takes it.
        """
        if self.circles:
            facts = replace(facts, circle=circle_at(c, bought, moment, leaders))
        if self.coupons:
            facts = replace(facts, coupons=held_coupons(c, bought, moment))
        return facts
