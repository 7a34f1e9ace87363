"""The kinds of fission campaigns, 拼 帮 送 券 砍 比 换, and which campaigns are over."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import DataError
from siyu.datasets.ids import encode, lookup
from siyu.graph.undated import UNDATED, times_of

from .rate_facts import RateFacts
from .rate_invitations import referrals_of

__all__ = ["Campaigns", "kind_codes"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_LETTERS = {
    "拼": "groupbuy",
    "帮": "help",
    "送": "gift",
    "券": "coupon",
    "砍": "bargain",
    "比": "contest",
    "换": "swap",
}


def kind_codes(kinds: pa.Array) -> pa.Array:
    """Give the code of each kind of campaign; names that are no Chinese kind stay as they are.

    Examples
    --------
    >>> kind_codes(pa.array(["拼团", "gift", None])).to_pylist()
    ['groupbuy', 'gift', None]
    """
    coded = kinds.cast(pa.large_string()).dictionary_encode()
    names = [_LETTERS.get(name[:1], name) for name in coded.dictionary.to_pylist()]
    return pa.array(names, pa.large_string()).take(coded.indices)


@dataclass(frozen=True, slots=True, eq=False)
class Campaigns:
    """The campaigns that had referrals, or are of a kind that had, in ascending order of the id.

    Attributes
    ----------
    ids : pyarrow.Array
    kinds : pyarrow.Array, the kinds in ascending order
    kind : int64 array, the place of each campaign's kind
    starts, ends : int64 arrays, microseconds; `UNDATED` for an unknown start
    cost : float64 array, NaN where unknown
    of_referral : int64 array, the campaign of every row of the table referrals, -1 for none
    """

    ids: pa.Array
    kinds: pa.Array
    kind: Ints
    starts: Ints
    ends: Ints
    cost: Floats
    of_referral: Ints

    @classmethod
    def of(cls, facts: RateFacts) -> "Campaigns":
        """Read the tables campaigns and referrals."""
        table, rows = facts.known.arrow("campaigns"), referrals_of(facts.known)
        if table is None or "kind" not in table.column_names:
            raise DataError("kinds of campaigns need the table campaigns with the column kind")
        if "campaign_id" not in rows.column_names:
            raise DataError("kinds of campaigns need referrals with the column campaign_id")
        table = table.filter(table["kind"].is_valid()).sort_by("campaign_id")
        ids = table["campaign_id"].combine_chunks()
        of_referral = lookup(rows["campaign_id"], ids)
        kind, kinds = encode(kind_codes(table["kind"].combine_chunks()))
        met = np.bincount(kind[of_referral[of_referral >= 0]], minlength=len(kinds)) > 0
        place = np.cumsum(met) - 1
        last = np.full(len(ids), UNDATED)
        referred = of_referral >= 0
        np.maximum.at(last, of_referral[referred], times_of(rows, "referral_time")[referred])
        ends, starts = times_of(table, "ends_at"), times_of(table, "starts_at")
        cost = np.full(len(ids), np.nan)
        if "cost" in table.column_names:
            cost = table["cost"].to_numpy()
        kept = np.flatnonzero(met[kind])
        new_place = np.full(len(ids) + 1, -1)
        new_place[kept] = np.arange(len(kept))
        return cls(
            ids.take(pa.array(kept)),
            kinds.filter(pa.array(met)),
            place[kind[kept]],
            starts[kept],
            np.where(ends == UNDATED, np.maximum(last, starts), ends)[kept],
            cost[kept],
            new_place[of_referral],
        )

    def closed(self, facts: RateFacts, length: int) -> Bools:
        """Tell which ended a whole window ago, and lie within the record of referrals."""
        begin, stop = facts.record
        dated = self.ends != UNDATED
        return np.asarray(dated & (self.ends <= stop - length) & (self.starts >= begin))
