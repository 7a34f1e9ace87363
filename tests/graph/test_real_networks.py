"""Chat, meetings and friendships of real people, from raw tables to KOC, checked another way."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from real_networks import irc_community, lastfm_community, meetup_community
from siyu.datasets import Community
from siyu.graph import (
    MemberGraph,
    choose_seeds,
    communities,
    koc,
    koc_evidence,
    koc_roles,
    modularity,
    structural_holes,
)
from siyu.graph.seeding import influence_graph

pytestmark = [
    pytest.mark.filterwarnings("ignore:koc:siyu.datasets.errors.SiyuWarning"),
    pytest.mark.filterwarnings("ignore:.*undated:siyu.datasets.errors.SiyuWarning"),
]
AFTER_ALL = "2020-01-01"


@pytest.fixture(scope="module")
def chat(siyu_data: Path) -> Community:
    return irc_community(siyu_data / "irc_chat")


@pytest.fixture(scope="module")
def meetings(siyu_data: Path) -> Community:
    return meetup_community(siyu_data / "meetup_montana")


@pytest.fixture(scope="module")
def friends(siyu_data: Path) -> Community:
    return lastfm_community(siyu_data / "lastfm_hetrec")


def test_listeners_in_a_chat_are_the_people_who_replied(chat: Community) -> None:
    said = chat.arrow("messages")
    assert said is not None
    replies = said.to_pandas().dropna(subset=["reply_to_member_id"])
    replies = replies[replies["member_id"] != replies["reply_to_member_id"]]
    expected = replies.groupby("reply_to_member_id")["member_id"].nunique()
    found = koc_evidence(chat, as_of=AFTER_ALL).set_index("member_id")["n_listeners"]
    assert found[found > 0].astype(int).to_dict() == expected.to_dict()


def test_experts_of_a_chat_are_those_who_answer_many(chat: Community) -> None:
    helped = koc_evidence(chat, as_of=AFTER_ALL).set_index("member_id")["n_helped"]
    roles = koc_roles(chat, as_of=AFTER_ALL).set_index("member_id")["expert"]
    best = roles.sort_values(ascending=False).head(20).index
    assert helped[best].min() >= helped[helped > 0].quantile(0.98)


def test_what_a_chat_cannot_tell_is_unknown_and_said(chat: Community) -> None:
    with pytest.warns(UserWarning, match="referral .needs referrals and orders"):
        ranked = koc(chat, as_of=AFTER_ALL)
    assert ranked[["referral", "purchases"]].isna().all(axis=None)


def test_who_sits_in_many_groups_bridges_them(meetings: Community) -> None:
    rows = meetings.arrow("memberships")
    assert rows is not None
    n_groups = rows.to_pandas().groupby("member_id")["group_id"].nunique()
    ranked = koc(meetings, as_of="2016-06-01")
    ranked["n_groups"] = ranked["member_id"].map(n_groups)
    bridging = ranked.groupby(ranked["n_groups"].clip(upper=3))["bridging"].mean()
    assert bridging.is_monotonic_increasing
    assert bridging.loc[3] > 4 * bridging.loc[1]


def test_communities_of_meetings_are_their_groups(meetings: Community) -> None:
    graph = MemberGraph.from_community(meetings, as_of="2016-06-01")
    labels = communities(graph)
    rows = meetings.arrow("memberships")
    assert rows is not None
    one_group = rows.to_pandas().drop_duplicates("member_id", keep=False)
    both = one_group.merge(labels, on="member_id")
    share_of_main = both.groupby("community")["group_id"].agg(
        lambda groups: groups.value_counts().iloc[0]
    )
    assert share_of_main.sum() / len(both) > 0.9


def test_structural_holes_of_friends_are_those_of_networkx(friends: Community) -> None:
    nx = pytest.importorskip("networkx")
    graph = MemberGraph.from_community(friends, as_of=AFTER_ALL)
    found = structural_holes(graph).set_index("member_id")["constraint"].dropna()
    expected = pd.Series(nx.constraint(graph.to_networkx(), weight="weight")).dropna()
    np.testing.assert_allclose(found, expected[found.index], rtol=1e-12)


def test_friends_live_in_communities(friends: Community) -> None:
    graph = MemberGraph.from_community(friends, as_of=AFTER_ALL)
    assert modularity(graph, communities(graph)) > 0.45


@pytest.mark.slow
def test_seeds_among_friends_reach_more_than_the_most_befriended(friends: Community) -> None:
    chosen = choose_seeds(influence_graph(friends, as_of=AFTER_ALL), 10, random_state=0)
    beside = chosen.baselines.set_index("method")
    assert chosen.certified_ratio >= 0.8
    assert chosen.spread.low > beside.loc["degree", "high"]
