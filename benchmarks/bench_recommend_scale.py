"""Rank offers for very many members: time, memory, rows a second.

The shop is drawn here: every member has one of 50 tastes, buys some staples of it again and again
and now and then something else; some ten order lines a member over half a year. The recommender
is fitted (its training windows learn from 5,000 members each) and makes the lists of everyone.

    python benchmarks/bench_recommend_scale.py 1e6 --candidates 100
    python benchmarks/bench_recommend_scale.py 2e3
    python benchmarks/bench_recommend_scale.py --journey     # needs $SIYU_DATA

Prints one markdown row. Ends with an error if a member asked for alone gets another list than
among all, or if the lists find less of what members take next than the most popular products do.
With ``--journey`` it counts, on The Complete Journey, how many pairs a second candidates and
features take, and how long the lists of everyone, without trees.
"""

import argparse
import platform
import time
import warnings

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from peak_memory import forget_peak, peak_mb
from scaled_quotas import scale_quotas

from siyu.datasets import Community, SiyuWarning, load_complete_journey
from siyu.datasets.clock import DAY_US, INSTANT
from siyu.recommend import OfferRecommender
from siyu.recommend.candidates.finding import find_candidates

Ints = npt.NDArray[np.int64]

AS_OF = "2026-07-01T00:00Z"
_END = 20_635 * DAY_US  # AS_OF
_DAYS = 182
_TASTES, _PRODUCTS = 50, 5_000
HEADER = (
    "| members | order lines | fit s | lists s | candidates a member | pairs a second, candidates "
    "and features | whole run s | peak MB |\n|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("members", type=float, nargs="*", default=[1e6])
    parser.add_argument("--jobs", type=int, default=2, help="threads")
    parser.add_argument("--candidates", type=int, default=0, help="a member; 0 leaves all")
    parser.add_argument("--journey", action="store_true", help="The Complete Journey instead")
    how = parser.parse_args()
    if how.journey:
        print(journey(how.jobs))
        return
    print(HEADER)
    for n in how.members:
        print(measure(int(n), how.jobs, how.candidates), flush=True)
    print(f"\npython {platform.python_version()}, numpy {np.__version__}")


def measure(n_members: int, n_jobs: int, n_candidates: int) -> str:
    """Run one size."""
    orders = draw_orders(n_members)
    forget_peak()
    begin = time.perf_counter()
    c = Community(orders=orders, tz="UTC")
    rec = OfferRecommender(ranker="always", n_jobs=n_jobs, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        rec.fit(c, as_of=AS_OF)
    if n_candidates:
        scale_quotas(rec, np.arange(0, n_members, max(n_members // 200, 1)), n_candidates)
    fitted = time.perf_counter()
    lists = rec.recommend(k=10, output="pyarrow")
    done = time.perf_counter()
    peak = peak_mb()
    check(rec, lists, n_members)
    a_member, a_second = speed(rec, n_members)
    cells = [
        f"{n_members:,}",
        f"{orders.num_rows:,}",
        f"{fitted - begin:.0f}",
        f"{done - fitted:.0f}",
        f"{a_member:.0f}",
        f"{a_second:,.0f}",
        f"{done - begin:.0f}",
        f"{peak:,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def journey(n_jobs: int) -> str:
    """Count pairs a second on The Complete Journey, and time the plain model's lists."""
    rec = OfferRecommender(ranker="never", n_jobs=n_jobs, random_state=0)
    rec.fit(load_complete_journey(), as_of="2017-11-06T00:00Z")
    n_members = len(np.unique(rec.model_.shop.bought.basket_member))
    a_member, a_second = max(speed(rec, n_members) for _ in range(3))
    begin = time.perf_counter()
    rec.recommend(k=10, output="pyarrow")
    seconds = time.perf_counter() - begin
    return (
        f"{n_members:,} members, {a_member:.0f} candidates each: {a_second:,.0f} pairs a second, "
        f"candidates and features; lists of all {seconds:.1f} s; {n_jobs} threads"
    )


def draw_orders(n_members: int) -> pa.Table:
    """Draw the orders of a shop, sorted by nothing in particular."""
    rng = np.random.default_rng(0)
    n = n_members * 10
    member = rng.integers(0, n_members, n)
    taste = member % _TASTES
    staple = (member * 7 + rng.integers(0, 4, n) * 13) % 40
    tried = np.minimum(rng.geometric(0.03, n), 100) - 1
    within = np.where(rng.random(n) < 0.5, staple, tried)
    own = rng.random(n) < 0.85
    product = np.where(own, taste * 100 + within, rng.zipf(1.3, n) % _PRODUCTS)
    hour = rng.integers(0, _DAYS * 24, n)
    return pa.table(
        {
            "member_id": member,
            "order_time": pa.array(_END - (hour + 1) * (DAY_US // 24)).cast(INSTANT),
            "product_id": product,
            "amount": np.round(rng.gamma(2, 5, n), 2),
            "quantity": np.ones(n),
        }
    )


def check(rec: OfferRecommender, lists: pa.Table, n_members: int) -> None:
    """Compare a few members' lists with those they get alone; and tastes with those planted."""
    asked = list(range(0, n_members, max(n_members // 5, 1)))
    alone = rec.recommend(members=asked, k=10, output="pyarrow")
    among = lists.filter(pa.compute.is_in(lists["member_id"], pa.array(asked)))
    if not alone.equals(among):
        raise SystemExit("members asked for alone get other lists than among all")
    taste = lists["member_id"].to_numpy() % _TASTES
    of_taste = float((lists["product_id"].to_numpy() // 100 == taste).mean())
    if of_taste < 0.5:
        raise SystemExit(f"only {of_taste:.0%} of the products listed are of the member's taste")


def speed(rec: OfferRecommender, n_members: int) -> tuple[float, float]:
    """Count candidates a member, and pairs a second with their features."""
    model = rec.model_
    codes = np.arange(min(n_members, 20_000))
    n_pairs, begin = 0, time.perf_counter()
    for start in range(0, len(codes), 2_048):
        histories = model.shop.histories(codes[start : start + 2_048])
        quotas = model.recipe.quotas
        pairs = find_candidates(model.shop.market, histories, quotas, n_jobs=model.ranker.n_jobs)
        model.recipe.matrix(model.shop.market, histories, pairs)
        n_pairs += len(pairs)
    return n_pairs / len(codes), n_pairs / (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
