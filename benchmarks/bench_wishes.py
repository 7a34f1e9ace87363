"""Measure what wishes for lists cost: a share of new products, variety, launches.

The plain model lists The Complete Journey as of ``--cut`` with one wish after the other; NDCG@10
against the following 28 days stands beside that of the lists without a wish, paired.

    python benchmarks/bench_wishes.py              # The Complete Journey, needs $SIYU_DATA
    python benchmarks/bench_wishes.py --small      # simulated brand, for CI

Prints markdown rows with 95 % intervals over members. Ends with an error if lists do not keep the
wish that they were made with.
"""

import argparse
import warnings

import numpy as np
import pandas as pd

from siyu.datasets import SiyuWarning, load_complete_journey, make_community
from siyu.datasets.intervals import bootstrap_mean, paired_difference
from siyu.recommend import ListRules, OfferRecommender, list_quality, next_purchases

WISHES = {
    "none": ListRules(),
    "min_new_share .1": ListRules(min_new_share=0.1),
    "min_new_share .3": ListRules(min_new_share=0.3),
    "min_new_share .5": ListRules(min_new_share=0.5),
    "two of a category": ListRules(max_per={"category": 2}),
    "diversity .1": ListRules(diversity=0.1),
    "launch_share .05": ListRules(launch_share=0.05),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cut", default="2017-11-06T00:00Z")
    parser.add_argument("--small", action="store_true", help="a made community, in seconds")
    how = parser.parse_args()
    c = make_community(400, random_state=0) if how.small else load_complete_journey()
    cut = "2026-05-05" if how.small else how.cut
    rec = OfferRecommender(ranker="never", random_state=0).fit(c, as_of=cut)
    truth = next_purchases(c, as_of=cut)
    orders = c.before(cut).orders.query("quantity > 0 and amount >= 0")
    bought = orders[["member_id", "product_id"]].drop_duplicates()
    plain, rows = None, []
    for name, rules in WISHES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SiyuWarning)  # where there are no launches to show
            lists = rec.recommend(c, as_of=cut, rules=rules)
        lists = lists[lists["source"] == "fallback"]
        share = new_share(lists, bought)
        if share.min() < rules.min_new_share - 1e-9:
            raise SystemExit(f"{name}: a list has only {share.min():.0%} new products")
        found = list_quality(lists, truth)["ndcg"].to_numpy()
        plain = found if plain is None else plain
        mean = bootstrap_mean(found, random_state=0)
        less = paired_difference(found, plain, random_state=0)
        rows.append(
            f"| {name} | {mean.estimate:.4f} [{mean.low:.4f}, {mean.high:.4f}] "
            f"| {less.estimate:+.4f} [{less.low:+.4f}, {less.high:+.4f}] | {share.mean():.2f} |"
        )
    print("| wish | NDCG@10 | less none | share of new |\n|---|---|---|---|")
    print("\n".join(rows))


def new_share(lists: pd.DataFrame, bought: pd.DataFrame) -> pd.Series:
    """Give every list's share of products that the member never bought."""
    marked = lists.merge(bought.assign(had=True), on=["member_id", "product_id"], how="left")
    is_new = marked["had"].isna().astype(np.float64)
    share: pd.Series = is_new.groupby(marked["member_id"]).mean()
    return share


if __name__ == "__main__":
    main()
