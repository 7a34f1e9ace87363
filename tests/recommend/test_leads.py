"""Who is most likely to take a product: the lists of products, turned round."""

from typing import Any

import pandas as pd
import pytest

from planted_shop import AS_OF, N_MEMBERS, planted_members, planted_orders, taste_of
from siyu.datasets import DataError, ParameterError, SiyuWarning, label
from siyu.recommend import OfferRecommender
from siyu.recommend.lists.list_rules import ListRules
from siyu.recommend.sales_leads import leads
from stocked_shop import COLD, stocked_shop

COLUMNS = ["member_id", "rank", "product_id", "score", "probability", "source", "reason"]


def test_leads_come_in_order(trained: OfferRecommender) -> None:
    rows = leads(trained, "tea-1", n=7)
    assert list(rows.columns) == COLUMNS
    assert rows["rank"].tolist() == list(range(1, 8))
    assert (rows["score"].diff().dropna() <= 0).all()
    assert set(rows["product_id"]) == {"tea-1"}


@pytest.mark.parametrize("which", ["trained", "plain"])
@pytest.mark.parametrize("only_new", [False, True])
def test_a_leads_score_is_the_one_explained(
    which: str, only_new: bool, request: pytest.FixtureRequest
) -> None:
    rec: OfferRecommender = request.getfixturevalue(which)
    for row in leads(rec, "nuts-3", n=3, only_new=only_new).itertuples():
        parts = rec.explain(row.member_id, "nuts-3", only_new=only_new)
        assert parts["contribution"].sum() == pytest.approx(row.score, abs=1e-9)


def test_leads_have_the_scores_of_the_lists(trained: OfferRecommender) -> None:
    lists = trained.recommend(k=40)
    lists = lists[(lists["product_id"] == "soap-4") & (lists["source"] == "model")]
    rows = leads(trained, "soap-4", n=N_MEMBERS)
    both = rows.merge(lists, on=["member_id", "product_id"], suffixes=("", "_listed"))
    assert len(both) == len(lists) > 0
    assert (both["score"] == both["score_listed"]).all()
    assert (both["probability"] == both["probability_listed"]).all()


def test_leads_have_the_planted_taste(trained: OfferRecommender) -> None:
    rows = leads(trained, "wine-5", n=15)
    assert set(rows["member_id"].map(taste_of)) == {"wine"}


def test_everyone_who_may_be_spoken_to_can_be_a_lead(trained: OfferRecommender) -> None:
    rows = leads(trained, "wine-5", n=1_000)
    people = planted_members()
    out = set(people.loc[people["opt_out"] | (people["kind"] == "staff"), "member_id"])
    assert set(rows["member_id"]) == set(range(N_MEMBERS)) - out


def test_new_leads_never_bought_the_product(trained: OfferRecommender) -> None:
    orders = planted_orders()
    orders = orders[(orders["order_time"] < AS_OF) & (orders["product_id"] == "tea-1")]
    rows = leads(trained, "tea-1", n=1_000, only_new=True)
    assert len(rows) > 0
    assert not rows["member_id"].isin(orders["member_id"]).any()


def test_leads_of_a_category_come_with_their_best_product(trained: OfferRecommender) -> None:
    rows = leads(trained, category="nuts", n=20)
    assert rows["product_id"].str.startswith("nuts-").all()
    assert not rows["member_id"].duplicated().any()
    lists = trained.recommend(k=40, members=rows["member_id"].tolist())
    lists = lists[lists["product_id"].str.startswith("nuts-")]
    best = lists.sort_values("rank").drop_duplicates("member_id").set_index("member_id")
    assert rows["product_id"].tolist() == best["product_id"].reindex(rows["member_id"]).tolist()


def test_whom_sales_spoke_to_is_left_out(trained: OfferRecommender) -> None:
    before = leads(trained, "tea-1", n=5)
    told = before[["member_id", "product_id"]].head(2)
    rows = leads(trained, "tea-1", n=3, rules=ListRules(exclude=told))
    assert rows["member_id"].tolist() == before["member_id"].tolist()[2:]


def test_unlikely_members_are_no_leads(trained: OfferRecommender) -> None:
    rows = leads(trained, "tea-1", n=1_000, rules=ListRules(min_probability=0.2))
    assert 0 < len(rows) < N_MEMBERS - 1
    assert rows["probability"].min() >= 0.2


def test_another_moment_has_other_leads(shop: Any, trained: OfferRecommender) -> None:
    early = AS_OF - pd.Timedelta("60D")
    rows = leads(trained, "tea-1", n=5, community=shop, as_of=early)
    assert not rows.equals(leads(trained, "tea-1", n=5))
    parts = trained.explain(rows["member_id"].iloc[0], "tea-1", community=shop, as_of=early)
    assert parts["contribution"].sum() == pytest.approx(rows["score"].iloc[0], abs=1e-9)


def test_leads_have_words(trained: OfferRecommender) -> None:
    rows = label(leads(trained, "tea-1", n=20), lang="en")
    assert isinstance(rows, pd.DataFrame)
    assert not rows["reason"].str.contains("_").any()


def test_progress_of_leads_is_told(trained: OfferRecommender) -> None:
    told: list[tuple[int, int]] = []
    leads(trained, "tea-1", n=2, progress=lambda done, total: told.append((done, total)))
    assert told == [(119, 119)]


@pytest.mark.parametrize("asked", [{}, {"product_id": "tea-1", "category": "tea"}])
def test_one_thing_is_asked_for(trained: OfferRecommender, asked: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="give one of product_id and category"):
        leads(trained, **asked)


def test_at_least_one_lead_is_asked_for(trained: OfferRecommender) -> None:
    with pytest.raises(ParameterError, match="n must be 1 or more, got 0"):
        leads(trained, "tea-1", n=0)


def test_a_category_that_nobody_bought_is_named(trained: OfferRecommender) -> None:
    with pytest.raises(DataError, match="no product of category 'cars' was bought"):
        leads(trained, category="cars")


def test_a_product_that_nobody_bought_has_no_leads(stocked: OfferRecommender) -> None:
    with pytest.raises(DataError, match=r"never bought before .*similar_products tells"):
        leads(stocked, COLD)


def test_leads_in_chunks_are_the_leads_of_all(
    trained: OfferRecommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = leads(trained, "tea-1", n=9)
    monkeypatch.setattr("siyu.recommend.lists.leads._CHUNK", 7)
    pd.testing.assert_frame_equal(leads(trained, "tea-1", n=9), whole, check_exact=True)


def test_leads_of_a_moment_are_those_of_the_fit(stocked: OfferRecommender) -> None:
    again = leads(stocked, "nuts-1", n=9, community=stocked_shop(), as_of=AS_OF)
    pd.testing.assert_frame_equal(again, leads(stocked, "nuts-1", n=9), check_exact=True)


def test_how_many_are_asked_for_changes_no_score(trained: OfferRecommender) -> None:
    many = leads(trained, "tea-1", n=N_MEMBERS)
    few = leads(trained, "tea-1", n=2)
    pd.testing.assert_frame_equal(many.head(2), few, check_exact=True)


def test_wishes_for_lists_say_nothing_of_leads(trained: OfferRecommender) -> None:
    rules = ListRules(min_new_share=0.5, max_per={"category": 1})
    with pytest.warns(SiyuWarning, match="leads are no lists: min_new_share, max_per"):
        rows = leads(trained, "tea-1", n=5, rules=rules)
    pd.testing.assert_frame_equal(rows, leads(trained, "tea-1", n=5), check_exact=True)
