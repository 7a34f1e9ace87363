"""Measure lists for money: order by chance, by worth, and by chance times worth.

The same candidates, each member's 100 most likely products after the plain model, are put in
three orders. Judged is the money in the first ten: the worth of those that the member bought
within 28 days, over that of the ten best purchases of that time. Worth is taken from orders
before the moment. The gain of chance times worth over chance alone has its paired interval over
members. Two facts are demanded on the way: the score in logarithms orders as the product of
both numbers does, and the money captured is what a plain sum over data frames gives.

    python benchmarks/bench_list_worth.py              # The Complete Journey, needs $SIYU_DATA
    python benchmarks/bench_list_worth.py --small      # simulated brand, for CI
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from siyu.datasets import Community, load_complete_journey, make_community
from siyu.datasets.ids import lookup
from siyu.datasets.intervals import paired_difference
from siyu.recommend import OfferRecommender
from siyu.recommend.offers.worth import Worth
from siyu.recommend.ranking.goals import Hits, captured_value, goal_of, value_score
from siyu.recommend.tables.purchases import Purchases

__all__ = ["Judged", "judge", "main", "require_agreement"]

Numbers = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HORIZON = pd.Timedelta("28D")
CUTS = ("2017-10-09T00:00Z", "2017-11-06T00:00Z")
HEADER = (
    "| cut | goal | members | chance | worth | chance x worth | gain over chance, 95 % "
    "| bought of 10: chance | chance x worth | seconds |\n|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The candidates of all members, and what became of them."""

    member: Ints
    product: Ints
    rank: Ints
    chance: Numbers
    worth: Numbers
    hits: Hits
    n_members: int

    @classmethod
    def of(cls, c: Community, as_of: pd.Timestamp, goal: str, lists: pd.DataFrame) -> "Judged":
        """Set lists against what was bought next."""
        bought, moment = Purchases.of(c), c.moment(as_of)
        before = bought.before(moment)
        later = bought.between(moment, c.moment(as_of + HORIZON))
        worth = Worth.of(c.before(as_of), before, moment).to(goal)
        product = lookup(pa.array(lists["product_id"]), bought.products)
        return cls(
            lookup(pa.array(lists["member_id"]), bought.members),
            product,
            lists["rank"].to_numpy(np.int64),
            np.clip(lists["probability"].to_numpy(np.float64), 1e-9, 1 - 1e-9),
            worth[product],
            goal_of(goal).hits(before, later, worth=worth),
            len(bought.members),
        )

    def ranked(self, score: Numbers) -> Ints:
        """Rank each member's products by a score; the given rank decides draws."""
        order = np.lexsort((self.rank, -score, self.member))
        counts = np.bincount(self.member, minlength=self.n_members)
        starts = np.repeat(np.cumsum(counts) - counts, counts)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order)) - starts + 1
        return rank

    def gain(self) -> Numbers:
        """Give what each listed product brought."""
        is_hit = self.hits.contains(self.member * self.hits.n_products + self.product)
        return np.where(is_hit, np.maximum(np.nan_to_num(self.worth), 0.0), 0.0)

    def captured(self, rank: Ints) -> Numbers:
        """Give the share of money captured in ten, of members who bought something."""
        possible = (self.hits.member, self.hits.worth, self.n_members)
        share = captured_value(self.member, rank, self.gain(), possible)
        return share[np.unique(self.hits.member)]

    def n_bought(self, rank: Ints) -> float:
        """Give how many of the first ten were bought, on average."""
        found = np.bincount(self.member[(rank <= 10) & (self.gain() > 0)], minlength=self.n_members)
        return float(found[np.unique(self.hits.member)].mean())


def judge(c: Community, as_of: pd.Timestamp, goal: str, lists: pd.DataFrame) -> str:
    """Put the candidates in three orders, and write one row."""
    start = time.perf_counter()
    judged = Judged.of(c, as_of, goal, lists)
    odds = np.log(judged.chance) - np.log1p(-judged.chance)
    both = judged.ranked(value_score(odds, judged.worth))
    require_agreement(judged, both)
    alone = judged.ranked(np.nan_to_num(judged.worth, nan=-np.inf))
    shares = [judged.captured(rank) for rank in (judged.rank, alone, both)]
    gap = paired_difference(shares[2], shares[0], random_state=0)
    seconds = time.perf_counter() - start
    means = " | ".join(f"{share.mean():.4f}" for share in shares)
    return (
        f"| {as_of:%Y-%m-%d} | {goal} | {gap.n:,} | {means} "
        f"| {gap.estimate:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}] "
        f"| {judged.n_bought(judged.rank):.2f} | {judged.n_bought(both):.2f} | {seconds:.1f} |"
    )


def require_agreement(judged: Judged, rank: Ints) -> None:
    """Stop unless score and metric are what plain arithmetic gives."""
    product = judged.chance * judged.worth
    rows = pd.DataFrame({"member": judged.member, "rank": rank, "value": product})
    rows = rows[rows["value"] > 0].sort_values(["member", "rank"])
    step = rows.groupby("member")["value"].diff()
    if (step > 1e-9 * rows["value"]).any():
        raise SystemExit("the score in logarithms orders otherwise than chance times worth")
    listed = pd.DataFrame({"member": judged.member, "rank": rank, "gain": judged.gain()})
    found = listed[listed["rank"] <= 10].groupby("member")["gain"].sum()
    truth = pd.Series(judged.hits.worth).groupby(judged.hits.member)
    best = truth.apply(lambda worth: worth.nlargest(10).sum())
    expected = (found.reindex(best.index, fill_value=0.0) / best).fillna(0.0)
    if not np.allclose(judged.captured(rank), expected):
        raise SystemExit("the money captured is not what a plain sum gives")


def main(argv: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a simulated brand of 400 members")
    small = parser.parse_args(argv).small
    c = make_community(400, random_state=0) if small else load_complete_journey()
    cuts = ("2026-05-01T00:00Z",) if small else CUTS
    print(HEADER)
    for cut in cuts:
        as_of = pd.Timestamp(cut)
        rec = OfferRecommender(ranker="never", horizon=HORIZON, random_state=0).fit(c, as_of=as_of)
        lists = rec.recommend(k=100)
        lists = lists[lists["source"] == "fallback"]
        for goal in ("gmv", "margin") if small else ("gmv",):
            print(judge(c, as_of, goal, lists))


if __name__ == "__main__":
    main()
