"""Signs of faked referrals, by hand on small tables and on the planted rings."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from siyu.datasets import Community, DataError, label, make_community
from siyu.datasets.shrinkage import BetaPrior
from siyu.datasets.synthetic.options import CommunityOptions
from siyu.graph.fission.fraud_signs import fraud_suspects, referral_fraud
from siyu.graph.fission.fraud_tails import burst_tail, rate_tail

AS_OF = "2026-06-01"
HONEST = 60


def world(
    brought: list[tuple[int, int, str]], silent: set[int] | None = None, **more: Any
) -> Community:
    """Add referrals to a community of 30 pairs in which every invitee acts, but for the silent."""
    pairs = [(1000 + 2 * i, 1001 + 2 * i, f"2026-01-{1 + i % 28:02d}") for i in range(HONEST // 2)]
    rows = pd.DataFrame(pairs + brought, columns=["inviter_id", "invitee_id", "referral_time"])
    rows["referral_time"] = pd.to_datetime(rows["referral_time"], format="ISO8601")
    first = rows.groupby("invitee_id")["referral_time"].min()
    acted = first[~first.index.isin(list(silent or set()))]
    events = pd.DataFrame(
        {"member_id": acted.index, "event_time": acted + pd.Timedelta("1h"), "event": "visit"}
    )
    return Community(referrals=rows, **{"events": events, **more}, tz="UTC")


def star(n: int, step: str = "1D", centre: int = 1) -> list[tuple[int, int, str]]:
    times = pd.date_range("2026-02-01", periods=n, freq=pd.Timedelta(step))
    return [(centre, centre * 100 + i, t.isoformat()) for i, t in enumerate(times)]


def signs(c: Community) -> dict[int, list[str]]:
    found = referral_fraud(c, as_of=AS_OF)
    return {m: list(s) for m, s in zip(found["member_id"], found["signs"], strict=True)}


def suspects(c: Community) -> set[int]:
    found = referral_fraud(c, as_of=AS_OF)
    return set(found.loc[found["suspected"], "member_id"])


def test_honest_pairs_bear_no_sign() -> None:
    assert signs(world([])) == {}


def test_a_slow_star_of_silent_invitees_bears_one_sign() -> None:
    c = world(star(6), silent={100 + i for i in range(6)})
    assert signs(c) == {m: ["silent_invitees"] for m in [1, *range(100, 106)]}
    assert suspects(c) == set()


def test_silence_and_a_burst_together_are_suspected() -> None:
    c = world(star(6, "5min"), silent={100 + i for i in range(6)})
    assert suspects(c) == {1, *range(100, 106)}


def test_a_burst_of_active_invitees_is_not_suspected() -> None:
    c = world(star(8, "5min"))
    assert signs(c) == {m: ["burst"] for m in [1, *range(100, 108)]}
    assert suspects(c) == set()


def test_invitees_of_the_last_three_days_may_still_speak() -> None:
    late = [(1, 100 + i, f"2026-05-30T0{i}:00") for i in range(6)]
    c = world([*late, (1, 1, "2026-05-20")], silent={100 + i for i in range(6)})
    assert referral_fraud(c, as_of=AS_OF)["silent_share"].isna().all()


def test_young_invitees_are_judged_by_their_first_three_days() -> None:
    late = [(1, 100 + i, f"2026-05-2{i}") for i in range(6)]
    c = world(late, silent={100 + i for i in range(6)})
    assert 1 in signs(c)
    acts = c.events
    assert acts is not None
    after = acts.assign(event_time=acts["event_time"] + pd.Timedelta("5D"))
    assert signs(world(late, silent={100 + i for i in range(6)}, events=after)) == {}


def test_who_acts_after_the_first_two_weeks_was_silent_at_first() -> None:
    c = world(star(6), silent={100 + i for i in range(6)})
    acts = c.events
    assert acts is not None
    late = pd.DataFrame({"member_id": [100], "event_time": ["2026-05-01"], "event": ["visit"]})
    late["event_time"] = pd.to_datetime(late["event_time"], utc=True)
    more = world(star(6), silent={100}, events=pd.concat([acts, late]))
    assert 100 in signs(more)


def test_four_silent_invitees_are_too_few_to_tell() -> None:
    assert signs(world(star(4), silent={100 + i for i in range(4)})) == {}


def test_silence_is_unknown_without_any_table_of_acts() -> None:
    rows = world(star(6, "5min")).referrals
    found = referral_fraud(Community(referrals=rows, tz="UTC"), as_of=AS_OF)
    assert found["silent_share"].isna().all()
    assert set(found["signs"].map(tuple)) == {("burst",)}


def test_silence_before_the_record_began_is_unknown() -> None:
    c = world(star(6), silent={100 + i for i in range(6)})
    tables = {name: c.arrow(name) for name in c.tables()}
    later = {"events": ("2026-02-15", "2026-06-01")}
    assert signs(Community(tz="UTC", observed=later, **tables)) == {}


def test_the_chance_of_silence_is_the_tail_of_a_beta_binomial() -> None:
    c = world(star(6), silent={*range(100, 105)})
    found = referral_fraud(c, as_of=AS_OF).set_index("member_id")
    prior = BetaPrior.of(np.zeros(30), np.ones(30))  # the 30 pairs: nobody silent
    a, b = prior.mean * prior.strength, (1 - prior.mean) * prior.strength
    assert found.loc[1, "silent_share"] == pytest.approx(5 / 6)
    assert found.loc[1, "silent_p"] == pytest.approx(stats.betabinom.sf(4, 6, a, b))


def test_the_active_invitee_of_a_silent_star_bears_no_sign() -> None:
    assert 105 not in signs(world(star(6), silent={*range(100, 105)}))


def test_three_who_brought_each_other_are_a_ring() -> None:
    c = world([(1, 2, "2026-01-01"), (2, 3, "2026-01-02"), (3, 1, "2026-01-03")])
    assert signs(c) == {m: ["ring"] for m in [1, 2, 3]}
    assert suspects(c) == {1, 2, 3}


def test_who_hangs_on_a_ring_is_not_in_it() -> None:
    ring = [(1, 2, "2026-01-01"), (2, 3, "2026-01-02"), (3, 1, "2026-01-03")]
    assert 4 not in signs(world([*ring, (3, 4, "2026-01-05")]))


def test_two_who_brought_each_other_bear_a_soft_sign() -> None:
    c = world([(1, 2, "2026-01-01"), (2, 1, "2026-01-02")])
    assert signs(c) == {1: ["mutual"], 2: ["mutual"]}
    assert suspects(c) == set()


def test_rings_of_several_sizes_are_told_apart() -> None:
    ring = [(1, 2, "2026-01-01"), (2, 3, "2026-01-02"), (3, 1, "2026-01-03")]
    other = [(11, 12, "2026-01-01"), (12, 13, "2026-01-01"), (13, 14, "2026-01-01")]
    found = referral_fraud(world([*ring, *other, (14, 11, "2026-01-02")]), as_of=AS_OF)
    sizes = dict(zip(found["member_id"], found["ring_size"], strict=True))
    assert sizes == {1: 3, 2: 3, 3: 3, 11: 4, 12: 4, 13: 4, 14: 4}


def test_bringing_oneself_is_a_sign() -> None:
    assert signs(world([(1, 1, "2026-01-01")])) == {1: ["self_invite"]}


def devices(**held: str) -> pd.DataFrame:
    return pd.DataFrame({"member_id": [int(m[1:]) for m in held], "device_id": list(held.values())})


def test_a_couple_on_one_device_bears_a_soft_sign() -> None:
    c = world([(1, 2, "2026-01-01")], members=devices(m1="a", m2="a"))
    assert signs(c) == {1: ["shared_id"], 2: ["shared_id"]}
    assert suspects(c) == set()


def test_four_accounts_of_a_star_on_one_device_are_suspected() -> None:
    held = devices(m1="a", m100="b", m101="b", m102="b", m103="b")
    assert suspects(world(star(4), members=held)) == {100, 101, 102, 103}


def test_the_network_of_a_shop_is_no_shared_id() -> None:
    everybody = [1, *range(100, 104), *range(1000, 1000 + HONEST)]
    shop = pd.DataFrame({"member_id": everybody, "ip": "10.0.0.1"})
    assert signs(world(star(4), members=shop)) == {}


def test_strangers_on_one_device_bear_no_sign() -> None:
    assert signs(world([], members=devices(m1000="a", m1002="a"))) == {}


def test_ids_of_the_table_identities_count_by_their_kind() -> None:
    kinds = ["phone", "unionid", "phone", "phone"]
    held = pd.DataFrame(
        {"member_id": [1, 100, 101, 102], "id_kind": kinds, "id": ["7", "7", "7", "8"]}
    )
    assert signs(world(star(3), identities=held)) == {1: ["shared_id"], 101: ["shared_id"]}


def test_shared_ids_are_unknown_where_no_ids_are() -> None:
    assert referral_fraud(world([(1, 1, "2026-01-01")]), as_of=AS_OF)["n_shared"].isna().all()


def groups_of(members: list[int], hours: float) -> pd.DataFrame:
    joined = pd.Timestamp("2026-03-01")
    return pd.DataFrame(
        {
            "group_id": 1,
            "member_id": members,
            "joined_at": joined,
            "left_at": joined + pd.Timedelta(hours=hours),
        }
    )


def test_invitees_who_quit_at_once_are_a_sign() -> None:
    held = pd.concat(
        [groups_of([*range(100, 106)], 5), groups_of([*range(1001, 1061, 2)], 24 * 60)]
    )
    assert signs(world(star(6), memberships=held)) == {
        m: ["instant_quits"] for m in [1, *range(100, 106)]
    }


def test_silent_quitters_bear_one_independent_sign() -> None:
    held = pd.concat(
        [groups_of([*range(100, 106)], 5), groups_of([*range(1001, 1061, 2)], 24 * 60)]
    )
    c = world(star(6), silent={*range(100, 106)}, memberships=held)
    found = referral_fraud(c, as_of=AS_OF)
    assert found["n_signs"].tolist() == [1] * 7
    assert not found["suspected"].any()


def test_who_left_after_two_days_did_not_quit_at_once() -> None:
    held = pd.concat(
        [groups_of([*range(100, 106)], 48), groups_of([*range(1001, 1061, 2)], 24 * 60)]
    )
    assert signs(world(star(6), memberships=held)) == {}


def test_the_burst_tail_is_that_of_a_binomial() -> None:
    # 5 of 5 gaps below 1 of 10: 1 - 0.9^5 = 0.40951 each, to the fifth.
    assert burst_tail(np.array([5]), np.array([6]), 1.0, np.array([10.0])) == pytest.approx(
        0.40951**5
    )


def test_the_rate_tail_agrees_with_scipy() -> None:
    k, n = np.array([3, 0, 7, 26]), np.array([5, 4, 9, 26])
    theirs = stats.betabinom.sf(k - 1, n, 0.6, 19.4)
    np.testing.assert_allclose(rate_tail(k, n, BetaPrior(0.03, 20)), theirs, rtol=0.02)


def test_referrals_are_needed() -> None:
    c = Community(events=world([]).events, tz="UTC")
    with pytest.raises(DataError, match="referrals"):
        referral_fraud(c, as_of=AS_OF)


def test_nobody_is_suspected_without_referrals() -> None:
    c = Community(events=world([]).events, tz="UTC")
    assert not fraud_suspects(c, c.moment(AS_OF), c.customers()).any()


def test_suspects_are_told_for_the_members_asked_for() -> None:
    c = world(star(6, "5min"), silent={100 + i for i in range(6)})
    known, end = c.before(AS_OF), c.moment(AS_OF)
    some = known.customers().slice(0, 3)
    assert fraud_suspects(known, end, some).tolist() == [True, True, True]


def test_staff_neither_invite_nor_are_invited() -> None:
    staff = pd.DataFrame({"member_id": [1], "kind": ["staff"]})
    c = world(star(6, "5min"), silent={100 + i for i in range(6)}, members=staff)
    assert signs(c) == {}


def test_signs_have_words() -> None:
    found = label(referral_fraud(world([(1, 1, "2026-01-01")]), as_of=AS_OF), "zh")
    assert list(found["signs"][0]) == ["自己邀请自己"]


def test_a_ring_that_closes_later_is_not_known_yet() -> None:
    c = world([(1, 2, "2026-01-01"), (2, 3, "2026-01-02"), (3, 1, "2026-06-01")])
    assert signs(c) == {}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_planted_rings_are_found_without_their_devices(seed: int) -> None:
    c = make_community(1500, random_state=seed)
    tables = {name: c.arrow(name) for name in c.tables()}
    members = tables["members"]
    assert members is not None
    tables["members"] = members.drop_columns(["device_id"])
    planted = set(c.truth["rings"]["member_id"])
    found = referral_fraud(Community(tz=c.tz, **tables), as_of="2026-07-01")
    assert set(found.loc[found["suspected"], "member_id"]) == planted


def test_a_community_without_rings_has_no_suspects() -> None:
    c = make_community(1500, random_state=3, options=CommunityOptions(fraud_share=0))
    assert not referral_fraud(c, as_of="2026-07-01")["suspected"].any()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_communities_have_no_suspects(n: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len(referral_fraud(make_community(n, random_state=0), as_of="2026-07-01")) == 0


def test_overwhelming_silence_is_suspected_without_a_second_sign() -> None:
    c = world(star(12), silent={100 + i for i in range(12)})
    found = referral_fraud(c, as_of=AS_OF).set_index("member_id")
    assert found.loc[1, "silent_p"] < 1e-6
    assert set(found["signs"].map(tuple)) == {("silent_invitees",)}
    assert suspects(c) == {1, *range(100, 112)}


def test_silence_counts_from_joining_where_that_is_later() -> None:
    late = [(1, 100 + i, "2026-02-01") for i in range(6)]
    when = pd.to_datetime(["2026-05-30"] * 6)
    members = pd.DataFrame({"member_id": range(100, 106), "joined_at": when})
    c = world([*late, (1, 1, "2026-02-01")], silent={100 + i for i in range(6)}, members=members)
    assert referral_fraud(c, as_of=AS_OF)["silent_share"].isna().all()


def bought_by(members: list[int]) -> pd.DataFrame:
    first = pd.DataFrame({"member_id": members, "order_time": "2026-02-03", "amount": 9.0})
    return first.assign(order_time=pd.to_datetime(first["order_time"], utc=True))


def test_invitees_none_of_whom_buys_are_a_sign_where_others_buy() -> None:
    buyers = [*range(1001, 1001 + HONEST, 2)]
    c = world(star(6), orders=bought_by(buyers))
    assert signs(c) == {m: ["no_buyers"] for m in [1, *range(100, 106)]}
    assert suspects(c) == set()


def test_invitees_none_of_whom_buys_are_no_sign_where_few_do() -> None:
    assert signs(world(star(6), orders=bought_by([1001]))) == {}


def test_a_burst_of_members_who_never_buy_is_suspected() -> None:
    buyers = [*range(1001, 1001 + HONEST, 2)]
    c = world(star(6, "5min"), orders=bought_by(buyers))
    assert suspects(c) == {1, *range(100, 106)}


def test_silence_not_buying_and_quitting_are_one_independent_sign() -> None:
    c = world(
        star(6), silent={100 + i for i in range(6)}, orders=bought_by([1001, *range(1003, 1061, 2)])
    )
    found = referral_fraud(c, as_of=AS_OF)
    assert set(found["signs"].map(tuple)) == {("silent_invitees", "no_buyers")}
    assert found["n_signs"].tolist() == [1] * 7
