"""Lists of coupons: who ranks, who gets what, and that nothing else changes them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from coupon_shop import AS_OF, KINDS, N_MEMBERS, coupon_shop, coupon_tables, loves_coupons, taste_of
from siyu.datasets import Community, DataError, ParameterError, SiyuWarning
from siyu.datasets.errors import ModelFileError
from siyu.recommend.coupons.coupon_model import CouponModel

LAST = "09"  # the launch that runs at AS_OF


@pytest.fixture(scope="module")
def shop() -> Community:
    return coupon_shop()


@pytest.fixture(scope="module")
def trained(shop: Community) -> CouponModel:
    return CouponModel(random_state=0).fit(shop, as_of=AS_OF)


@pytest.fixture(scope="module")
def plain(shop: Community) -> CouponModel:
    return CouponModel(ranker="never", random_state=0).fit(shop, as_of=AS_OF)


def plain_lists(c: Community, **wanted: Any) -> pd.DataFrame:
    model = CouponModel(ranker="never", random_state=0).fit(c, as_of=AS_OF)
    lists: pd.DataFrame = model.recommend(**wanted)
    return lists


def test_the_model_wins_where_taste_and_habit_are_planted(trained: CouponModel) -> None:
    assert trained.source_ == "model"
    found = trained.validation_.iloc[0]
    assert 0 < found["low"] < found["gain"] < found["high"]
    assert found["model_ndcg"] >= found["fallback_ndcg"] - 0.02


def test_the_first_coupon_is_that_of_the_planted_taste(trained: CouponModel) -> None:
    first = trained.recommend(k=1).query("source == 'model'")
    right = [KINDS[taste_of(one)] for one in first["member_id"]]
    assert (first["offer_id"].str.split("-").str[0] == right).mean() > 0.9


def test_those_who_love_coupons_have_the_higher_chance(trained: CouponModel) -> None:
    chance = trained.campaign_scores().set_index("member_id")["probability"]
    lovers = np.array([loves_coupons(one) for one in chance.index])
    assert chance[lovers].min() > chance[~lovers].quantile(0.9)


def test_probabilities_add_up_to_about_what_is_redeemed(trained: CouponModel) -> None:
    later = coupon_tables()["events"].query("offer_id.str.endswith(@LAST)")
    expected = trained.score_pairs()["probability"].sum()
    assert 0.6 < expected / len(later) < 1.6


def test_lists_have_their_columns_and_ranks(trained: CouponModel) -> None:
    found = trained.recommend(k=3)
    assert list(found) == [
        "member_id", "rank", "offer_id", "campaign_id", "score", "probability", "source", "reason",
    ]  # fmt: skip
    assert found.groupby("member_id")["rank"].max().le(3).all()
    assert found.groupby("member_id")["score"].is_monotonic_decreasing.all()
    assert set(found["campaign_id"]) == {109}


def test_reasons_are_facts(trained: CouponModel) -> None:
    found = trained.recommend()
    tables = coupon_tables()
    bought = tables["orders"].merge(tables["offer_products"], on="product_id")
    bought = bought[bought["order_time"] < AS_OF]
    trips = bought.groupby(["member_id", "offer_id"])["order_id"].nunique().rename("trips")
    found = found.join(trips, on=["member_id", "offer_id"]).fillna({"trips": 0})
    assert found.query("reason == 'bought_often'")["trips"].min() >= 3
    assert found.query("reason == 'bought_before'")["trips"].between(1, 2).all()
    assert (found.query("reason in ('your_taste', 'popular')")["trips"] == 0).all()


def test_members_without_purchases_are_told_apart(trained: CouponModel) -> None:
    found = trained.recommend().groupby("member_id")["source"].first()
    cold = found[found == "cold_start"].index.tolist()
    assert cold == [N_MEMBERS - 2, N_MEMBERS - 1]


def test_nobody_gets_what_has_ended_or_what_they_redeemed(trained: CouponModel) -> None:
    found = trained.recommend()
    assert found["offer_id"].str.endswith(LAST).all()
    events = coupon_tables()["events"].query("offer_id.str.endswith(@LAST)")
    done = events[events["event_time"] < AS_OF]
    both = found.merge(done, on=["member_id", "offer_id"])
    assert len(done) > 0
    assert both.empty


def test_scores_of_pairs_keep_what_was_redeemed(trained: CouponModel) -> None:
    assert len(trained.score_pairs()) == N_MEMBERS * len(KINDS)


@pytest.mark.parametrize("column", [{"stock": 0.0}, {"budget": 0.0}, {"budget": 2.0}])
def test_used_up_coupons_are_not_listed(column: dict[str, float]) -> None:
    offers = coupon_tables()["offers"]
    name, value = next(iter(column.items()))
    offers[name] = np.where(offers["offer_id"] == f"tea-{LAST}", value, np.nan)
    found = plain_lists(coupon_shop(offers=offers))
    assert set(found["offer_id"]) == {f"{kind}-{LAST}" for kind in KINDS} - {f"tea-{LAST}"}


def test_members_who_opted_out_get_no_personal_coupon() -> None:
    members = coupon_tables()["members"].assign(opt_out=lambda t: t["member_id"] == 4)
    model = CouponModel(ranker="never").fit(coupon_shop(members=members), as_of=AS_OF)
    assert 4 not in set(model.recommend()["member_id"])
    assert 4 not in set(model.score_pairs()["member_id"])
    assert 4 not in set(model.campaign_scores()["member_id"])


def test_members_who_opted_out_get_coupons_open_to_all_in_one_order() -> None:
    tables = coupon_tables()
    members = tables["members"].assign(opt_out=lambda t: t["member_id"].isin([4, 6]))
    open_ones = tables["offer_members"].query("not offer_id.str.endswith(@LAST)")
    found = plain_lists(coupon_shop(members=members, offer_members=open_ones))
    lists = found[found["member_id"].isin([4, 6])].groupby("member_id")["offer_id"].agg(list)
    assert lists[4] == lists[6]
    assert len(lists[4]) == len(KINDS)
    assert set(found.query("member_id in (4, 6)")["source"]) == {"non_personal"}
    assert found.query("member_id in (4, 6)")["probability"].isna().all()


def test_what_opted_out_members_did_changes_nobodys_list() -> None:
    members = coupon_tables()["members"].assign(opt_out=lambda t: t["member_id"] == 4)
    tables = coupon_tables()
    with_them = plain_lists(coupon_shop(members=members))
    cut = {name: tables[name].query("member_id != 4") for name in ("orders", "events")}
    without = plain_lists(coupon_shop(members=members, **cut))
    pd.testing.assert_frame_equal(with_them, without)


def test_one_member_asked_for_gets_the_same_list(trained: CouponModel) -> None:
    everybody = trained.recommend()
    alone = trained.recommend(members=[7])
    expected = everybody[everybody["member_id"] == 7].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, expected, check_exact=True)


def test_staff_and_unknown_members_are_told_of() -> None:
    members = coupon_tables()["members"].assign(
        kind=lambda t: np.where(t["member_id"] == 3, "staff", "customer")
    )
    model = CouponModel(ranker="never").fit(coupon_shop(members=members), as_of=AS_OF)
    with pytest.warns(SiyuWarning, match="1 of the members asked for are staff"):
        assert model.recommend(members=[3]).empty
    with pytest.warns(SiyuWarning, match="1 of the members asked for are not known"):
        assert model.recommend(members=[999]).empty


@pytest.mark.parametrize("name", ["trained", "plain"])
def test_contributions_add_up_to_the_score(name: str, request: pytest.FixtureRequest) -> None:
    model: CouponModel = request.getfixturevalue(name)
    one = model.recommend(k=1).iloc[0]
    parts = model.explain(one["member_id"], one["offer_id"])
    assert parts["contribution"].sum() == pytest.approx(one["score"], abs=1e-9)
    assert parts["family"].iloc[-1] == "base"
    assert (parts["zh"].str.len() > 0).all()
    assert (parts["en"].str.len() > 0).all()


def test_what_cannot_be_explained_is_refused(trained: CouponModel) -> None:
    with pytest.raises(DataError, match="is no coupon known"):
        trained.explain(0, "nothing")
    with pytest.raises(DataError, match="has no personal score"):
        trained.explain(0, "tea-00")
    with pytest.raises(DataError, match="has no personal score"):
        trained.explain(12345, f"tea-{LAST}")


@pytest.mark.parametrize("name", ["trained", "plain"])
def test_a_saved_model_gives_the_same_bytes(
    name: str, tmp_path: Path, request: pytest.FixtureRequest, shop: Community
) -> None:
    model: CouponModel = request.getfixturevalue(name)
    model.save(tmp_path / "model")
    again = CouponModel.load(tmp_path / "model")
    assert again.get_params() == {**model.get_params(), "horizon": "28 days 00:00:00"}
    for call in ("recommend", "score_pairs", "campaign_scores"):
        first, second = getattr(model, call)(), getattr(again, call)()
        pd.testing.assert_frame_equal(first, second, check_exact=True)
    later = AS_OF + pd.Timedelta("1D")
    pd.testing.assert_frame_equal(
        again.recommend(shop, as_of=later), model.recommend(shop, as_of=later), check_exact=True
    )


def test_a_damaged_bundle_is_refused(tmp_path: Path, plain: CouponModel) -> None:
    plain.save(tmp_path / "model")
    table = next((tmp_path / "model").glob("*.parquet"))
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelFileError, match="damaged"):
        CouponModel.load(tmp_path / "model")


def test_the_state_of_the_fit_is_that_of_its_moment(shop: Community, trained: CouponModel) -> None:
    again = trained.recommend(shop, as_of=AS_OF)
    pd.testing.assert_frame_equal(again, trained.recommend(), check_exact=True)


def test_too_few_redemptions_leave_it_to_the_fallback() -> None:
    events = coupon_tables()["events"].head(30)
    with pytest.warns(SiyuWarning, match="redemptions of past launches are too few"):
        model = CouponModel(random_state=0).fit(coupon_shop(events=events), as_of=AS_OF)
    assert model.source_ == "fallback"
    assert set(model.recommend()["source"]) == {"fallback", "cold_start"}


def test_without_any_record_probabilities_are_unknown() -> None:
    c = coupon_shop(events=None)
    with pytest.warns(SiyuWarning, match="too few"):
        model = CouponModel().fit(c, as_of=AS_OF)
    assert model.redemptions_ == "none"
    assert model.recommend()["probability"].isna().all()
    assert model.campaign_scores()["probability"].isna().all()


def test_without_any_record_no_explanation_tells_how_many_were_redeemed() -> None:
    model = CouponModel(ranker="never").fit(coupon_shop(events=None), as_of=AS_OF)
    said = " ".join(model.explain(0, f"tea-{LAST}")["en"])
    assert "coupons redeemed so far" not in said
    assert "bought the coupon's products" in said


def test_uses_by_anyone_are_taken_off_the_budget() -> None:
    tables = coupon_tables()
    offers = tables["offers"].assign(budget=3.0)
    gone = pd.DataFrame(
        {"member_id": [4, 6], "event_time": AS_OF - pd.Timedelta("1D"), "event": "coupon_redeem"}
    ).assign(offer_id=f"tea-{LAST}")  # a face value of 2 each
    members = tables["members"].assign(opt_out=tables["members"]["member_id"].isin([4, 6]))
    found = plain_lists(coupon_shop(offers=offers, events=gone, members=members))
    assert f"tea-{LAST}" not in set(found["offer_id"])
    assert f"nuts-{LAST}" in set(found["offer_id"])


def test_coupons_issued_long_after_they_began_are_ranked_but_not_learned_from() -> None:
    held = coupon_tables()["offer_members"]
    held["issued_at"] += pd.Timedelta("3D")
    with pytest.warns(SiyuWarning) as told:
        model = CouponModel(random_state=0).fit(coupon_shop(offer_members=held), as_of=AS_OF)
    said = " ".join(str(one.message) for one in told)
    assert "4500 personal coupons were issued more than a day after they began" in said
    assert model.source_ == "fallback"
    assert len(model.recommend(k=1)) == N_MEMBERS


def test_without_past_launches_there_is_nothing_to_learn_from(shop: Community) -> None:
    with pytest.warns(SiyuWarning, match="no launch of coupons is a week old"):
        CouponModel(since=AS_OF).fit(shop, as_of=AS_OF)


def test_the_callers_columns_are_asked_for_at_every_launch(shop: Community) -> None:
    moments: list[pd.Timestamp] = []

    def tags(c: Community, as_of: pd.Timestamp) -> pd.DataFrame:
        moments.append(as_of)
        assert c.orders is not None
        assert c.orders["order_time"].max() < as_of
        ids = c.customers().to_pylist()
        return pd.DataFrame({"member_id": ids, "stage": [f"s{one % 3}" for one in ids]})

    model = CouponModel(ranker="always", n_launches=4, random_state=0)
    model.fit(shop, as_of=AS_OF, member_features=tags)
    assert len(moments) == 5  # four launches a week old, and the moment itself
    assert model.state_.columns.categorical() == ("stage",)
    with pytest.raises(ParameterError, match="learned from the member columns stage"):
        model.recommend(shop, as_of=AS_OF)
    again = model.recommend(shop, as_of=AS_OF, member_features=tags)
    pd.testing.assert_frame_equal(again, model.recommend(), check_exact=True)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"ranker": "maybe"}, "ranker must be one of"),
        ({"n_launches": 0}, "n_launches must be 1 or more"),
        ({"n_jobs": 0}, "n_jobs must be 1 or more"),
        ({"horizon": "1h"}, "horizon must be a day or more"),
    ],
)
def test_wrong_parameters_are_refused(
    parameters: dict[str, Any], message: str, shop: Community
) -> None:
    with pytest.raises(ParameterError, match=message):
        CouponModel(**parameters).fit(shop, as_of=AS_OF)


def test_wrong_calls_are_refused(shop: Community, plain: CouponModel) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        CouponModel().recommend()
    with pytest.raises(ParameterError, match="k must be 1 or more"):
        plain.recommend(k=0)
    with pytest.raises(ParameterError, match="both community and as_of"):
        plain.recommend(shop)


@pytest.mark.parametrize("table", ["orders", "offers"])
def test_a_missing_table_is_named(table: str) -> None:
    with pytest.raises(DataError, match=f"the table {table}"):
        CouponModel(ranker="never").fit(coupon_shop(**{table: None}), as_of=AS_OF)
