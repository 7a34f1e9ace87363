"""Frames as the steps before the report would give them, made up from a community."""

from typing import Any

import numpy as np
import pandas as pd

from siyu.datasets.community import Community
from siyu.report import ReportInput

__all__ = ["made_up_results"]

_STAGES = ["prospect", "new", "growing", "loyal", "won_back", "dormant", "churned"]
_CLASSES = [f"{a}_{b}" for a in ("key", "common") for b in ("value", "develop", "keep", "retain")]


def made_up_results(c: Community, as_of: str, **other: Any) -> ReportInput:
    """Make a whole report's input: real orders, made-up tags, KOC and offers."""
    rng = np.random.default_rng(0)
    ids = c.customers().to_pylist()
    parts = {
        "tags": _tags(rng, ids),
        "rfm": _rfm(rng, ids),
        "koc": _koc(rng, ids),
        "ties": _ties(rng, ids),
        "communities": pd.DataFrame(
            {"member_id": ids, "community": np.sort(rng.geometric(0.15, len(ids)))}
        ),
        "recommendations": _offers(rng, ids),
        "validation": {
            "model": (0.418, 0.409, 0.427),
            "repurchase": (0.381, 0.372, 0.39),
            "popularity": (0.174, 0.167, 0.181),
        },
        "manifest": {
            "siyu": "0.1.0",
            "random_state": 0,
            "sha256": {"tags.parquet": "9f2c" * 16},
            "versions": {"lightgbm": "4.7.0", "pandas": "3.1.1"},
        },
        "skipped": {"experiments": ("没有实验分组表", "there is no table of assignments")},
        "warnings": [("52 行订单没有商品", "52 order lines have no product")],
    }
    return ReportInput(community=c, as_of=as_of, **{**parts, **other})


def _tags(rng: np.random.Generator, ids: list[Any]) -> pd.DataFrame:
    n = len(ids)
    stage = rng.choice(_STAGES, n, p=[0.2, 0.15, 0.2, 0.2, 0.05, 0.12, 0.08])
    classes = np.where(stage == "prospect", "no_purchase", rng.choice(_CLASSES, n))
    return pd.DataFrame(
        {
            "member_id": ids,
            "stage": stage,
            "rfm_class": classes,
            "active_weekday": rng.choice(np.array(["mon", "fri", "sun", None]), n),
            "night_owl": rng.random(n) < 0.3,
            "days_inactive": rng.gamma(2, 20, n).round(1),
            "favourite_category": rng.choice(["tea", "snack", "care"], n),
        }
    )


def _rfm(rng: np.random.Generator, ids: list[Any]) -> pd.DataFrame:
    n = len(ids)
    frequency = rng.poisson(3, n)
    bought = frequency > 0
    return pd.DataFrame(
        {
            "member_id": ids,
            "recency": np.where(bought, rng.gamma(2, 20, n), np.nan),
            "frequency": frequency,
            "monetary": np.where(bought, rng.gamma(2, 60, n), np.nan),
        }
    )


def _koc(rng: np.random.Generator, ids: list[Any]) -> pd.DataFrame:
    who = rng.permutation(ids)
    n = len(ids) * 4 // 5
    score = np.sort(rng.random(n))[::-1]
    out = len(ids) - n
    return pd.DataFrame(
        {
            "member_id": who,
            "rank": pd.array([*range(1, n + 1), *[None] * out], dtype="Int64"),
            "score": [*score, *[np.nan] * out],
            "role": [*rng.choice(["bridge", "hub"], n), *[None] * out],
            "bridging": rng.random(len(ids)),
            "activity": rng.random(len(ids)),
            "buyers": rng.poisson(2, len(ids)),
            "reasons": [["bridges 3 communities", "brought 4 buyers"]] * n + [None] * out,
            "excluded_because": [None] * n + ["opted_out"] * (out - 12) + ["fraud"] * 12,
        }
    )


def _ties(rng: np.random.Generator, ids: list[Any]) -> pd.DataFrame:
    n, m = len(ids), 4 * len(ids)
    first = rng.integers(0, n, m)
    second = np.clip(first + rng.geometric(0.04, m), 0, n - 1)
    far = rng.random(m) < 0.05
    second[far] = rng.integers(0, n, far.sum())
    names = np.array(ids, dtype=object)
    return pd.DataFrame(
        {"source": names[first], "target": names[second], "weight": rng.gamma(1, 1, m)}
    )


def _offers(rng: np.random.Generator, ids: list[Any], k: int = 5) -> pd.DataFrame:
    n = len(ids)
    products = np.array([f"p{i:04d}" for i in range(1, 41)])
    chosen = np.argsort(rng.random((n, 40)) + np.arange(40) / 30, axis=1)[:, :k]
    chance = -np.sort(-rng.beta(1, 9, (n, k)), axis=1)
    return pd.DataFrame(
        {
            "member_id": np.repeat(np.array(ids, dtype=object), k),
            "rank": np.tile(np.arange(1, k + 1), n),
            "product_id": products[chosen].ravel(),
            "offer_id": None,
            "score": chance.ravel(),
            "probability": chance.ravel(),
            "source": rng.choice(
                ["model", "cold_start", "non_personal"], n * k, p=[0.8, 0.15, 0.05]
            ),
            "reason": "bought 4 times, usually every 21 days",
        }
    )
