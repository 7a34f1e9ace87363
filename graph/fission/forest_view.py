"""A forest and what its members bought, as known at one moment."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import INSTANT
from siyu.datasets.errors import DataError, warn

from .forest_problems import warn_of_errors
from .referral_forest import ReferralForest
from .referral_money import ReferralMoney, referral_money, warn_of_early_referrals

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["ForestView", "known_times"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ForestView:
    """What the tables about referrals start from.

    Attributes
    ----------
    known : Community
        Cut.
    forest : ReferralForest
    money : ReferralMoney or None
        None without orders.
    """

    known: "Community"
    forest: ReferralForest
    money: ReferralMoney | None

    @classmethod
    def of(cls, c: "Community", as_of: Any, call: str, window: int | None = None) -> "ForestView":
        """Look at a community, and warn of what is weak.

        Raises
        ------
        DataError
            If there are no referrals.
        """
        c.require("referrals", call=call)
        known = c.before(as_of)
        forest = ReferralForest.of(known, c.moment(as_of))
        warn_of_errors(forest.findings, forest.claims, call)
        if not known.has("orders"):
            warn(f"{call}: no orders; who bought, for how much and to whose credit is null")
            return cls(known, forest, None)
        brought, since = forest.parent >= 0, forest.time
        warn_of_early_referrals(known, brought, since, call)
        return cls(known, forest, referral_money(known, forest.ids, brought, since, window))

    def earned(self) -> ReferralMoney:
        """Give the money, or raise `DataError` without orders."""
        if self.money is None:
            raise DataError("what referrals earned needs the table orders")
        return self.money


def known_times(values: Ints, missing: npt.NDArray[np.bool_]) -> pa.Array:
    """Write microseconds as instants, null where missing."""
    return pa.array(values, mask=missing).cast(INSTANT)
