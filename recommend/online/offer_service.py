"""The online call: the list of one member in milliseconds, from a snapshot and what came since."""

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from siyu.datasets.clock import moment
from siyu.datasets.errors import ParameterError
from siyu.recommend.lists.asking import check_rules, wanted_for
from siyu.recommend.lists.list_rules import ListRules
from siyu.recommend.lists.list_table import find_rows
from siyu.recommend.lists.model import Model
from siyu.recommend.lists.terms import Offered
from siyu.recommend.sorted_keys import Bools, Ints

from .id_search import SortedIds
from .later_rows import NOTES, Clock, LaterRows, read_later
from .offer_list import OfferList
from .one_member import Member, MemberIndex
from .snapshot_store import read_snapshot
from .storage import read_ranking

if TYPE_CHECKING:
    from siyu.recommend.recommender import OfferRecommender

__all__ = ["OfferService"]

_FIRST = np.zeros(1, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Ids:
    """The ids of a snapshot, ready to be searched."""

    members: SortedIds
    opted_out: SortedIds
    staff: SortedIds
    products: SortedIds
    places: SortedIds


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OfferService:
    """Answer for one member at a time; made by `open`, and never changed afterwards.

    It holds no state of requests: any number of threads may call it, and any number of workers
    may open the same snapshot; all give the same bytes.

    Examples
    --------
    >>> import tempfile
    >>> from siyu.datasets import Community
    >>> from siyu.recommend import OfferRecommender
    >>> weeks = pd.date_range("2026-01-01", periods=8, freq="7D", tz="UTC")
    >>> orders = pd.DataFrame({"order_time": weeks, "product_id": "milk", "amount": 2.0})
    >>> c = Community(orders=orders.assign(member_id="a"))
    >>> rec = OfferRecommender(ranker="never", random_state=0).fit(c, as_of="2026-03-01")
    >>> folder = tempfile.mkdtemp() + "/snapshot"
    >>> rec.snapshot(c, folder, as_of="2026-03-01")
    >>> service = OfferService.open(rec, folder)
    >>> listed = service.recommend("a", now="2026-03-01 09:30")
    >>> [(row.rank, row.product_id, row.reason) for row in listed]
    [(1, 'milk', 'due_again')]
    """

    _index: MemberIndex
    _ids: _Ids
    _ends: Ints
    _tz: str
    _rules: ListRules

    @classmethod
    def open(
        cls,
        model: "OfferRecommender | str | Path",
        path: str | Path,
        *,
        rules: ListRules | None = None,
    ) -> "OfferService":
        """Load a snapshot, and the model that ranks.

        Parameters
        ----------
        model : OfferRecommender, or the folder it was saved to
        path : str or Path
            Of a snapshot that `OfferRecommender.snapshot` of this model wrote, however late.
        rules : ListRules, optional
            For all lists, as in `OfferRecommender.recommend`; no ``launch_share``, which is a
            matter of all members' lists, and no rules for offers.

        Raises
        ------
        ModelFileError
            If a file is missing, added or damaged, or model and snapshot do not fit together.
        ParameterError
            If a rule cannot be kept here.
        """
        recipe, ranker, version = _ranking(model)
        snapshot = read_snapshot(path)
        joined = snapshot.joined(recipe, replace(ranker, n_jobs=1), version)
        rules = check_rules(rules, has_community=False)
        if rules.launch_share:
            raise ParameterError(
                "rules", "launch_share is a matter of all lists at once: use recommend()"
            )
        ids, ends = _ids_of(joined), snapshot.offer_ends
        return cls(MemberIndex.of(joined), ids, ends, snapshot.tz, rules)

    @property
    def as_of(self) -> pd.Timestamp:
        """Give the moment of the snapshot, UTC."""
        return pd.Timestamp(self._index.model.shop.market.moment, unit="us", tz="UTC")

    def recommend(  # noqa: PLR0913
        self,
        member_id: Any,
        *,
        now: Any,
        events: LaterRows | None = None,
        orders: LaterRows | None = None,
        k: int = 10,
        only_new: bool = False,
        unavailable: Sequence[Any] = (),
        opt_out: bool | None = None,
    ) -> OfferList:
        """List the `k` best products of one member.

        Parameters
        ----------
        member_id : int or str, as in the snapshot
            One who is not known gets the list of a newcomer, or with `orders` a personal one;
            staff get an empty list.
        now : Timestamp, datetime or str
            At or after the snapshot's moment; naive is the shop's clock. The member's own days
            are counted from here; what sells, prices and stock are those of the snapshot.
        events, orders : frame or sequence of mappings, optional
            The member's rows since the snapshot. Orders need ``order_time``, ``product_id`` and
            ``amount``; events ``event_time`` and ``product_id``. Rows before the snapshot's
            moment, or not before `now`, do not count. Which table is the model's activity adds
            purchases. Events beside a model of orders count for members who never bought, whose
            list is made of what they looked at; of others the model learned nothing from views.
        k : int >= 1
        only_new : bool
            Only products that the member has never bought.
        unavailable : sequence of product ids
            Not to be shown, such as what just sold out.
        opt_out : bool, optional
            True for a member who opted out since the snapshot: the list is then the same for
            all. Who had opted out before stays so.

        Returns
        -------
        OfferList
            With ``now`` the snapshot's moment and no rows, the same as
            `OfferRecommender.recommend` gives, bit for bit. Offers that ended by `now` are not
            named.

        Raises
        ------
        ParameterError
            If `now` lies before the snapshot, or a parameter is out of range.
        DataError
            If a row cannot be read, or is another member's.
        """
        model = self._index.model
        at = moment(now, self._tz)
        if at < model.shop.market.moment:
            raise ParameterError(
                "now", f"now must be {self.as_of} (the snapshot) or later, got {now}"
            )
        notes = dict.fromkeys(NOTES, 0)
        clock = Clock(model.shop.market.moment, at, self._tz)
        given = {"orders": orders, "events": events}
        member = self._member(member_id, bool(opt_out), given, clock, notes)
        shown = self._index.model_of(member, at, self._shown(unavailable), self._running(at))
        wanted = wanted_for(shown, member.id, k, only_new, self._rules)
        found = []
        if self._ids.staff.find(member_id, "member_id") < 0:
            found = find_rows(shown, _FIRST, np.array([member.opted_out]), wanted)
        return OfferList.of(member_id, found, shown, notes)

    def _member(
        self,
        member_id: Any,
        opt_out: bool,  # noqa: FBT001
        given: Mapping[str, LaterRows | None],
        clock: Clock,
        notes: dict[str, int],
    ) -> Member:
        """Put together what is known of a member."""
        ids, index = self._ids, self._index
        code = ids.members.find(member_id, "member_id")
        opted_out = opt_out or ids.opted_out.find(member_id, "member_id") >= 0
        one = pa.array([member_id], index.model.shop.addressed.type)
        catalogue = (ids.products, ids.places)
        later = {
            table: read_later(table, rows, member_id, clock, catalogue, notes)
            for table, rows in given.items()
        }
        if opted_out:
            notes["not_used"] += sum(map(len, later.values()))
            return Member(one, -1, index.bought(-1, one), index.seen(-1, one), opted_out)
        activity = index.model.recipe.activity
        other = "events" if activity == "orders" else "orders"
        bought = later[activity].after(index.bought(code, one))
        seen = index.seen(code, one)
        if other == "events" and not len(bought.basket_time):
            seen = later[other].after(seen)
        else:
            notes["not_used"] += len(later[other])
        return Member(one, code, bought, seen, opted_out)

    def _shown(self, unavailable: Sequence[Any]) -> Bools:
        """Leave out what the caller says is gone."""
        offered = self._index.model.shop.offered
        if not len(unavailable):
            return offered
        gone = [self._ids.products.find(one, "unavailable") for one in unavailable]
        left = offered.copy()
        left[[at for at in gone if at >= 0]] = False
        return left

    def _running(self, now: int) -> Offered:
        """Leave out the offers that have ended."""
        offers, ends = self._index.model.terms.offered, self._ends
        if not len(ends) or now < ends.min():
            return offers
        kept = ends[offers.offer] > now
        counts = np.concatenate([[0], np.cumsum(kept)])
        return replace(
            offers,
            starts=counts[offers.starts],
            offer=offers.offer[kept],
            personal=offers.personal[kept],
            place=offers.place[:, kept],
        )


def _ranking(model: "OfferRecommender | str | Path") -> tuple[Any, Any, str]:
    """Give how a model looks and ranks, and the siyu that wrote it."""
    if isinstance(model, str | Path):
        return read_ranking(model)
    fitted = model._fitted()  # noqa: SLF001
    return fitted.recipe, fitted.ranker, importlib.metadata.version("siyu")


def _ids_of(model: Model) -> _Ids:
    """Make the ids of a snapshot ready to be searched."""
    shop = model.shop
    return _Ids(
        members=SortedIds.of(shop.bought.members),
        opted_out=SortedIds.of(shop.opted_out),
        staff=SortedIds.of(shop.staff),
        products=SortedIds.of(shop.market.products),
        places=SortedIds.of(shop.bought.places),
    )
