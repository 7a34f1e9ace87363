"""No public call sees anything at or after `as_of`, whatever comes later or is edited later."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community, SiyuWarning
from siyu.graph import (
    MemberGraph,
    SeedRules,
    articulation_points,
    betweenness,
    build_ties,
    communities,
    koc,
    koc_by_category,
    koc_evidence,
    koc_roles,
    participation,
    structural_holes,
)
from siyu.graph.fission import (
    cascade_stats,
    generations,
    referral_problems,
    referral_stats,
    upstream_credit,
)
from siyu.graph.seeding import choose_seeds, influence_graph, learn_influence
from siyu.recommend import (
    ListRules,
    OfferRecommender,
    RecallOptions,
    leads,
    product_values,
    quits_after_sends,
    recently_sent,
    source_recall,
)
from siyu.recommend.evaluation import (
    ease,
    item_item,
    list_exposure,
    list_variety,
    matrix_factors,
    nearest_mix,
    popularity,
    tifu_knn,
)
from siyu.segmentation import lifecycle, rfm, rfm_class, tag
from strategies import (
    AS_OF,
    shuffled,
    small_community,
    with_edited_future,
    with_later_rows,
)

Call = Callable[[Community], Any]
CALLS: dict[str, Call] = {
    "rfm": lambda c: rfm(c, as_of=AS_OF),
    "rfm_class": lambda c: rfm_class(rfm(c, as_of=AS_OF)),
    "lifecycle by orders": lambda c: lifecycle(c, as_of=AS_OF),
    "lifecycle by events": lambda c: lifecycle(c, as_of=AS_OF, activity="events"),
    "tag": lambda c: tag(c, as_of=AS_OF),
    "build_ties": lambda c: build_ties(c, as_of=AS_OF).to_pandas(),
    "structural_holes": lambda c: structural_holes(graph_of(c)),
    "betweenness": lambda c: betweenness(graph_of(c)),
    "articulation_points": lambda c: articulation_points(graph_of(c)),
    "communities": lambda c: communities(graph_of(c)),
    "participation": lambda c: participation(graph_of(c)),
    "koc": lambda c: koc(c, as_of=AS_OF),
    "koc_roles": lambda c: koc_roles(c, as_of=AS_OF),
    "koc_evidence": lambda c: koc_evidence(c, as_of=AS_OF),
    "koc_by_category": lambda c: koc_by_category(c, as_of=AS_OF),
    "choose_seeds": lambda c: (
        choose_seeds(
            influence_graph(c, as_of=AS_OF), 2, rules=SeedRules(target_ratio=0.7), random_state=0
        ).seeds
    ),
    "learn_influence": lambda c: learn_influence(c, as_of=AS_OF),
    "referral_stats": lambda c: referral_stats(c, as_of=AS_OF),
    "cascade_stats": lambda c: cascade_stats(c, as_of=AS_OF),
    "generations": lambda c: generations(c, as_of=AS_OF),
    "upstream_credit": lambda c: upstream_credit(c, as_of=AS_OF),
    "referral_problems": lambda c: referral_problems(c, as_of=AS_OF),
    "recommend": lambda c: OfferRecommender(random_state=0).fit(c, as_of=AS_OF).recommend(),
    "recommend with rules": lambda c: plain(c).recommend(
        c, as_of=AS_OF, rules=ListRules(min_new_share=0.2, launch_share=0.02)
    ),
    "recommend for visits": lambda c: plain(c, goal="visit").recommend(),
    "leads": lambda c: leads(rec := plain(c), rec.model_.shop.market.products[0].as_py(), n=20),
    "similar_products": lambda c: plain(c).similar_products(k=3),
    "source_recall": lambda c: source_recall(c, as_of=AS_OF, options=RecallOptions(n_windows=1)),
    "product_values": lambda c: product_values(c, as_of=AS_OF, goal="gmv"),
    "recently_sent": lambda c: recently_sent(c, as_of=AS_OF, within="30D"),
    "quits_after_sends": lambda c: quits_after_sends(c, as_of=AS_OF),
    "tifu_knn": lambda c: tifu_knn()(c, as_of=AS_OF),
    "nearest_mix": lambda c: nearest_mix()(c, as_of=AS_OF, only_new=True),
    "item_item": lambda c: item_item("bm25", min_buyers=1)(c, as_of=AS_OF),
    "matrix_factors": lambda c: matrix_factors()(c, as_of=AS_OF),
    "ease": lambda c: ease(20)(c, as_of=AS_OF),
    "list_variety": lambda c: list_variety(popularity()(c, as_of=AS_OF), c, as_of=AS_OF),
    "list_exposure": lambda c: list_exposure(popularity()(c, as_of=AS_OF), c, as_of=AS_OF),
}


def graph_of(c: Community) -> MemberGraph:
    return MemberGraph.from_community(c, as_of=AS_OF)


def plain(c: Community, **parameters: Any) -> OfferRecommender:
    rec = OfferRecommender(ranker="never", random_state=0, **parameters)
    return rec.fit(c, as_of=AS_OF)


@pytest.fixture(autouse=True)
def _weak_answers_are_fine() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        yield


def answers(call: str, c: Community) -> pd.DataFrame:
    frame: pd.DataFrame = CALLS[call](c)
    return frame


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_later_rows_change_nothing(call: str, seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(
        answers(call, c),
        answers(call, with_later_rows(c, small_community(seed + 99))),
        check_exact=True,
    )


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_values_edited_later_change_nothing(call: str, seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(
        answers(call, c), answers(call, with_edited_future(c, seed)), check_exact=True
    )


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=6)
@given(seed=st.integers(0, 50))
def test_row_order_changes_no_byte(call: str, seed: int) -> None:
    c = small_community(seed)
    pd.testing.assert_frame_equal(
        answers(call, c), answers(call, shuffled(c, seed)), check_exact=True
    )


@pytest.mark.parametrize("call", CALLS)
def test_whole_numbers_and_text_ids_give_the_same_answers(call: str) -> None:
    numbers, text = (
        answers(call, small_community(3)),
        answers(call, small_community(3, text_ids=True)),
    )
    named = {"member_id", "source", "target", "inviter_id", "invitee_id", "root_id"}
    kept = [name for name in numbers.columns if name not in named]
    pd.testing.assert_frame_equal(numbers[kept], text[kept], check_exact=False)


@pytest.mark.parametrize("call", CALLS)
def test_the_tables_are_not_modified(call: str) -> None:
    c = small_community(4)
    before = {name: c.arrow(name) for name in c.tables()}
    answers(call, c)
    again = small_community(4)
    assert all(rows.equals(again.arrow(name)) for name, rows in before.items() if rows is not None)
