"""Groups of real networks, end to end: IRC channels, and Meetup groups of Montana."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from real_networks import irc_community, lastfm_community, meetup_community
from siyu.datasets import Community, DataError
from siyu.graph.groups.day_table import group_days
from siyu.graph.groups.group_facts import group_facts
from siyu.graph.groups.health import group_health
from siyu.graph.groups.reach import group_reach
from siyu.graph.groups.rhythm import rhythm_of, survival_of
from siyu.graph.groups.staffing import staff_load


@pytest.fixture(scope="module")
def irc(siyu_data: Path) -> Community:
    return irc_community(siyu_data / "irc_chat")


@pytest.fixture(scope="module")
def meetup(siyu_data: Path) -> Community:
    return meetup_community(siyu_data / "meetup_montana")


END = "2019-11-01"
EVER = "6000D"


@pytest.fixture(scope="module")
def channels(irc: Community) -> pd.DataFrame:
    found = group_health(irc, as_of=END, window=EVER)
    assert isinstance(found, pd.DataFrame)
    return found.set_index("group_id")


def test_all_dated_channels_and_messages_are_read(channels: pd.DataFrame, siyu_data: Path) -> None:
    lines = pd.read_parquet(siyu_data / "irc_chat" / "messages.parquet")
    dated = lines[lines["ts"].notna()].groupby(lines["channel"].astype(str)).size()
    assert len(dated) == 5
    assert channels["n_messages"].to_dict() == dated.to_dict()


_COUNTED = """
with said as (
  select *, cast(message_time at time zone 'UTC' as date) as day from messages),
turns as (select group_id, member_id, day, min(message_time) as began from said group by all),
replies as (
  select group_id, reply_to_member_id as member_id, message_time as at from said
  where reply_to_member_id <> member_id),
heard as (
  select t.group_id, t.member_id, t.began, min(r.at) as first
  from replies r asof join turns t
    on r.group_id = t.group_id and r.member_id = t.member_id and r.at >= t.began group by 1, 2, 3),
answered as (
  select group_id, count(*) as n_turns,
    count(*) filter (first < began + interval 24 hour) as n_answered
  from turns left join heard using (group_id, member_id, began) group by 1),
pairs as (
  select group_id, count(*) as n_replies, count(distinct (member_id, reply_to_member_id)) as n_pairs
  from said where reply_to_member_id <> member_id group by 1),
sides as (
  select distinct group_id, member_id as a, reply_to_member_id as b
  from said where reply_to_member_id <> member_id),
mutual as (
  select x.group_id, count(y.a) / count(*) as reciprocity
  from sides x left join sides y on x.group_id = y.group_id and x.a = y.b and x.b = y.a group by 1)
select group_id, count(*) as n_messages, count(distinct member_id) as n_speakers,
  avg(case when n_chars >= 10 and not has_link then 1 else 0 end) as substance_share,
  avg(has_link::int) as link_share, any_value(n_turns) as n_turns,
  any_value(n_answered) as n_answered, any_value(n_replies) as n_replies,
  any_value(n_pairs) as n_pairs, any_value(reciprocity) as reciprocity
from said join answered using (group_id) join pairs using (group_id) join mutual using (group_id)
group by group_id order by group_id
"""


def test_duckdb_counts_the_same_in_every_channel(irc: Community, channels: pd.DataFrame) -> None:
    with duckdb.connect() as base:
        base.execute("set timezone = 'UTC'")
        base.register("messages", irc.arrow("messages"))
        theirs = base.execute(_COUNTED).df().set_index("group_id")
    ours = channels[theirs.columns].astype(float)
    pd.testing.assert_frame_equal(ours, theirs.astype(float), check_exact=False, rtol=1e-12)


def test_a_help_channel_answers_soon_but_not_everybody(channels: pd.DataFrame) -> None:
    ubuntu = channels.loc["ubuntu"]
    assert 0.2 < ubuntu["answer_rate"] < 0.8
    assert ubuntu["answer_hours"] < 0.25


def test_days_of_a_channel_add_up(irc: Community) -> None:
    assert irc.messages is not None
    said = irc.messages[irc.messages["group_id"] == "ubuntu"]
    date = said["message_time"].dt.date
    busiest = date.value_counts().index[0]
    as_of = pd.Timestamp(busiest, tz="UTC") + pd.Timedelta("1D")
    found = group_days(irc, as_of=as_of, window="1D").set_index("group_id").loc["ubuntu"]
    there = said[date == busiest]
    assert found["n_messages"] == len(there)
    assert found["n_speakers"] == there["member_id"].nunique()
    assert found["day"] == busiest


def test_channels_without_memberships_have_no_members(channels: pd.DataFrame) -> None:
    names = ["n_members", "n_joined", "speaker_share", "gmv", "n_sends"]
    assert channels[names].isna().all(axis=None)


def test_every_window_of_a_day_can_be_a_group(siyu_data: Path) -> None:
    c = irc_community(siyu_data / "irc_chat", group="doc_id")
    found = group_health(c, as_of=END, window=EVER)
    assert len(found) == 185
    assert found["n_messages"].sum() == 235_661
    assert found["n_answered"].le(found["n_turns"]).all()


def test_meetup_groups_reach_each_member_once(meetup: Community) -> None:
    found = group_reach(meetup, as_of="2016-06-05")
    assert (found.n_memberships, found.n_members) == (1_941, 1_757)
    assert found.cover["n_reached"].iloc[-1] == 1_757


def test_meetup_members_joins_and_answers_are_those_of_pandas(meetup: Community) -> None:
    as_of = pd.Timestamp("2015-10-01", tz=meetup.tz)
    start = as_of - pd.Timedelta("91D")
    seats, seen = meetup.memberships, meetup.events
    assert seats is not None
    assert seen is not None
    ours = group_health(meetup, as_of=as_of, window="91D", activity="events").set_index("group_id")
    seats, seen = seats[seats["joined_at"] < as_of], seen[seen["event_time"] < as_of]
    late = seen[seen["event_time"] >= start]
    for name, theirs in {
        "n_members": seats.groupby("group_id")["member_id"].nunique(),
        "n_joined": seats[seats["joined_at"] >= start].groupby("group_id").size(),
        "n_messages": late.groupby("group_id").size(),
        "n_speakers": late.groupby("group_id")["member_id"].nunique(),
    }.items():
        assert (
            ours[name].astype(int).to_dict() == theirs.reindex(ours.index, fill_value=0).to_dict()
        )
    assert ours["n_left"].isna().all()


def test_organisers_of_meetup_look_after_their_groups(meetup: Community) -> None:
    found = staff_load(meetup, as_of="2016-06-05", max_members=300)
    assert meetup.groups is not None
    assert meetup.memberships is not None
    seats = meetup.memberships.merge(meetup.groups, on="group_id")
    held = seats.groupby("owner_id")["member_id"].nunique()
    assert found["n_groups"].sum() == len(meetup.groups)
    over = found.loc[found["over_capacity"], "staff_id"]
    assert over.tolist() == held.index[held > 300].tolist()


@pytest.mark.parametrize("days", [28, 91])
def test_survival_tells_which_meetup_groups_meet_again(meetup: Community, days: int) -> None:
    # Eight groups that all lived on to 2016, so this shows order and calibration, no more: the
    # rule "an answer within the last days" is as good here.
    seen = meetup.events
    assert seen is not None
    parts = []
    for day in pd.date_range("2009-06-01", "2016-03-01", freq="28D", tz=meetup.tz):
        facts = group_facts(meetup, day, "the test", "events")
        rhythm = rhythm_of(facts)
        assert rhythm is not None
        chance = survival_of(rhythm, float(days))
        till = day + pd.Timedelta(days=days)
        later = seen[(seen["event_time"] >= day) & (seen["event_time"] < till)]["group_id"]
        acts = np.isin(facts.groups.to_numpy(), later)
        parts.append(np.stack([chance, acts])[:, ~np.isnan(chance)])
    chance, acts = np.concatenate(parts, axis=1)
    order = pd.Series(chance).rank()
    n_acts = acts.sum()
    auc = (order[acts == 1].sum() - n_acts * (n_acts + 1) / 2) / (n_acts * (len(acts) - n_acts))
    assert auc > 0.95
    assert np.mean((chance - acts) ** 2) < 0.06
    assert abs(chance.mean() - acts.mean()) < 0.05


def test_friends_alone_name_no_groups(siyu_data: Path) -> None:
    c = lastfm_community(siyu_data / "lastfm_hetrec")
    with pytest.raises(DataError, match="needs a table that names groups"):
        group_health(c, as_of="2012-01-01")
