"""The three jobs of a run: tags, KOC and offers, each on whatever tables are there."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyarrow as pa

from siyu.datasets import Community, DataError

if TYPE_CHECKING:
    from siyu.recommend import OfferRecommender
    from siyu.segmentation import TagRules

__all__ = [
    "Koc",
    "Offers",
    "activity_of",
    "find_koc",
    "fit_recommender",
    "member_features",
    "rank_offers",
    "read_rules",
    "tag_members",
]


@dataclass(frozen=True, slots=True, eq=False)
class Koc:
    """Ranked members and the ties they were ranked by."""

    ranked: pd.DataFrame
    ties: pa.Table


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """Ranked offers and the recommender that ranked them."""

    recommendations: pd.DataFrame
    recommender: "OfferRecommender"
    activity: str = "orders"


def activity_of(c: Community) -> Literal["orders", "events"]:
    """Tell what members' activity is read from: orders, or events where there are none.

    Raises
    ------
    DataError
        If there are neither.
    """
    tables: tuple[Literal["orders", "events"], ...] = ("orders", "events")
    for table in tables:
        rows = c.arrow(table)
        if rows is not None and rows.num_rows:
            return table
    raise DataError("needs the table orders or events with at least one row before as_of")


def read_rules(path: Path | None) -> "TagRules | None":
    """Read own tag rules before any work is done; see `siyu.segmentation.TagRules`."""
    from siyu.segmentation.rules.rule_set import as_rules

    return None if path is None else as_rules(path)


def tag_members(c: Community, *, as_of: Any, rules: "TagRules | None" = None) -> pd.DataFrame:
    """Tag every customer: lifecycle, RFM class and behaviour; see `siyu.segmentation.tag`."""
    from siyu.segmentation import tag

    activity_of(c.before(as_of))
    tags: pd.DataFrame = tag(c, as_of=as_of, rules=rules)
    return tags


def find_koc(c: Community, *, as_of: Any, exclude: Any = None) -> Koc:
    """Rank the members who bridge communities, but those of `exclude`; see `siyu.graph.koc`.

    Raises
    ------
    DataError
        If no table holds ties: purchases alone make nobody a KOC.
    """
    from siyu.graph import build_ties, koc

    ties = build_ties(c, as_of=as_of)
    return Koc(koc(c, as_of=as_of, exclude=exclude, ties=ties), ties)


def rank_offers(c: Community, *, as_of: Any, k: int, random_state: int) -> Offers:
    """Train on the past of `as_of` and rank `k` products for every customer."""
    recommender = fit_recommender(c, as_of=as_of, random_state=random_state)
    return Offers(recommender.recommend(k=k), recommender, recommender.activity)


def fit_recommender(
    c: Community, *, as_of: Any, kind: str = "product", random_state: int = 0
) -> "OfferRecommender":
    """Train on the past of `as_of`, with what tags know of the members."""
    from siyu.recommend import OfferRecommender

    activity = activity_of(c.before(as_of))
    recommender = OfferRecommender(kind=kind, random_state=random_state, activity=activity)
    return recommender.fit(c, as_of=as_of, member_features=member_features)


def member_features(c: Community, as_of: Any) -> pd.DataFrame:
    """Give what tags know of a member to the ranker, as of one training cut.

    Columns: RFM and the lifecycle's numbers. The ranker calls this at every cut, so that
    nothing of its future reaches a training row.
    """
    from siyu.segmentation import lifecycle, rfm

    activity = activity_of(c.before(as_of))
    features: pd.DataFrame = lifecycle(c, as_of=as_of, activity=activity)
    features = features[["member_id", "stage", "overdue_ratio"]]
    if activity == "orders":
        features = features.merge(rfm(c, as_of=as_of), on="member_id", how="left")
    return features
