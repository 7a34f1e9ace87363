"""Lists for members of whom no purchase is known: what they looked at comes first."""

import pandas as pd
import pytest

from planted_shop import AS_OF, N_MEMBERS, make_shop, planted_orders
from siyu.recommend import OfferRecommender
from siyu.recommend.lists.list_rules import ListRules
from stocked_shop import NEWCOMER, stocked_shop, stocked_tables

LATER = AS_OF + pd.Timedelta("1D")


def of_newcomer(rec: OfferRecommender, k: int = 10) -> pd.DataFrame:
    rows = rec.recommend(members=[NEWCOMER], k=k)
    assert isinstance(rows, pd.DataFrame)
    return rows


def test_what_a_newcomer_looked_at_comes_first(stocked: OfferRecommender) -> None:
    rows = of_newcomer(stocked)
    assert rows["product_id"].tolist()[:2] == ["soap-1", "soap-2"]
    assert rows["reason"].tolist()[:2] == ["looked_at", "looked_at"]
    assert set(rows["source"]) == {"cold_start"}


def test_the_rest_is_to_the_taste_looked_at(stocked: OfferRecommender) -> None:
    rows = of_newcomer(stocked, k=6)
    assert rows["product_id"].str.startswith("soap-").all()


def test_only_what_was_looked_at_is_called_so(stocked: OfferRecommender) -> None:
    rows = of_newcomer(stocked, k=41)
    assert set(rows[rows["reason"] == "looked_at"]["product_id"]) == {"soap-1", "soap-2"}


def test_nobody_knows_how_likely_that_is(stocked: OfferRecommender) -> None:
    assert of_newcomer(stocked)["probability"].isna().all()


def test_where_likely_rows_are_asked_for_a_newcomer_gets_what_sells(
    stocked: OfferRecommender,
) -> None:
    rows = stocked.recommend(members=[NEWCOMER], rules=ListRules(min_probability=0.01))
    assert len(rows) > 0
    assert set(rows["reason"]) <= {"popular", "popular_nearby"}


def test_all_is_new_to_a_newcomer(stocked: OfferRecommender) -> None:
    rows = stocked.recommend(members=[NEWCOMER], only_new=True)
    pd.testing.assert_frame_equal(rows, of_newcomer(stocked))
    rows = stocked.recommend(members=[NEWCOMER], rules=ListRules(min_new_share=1.0))
    pd.testing.assert_frame_equal(rows, of_newcomer(stocked))


def test_newcomers_keep_to_exclusions(stocked: OfferRecommender) -> None:
    sent = pd.DataFrame({"member_id": [NEWCOMER], "product_id": ["soap-1"]})
    rows = stocked.recommend(members=[NEWCOMER], rules=ListRules(exclude=sent))
    assert rows["product_id"].iloc[0] == "soap-2"
    assert "soap-1" not in set(rows["product_id"])


def test_who_bought_is_not_judged_by_looks(stocked: OfferRecommender) -> None:
    # Member 0 looked at wine-1.
    tables = stocked_tables()
    tables["events"] = tables["events"].iloc[:3]
    without = OfferRecommender(ranker="never", random_state=0)
    without.fit(make_shop(**tables), as_of=AS_OF)
    pd.testing.assert_frame_equal(
        without.recommend(members=[0]), stocked.recommend(members=[0]), check_exact=True
    )


def test_without_events_a_newcomer_gets_what_sells(stocked: OfferRecommender) -> None:
    rows = stocked.recommend(members=[N_MEMBERS + 1])
    assert set(rows["reason"]) <= {"popular", "popular_nearby"}


def test_later_looks_change_nothing(stocked: OfferRecommender) -> None:
    tables = stocked_tables()
    later = tables["events"].assign(event_time=LATER, product_id="wine-1")
    tables["events"] = pd.concat([tables["events"], later], ignore_index=True)
    rec = OfferRecommender(ranker="never", random_state=0).fit(make_shop(**tables), as_of=AS_OF)
    pd.testing.assert_frame_equal(rec.recommend(), stocked.recommend(), check_exact=True)


def test_a_first_purchase_ends_being_a_newcomer(stocked: OfferRecommender) -> None:
    bought = (
        planted_orders()
        .head(1)
        .assign(member_id=NEWCOMER, product_id="wine-1", order_time=AS_OF, order_id=10**6)
    )
    tables = {**stocked_tables(), "orders": pd.concat([planted_orders(), bought])}
    rows = stocked.recommend(make_shop(**tables), as_of=LATER, members=[NEWCOMER], k=1)
    assert rows[["product_id", "source"]].to_numpy().tolist() == [["wine-1", "fallback"]]


def test_looks_by_members_who_opted_out_are_not_used(stocked: OfferRecommender) -> None:
    tables = stocked_tables()
    theirs = tables["events"].head(1).assign(member_id=N_MEMBERS + 3, product_id="wine-1")
    tables["events"] = pd.concat([tables["events"], theirs], ignore_index=True)
    rec = OfferRecommender(ranker="never", random_state=0).fit(make_shop(**tables), as_of=AS_OF)
    pd.testing.assert_frame_equal(rec.recommend(), stocked.recommend(), check_exact=True)


def test_the_order_of_events_changes_no_byte(stocked: OfferRecommender) -> None:
    tables = stocked_tables()
    tables["events"] = tables["events"].iloc[::-1]
    rec = OfferRecommender(ranker="never", random_state=0).fit(make_shop(**tables), as_of=AS_OF)
    pd.testing.assert_frame_equal(rec.recommend(), stocked.recommend(), check_exact=True)


@pytest.mark.parametrize("product", ["unknown", None])
def test_looks_at_what_was_never_sold_say_nothing(product: str | None) -> None:
    tables = stocked_tables()
    tables["events"] = tables["events"].assign(product_id=pd.array([product] * 4, "str"))
    rec = OfferRecommender(ranker="never", random_state=0).fit(make_shop(**tables), as_of=AS_OF)
    assert set(of_newcomer(rec)["reason"]) <= {"popular", "popular_nearby"}


def test_the_moment_of_the_fit_gives_newcomers_the_same(stocked: OfferRecommender) -> None:
    again = stocked.recommend(stocked_shop(), as_of=AS_OF, members=[NEWCOMER])
    pd.testing.assert_frame_equal(again, of_newcomer(stocked), check_exact=True)
