"""What the learned score looks at: known before the moment alone, and counted right."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.datasets import Community
from siyu.datasets.clock import DAY_US
from siyu.datasets.errors import DataError
from siyu.graph.ranking.learned_baselines import BASELINES, baseline_scores, transparent_score
from siyu.graph.ranking.learned_features import KocMoment, koc_features
from siyu.graph.ranking.learned_reasons import reasons_from, the_reason
from siyu.graph.ranking.learned_windows import Task, label_window, past_cuts, training_rows
from siyu.graph.ranking.outcome_windows import Outcome
from strategies import AS_OF, shuffled, small_community, with_edited_future, with_later_rows

END = int(AS_OF.timestamp() * 1e6)
MONTH = 30 * DAY_US
OUTCOMES: tuple[Outcome, ...] = ("buyers", "gmv", "followers")
pytestmark = pytest.mark.filterwarnings("ignore:ties were dropped")


def features(c: Community, outcome: Outcome = "buyers") -> dict[str, npt.NDArray[np.float64]]:
    return koc_features(KocMoment.of(c, END), MONTH, outcome)


def same(c: Community, other: Community, outcome: Outcome) -> None:
    first, second = features(c, outcome), features(other, outcome)
    assert list(first) == list(second)
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], err_msg=name)


def of_member(c: Community, member: int) -> dict[str, float]:
    at = KocMoment.of(c, END).members.to_pylist().index(member)
    return {name: float(values[at]) for name, values in features(c).items()}


@settings(max_examples=6)
@given(seed=st.integers(0, 30))
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_later_rows_change_nothing(outcome: Outcome, seed: int) -> None:
    c = small_community(seed)
    same(c, with_later_rows(c, small_community(seed + 1)), outcome)


@settings(max_examples=6)
@given(seed=st.integers(0, 30))
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_edited_later_values_change_nothing(outcome: Outcome, seed: int) -> None:
    c = small_community(seed)
    same(c, with_edited_future(c, seed), outcome)


@settings(max_examples=6)
@given(seed=st.integers(0, 30))
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_order_of_rows_changes_no_byte(outcome: Outcome, seed: int) -> None:
    c = small_community(seed)
    same(c, shuffled(c, seed), outcome)


def test_text_ids_give_what_integers_give() -> None:
    whole, text = features(small_community(3)), features(small_community(3, text_ids=True))
    for name, values in whole.items():
        np.testing.assert_array_equal(values, text[name], err_msg=name)


def test_a_table_that_is_absent_gives_no_column_rather_than_zeros() -> None:
    c = small_community(0)
    less = Community(orders=c.orders, referrals=c.referrals, tz=c.tz)
    missing = set(features(c)) - set(features(less))
    assert {"tenure", "n_shares", "n_messages", "n_groups"} <= missing
    assert {"degree", "spend", "n_invitees"}.isdisjoint(missing)


def test_messages_that_tell_of_no_replies_say_nothing_of_answers() -> None:
    c = small_community(0)
    messages = c.arrow("messages")
    assert messages is not None
    tables = {name: c.arrow(name) for name in c.tables()}
    tables["messages"] = messages.drop_columns(["reply_to_member_id"])
    found = features(Community(tz=c.tz, **tables))
    assert "n_messages" in found
    assert not {"n_replies_received", "n_repliers", "n_replies_given", "reply_rate"} & set(found)


def test_without_ties_there_is_nothing_to_look_at() -> None:
    c = small_community(0)
    with pytest.raises(DataError, match="no table holds ties"):
        KocMoment.of(Community(orders=c.orders, tz=c.tz), END)


def test_counts_by_hand() -> None:
    def day(*before: float) -> list[pd.Timestamp]:
        return [AS_OF - pd.Timedelta(d, "D") for d in before]

    c = Community(
        tz="UTC",
        members=pd.DataFrame({"member_id": [1, 2], "joined_at": day(100, 50)}),
        orders=pd.DataFrame(
            {"member_id": [2, 3, 1], "order_time": day(10, 40, 5), "amount": [7.0, 8.0, 3.0]}
        ),
        referrals=pd.DataFrame(
            {"inviter_id": [1] * 3, "invitee_id": [2, 3, 4], "referral_time": day(20, 60, 5)}
        ),
        events=pd.DataFrame(
            {"member_id": [1] * 3, "event_time": day(3, 100, 4), "event": ["share"] * 2 + ["view"]}
        ),
    )
    found = of_member(c, 1)
    expected = {
        "n_invitees": 3,
        "n_buyers": 2,
        "n_pending": 1,
        "n_pending_30": 1,
        "n_invitees_30": 2,
        "n_invitees_90": 3,
        "days_since_invitee": 5,
        "invitee_gmv": 15,
        "outcome_last": 1,  # 2 bought ten days ago, 3 forty
        "outcome_ever": 2,
        "is_brought": 0,
        "n_shares": 2,
        "n_shares_90": 1,
        "n_events": 3,
        "event_days_30": 2,
        "tenure": 100,
        "recency": 5,
        "spend": 3,
        "out_degree": 3,
        "in_degree": 0,
    }
    assert {name: found[name] for name in expected} == expected
    assert of_member(c, 2)["is_brought"] == 1
    assert np.isnan(of_member(c, 3)["tenure"])
    assert np.isnan(of_member(c, 2)["days_since_invitee"])


def test_windows_do_not_overlap_and_end_by_the_moment() -> None:
    c = small_community(0)
    cuts = past_cuts(c.before(AS_OF), END, Task("buyers", MONTH), 9)
    assert len(cuts) > 1
    assert (np.diff(cuts) == MONTH).all()
    assert cuts[-1] + MONTH == END


def test_a_record_without_rows_has_no_window() -> None:
    c = Community(
        referrals=pd.DataFrame({"inviter_id": [1], "invitee_id": [2]}),
        orders=pd.DataFrame({"member_id": [], "order_time": [], "amount": []}),
        tz="UTC",
    )
    assert len(past_cuts(c, END, Task("buyers", MONTH), 4)) == 0


@pytest.mark.parametrize(
    ("outcome", "table"), [("buyers", "orders"), ("gmv", "referrals"), ("followers", "orders")]
)
def test_no_window_reaches_beyond_the_record(outcome: Outcome, table: str) -> None:
    c, last = small_community(0), AS_OF - pd.Timedelta("10D")
    ends = Community(
        tz=c.tz,
        observed={table: (AS_OF - pd.Timedelta("300D"), last)},
        **{name: c.arrow(name) for name in c.tables()},
    )
    cuts = past_cuts(ends.before(AS_OF), END, Task(outcome, MONTH), 9)
    assert cuts[-1] + MONTH == END - 10 * DAY_US


def test_a_record_of_events_alone_has_windows_of_followers() -> None:
    c = small_community(0)
    tables = {name: c.arrow(name) for name in c.tables() if name != "orders"}
    cuts = past_cuts(Community(tz=c.tz, **tables).before(AS_OF), END, Task("followers", MONTH), 2)
    assert cuts[-1] + MONTH == END


@settings(max_examples=6)
@given(seed=st.integers(0, 20))
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_labels_do_not_see_beyond_their_window(outcome: Outcome, seed: int) -> None:
    c, task = small_community(seed), Task(outcome, MONTH)
    window = label_window(c, END - MONTH, task)
    edited = label_window(with_edited_future(c, seed), END - MONTH, task)
    assert window.outcome.tolist() == edited.outcome.tolist()


def test_staff_and_who_opted_out_are_not_in_a_window() -> None:
    members = label_window(small_community(0), END, Task("buyers", MONTH)).members.to_pylist()
    assert {1, 2, 5}.isdisjoint(members)


def test_invitees_who_come_within_the_window_count() -> None:
    times = [AS_OF - pd.Timedelta("1D"), AS_OF + pd.Timedelta("2D")]
    c = Community(
        referrals=pd.DataFrame(
            {"inviter_id": [1, 1], "invitee_id": [2, 3], "referral_time": times}
        ),
        orders=pd.DataFrame(
            {"member_id": [3], "order_time": [AS_OF + pd.Timedelta("3D")], "amount": [5.0]}
        ),
        tz="UTC",
    )
    window = label_window(c, END, Task("buyers", MONTH))
    assert dict(zip(window.members.to_pylist(), window.outcome, strict=True)) == {1: 1.0, 2: 0.0}


def test_columns_that_an_earlier_window_lacks_are_unknown_there() -> None:
    c, task = small_community(0), Task("buyers", MONTH)
    full = label_window(c, END, task)
    less = label_window(Community(orders=c.orders, referrals=c.referrals, tz=c.tz), END, task)
    rows = training_rows([less, full], ("tenure", "spend"))
    unknown = rows.matrix.take(np.arange(len(less.members))).select(["tenure"])
    assert np.isnan(unknown.values).all()
    assert len(rows.labels) == len(less.members) + len(full.members)


def test_low_constraint_ranks_the_least_constrained_first() -> None:
    found = baseline_scores({"constraint": np.array([0.2, 1.0, np.nan])}, "buyers")
    assert found["low_constraint"][0] > found["low_constraint"][1]
    assert list(found) == ["low_constraint"]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_plain_ranking_has_its_feature(outcome: Outcome) -> None:
    assert set(baseline_scores(features(small_community(0), outcome), outcome)) == set(
        BASELINES[outcome]
    )


def test_the_transparent_score_is_that_of_the_koc_list() -> None:
    from siyu.graph.ranking.koc_ranking import koc

    c = small_community(0)
    listed = koc(c, as_of=AS_OF, exclude_suspected=False).dropna(subset="rank")
    members = KocMoment.of(c, END).members
    score = transparent_score(c, END, members)
    found = pd.Series(score, members.to_pylist())
    np.testing.assert_array_equal(found[listed["member_id"]], listed["score"])


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_feature_belongs_to_a_reason(outcome: Outcome) -> None:
    names = list(features(small_community(0), outcome))
    adds = np.eye(len(names), len(names) + 1)
    reasons = reasons_from(adds, names, outcome)
    assert all(len(codes) == 1 for codes in reasons.to_pylist())


def test_reasons_are_the_three_that_add_most() -> None:
    columns = ["spend", "n_shares", "degree", "tenure", "order_days"]
    adds = np.array([[0.3, 0.25, 0.2, 0.5, 0.3, 9.0], [0.05, 0.09, -1.0, 0.0, 0.04, 9.0]])
    # buys_often 0.3 + 0.3, time_as_member 0.5, shares_often 0.25; the second has 0.09 at most
    assert reasons_from(adds, columns, "buyers").to_pylist() == [
        ["buys_often", "time_as_member", "shares_often"],
        [],
    ]


def test_a_plain_ranking_gives_its_one_reason_to_who_has_more_than_the_median() -> None:
    values = np.array([1.0, 2.0, 3.0, np.nan])
    assert the_reason("past_outcome", values, "followers").to_pylist() == [
        [],
        [],
        ["followed_before"],
        [],
    ]
