"""Which of several offers of a product a member is shown: the best that this member may have."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.estimates import known
from siyu.datasets.frames import Frame, from_arrow, to_arrow
from siyu.datasets.ids import encode, lookup, take
from siyu.datasets.ordering import opens_run
from siyu.recommend.sorted_keys import Bools, Ints, ranges

from .offer_gates import Gates
from .offer_rules import OfferRules

__all__ = ["PREFERENCES", "OfferChoice", "choose_offers"]

Numbers = NDArray[np.float64]

PREFERENCES = ("price", "benefit", "margin")
_PLACES = ("store_id", "region")
_PAIRS = 1 << 20  # pairs looked at in one go: bounds the memory


@dataclass(frozen=True, slots=True, eq=False)
class OfferChoice:
    """The offers that may be shown, by product, best first.

    Attributes
    ----------
    gates : Gates
    row : int64 array, n_choices
        Rows of `gates.rows`, by product; within one the preferred first.
    starts : int64 array, n_products + 1
        Where the choices of each product begin.
    places : tuple of (offers' codes, members' codes), one a kind of place
        Store and region that an offer is meant for, and those of the members; -1 is any.
    """

    gates: Gates
    row: Ints
    starts: Ints
    places: tuple[tuple[Ints, Ints], ...]

    @classmethod
    def of(
        cls, c: Community, moment: int, rules: OfferRules, prefer: str = "price"
    ) -> "OfferChoice":
        """Put the offers of a moment in order.

        Parameters
        ----------
        c : Community
            Cut at `moment`, with offers.
        moment : int, microseconds
        rules : OfferRules
        prefer : {"price", "benefit", "margin"}
            The lowest price, the largest saving of the member, or the largest price less cost.

        Raises
        ------
        ParameterError
            If `prefer` is none of these.
        """
        if prefer not in PREFERENCES:
            allowed = ", ".join(PREFERENCES)
            raise ParameterError("prefer", f"prefer must be one of {allowed}; got {prefer!r}")
        gates = Gates.of(c, moment, rules)
        rows = gates.rows
        merit = {"price": -rows.price, "benefit": rows.benefit, "margin": rows.price - rows.cost}
        worst = np.where(np.isnan(merit[prefer]), np.inf, -merit[prefer])
        # A coupon that one piece does not reach makes that piece no cheaper.
        shown = np.flatnonzero(gates.allowed & (rows.product >= 0) & rows.reaches())
        order = shown[np.lexsort((rows.offer[shown], worst[shown], rows.product[shown]))]
        counts = np.bincount(rows.product[order], minlength=len(rows.products))
        starts = np.concatenate([[0], np.cumsum(counts)])
        return cls(gates, order, starts, tuple(_places(c, gates, name) for name in _PLACES))

    def pick(self, members: pa.Array, products: pa.Array) -> Ints:
        """Choose for pairs of member and product.

        Parameters
        ----------
        members, products : pa.Array, n_pairs ids
            A member who is not known, or who has opted out, may have only what is open to all.

        Returns
        -------
        int64 array, n_pairs
            Rows of `gates.rows`; -1 where no offer may be shown.
        """
        member = lookup(members, self.gates.members)
        product = lookup(products, self.gates.rows.products)
        found = np.full(len(member), -1, np.int64)
        for begin in range(0, len(member), _PAIRS):
            part = slice(begin, begin + _PAIRS)
            found[part] = self._pick(member[part], product[part])
        return found

    def _pick(self, member: Ints, product: Ints) -> Ints:
        """Choose for a bounded number of pairs: the first choice that the member may have."""
        begin = np.where(product >= 0, self.starts[product], 0)
        end = np.where(product >= 0, self.starts[product + 1], 0)
        pair = np.repeat(np.arange(len(member)), end - begin)
        row = self.row[ranges(begin, end)]
        fits = self._may_have(row, member[pair])
        pair, row = pair[fits], row[fits]
        found = np.full(len(member), -1, np.int64)
        first = opens_run(pair)
        found[pair[first]] = row[first]
        return found

    def _may_have(self, row: Ints, member: Ints) -> Bools:
        """Tell which members may have the offers of which rows."""
        offer = self.gates.rows.offer[row]
        held = self.gates.held
        key = offer * max(len(self.gates.members), 1) + member
        at = np.minimum(np.searchsorted(held, key), max(len(held) - 1, 0))
        holds = (held[at] == key) if len(held) else np.zeros(len(key), np.bool_)
        fits = ~self.gates.rows.is_personal[row] | (holds & (member >= 0))
        for of_offer, of_member in self.places:
            wanted = of_offer[offer]
            fits &= (wanted < 0) | (wanted == np.append(of_member, -2)[member])
        return fits


def choose_offers(
    lists: Frame,
    c: Community,
    *,
    as_of: Any,
    rules: OfferRules | None = None,
    prefer: str = "price",
) -> Frame:
    """Choose for every listed product the offer under which the member is to see it.

    Parameters
    ----------
    lists : frame with member_id, product_id
        Such as `OfferRecommender.recommend` gives; further columns are kept.
    c : Community
        With offers; see `check_offers`. An offer with an extra column ``store_id`` or ``region``
        is meant for the members of that place alone.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    rules : OfferRules, optional
        Default ``OfferRules()``.
    prefer : {"price", "benefit", "margin"}
        The lowest price, the largest saving of the member, or the largest price less cost. The
        offer with the smaller id wins a draw.

    Returns
    -------
    frame like `lists`, the same rows in the same order
        ``offer_id`` (put in the place of one that was there), ``offer_price``, ``benefit``;
        null where no offer of the product may be shown to the member.

    Raises
    ------
    DataError
        If there are no offers, or `lists` lacks a column.
    ParameterError
        If `prefer` is unknown.

    Notes
    -----
    Personal offers go to the members who hold them and have not opted out. Coupons count where
    one piece of the product reaches their threshold; those valid on everything are no product's.

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import make_community
    >>> c = make_community(300, random_state=0)
    >>> lists = pd.DataFrame({"member_id": "m0000001", "product_id": ["p0193", "p0125"]})
    >>> choose_offers(lists, c, as_of="2026-06-10")["offer_id"].fillna("none").tolist()
    ['off0093', 'none']
    """
    c.require("offers", call="choose_offers()")
    table, kind = to_arrow(lists)
    missing = {"member_id", "product_id"} - set(table.column_names)
    if missing:
        raise DataError(f"lists lack the column {' and '.join(sorted(missing))}")
    choice = OfferChoice.of(c.before(as_of), c.moment(as_of), rules or OfferRules(), prefer)
    row = choice.pick(table["member_id"].combine_chunks(), table["product_id"].combine_chunks())
    rows = choice.gates.rows
    offer = np.where(row >= 0, np.append(rows.offer, -1)[row], -1)
    new = {
        "offer_id": take(rows.offers, offer),
        "offer_price": known(np.where(row >= 0, np.append(rows.price, np.nan)[row], np.nan)),
        "benefit": known(np.where(row >= 0, np.append(rows.benefit, np.nan)[row], np.nan)),
    }
    for name, values in new.items():
        if name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, values)
        else:
            table = table.append_column(name, values)
    return from_arrow(table, kind)


def _places(c: Community, gates: Gates, name: str) -> tuple[Ints, Ints]:
    """Code the place that each offer is meant for, and where each member belongs; -1 is any."""
    offers, members = c.arrow("offers"), c.arrow("members")
    n, m = len(gates.rows.offers), len(gates.members)
    if offers is None or name not in offers.column_names:
        return np.full(n, -1, np.int64), np.full(m, -1, np.int64)
    codes, names = encode(offers[name].cast(pa.large_string()))
    of_offer = np.full(n, -1, np.int64)
    of_offer[lookup(offers["offer_id"], gates.rows.offers)] = codes
    of_member = np.full(m, -2, np.int64)  # of no known place: nothing that is meant for one
    if members is not None and name in members.column_names:
        at = lookup(members["member_id"], gates.members)
        place = lookup(members[name].cast(pa.large_string()), names)
        of_member[at[at >= 0]] = place[at >= 0]
    return of_offer, np.where(of_member < 0, -2, of_member)
