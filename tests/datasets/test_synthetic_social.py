"""Simulated ties, brokers, groups, talk, referrals and fraud rings."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from siyu.datasets.community import Community
from siyu.datasets.synthetic.community_maker import make_community
from siyu.datasets.synthetic.options import CommunityOptions

FISSION = ["groupbuy", "help", "gift", "coupon", "bargain", "contest", "swap"]


@pytest.fixture(scope="module")
def c() -> Community:
    return make_community(5_000, random_state=0)


@pytest.fixture(scope="module")
def member(c: Community) -> pd.DataFrame:
    frame: pd.DataFrame = c.truth["members"].set_index("member_id")
    return frame


@pytest.fixture(scope="module")
def pairs(c: Community, member: pd.DataFrame) -> pd.DataFrame:
    """Friendships between customers, both ways, with the community of the friend."""
    assert c.ties is not None
    friends = c.ties[(c.ties["kind"] == "friend") & c.ties["source"].isin(member.index)]
    one = friends[["source", "target"]]
    both = pd.concat([one, one.rename(columns={"source": "target", "target": "source"})])
    return both.assign(community=member["community"].reindex(both["target"]).to_numpy())


@pytest.fixture(scope="module")
def talk(c: Community, member: pd.DataFrame) -> pd.DataFrame:
    """Messages of customers."""
    assert c.messages is not None
    return c.messages[c.messages["member_id"].isin(member.index)]


def average_precision(score: "pd.Series[float]", member: pd.DataFrame) -> float:
    hits = member["is_broker"].to_numpy()[np.argsort(-score.to_numpy(), kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def degrees(pairs: pd.DataFrame, member: pd.DataFrame) -> "pd.Series[float]":
    return pairs.groupby("source").size().reindex(member.index).fillna(0).astype(float)


def participation(pairs: pd.DataFrame, member: pd.DataFrame) -> "pd.Series[float]":
    """Guimera & Amaral (2005): 1 - the sum of squared shares of ties by community."""
    counts = pairs.groupby(["source", "community"]).size()
    shares = counts / counts.groupby("source").sum()
    return (1 - (shares**2).groupby("source").sum()).reindex(member.index).fillna(0.0)


def test_two_in_a_hundred_are_brokers(member: pd.DataFrame) -> None:
    assert member["is_broker"].mean() == pytest.approx(0.02, abs=0.001)


def test_brokers_have_the_degree_of_others(pairs: pd.DataFrame, member: pd.DataFrame) -> None:
    degree = degrees(pairs, member)
    brokers = degree[member["is_broker"]].mean()
    assert brokers == pytest.approx(degree[~member["is_fraud"]].mean(), rel=0.15)


def test_degree_does_not_find_brokers(pairs: pd.DataFrame, member: pd.DataFrame) -> None:
    assert average_precision(degrees(pairs, member), member) < 0.05


def test_ties_over_communities_find_brokers(pairs: pd.DataFrame, member: pd.DataFrame) -> None:
    score: pd.Series[float] = participation(pairs, member) * np.log1p(degrees(pairs, member))
    assert average_precision(score, member) > 0.4


def test_brokers_tie_three_to_five_communities(pairs: pd.DataFrame, member: pd.DataFrame) -> None:
    reach = pairs.groupby("source")["community"].nunique().reindex(member.index)
    assert 3 <= reach[member["is_broker"]].median() <= 6


def test_others_tie_within_their_community(pairs: pd.DataFrame, member: pd.DataFrame) -> None:
    ordinary = pairs[~member["is_broker"].reindex(pairs["source"]).to_numpy()]
    own = member["community"].reindex(ordinary["source"]).to_numpy()
    assert (ordinary["community"].to_numpy() == own).mean() > 0.8


def test_noise_loosens_communities() -> None:
    c = make_community(1_000, 0, options=CommunityOptions(tie_noise=1.0, broker_share=0.0))
    assert c.ties is not None
    home = c.truth["members"].set_index("member_id")["community"]
    friends = c.ties[c.ties["source"].isin(home.index)]
    same = home.reindex(friends["source"]).to_numpy() == home.reindex(friends["target"]).to_numpy()
    assert same.mean() < 0.3


def test_communities_are_clustered(pairs: pd.DataFrame) -> None:
    graph = nx.from_pandas_edgelist(pairs.head(20_000))
    assert nx.transitivity(graph) > 0.05


def test_community_sizes_are_those_of_groups(member: pd.DataFrame) -> None:
    sizes = member["community"].value_counts()
    assert sizes.median() == pytest.approx(105, abs=25)
    assert sizes.max() < 250


def test_a_pair_has_one_friendship(pairs: pd.DataFrame) -> None:
    assert not pairs.duplicated(["source", "target"]).any()


def test_nobody_ties_themselves(c: Community) -> None:
    assert c.ties is not None
    assert (c.ties["source"] != c.ties["target"]).all()


def test_ties_begin_after_both_have_joined(c: Community) -> None:
    assert c.members is not None
    assert c.ties is not None
    joined = c.members.set_index("member_id")["joined_at"]
    for end in ("source", "target"):
        assert (c.ties["tie_time"] > joined.reindex(c.ties[end]).to_numpy()).all()


def test_attention_runs_along_friendships_towards_influence(
    c: Community, pairs: pd.DataFrame, member: pd.DataFrame
) -> None:
    assert c.ties is not None
    paid = c.ties[c.ties["kind"].isin(["mention", "trust", "nominate"])]
    known = paid.merge(pairs, on=["source", "target"])
    up = member["influence"].reindex(paid["target"]).to_numpy()
    down = member["influence"].reindex(paid["source"]).to_numpy()
    assert len(known) == len(paid)
    assert (up > down).mean() > 0.7


def test_staff_stand_among_the_ties(c: Community) -> None:
    assert c.ties is not None
    assert c.ties["source"].isin(c.staff().to_pylist()).any()


def test_staff_own_and_are_in_every_group(c: Community) -> None:
    assert c.groups is not None
    assert c.memberships is not None
    owners = c.groups[["group_id", "owner_id"]].merge(
        c.memberships, left_on=["group_id", "owner_id"], right_on=["group_id", "member_id"]
    )
    assert set(owners["owner_id"]) <= set(c.staff().to_pylist())
    assert len(owners) == len(c.groups)


def test_group_states_follow_each_other(c: Community) -> None:
    states = c.truth["groups"]
    order = {"growing": 0, "stable": 1, "dying": 2, "dead": 3}
    step = states["state"].map(order).groupby(states["group_id"]).diff().dropna()
    following = states.groupby("group_id")["since"].shift(-1)
    assert (step == 1).all()
    assert states["until"].dropna().equals(following.dropna())


def test_groups_of_every_state_are_met(c: Community) -> None:
    states = c.truth["groups"]
    assert set(states["state"]) == {"growing", "stable", "dying", "dead"}
    assert set(states.loc[states["until"].isna(), "state"]) >= {"stable", "dead"}


def test_talk_falls_silent_in_dead_groups(c: Community, talk: pd.DataFrame) -> None:
    states = c.truth["groups"].fillna({"until": pd.Timestamp("2026-07-01", tz="Asia/Shanghai")})
    pairs = talk[["group_id", "message_time"]].merge(states, on="group_id")
    inside = pairs["message_time"].between(pairs["since"], pairs["until"], inclusive="left")
    said = pairs[inside].groupby("state").size()
    days = (states["until"] - states["since"]).dt.days.groupby(states["state"]).sum()
    assert (said / days)["dead"] < 0.05 * (said / days)["stable"]


def test_members_talk_only_while_in_the_group(c: Community, talk: pd.DataFrame) -> None:
    assert c.memberships is not None
    pairs = talk.merge(c.memberships, on=["group_id", "member_id"])
    inside = (pairs["message_time"] >= pairs["joined_at"]) & ~(
        pairs["message_time"] >= pairs["left_at"]
    )
    assert pairs[inside]["message_id"].nunique() == len(talk)


def test_a_member_is_once_in_a_group(c: Community) -> None:
    assert c.memberships is not None
    assert not c.memberships.duplicated(["group_id", "member_id"]).any()


def test_members_leave_after_they_have_come(c: Community) -> None:
    assert c.memberships is not None
    stays = c.memberships.dropna(subset=["left_at"])
    assert (stays["left_at"] > stays["joined_at"]).all()


def test_inviters_into_groups_are_there(c: Community) -> None:
    assert c.memberships is not None
    brought = c.memberships.dropna(subset=["inviter_id"])
    inviters = c.memberships[["group_id", "member_id", "joined_at"]]
    pairs = brought.merge(
        inviters, left_on=["group_id", "inviter_id"], right_on=["group_id", "member_id"]
    )
    assert len(pairs) == len(brought)
    assert (pairs["joined_at_y"] <= pairs["joined_at_x"]).all()


def test_nobody_replies_to_themselves(talk: pd.DataFrame) -> None:
    assert (talk["reply_to_member_id"] != talk["member_id"]).all()


def test_replies_go_to_the_influential(talk: pd.DataFrame, member: pd.DataFrame) -> None:
    got = talk["reply_to_member_id"].value_counts().reindex(member.index).fillna(0)
    said = talk["member_id"].value_counts().reindex(member.index).fillna(0)
    often = said >= 10
    rate = (got / said)[often]
    assert rate.corr(member["influence"][often], method="spearman") > 0.4


def test_replies_stay_in_communities_more_than_chance(
    talk: pd.DataFrame, member: pd.DataFrame
) -> None:
    replies = talk.dropna(subset=["reply_to_member_id"])
    one = member["community"].reindex(replies["member_id"]).to_numpy()
    other = member["community"].reindex(replies["reply_to_member_id"]).to_numpy()
    assert (one == other).mean() > 0.7


def test_spammers_post_links(talk: pd.DataFrame, member: pd.DataFrame) -> None:
    spams = member["is_spammer"].reindex(talk["member_id"]).to_numpy()
    assert talk["has_link"][spams].mean() > 0.8
    assert talk["has_link"][~spams].mean() < 0.04


def test_fraud_accounts_are_silent(c: Community, talk: pd.DataFrame, member: pd.DataFrame) -> None:
    assert c.orders is not None
    rings = set(c.truth["rings"]["member_id"])
    assert rings == set(member.index[member["is_fraud"]])
    assert not rings & (set(talk["member_id"]) | set(c.orders["member_id"]))


def test_two_in_a_hundred_accounts_are_in_rings(member: pd.DataFrame) -> None:
    assert member["is_fraud"].mean() == pytest.approx(0.02, abs=0.001)


def test_rings_join_in_bursts(c: Community) -> None:
    since = c.truth["rings"].groupby("ring_id")["since"]
    assert (since.max() - since.min()).max() < pd.Timedelta("4h")


def test_stars_are_one_level_deep(c: Community, member: pd.DataFrame) -> None:
    rings = c.truth["rings"].set_index("member_id")
    stars = member["generation"].reindex(rings.index)[rings["kind"] == "star"]
    assert set(stars) == {0, 1}


def test_cycles_close() -> None:
    c = make_community(8_000, random_state=0)
    assert c.referrals is not None
    graph = nx.from_pandas_edgelist(
        c.referrals, "inviter_id", "invitee_id", create_using=nx.DiGraph
    )
    rings = c.truth["rings"]
    cyclic = {v for part in nx.strongly_connected_components(graph) if len(part) > 1 for v in part}
    assert cyclic == set(rings.loc[rings["kind"] == "cycle", "member_id"])


def test_self_invitations_are_those_of_rings(c: Community) -> None:
    assert c.referrals is not None
    own = c.referrals.loc[c.referrals["inviter_id"] == c.referrals["invitee_id"], "inviter_id"]
    rings = c.truth["rings"]
    leaders = rings[(rings["kind"] == "self") & (rings["role"] == "leader")]["member_id"]
    assert set(own) == set(leaders)


def test_rings_share_devices_and_others_do_not(c: Community, member: pd.DataFrame) -> None:
    assert c.members is not None
    device = c.members.set_index("member_id")["device_id"].reindex(member.index)
    shared = device.duplicated(keep=False)
    assert not shared[~member["is_fraud"]].any()
    assert shared[member["is_fraud"]].mean() > 0.9


def test_cascades_branch_and_go_deep(member: pd.DataFrame) -> None:
    honest = member[~member["is_fraud"]]
    invited = honest["inviter_id"].notna().mean()
    assert invited == pytest.approx(0.31, abs=0.05)
    assert honest["generation"].max() >= 4


def test_first_claims_are_the_cascade(c: Community, member: pd.DataFrame) -> None:
    assert c.referrals is not None
    first = c.referrals.drop_duplicates("invitee_id").set_index("invitee_id")["inviter_id"]
    truth = member["inviter_id"].dropna()
    assert first.reindex(truth.index).equals(truth.rename("inviter_id"))


def test_some_invitees_are_claimed_twice(c: Community, member: pd.DataFrame) -> None:
    assert c.referrals is not None
    honest = c.referrals[~member["is_fraud"].reindex(c.referrals["invitee_id"]).to_numpy()]
    assert honest.duplicated("invitee_id").mean() == pytest.approx(0.03, abs=0.015)


def test_the_invited_buy_more_often(c: Community, member: pd.DataFrame) -> None:
    assert c.orders is not None
    honest = member[~member["is_fraud"]]
    buys = honest.index.isin(set(c.orders["member_id"]))
    invited = honest["inviter_id"].notna().to_numpy()
    assert buys[invited].mean() > buys[~invited].mean() + 0.03


def test_the_influential_bring_buyers(member: pd.DataFrame) -> None:
    invited = member[member["inviter_id"].notna() & ~member["is_fraud"]]
    heard = member["influence"].reindex(invited["inviter_id"]).to_numpy()
    high = heard > np.median(heard)
    assert invited["is_buyer"][high].mean() > invited["is_buyer"][~high].mean() + 0.05


def test_all_seven_kinds_of_fission_are_run(c: Community) -> None:
    assert c.campaigns is not None
    assert c.referrals is not None
    kind = c.campaigns.set_index("campaign_id")["kind"]
    assert set(kind.reindex(c.referrals["campaign_id"].dropna())) == set(FISSION)


def test_rewards_are_paid_within_campaigns_alone(c: Community) -> None:
    assert c.referrals is not None
    assert c.referrals["reward"].notna().equals(c.referrals["campaign_id"].notna())


def test_sources_tell_the_invited(c: Community, member: pd.DataFrame) -> None:
    assert c.members is not None
    source = c.members.set_index("member_id")["source"].reindex(member.index)
    assert (source == "referral").equals(member["inviter_id"].notna())
