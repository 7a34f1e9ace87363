"""The learned KOC model: who is ranked and how, when it may rank, and that it stays itself."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from siyu.datasets import Community, label, make_community
from siyu.datasets.errors import DataError, ModelFileError, ParameterError, SiyuWarning
from siyu.graph.ranking.learned_backtest import koc_backtest
from siyu.graph.ranking.learned_koc import KocModel
from strategies import AS_OF, shuffled, small_community, with_edited_future

END = pd.Timestamp("2026-06-01", tz="UTC")
pytestmark = [
    pytest.mark.filterwarnings("ignore:ties were dropped"),
    pytest.mark.filterwarnings("ignore:the model found no split"),
]


@pytest.fixture(scope="module")
def brand() -> Community:
    return make_community(4_000, random_state=2)


@pytest.fixture(scope="module")
def model(brand: Community) -> KocModel:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SiyuWarning)
        warnings.filterwarnings("ignore", "ties were dropped", SiyuWarning)
        return KocModel("60D").fit(brand, as_of=END)


@pytest.fixture(scope="module")
def ranked(brand: Community, model: KocModel) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "ties were dropped", SiyuWarning)
        found: pd.DataFrame = model.rank(brand, as_of=END)
    return found


def little(seed: int = 0) -> Community:
    """Give a community too small to learn from."""
    return small_community(seed)


def fallen_back(c: Community, **parameters: Any) -> KocModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        return KocModel(**parameters).fit(c, as_of=AS_OF)


def test_where_the_past_tells_the_trees_rank(model: KocModel) -> None:
    assert model.source_ == "learned"
    assert model.verdict_.trees_win
    assert model.n_windows_ == 4


def test_the_verdict_is_in_the_validation(model: KocModel) -> None:
    found = model.validation_.set_index(["ranking", "metric"])
    verdict = model.verdict_
    assert found["gain"][verdict.best, "ndcg"] == pytest.approx(verdict.gain)
    plain = found.drop(index="learned", level="ranking").xs("ndcg", level="metric")
    assert plain["value"].idxmax() == verdict.best


def test_the_plain_rankings_that_count_are_all_there(model: KocModel) -> None:
    assert {"degree", "past_invitees", "pagerank", "low_constraint", "koc_score"} <= set(
        model.validation_["ranking"]
    )


def test_ranks_count_from_one_and_scores_fall(ranked: pd.DataFrame) -> None:
    listed = ranked[ranked["rank"].notna()]
    assert listed["rank"].tolist() == list(range(1, len(listed) + 1))
    assert listed["score"].is_monotonic_decreasing
    assert (listed["score"] >= 0).all()


def test_everybody_is_on_the_list_once(brand: Community, ranked: pd.DataFrame) -> None:
    assert ranked["member_id"].is_unique
    known = brand.before(END)
    assert set(known.customers().to_pylist()) <= set(ranked["member_id"])


def test_staff_and_who_opted_out_are_named_but_not_ranked(
    brand: Community, ranked: pd.DataFrame
) -> None:
    why = ranked.set_index("member_id")["excluded_because"]
    known = brand.before(END)
    out = known.opted_out().to_pylist()
    assert (why[why.index.isin(out)] == "opted_out").all()
    assert (why[why.index.isin(known.staff().to_pylist())] == "staff").all()
    assert ranked.loc[ranked["rank"].notna(), "excluded_because"].isna().all()


def test_excluded_members_move_the_others_up_and_change_no_score(
    brand: Community, model: KocModel, ranked: pd.DataFrame
) -> None:
    first = ranked["member_id"].iloc[0]
    less = model.rank(brand, as_of=END, exclude=[first])
    assert less["member_id"].iloc[0] == ranked["member_id"].iloc[1]
    assert less["score"].iloc[0] == ranked["score"].iloc[1]
    assert less.set_index("member_id").loc[first, "excluded_because"] == "excluded"


def test_suspects_stay_where_the_caller_says_so(
    brand: Community, model: KocModel, ranked: pd.DataFrame
) -> None:
    suspects = (ranked["excluded_because"] == "suspected_fraud").sum()
    kept = model.rank(brand, as_of=END, exclude_suspected=False)
    assert suspects > 0
    assert kept["rank"].notna().sum() == ranked["rank"].notna().sum() + suspects


def test_the_expected_buyers_of_all_are_about_those_that_come(
    brand: Community, model: KocModel
) -> None:
    earlier = END - pd.Timedelta("60D")
    listed = model.rank(brand, as_of=earlier).dropna(subset="rank")
    orders, referrals = brand.orders, brand.referrals
    assert orders is not None
    assert referrals is not None
    first = orders[orders["quantity"] > 0].groupby("member_id")["order_time"].min()
    bought = referrals["invitee_id"].map(first)
    came = (bought >= earlier) & (bought < END) & (bought >= referrals["referral_time"])
    came &= referrals["inviter_id"].isin(listed["member_id"])
    assert listed["score"].sum() == pytest.approx(came.sum(), rel=0.5)


def test_reasons_have_words(ranked: pd.DataFrame) -> None:
    shown = label(ranked.head(50), lang="en")["reasons"]
    codes = {code for row in ranked["reasons"].head(50) for code in row}
    assert codes
    assert codes.isdisjoint({word for row in shown for word in row})


@pytest.mark.slow
def test_the_future_changes_neither_model_nor_ranks(
    brand: Community, model: KocModel, ranked: pd.DataFrame
) -> None:
    dated = {name: getattr(brand, name) for name in ("orders", "referrals", "events", "messages")}
    time = {
        "orders": "order_time",
        "referrals": "referral_time",
        "events": "event_time",
        "messages": "message_time",
    }
    earlier = {name: frame[frame[time[name]] < END] for name, frame in dated.items()}
    others = {name: brand.arrow(name) for name in brand.tables() if name not in dated}
    cut = Community(tz=brand.tz, **earlier, **others)
    again = KocModel("60D").fit(cut, as_of=END)
    assert again.trees_ is not None
    assert model.trees_ is not None
    assert again.trees_.to_text() == model.trees_.to_text()
    pd.testing.assert_frame_equal(again.rank(cut, as_of=END), ranked)


@pytest.mark.slow
def test_the_order_of_rows_changes_no_byte(brand: Community, model: KocModel) -> None:
    again = KocModel("60D").fit(shuffled(brand, 1), as_of=END)
    assert again.trees_ is not None
    assert model.trees_ is not None
    assert again.trees_.to_text() == model.trees_.to_text()
    pd.testing.assert_frame_equal(again.validation_, model.validation_)


def test_a_saved_model_ranks_as_before(
    brand: Community, model: KocModel, ranked: pd.DataFrame, tmp_path: Path
) -> None:
    model.save(tmp_path / "model")
    again = KocModel.load(tmp_path / "model")
    pd.testing.assert_frame_equal(again.rank(brand, as_of=END), ranked)
    assert again.verdict_ == model.verdict_
    assert again.get_params() == model.get_params()
    pd.testing.assert_frame_equal(again.validation_, model.validation_)


def test_a_saved_model_is_refused_when_a_byte_differs(model: KocModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    trees = tmp_path / "model" / "trees.txt"
    trees.write_text(trees.read_text().replace("leaf_value", "leaf_valve", 1))
    with pytest.raises(ModelFileError, match=r"trees\.txt"):
        KocModel.load(tmp_path / "model")


@pytest.mark.slow
def test_where_inviters_are_drawn_by_lot_the_trees_do_not_rank(brand: Community) -> None:
    orders = brand.orders
    assert orders is not None
    first = orders[orders["quantity"] > 0].groupby("member_id")["order_time"].min()
    rng = np.random.default_rng(0)
    invitees = first.sample(1000, random_state=0)
    referrals = pd.DataFrame(
        {
            "inviter_id": rng.choice(brand.customers().to_pylist(), len(invitees)),
            "invitee_id": invitees.index.to_numpy(),
            # nobody is waited for, or who waits would tell
            "referral_time": pd.DatetimeIndex(invitees - pd.Timedelta("1s")),
        }
    )
    others = {name: brand.arrow(name) for name in ("orders", "members", "events", "ties")}
    c = Community(tz=brand.tz, referrals=referrals, **others)
    with pytest.warns(SiyuWarning, match="does not beat .* beyond noise on the latest window"):
        found = KocModel("60D").fit(c, as_of=END)
    assert found.source_ == found.verdict_.best


def test_too_little_to_learn_from_is_said_and_named() -> None:
    with pytest.warns(SiyuWarning, match=r"too few to choose by; 'koc_score' ranks instead"):
        found = KocModel("30D").fit(little(), as_of=AS_OF)
    assert found.source_ == "koc_score"
    assert not found.verdict_.trees_win


def test_a_model_that_fell_back_ranks_as_the_named_ranking_does() -> None:
    from siyu.graph.ranking.koc_ranking import koc

    c = little()
    listed = fallen_back(c, horizon="30D").rank(c, as_of=AS_OF)
    assert listed["member_id"].tolist() == koc(c, as_of=AS_OF)["member_id"].tolist()


def test_a_model_that_fell_back_can_be_saved(tmp_path: Path) -> None:
    c = little()
    found = fallen_back(c, horizon="30D")
    found.save(tmp_path / "model")
    again = KocModel.load(tmp_path / "model")
    pd.testing.assert_frame_equal(again.rank(c, as_of=AS_OF), found.rank(c, as_of=AS_OF))


@pytest.mark.parametrize("outcome", ["buyers", "gmv", "followers"])
def test_the_future_changes_nothing_of_any_outcome(outcome: str) -> None:
    c = little(3)
    edited = with_edited_future(c, 3)
    first, second = (fallen_back(some, horizon="30D", outcome=outcome) for some in (c, edited))
    pd.testing.assert_frame_equal(first.validation_, second.validation_)
    pd.testing.assert_frame_equal(first.rank(c, as_of=AS_OF), second.rank(edited, as_of=AS_OF))


def test_integer_and_text_ids_rank_alike() -> None:
    whole, text = small_community(4), small_community(4, text_ids=True)
    first, second = (
        fallen_back(c, horizon="30D").rank(c, as_of=AS_OF, output="polars") for c in (whole, text)
    )
    assert isinstance(first, pl.DataFrame)
    assert [f"m{i:05d}" for i in first["member_id"]] == second["member_id"].to_list()
    assert first["score"].equals(second["score"])


def test_a_ranking_needs_the_tables_of_its_fit() -> None:
    c = little()
    found = fallen_back(c, horizon="30D")
    found.source_ = "degree"
    assert c.referrals is not None
    orders = Community(orders=c.orders, referrals=c.referrals.head(0), tz=c.tz)
    assert (
        len(found.rank(orders, as_of=AS_OF)) > 0
    )  # no referrals, but a table that could hold ties
    found.source_ = "recent_shares"
    with pytest.raises(DataError, match="'recent_shares', and this community lacks the tables"):
        found.rank(orders, as_of=AS_OF)


def test_trees_do_not_rank_without_what_they_learned_from(
    brand: Community, model: KocModel
) -> None:
    tables = {name: brand.arrow(name) for name in brand.tables() if name != "messages"}
    with pytest.raises(DataError, match=r"no tables for, such as 'n_messages'; it has: .*orders"):
        model.rank(Community(tz=brand.tz, **tables), as_of=END)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"horizon": "soon"}, "horizon must be whole days such as '30D', 1 or more; got 'soon'"),
        ({"horizon": "36h"}, "horizon must be whole days"),
        ({"horizon": "0D"}, "horizon must be whole days"),
        ({"outcome": "likes"}, "outcome must be one of buyers, gmv, followers; got 'likes'"),
        ({"k": 0}, "k must be a whole number of 1 or more, got 0"),
        ({"n_windows": 1}, "n_windows must be a whole number of 2 or more, got 1"),
        ({"random_state": -1}, "random_state must be a whole number of 0 or more, got -1"),
        ({"k": True}, "k must be a whole number of 1 or more, got True"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        KocModel(**parameters).fit(little(), as_of=AS_OF)


def test_a_record_too_short_is_refused() -> None:
    with pytest.raises(DataError, match="too short to learn from: it must be longer than three"):
        KocModel("300D").fit(little(), as_of=AS_OF)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_members_are_refused(n: int) -> None:
    who = np.arange(n)
    c = Community(
        orders=pd.DataFrame(
            {"member_id": who, "order_time": [AS_OF - pd.Timedelta("1D")] * n, "amount": [1.0] * n}
        ),
        referrals=pd.DataFrame({"inviter_id": who[:0], "invitee_id": who[:0]}),
        tz="UTC",
    )
    with pytest.raises(DataError, match="too short to learn from"):
        KocModel("30D").fit(c, as_of=AS_OF)


def test_followers_without_ties_are_refused() -> None:
    c = little()
    with pytest.raises(DataError, match="no table holds ties"):
        KocModel("30D", outcome="followers").fit(Community(orders=c.orders, tz=c.tz), as_of=AS_OF)


def test_without_referrals_buyers_are_refused_and_followers_proposed() -> None:
    c = little()
    less = Community(orders=c.orders, ties=c.ties, tz=c.tz)
    with pytest.raises(DataError, match="outcome='followers' can be learned"):
        KocModel("30D").fit(less, as_of=AS_OF)


def test_an_unfitted_model_ranks_nobody() -> None:
    with pytest.raises(NotFittedError, match="not fitted"):
        KocModel().rank(little(), as_of=AS_OF)


def test_a_clone_has_the_parameters_and_no_more(model: KocModel) -> None:
    again = clone(model)
    assert again.get_params() == model.get_params()
    assert not hasattr(again, "source_")


@pytest.mark.slow
def test_the_backtest_tries_windows_that_the_trees_have_not_seen(brand: Community) -> None:
    found = koc_backtest(brand, as_of=END, model=KocModel("60D", n_windows=3), n_tests=2)
    ours = found[found["ranking"] == "learned"].set_index("metric")
    degree = found[found["ranking"] == "degree"].set_index("metric")
    assert ours.loc["average_precision", "value"] > degree.loc["average_precision", "value"]
    assert (degree["gain_low"] > 0).all()


@pytest.mark.slow
def test_the_last_window_of_the_backtest_is_that_of_the_fit(
    brand: Community, model: KocModel
) -> None:
    found = koc_backtest(brand, as_of=END, model=model, n_tests=1)
    pd.testing.assert_frame_equal(found, model.validation_)


def test_a_backtest_needs_windows_beside_those_it_tries() -> None:
    with pytest.raises(DataError, match=r"the record holds \d+ windows of this horizon; 9 to try"):
        koc_backtest(little(), as_of=AS_OF, model=KocModel("30D"), n_tests=9)


def test_a_backtest_needs_something_to_learn_from() -> None:
    with pytest.raises(DataError, match="too few members brought anything in the windows"):
        koc_backtest(little(), as_of=AS_OF, model=KocModel("30D"), n_tests=1)
