"""States and survival: by hand, and judged on simulated groups whose fate is known."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from group_worlds import chat
from siyu.datasets import label, make_community
from siyu.datasets.intervals import Interval, bootstrap_ratio
from siyu.graph.groups.health import group_health
from siyu.graph.groups.rhythm import Rhythm, survival_of
from siyu.graph.groups.state_rules import Talkativeness, state_of

Floats = npt.NDArray[np.float64]


def named(
    survival: float, now: int = 20, before: int = 60, age: float = 200, growth: float = 0.0
) -> tuple[str | None, str | None]:
    days = np.array([np.clip(int(age) - 28, 0, 84)])
    talk = Talkativeness(np.array([now]), np.array([before]), days, np.array([age]))
    state, because = state_of(np.array([survival]), talk, np.array([growth]))
    return state[0].as_py(), because[0].as_py()


def test_a_group_that_will_hardly_speak_again_is_dead() -> None:
    assert named(0.49) == ("dead", "silent")


def test_a_dead_group_is_dead_however_young() -> None:
    assert named(0.2, age=20) == ("dead", "silent")


def test_a_group_below_28_days_is_new() -> None:
    assert named(0.99, age=27.9, growth=5.0) == ("new", "began_lately")


def test_a_clear_fall_of_talk_is_dying() -> None:
    assert named(0.99, now=5, before=120) == ("dying", "talk_falls")


def test_days_before_the_record_are_no_days_of_silence() -> None:
    # Two speak on each of the 32 days of the record, then one on every other day: a clear fall,
    # though spread over the 84 days before it would be none.
    days = pd.date_range("2025-12-31", periods=60, tz="UTC")
    said = [(m, day, 1, None) for day in days[:32] for m in (1, 2)]
    said += [(1, day, 1, None) for day in days[33::2]]
    groups = pd.DataFrame({"group_id": [1], "created_at": [pd.Timestamp("2025-06-01", tz="UTC")]})
    span = (days[0], pd.Timestamp("2026-03-01", tz="UTC"))
    c = chat(said, groups=groups, observed={"messages": span})
    assert group_health(c, as_of="2026-03-01")["because"].tolist() == ["talk_falls"]


def test_a_fall_within_chance_is_not() -> None:
    assert named(0.99, now=1, before=6) == ("stable", "little_changes")


def test_a_group_in_danger_of_silence_is_dying() -> None:
    assert named(0.79) == ("dying", "may_fall_silent")


def test_a_tenth_of_members_gone_is_dying() -> None:
    assert named(0.99, growth=-0.11) == ("dying", "members_leave")


def test_three_tenths_more_members_is_growing() -> None:
    assert named(0.99, growth=0.3) == ("growing", "members_join")


def test_otherwise_a_group_is_stable() -> None:
    assert named(0.99, growth=float("nan")) == ("stable", "little_changes")
    assert named(0.99, growth=0.29) == ("stable", "little_changes")


def test_what_is_unknown_has_no_state() -> None:
    assert named(float("nan")) == (None, None)


def test_states_have_words_in_both_languages() -> None:
    frame = pd.DataFrame({"state": ["dead"], "because": ["silent"]})
    assert label(frame, "zh").iloc[0].tolist() == ["死群", "多半不会再有人说话"]
    assert label(frame, "en").iloc[0].tolist() == ["dead", "hardly anybody will speak again"]


def test_a_group_that_acted_today_acts_within_the_days_to_come_unless_it_dies() -> None:
    # r / (r + m) (1 - exp(-(r + m) d)) with r = 0.1, m = 0.1, d = 10
    found = survival_of(Rhythm(np.array([0.1]), np.array([0.0])), 10.0, mean_life=10.0)
    assert found[0] == pytest.approx(0.5 * (1 - np.exp(-2.0)))


def test_the_same_silence_says_more_of_a_lively_group() -> None:
    silent = survival_of(Rhythm(np.array([0.9, 0.1]), np.array([20.0, 20.0])), 28.0)
    assert silent[0] < 0.01
    assert silent[1] > 0.5


def test_survival_falls_with_silence_and_rises_with_the_horizon() -> None:
    rhythm = Rhythm(np.full(4, 0.2), np.array([0.0, 5.0, 20.0, 60.0]))
    assert (np.diff(survival_of(rhythm, 28.0)) < 0).all()
    assert (survival_of(rhythm, 56.0) >= survival_of(rhythm, 28.0)).all()


def test_no_silence_is_too_long_for_the_arithmetic() -> None:
    assert survival_of(Rhythm(np.array([1.0]), np.array([1e6])), 28.0).tolist() == pytest.approx(
        [0]
    )


def judged_world(seed: int) -> Any:
    """Give forecasts and fates of the groups of one simulated world, at several moments."""
    c = make_community(3_000, random_state=seed)
    said, fate = c.messages, pd.DataFrame(c.truth["groups"])
    assert said is not None
    staff = c.staff().to_pylist()
    said = said[~said["member_id"].isin(staff)]
    found = []
    for day in pd.date_range("2024-12-01", "2026-06-01", freq="49D", tz=c.tz):
        health = group_health(c, as_of=day, window="28D")
        health = health[health["age_days"] > 0]
        till = day + pd.Timedelta("28D")
        later = said[(said["message_time"] >= day) & (said["message_time"] < till)]
        true = fate[(fate["since"] < day) & ~(fate["until"] < day)]
        states = true.drop_duplicates("group_id", keep="last").set_index("group_id")["state"]
        found.append(
            health[["group_id", "state", "survival", "n_messages"]].assign(
                world=seed,
                acts=health["group_id"].isin(later["group_id"]),
                truth=health["group_id"].map(states),
            )
        )
    return pd.concat(found)


@pytest.fixture(scope="module")
def judged() -> pd.DataFrame:
    rows: pd.DataFrame = pd.concat([judged_world(s) for s in range(101, 105)], ignore_index=True)
    return rows


def brier(chance: Any, acts: Any) -> Floats:
    return np.asarray((np.asarray(chance, float) - np.asarray(acts, float)) ** 2)


def gain_over(judged: pd.DataFrame, chance: Any) -> Interval:
    """Give the mean difference of Brier scores, ours less another's, resampling groups."""
    gap = brier(judged["survival"], judged["acts"]) - brier(chance, judged["acts"])
    by_group = pd.Series(gap).groupby([judged["world"], judged["group_id"]]).agg(["sum", "size"])
    sums = (by_group[name].to_numpy(np.float64) for name in ("sum", "size"))
    return bootstrap_ratio(*sums, random_state=0)


@pytest.mark.slow
def test_survival_beats_the_rule_of_a_message_in_the_last_28_days(judged: pd.DataFrame) -> None:
    assert gain_over(judged, judged["n_messages"] > 0).high < 0


@pytest.mark.slow
def test_survival_beats_the_base_rate(judged: pd.DataFrame) -> None:
    assert gain_over(judged, judged["acts"].mean()).high < -0.1


@pytest.mark.slow
def test_survival_is_calibrated(judged: pd.DataFrame) -> None:
    means = judged.groupby(pd.cut(judged["survival"], [-0.01, 0.2, 0.8, 1.0]), observed=True)
    table = means[["survival", "acts"]].mean()
    assert ((table["survival"] - table["acts"]).abs() < 0.15).all()
    assert abs(judged["survival"].mean() - judged["acts"].mean()) < 0.05


@pytest.mark.slow
def test_dead_groups_are_called_dead_and_living_ones_are_not(judged: pd.DataFrame) -> None:
    share = (judged["state"] == "dead").groupby(judged["truth"]).mean()
    assert share["dead"] > 0.75
    assert share["stable"] < 0.05


@pytest.mark.slow
def test_each_state_is_found_far_more_often_than_by_chance(judged: pd.DataFrame) -> None:
    called = judged["state"].replace("new", "growing")
    share = {s: (called[judged["truth"] == s] == s).mean() for s in ("growing", "stable", "dying")}
    assert share["growing"] > 0.6
    assert share["stable"] > 0.65
    assert share["dying"] > 3 * (called[judged["truth"] == "stable"] == "dying").mean()
