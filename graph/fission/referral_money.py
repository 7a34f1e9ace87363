"""What members bought after somebody had brought them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import warn
from siyu.datasets.member_rows import MemberRows
from siyu.datasets.purchases import is_purchase
from siyu.graph.undated import UNDATED

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["ReferralMoney", "referral_money", "warn_of_early_referrals"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ReferralMoney:
    """What came of every member's first referral, an array each over the members.

    Attributes
    ----------
    won : bool array
        Was brought, and had not bought before: nobody wins a customer the shop has already.
    bought : bool array
        Of those, who bought afterwards.
    gmv : float64 array, >= 0
        What they paid, net of refunds; 0 for everybody else.
    """

    won: Bools
    bought: Bools
    gmv: Floats


def referral_money(
    known: "Community",
    members: pa.Array,
    brought: Bools,
    since: Ints,
    window: int | None = None,
) -> ReferralMoney:
    """Measure what came of referrals.

    Parameters
    ----------
    known : Community
        Cut already, with orders.
    members : sorted pyarrow.Array
    brought : bool array, n members
        Whether somebody brought them.
    since : int64 array, n members
        When, in microseconds; after `UNDATED` every purchase counts.
    window : int, optional
        Count only lines so many microseconds after the referral; undated ones then count for
        nothing. Default: all.

    Returns
    -------
    ReferralMoney
    """
    rows: pa.Table = known.arrow("orders")
    names = [n for n in ("member_id", "order_time", "amount", "quantity") if n in rows.column_names]
    orders = MemberRows.of(rows.select(names), time="order_time", members=members)
    first = orders.where(is_purchase(orders.table)).first_time()
    begin = np.where(since == UNDATED, -np.inf, since)
    won = brought & ~(first < begin)  # without a purchase the first is NaN, which is not before
    if window is None:
        gmv = orders.sum("amount")
        bought = won & ~np.isnan(first)
    else:
        bought = won & (first < begin + window)
        age = (
            orders.times
            - np.where(since == UNDATED, orders.times.max(initial=0), since)[orders.codes]
        )
        inside = (age >= 0) & (age < window) & (since != UNDATED)[orders.codes]
        gmv = orders.sum(np.where(inside, orders.numbers("amount"), 0.0))
    return ReferralMoney(won, bought, np.where(won, np.maximum(gmv, 0.0), 0.0))


def warn_of_early_referrals(known: "Community", brought: Bools, since: Ints, call: str) -> None:
    """Warn where somebody was brought before orders were recorded: a record is not a life."""
    start = known.observed.get("orders", (None, None))[0]
    if start is None:
        return
    if n := int(np.count_nonzero(brought & (since != UNDATED) & (since < start))):
        warn(
            f"{call}: {n} members were brought before orders were recorded; what they bought "
            "until then is not known and not counted"
        )
