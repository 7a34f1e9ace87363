"""Measure coupon rankings on The Complete Journey: the model beside the naive ways.

The model is fitted as of ``--cut``; every campaign that begins from then to ``--until`` is scored
as it begins, for every member in it, and measured by what was redeemed of it later. Beside it:
the member's past rate of redeeming, the coupon's penetration, the member's decayed purchases of
the coupon's products, and the last times the first, all counted here with pandas alone.

    python benchmarks/bench_coupons.py --data $SIYU_DATA --out /tmp/coupons
    python benchmarks/bench_coupons.py --members 300

With ``--members`` a synthetic community of so many is measured instead. Prints markdown rows with
95 % intervals over members, and paired differences from the best naive way; where the scorer
``score_coupons.py`` is found (``--bench``, ``$SIYU_BENCH``, or ``bench/`` beside the data), its
lines too. Ends with an error if measures differ from scikit-learn's, or the affinity of the
library from that of pandas.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

from siyu.datasets import Community, SiyuWarning, load_complete_journey, make_community
from siyu.recommend.coupons.coupon_model import CouponModel
from siyu.recommend.coupons.coupon_pairs import pairs_running
from siyu.recommend.coupons.coupon_scene import CouponScene
from siyu.recommend.coupons.pair_features import CouponNumbers, pair_columns

_AT = 10
_HALF_LIFE = 90.0
_PRIOR = 2.0
_RESAMPLES = 200
_NAIVE = ("past rate", "penetration", "affinity", "affinity x rate")
_MODEL = "model"
_HORIZON = 28 * 86_400_000_000
_ROUNDING = 1e-9


def main(arguments: list[str] | None = None) -> None:
    how = _arguments(arguments)
    c, since = _community(how)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        model = CouponModel(ranker=how.ranker, since=since, random_state=how.seed)
        model.fit(c, as_of=how.cut)
    fitted = time.perf_counter() - start
    print(f"ranks: {model.source_}; redemptions from {model.redemptions_}")
    print("on launches before the cut that it had not seen:")
    print(model.validation_.round(4).to_string(index=False))
    start = time.perf_counter()
    rows, whole = _scored(model, c, how)
    scored = time.perf_counter() - start
    rows["redeemed"] = _redeemed(c, rows)
    if not rows["redeemed"].any():
        raise SystemExit("nothing was redeemed of the campaigns after the cut: nothing to measure")
    _print_pairs(rows)
    _print_wholes(rows, whole)
    if how.data is not None and how.members is None:
        _score(rows, whole, c, how)
    print(f"\nseconds: fit {fitted:.1f}, {len(rows):,} rows {scored:.1f}")
    versions = f"lightgbm {lightgbm.__version__}, numpy {np.__version__}, pandas {pd.__version__}"
    print(f"python {platform.python_version()}, {versions}, {os.cpu_count()} cores")


def _community(how: argparse.Namespace) -> tuple[Community, str | None]:
    """Give the community, and the first launch to learn from."""
    if how.members is None:
        return load_complete_journey(how.data / "complete_journey" if how.data else None), how.since
    how.cut, how.until = "2025-12-01", "2026-06-20"
    return make_community(how.members, random_state=how.seed), None


def _scored(
    model: CouponModel, c: Community, how: argparse.Namespace
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score every campaign of coupons as it begins, and count the naive scores beside."""
    offers = c.offers
    assert offers is not None
    offers = offers[offers["kind"] == "coupon"]
    low, high = (pd.Timestamp(day, tz=c.tz) for day in (how.cut, how.until))
    begins = offers["starts_at"].drop_duplicates().sort_values()
    parts, wholes = [], []
    for begin in begins[(begins >= low) & (begins <= high)]:
        # What begins at a moment is known just after it; members of later issues a week later.
        as_of = begin + pd.Timedelta("1us" if how.members is None else "1D")
        pairs = model.score_pairs(c, as_of=as_of)
        mine = offers.loc[offers["starts_at"] == begin, "offer_id"]
        pairs = pairs[pairs["offer_id"].isin(mine)]
        parts.append(_with_naive(pairs.assign(begin=begin), c, as_of))
        _check_affinity(parts[-1], c, as_of)
        whole = model.campaign_scores(c, as_of=as_of)
        wholes.append(whole[whole["starts_at"] == begin])
    return pd.concat(parts, ignore_index=True), pd.concat(wholes, ignore_index=True)


def _with_naive(pairs: pd.DataFrame, c: Community, as_of: pd.Timestamp) -> pd.DataFrame:
    """Count the naive scores from everything before a moment, with pandas."""
    lines, goods, products = c.orders, c.offer_products, c.products
    assert lines is not None
    assert goods is not None
    assert products is not None
    banned = products.loc[products["recommendable"].eq(False), "product_id"]
    kept = (lines["order_time"] < as_of) & (lines["quantity"] > 0) & (lines["amount"] >= 0)
    lines = lines[kept & ~lines["product_id"].isin(banned)]
    goods = goods[goods["offer_id"].isin(pairs["offer_id"])]
    trips = lines.merge(goods, on="product_id")
    trips = trips.drop_duplicates(["member_id", "offer_id", "order_id", "order_time"])
    age = (as_of - trips["order_time"]) / pd.Timedelta("1D")
    keys = ["member_id", "offer_id"]
    affinity = trips.assign(affinity=0.5 ** (age / _HALF_LIFE)).groupby(keys)["affinity"].sum()
    reach = trips.groupby("offer_id")["member_id"].nunique() / lines["member_id"].nunique()
    found = pairs.join(affinity, on=keys).join(reach.rename("penetration"), on="offer_id")
    found = found.join(_past_rate(c, as_of).rename("past rate"), on="member_id")
    found[["affinity", "penetration"]] = found[["affinity", "penetration"]].fillna(0.0)
    found["past rate"] = found["past rate"].fillna(found["past rate"].mean()).fillna(0.0)
    found["affinity x rate"] = found["affinity"] * found["past rate"]
    return found


def _past_rate(c: Community, as_of: pd.Timestamp) -> pd.Series:
    """Share of the earlier campaigns that a member redeemed from, drawn to everybody's."""
    known = c.before(as_of)
    held, offers = known.offer_members, known.offers
    assert held is not None
    assert offers is not None
    begin = offers.set_index("offer_id")["starts_at"]
    held = held.assign(begin=held["offer_id"].map(begin), redeemed=_redeemed(known, held))
    lists = held[held["begin"] < as_of - pd.Timedelta("1D")]
    lists = lists.groupby(["member_id", "begin"])["redeemed"].max()
    total = lists.groupby("member_id").agg(["sum", "size"])
    return (total["sum"] + _PRIOR * lists.mean()) / (total["size"] + _PRIOR)


def _redeemed(c: Community, rows: pd.DataFrame) -> Any:
    """Tell which members redeemed which coupons, as far as the community knows."""
    found, name = c.events, "offer_id"
    if found is None or name not in found.columns:
        found, name = c.orders, "coupon_id"
    assert found is not None
    known = found[["member_id", name]].dropna()
    keys = ["member_id", "offer_id"]
    return pd.MultiIndex.from_frame(rows[keys]).isin(pd.MultiIndex.from_frame(known))


def _check_affinity(pairs: pd.DataFrame, c: Community, as_of: pd.Timestamp) -> None:
    """Compare the affinity of the library with that of pandas, for every pair."""
    known, moment = c.before(as_of), c.moment(as_of)
    scene = CouponScene.of(known, moment, _HORIZON)
    members, offers = np.arange(len(scene.bought.members)), np.arange(len(scene.pool.offers))
    mine = pairs_running(scene.pool, moment, members, offers)
    numbers = CouponNumbers.of(scene, np.unique(mine.offer))
    table = pd.DataFrame(
        {
            "member_id": scene.bought.members.take(mine.member).to_pylist(),
            "offer_id": scene.pool.offers.take(mine.offer).to_pylist(),
            "theirs": pair_columns(numbers, mine)["decayed_90"],
        }
    )
    both = pairs.merge(table, on=["member_id", "offer_id"])
    apart = (both["theirs"] - both["affinity"]).abs().max()
    if len(both) != len(pairs) or not apart <= _ROUNDING:
        raise SystemExit(f"the library's affinity differs from that of pandas by {apart}")


def _print_pairs(rows: pd.DataFrame) -> None:
    """Print one markdown row a way of scoring pairs."""
    names = (_MODEL, *_NAIVE)
    scores = {name: rows["score" if name == _MODEL else name].to_numpy() for name in names}
    hits = rows["redeemed"].to_numpy()
    print(f"\n{len(rows):,} members x coupons, {hits.sum()} redeemed")
    print("| score | AUC | AP | NDCG@10 | AUC over best naive | NDCG@10 over best naive |")
    print("|---|---|---|---|---|---|")
    member = pd.factorize(rows["member_id"])[0]
    lists = {name: _lists(rows, score) for name, score in scores.items()}
    for name, score in scores.items():
        _check_measures(rows, score, lists[name])
    draws = _draws(member)
    auc = {
        name: np.array([_auc(hits[at], score[at]) for at in draws])
        for name, score in scores.items()
    }
    ap = {
        name: np.array([_precision(hits[at], score[at]) for at in draws])
        for name, score in scores.items()
    }
    best = max(_NAIVE, key=lambda name: _auc(hits, scores[name]))
    best_list = max(_NAIVE, key=lambda name: lists[name].mean())
    for name, score in scores.items():
        cells = [_cell(_auc(hits, score), auc[name]), _cell(_precision(hits, score), ap[name])]
        again = np.random.default_rng(0).integers(0, len(lists[name]), (1_000, len(lists[name])))
        ndcg = lists[name].to_numpy()
        cells.append(_cell(ndcg.mean(), ndcg[again].mean(axis=1)))
        over = _auc(hits, score) - _auc(hits, scores[best])
        cells.append(_cell(over, auc[name] - auc[best]))
        paired = ndcg - lists[best_list].to_numpy()
        cells.append(_cell(paired.mean(), paired[again].mean(axis=1)))
        print(f"| {name} | {' | '.join(cells)} |")
    chance = rows["probability"]
    print(f"redeemed {hits.sum()}, expected by the model's probabilities {chance.sum():.0f}")


def _print_wholes(rows: pd.DataFrame, whole: pd.DataFrame) -> None:
    """Print one markdown row a way of scoring members and campaigns."""
    keys = ["member_id", "campaign_id"]
    naive = rows.groupby(keys)[["redeemed", "past rate", "affinity", "affinity x rate"]]
    table = whole.merge(naive.max().reset_index(), on=keys)
    hits = table["redeemed"].to_numpy()
    draws = _draws(pd.factorize(table["member_id"])[0])
    print(f"\n{len(table):,} members x campaigns, {hits.sum()} redeemed anything")
    print("| score | AUC | AP |")
    print("|---|---|---|")
    for name in ("probability", "past rate", "affinity", "affinity x rate"):
        score = table[name].fillna(0.0).to_numpy()
        told = _MODEL if name == "probability" else name
        auc = np.array([_auc(hits[at], score[at]) for at in draws])
        ap = np.array([_precision(hits[at], score[at]) for at in draws])
        cells = (_cell(_auc(hits, score), auc), _cell(_precision(hits, score), ap))
        print(f"| {told} | {' | '.join(cells)} |")
    print(f"expected by the model's probabilities {table['probability'].sum():.0f}")


def _cell(estimate: float, drawn: np.ndarray[Any, Any]) -> str:
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return f"{estimate:.4f} [{low:.4f}, {high:.4f}]"


def _draws(member: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """Draw members with all their rows, again and again."""
    order = np.argsort(member, kind="stable")
    begin = np.searchsorted(member[order], np.arange(member.max() + 2))
    rng = np.random.default_rng(0)
    found = []
    for _ in range(_RESAMPLES):
        some = rng.integers(0, member.max() + 1, member.max() + 1)
        parts = [order[begin[one] : begin[one + 1]] for one in some.tolist()]
        found.append(np.concatenate(parts))
    return found


def _auc(hits: np.ndarray[Any, Any], score: np.ndarray[Any, Any]) -> float:
    """Share of pairs of a redeemed and another row that stand in the right order."""
    n = int(hits.sum())
    if not n or n == len(hits):
        return float("nan")
    _, at, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[at]
    return float((rank[hits].sum() - n * (n + 1) / 2) / (n * (len(hits) - n)))


def _precision(hits: np.ndarray[Any, Any], score: np.ndarray[Any, Any]) -> float:
    """Mean precision at the redeemed rows; equal scores count as one step."""
    if not hits.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    found = np.cumsum(hits[order])[ends]
    return float((np.diff(found, prepend=0) * found / (ends + 1)).sum() / hits.sum())


def _lists(rows: pd.DataFrame, score: np.ndarray[Any, Any]) -> pd.Series:
    """NDCG@10 of every list with a redemption; equal scores go by offer."""
    table = rows[["member_id", "begin", "offer_id", "redeemed"]].assign(score=score)
    keys = ["member_id", "begin"]
    n = table.groupby(keys)["redeemed"].transform("sum")
    table = table[n > 0].sort_values(
        [*keys, "score", "offer_id"], ascending=[True, True, False, True]
    )
    table["rank"] = table.groupby(keys).cumcount()
    gain = np.where(table["rank"] < _AT, table["redeemed"] / np.log2(table["rank"] + 2), 0.0)
    best = np.cumsum(1 / np.log2(np.arange(2, _AT + 2)))
    found = table.assign(gain=gain).groupby(keys).agg(gain=("gain", "sum"), n=("redeemed", "sum"))
    return found["gain"] / best[np.minimum(found["n"], _AT).to_numpy() - 1]


def _check_measures(rows: pd.DataFrame, score: np.ndarray[Any, Any], lists: pd.Series) -> None:
    """Compare the measures with scikit-learn's."""
    hits = rows["redeemed"].to_numpy()
    pairs = [
        (_auc(hits, score), roc_auc_score(hits, score)),
        (_precision(hits, score), average_precision_score(hits, score)),
    ]
    table = rows[["member_id", "begin", "redeemed"]].assign(score=score)
    for keys, group in list(table.groupby(["member_id", "begin"]))[:200]:
        if group["redeemed"].any() and len(group) > 1 and group["score"].is_unique:
            theirs = ndcg_score([group["redeemed"]], [group["score"]], k=_AT)
            pairs.append((float(lists[keys]), float(theirs)))
    for mine, theirs in pairs:
        if abs(mine - theirs) > 1e-9:
            raise SystemExit(f"a measure is {mine} here and {theirs} by scikit-learn")


def _score(rows: pd.DataFrame, whole: pd.DataFrame, c: Community, how: argparse.Namespace) -> None:
    """Write the scores in the scorer's form, and run it if it is found."""
    how.out.mkdir(parents=True, exist_ok=True)
    offers = c.offers
    assert offers is not None
    upc = offers.set_index("offer_id")["coupon_upc"]
    named = rows.assign(coupon_upc=rows["offer_id"].map(upc))
    keys = ["campaign_id", "member_id", "coupon_upc"]
    wholes = how.out / "campaigns.parquet"
    whole.rename(columns={"probability": "score"})[
        ["campaign_id", "member_id", "score"]
    ].to_parquet(wholes, index=False)
    places = [how.bench, os.environ.get("SIYU_BENCH"), how.data.parent / "bench"]
    found = [Path(one, "score_coupons.py") for one in places if one]
    found = [one for one in found if one.is_file()]
    for name in (_MODEL, *_NAIVE):
        score = 1 / (1 + np.exp(-named["score"])) if name == _MODEL else named[name] / 1e6
        path = how.out / f"{name.replace(' ', '_')}.parquet"
        named[keys].assign(score=score).to_parquet(path, index=False)
        if found:
            command = [sys.executable, str(found[0]), str(path)]
            command += ["--campaign-pred", str(wholes)] if name == _MODEL else []
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            print(f"scorer, {name}: {done.stdout.strip()}")


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SIYU_DATA"))
    parser.add_argument("--members", type=int, help="measure a synthetic community of so many")
    parser.add_argument("--cut", default="2017-10-01", help="moment of the fit")
    parser.add_argument("--until", default="2017-12-07", help="last beginning of a campaign")
    parser.add_argument("--since", default="2017-03-01", help="first launch to learn from")
    parser.add_argument("--ranker", default="auto", choices=["auto", "always", "never"])
    parser.add_argument("--bench", type=Path, help="folder of score_coupons.py")
    parser.add_argument("--out", type=Path, default=Path("coupon_scores"))
    parser.add_argument("--seed", type=int, default=0)
    how = parser.parse_args(arguments)
    how.data = None if how.data is None else Path(how.data)
    return how


if __name__ == "__main__":
    main()
