"""A model whose shop has one member: what a request is answered from, by the kernel of batches."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from siyu.recommend.lists.model import Model
from siyu.recommend.lists.terms import Offered, Terms
from siyu.recommend.sorted_keys import Bools, Floats, Ints
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import MemberFacts

__all__ = ["Member", "MemberIndex"]

_UNKNOWN = np.array([-1])


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """Who is asked for.

    Attributes
    ----------
    id : pa.Array, the one id
    code : int
        Among the snapshot's members, -1 unknown.
    bought, seen : Purchases of this one member
        Until now; and what they looked at.
    opted_out : bool
    """

    id: pa.Array
    code: int
    bought: Purchases
    seen: Purchases
    opted_out: bool


@dataclass(frozen=True, slots=True, eq=False)
class MemberIndex:
    """Where each member's rows begin in a model's shop: found once, read for every request.

    Attributes
    ----------
    model : Model
    baskets, lines : int64 arrays, n_members + 1
        Where the purchases of each member begin.
    seen_baskets, seen_lines : the same of what they looked at, or None
    held, held_starts : int64 arrays
        Personal offers by member; where each member's begin.
    """

    model: Model
    baskets: Ints
    lines: Ints
    seen_baskets: Ints | None
    seen_lines: Ints | None
    held: Ints
    held_starts: Ints

    @classmethod
    def of(cls, model: Model) -> "MemberIndex":
        """Index the members of a shop."""
        bought, seen = model.shop.bought, model.terms.interests
        n_members = len(bought.members)
        offer, member = np.divmod(model.terms.offered.held, max(n_members, 1))
        order = np.lexsort((offer, member))
        seen_baskets, seen_lines = (None, None) if seen is None else _starts(seen)
        held_starts = np.searchsorted(member[order], np.arange(n_members + 1))
        baskets, lines = _starts(bought)
        return cls(model, baskets, lines, seen_baskets, seen_lines, offer[order], held_starts)

    def bought(self, code: int, ids: pa.Array) -> Purchases:
        """Give the purchases of one member; nothing for -1."""
        return _slice(self.model.shop.bought, self.baskets, self.lines, code, ids)

    def seen(self, code: int, ids: pa.Array) -> Purchases:
        """Give what one member looked at; nothing for -1."""
        seen = self.model.terms.interests
        if seen is None or self.seen_baskets is None or self.seen_lines is None:
            return _slice(self.model.shop.bought, self.baskets, self.lines, -1, ids)
        return _slice(seen, self.seen_baskets, self.seen_lines, code, ids)

    def model_of(self, member: Member, now: int, offered: Bools, offers: Offered) -> Model:
        """Give a model whose shop is this one member, now.

        Parameters
        ----------
        member : Member
        now : int, microseconds since 1970 UTC
        offered : bool array, n_products
            What may be shown.
        offers : Offered
            Those that still run.
        """
        nobody = member.id[:0]
        shop = replace(
            self.model.shop,
            bought=member.bought,
            facts=self._facts(member.code),
            opted_out=member.id if member.opted_out else nobody,
            staff=nobody,
            addressed=member.id,
            offered=offered,
            moment=now,
        )
        return replace(self.model, shop=shop, terms=self._terms(member, offers))

    def _facts(self, code: int) -> MemberFacts:
        """Give what is known of one member."""
        facts = self.model.shop.facts
        if code >= 0:
            return facts.of_members(np.array([code]))
        extra: dict[str, Floats] = {n: np.full(1, np.nan, np.float32) for n in facts.extra}
        coupons = None if facts.coupons is None else facts.coupons.of_strangers(1)
        return MemberFacts(_UNKNOWN, _UNKNOWN, extra, None, coupons)

    def _terms(self, member: Member, offers: Offered) -> Terms:
        """Give the terms for one member: their places, and the offers that they hold."""
        held = offers.held[:0]
        if member.code >= 0:
            held = self.held[self.held_starts[member.code] : self.held_starts[member.code + 1]]
        return replace(
            self.model.terms,
            belongs=self.model.terms.belongs[:, [member.code, -1]],
            offered=replace(offers, held=held),
            interests=member.seen if len(member.seen.basket_time) else None,
        )


def _starts(bought: Purchases) -> tuple[Ints, Ints]:
    """Find where each member's baskets and lines begin."""
    baskets = np.searchsorted(bought.basket_member, np.arange(len(bought.members) + 1))
    return baskets, np.searchsorted(bought.line_basket, baskets)


def _slice(bought: Purchases, baskets: Ints, lines: Ints, code: int, ids: pa.Array) -> Purchases:
    """Cut out the rows of one member; nothing for -1."""
    some = slice(int(baskets[code]), int(baskets[code + 1])) if code >= 0 else slice(0, 0)
    rows = slice(int(lines[code]), int(lines[code + 1])) if code >= 0 else slice(0, 0)
    return Purchases(
        members=ids,
        products=bought.products,
        places=bought.places,
        basket_member=np.zeros(some.stop - some.start, np.int64),
        basket_time=bought.basket_time[some],
        basket_place=bought.basket_place[some],
        line_basket=bought.line_basket[rows] - some.start,
        line_product=bought.line_product[rows],
        quantity=bought.quantity[rows],
        amount=bought.amount[rows],
        discount=bought.discount[rows],
    )
