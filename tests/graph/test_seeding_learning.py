"""Influence turned the right way, and learned from who acted after whom."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.datasets import Community, SiyuWarning
from siyu.datasets.errors import DataError, ParameterError, SchemaError
from siyu.graph import MemberGraph
from siyu.graph.seeding.followed_actions import ActionRules
from siyu.graph.seeding.influence_direction import influence_graph, influence_ties
from siyu.graph.seeding.influence_learning import influence_calibration, learn_influence
from siyu.graph.seeding.seed_choice import choose_seeds
from siyu.graph.seeding.seed_rules import SeedRules
from siyu.graph.tie_rules import TieRules
from strategies import AS_OF, shuffled, small_community, with_edited_future, with_later_rows

pytestmark = pytest.mark.filterwarnings("ignore::siyu.datasets.SiyuWarning")

START = pd.Timestamp("2026-01-01", tz="UTC")


def bought(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Make order lines of (member, product, day)."""
    return pd.DataFrame(
        {
            "member_id": [row[0] for row in rows],
            "product_id": [row[1] for row in rows],
            "order_time": [START + pd.Timedelta(days=row[2]) for row in rows],
            "amount": 1.0,
        }
    )


def tied(*pairs: tuple[str, str], kind: str = "referral") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": [pair[0] for pair in pairs],
            "target": [pair[1] for pair in pairs],
            "kind": kind,
            "tie_time": START,
        }
    )


def shop(orders: pd.DataFrame, ties: pd.DataFrame) -> Community:
    return Community(orders=orders, ties=ties, tz="UTC")


def learned(
    orders: pd.DataFrame, ties: pd.DataFrame, as_of: str = "2026-06-01", **rules: Any
) -> Any:
    found = learn_influence(shop(orders, ties), as_of=as_of, rules=ActionRules(**rules))
    return found.set_index(["source", "target"])


def edges(graph: MemberGraph) -> list[tuple[Any, Any]]:
    return list(graph.to_networkx().edges)


@pytest.mark.parametrize("kind", ["reply", "trust", "mention", "nominate"])
def test_who_pays_attention_takes_influence(kind: str) -> None:
    c = Community(ties=tied(("ann", "bob"), kind=kind), tz="UTC")
    assert edges(influence_graph(c, as_of="2026-02-01")) == [("bob", "ann")]


@pytest.mark.parametrize("kind", ["referral", "invite", "friend"])
def test_who_invites_gives_influence(kind: str) -> None:
    c = Community(ties=tied(("ann", "bob"), kind=kind), tz="UTC")
    assert edges(influence_graph(c, as_of="2026-02-01")) == [("ann", "bob")]


def test_replies_and_referrals_of_one_pair_are_summed() -> None:
    ties = pd.concat([tied(("ann", "bob"), kind="reply"), tied(("bob", "ann"), kind="referral")])
    c = Community(ties=ties, tz="UTC")
    graph = influence_graph(c, as_of="2026-02-01", rules=TieRules(half_life=None))
    assert edges(graph) == [("bob", "ann")]
    assert graph.ties.weight.tolist() == [3.0]  # a reply weighs 1, a referral 2


def test_members_of_one_group_influence_each_other() -> None:
    groups = pd.DataFrame({"group_id": 1, "member_id": ["ann", "bob"], "joined_at": START})
    c = Community(memberships=groups, tz="UTC")
    assert edges(influence_graph(c, as_of="2026-02-01")) == [("ann", "bob"), ("bob", "ann")]


def test_members_without_ties_are_in_the_graph_and_staff_are_not() -> None:
    members = pd.DataFrame({"member_id": ["cat", "sue"], "kind": ["customer", "staff"]})
    c = Community(ties=tied(("ann", "bob")), members=members, tz="UTC")
    assert influence_graph(c, as_of="2026-02-01").ids.to_pylist() == ["ann", "bob", "cat"]


def test_without_a_table_of_ties_there_is_no_graph() -> None:
    c = Community(orders=bought(("ann", "tea", 0)), tz="UTC")
    with pytest.raises(DataError, match="no table holds ties"):
        influence_graph(c, as_of="2026-02-01")


def test_own_kinds_of_attention_can_be_named() -> None:
    ties = tied(("ann", "bob"), kind="follow")
    turned = influence_ties(ties, attention=["follow"])
    assert turned[["source", "target"]].to_numpy().tolist() == [["bob", "ann"]]


def test_ties_without_a_kind_stay_as_they_are_and_the_input_too() -> None:
    ties = pd.DataFrame({"source": [2, 1], "target": [1, 3], "weight": [1.0, 2.0]})
    before = ties.copy()
    pd.testing.assert_frame_equal(influence_ties(ties), before)
    pd.testing.assert_frame_equal(ties, before)


def test_a_table_that_is_no_ties_is_refused() -> None:
    with pytest.raises(SchemaError, match="target"):
        influence_ties(pd.DataFrame({"source": [1]}))


def test_trials_are_what_the_target_had_not_done_yet() -> None:
    orders = bought(
        ("ann", "tea", 10), ("bob", "tea", 12),  # followed
        ("ann", "nuts", 10),  # not followed
        ("bob", "soap", 1), ("ann", "soap", 10),  # bob was first: no trial
        ("ann", "salt", 10), ("bob", "salt", 10),  # at one instant: nobody was first
        ("ann", "rice", 10), ("bob", "rice", 41),  # too late: a trial that failed
    )  # fmt: skip
    row = learned(orders, tied(("ann", "bob"))).loc[("ann", "bob")]
    assert (row["n_trials"], row["n_followed"]) == (3, 1)


def test_the_end_of_the_window_belongs_to_it() -> None:
    orders = bought(("ann", "tea", 0), ("bob", "tea", 30), ("ann", "nuts", 0), ("bob", "nuts", 31))
    row = learned(orders, tied(("ann", "bob"))).loc[("ann", "bob")]
    assert row["n_followed"] == 1


def test_windows_that_are_still_open_do_not_count() -> None:
    orders = bought(("ann", "tea", 0), ("bob", "tea", 1), ("ann", "nuts", 20), ("bob", "nuts", 21))
    row = learned(orders, tied(("ann", "bob")), as_of="2026-01-31").loc[("ann", "bob")]
    assert (row["n_trials"], row["n_followed"]) == (1, 1)  # tea's closes at the very moment


def test_only_the_first_time_is_an_action() -> None:
    orders = bought(("ann", "tea", 0), ("ann", "tea", 5), ("bob", "tea", 7), ("bob", "tea", 8))
    row = learned(orders, tied(("ann", "bob"))).loc[("ann", "bob")]
    assert (row["n_trials"], row["n_followed"]) == (1, 1)


def test_those_who_went_before_share_the_credit() -> None:
    orders = bought(("ann", "tea", 0), ("cat", "tea", 1), ("bob", "tea", 2))
    ties = tied(("ann", "bob"), ("cat", "bob"))
    assert learned(orders, ties)["credit"].tolist() == [0.5, 0.5]
    assert learned(orders, ties, shared_credit=False)["credit"].tolist() == [1, 1]


def test_who_was_too_long_before_has_no_credit() -> None:
    orders = bought(("ann", "tea", 0), ("cat", "tea", 40), ("bob", "tea", 50))
    found = learned(orders, tied(("ann", "bob"), ("cat", "bob")))
    assert found["credit"].tolist() == [0, 1]


def test_refunds_are_no_actions() -> None:
    orders = bought(("ann", "tea", 0), ("bob", "tea", 2)).assign(amount=[1.0, -1.0])
    assert learned(orders, tied(("ann", "bob")))["n_followed"].tolist() == [0]


def test_events_are_actions_of_their_own_kind() -> None:
    events = bought(("ann", "tea", 0), ("bob", "tea", 1), ("bob", "tea", 2)).rename(
        columns={"order_time": "event_time"}
    )
    events = events.drop(columns="amount").assign(event=["share", "view", "share"])
    c = Community(events=events, ties=tied(("ann", "bob")), tz="UTC")
    for event, followed in (("share", 1), (None, 1)):
        rules = ActionRules(table="events", event=event)
        found = learn_influence(c, as_of="2026-06-01", rules=rules)
        assert found["n_followed"].tolist() == [followed]
    with pytest.raises(DataError, match="no action beside the 1 ties"):
        learn_influence(c, as_of="2026-06-01", rules=ActionRules(table="events", event="quit"))


def test_few_trials_are_drawn_towards_all() -> None:
    rows = [("ann", f"a{i}", 0.0) for i in range(20)] + [("bob", f"a{i}", 1.0) for i in range(10)]
    rows += [("cat", "c", 0.0), ("dan", "c", 1.0)]
    found = learned(bought(*rows), tied(("ann", "bob"), ("cat", "dan")))
    assert 0.5 < found.loc[("cat", "dan"), "probability"] < 0.9
    assert found.loc[("cat", "dan"), "low"] < found.loc[("ann", "bob"), "low"]


def test_a_tie_without_trials_gets_the_rate_of_all() -> None:
    orders = bought(("ann", "tea", 0), ("bob", "tea", 1), ("ann", "nuts", 0))
    found = learned(orders, tied(("ann", "bob"), ("cat", "dan")))
    row = found.loc[("cat", "dan")]
    assert row["n_trials"] == 0
    assert found.loc[("ann", "bob"), "probability"] == pytest.approx(row["probability"], abs=0.1)


def planted(seed: int = 0, n_products: int = 400) -> tuple[Community, dict[Any, float]]:
    """Let each product spread once along ties of known chances, in 60 days of 2 years."""
    rng = np.random.default_rng(seed)
    pairs = [(s, t) for s in range(6) for t in range(10, 16)]
    chance = {pair: float(rng.choice([0.05, 0.6])) for pair in pairs}
    rows = []
    for product in range(n_products):
        begin = float(rng.uniform(0, 640))
        source = int(rng.integers(6))
        rows.append((source, product, begin))
        rows += [
            (t, product, begin + rng.uniform(1, 20))
            for t in range(10, 16)
            if rng.random() < chance[(source, t)]
        ]
    orders = pd.DataFrame(rows, columns=["member_id", "product_id", "day"])
    orders["order_time"] = START + pd.to_timedelta(orders.pop("day"), unit="D")
    ties = pd.DataFrame(pairs, columns=["source", "target"]).assign(tie_time=START, kind="friend")
    return Community(orders=orders.assign(amount=1.0), ties=ties, tz="UTC"), chance


def test_planted_chances_are_found() -> None:
    c, chance = planted()
    found = learn_influence(c, as_of="2028-01-01")
    truth = [chance[pair] for pair in zip(found["source"], found["target"], strict=True)]
    assert np.corrcoef(found["probability"], truth)[0, 1] > 0.95
    held = (found["low"] <= truth) & (truth <= found["high"])
    assert held.mean() >= 0.85


def test_planted_chances_hold_later_on() -> None:
    c, _ = planted(n_products=1000)
    found = learn_influence(c, as_of="2027-01-01")
    bands = influence_calibration(c, found, since="2027-01-01", as_of="2028-01-01")
    assert len(bands) >= 5
    assert (bands["observed"] - bands["predicted"]).abs().max() < 0.1
    assert bands["band"].tolist() == list(range(1, len(bands) + 1))
    assert bands["predicted"].is_monotonic_increasing
    several = bands[bands["n_ties"] > 1]  # one tie alone tells nothing of how ties vary
    assert (several["low"] <= several["observed"]).all()
    assert (several["observed"] <= several["high"]).all()


def test_without_trials_there_is_nothing_to_hold_against() -> None:
    c = shop(bought(("ann", "tea", 0), ("bob", "tea", 1)), tied(("ann", "bob")))
    found = learn_influence(c, as_of="2026-06-01")
    bands = influence_calibration(c, found, since="2026-06-01", as_of="2026-09-01")
    assert len(bands) == 0


def test_the_later_window_must_have_a_length() -> None:
    c = shop(bought(("ann", "tea", 0), ("bob", "tea", 1)), tied(("ann", "bob")))
    found = learn_influence(c, as_of="2026-06-01")
    with pytest.raises(ParameterError, match="since must lie before as_of"):
        influence_calibration(c, found, since="2026-06-01", as_of="2026-06-01")


def test_what_was_not_learned_is_refused() -> None:
    c = shop(bought(("ann", "tea", 0), ("bob", "tea", 1)), tied(("ann", "bob")))
    with pytest.raises(ParameterError, match="learned lacks probability"):
        influence_calibration(c, tied(("ann", "bob")), since="2026-06-01", as_of="2026-07-01")


def test_learned_ties_go_into_the_choice_of_seeds() -> None:
    c, chance = planted()
    graph = influence_graph(c, as_of="2028-01-01")
    found = choose_seeds(
        graph, 1, probability=learn_influence(c, as_of="2028-01-01"), random_state=0
    )
    strength = [sum(chance[(s, t)] for t in range(10, 16)) for s in range(6)]
    assert strength[found.seeds["member_id"][0]] >= max(strength) - 0.6


@pytest.mark.parametrize("missing", ["orders", "product_id"])
def test_what_is_missing_is_named(missing: str) -> None:
    orders = bought(("ann", "tea", 0)).drop(columns="product_id")
    c = Community(
        orders=None if missing == "orders" else orders, ties=tied(("ann", "bob")), tz="UTC"
    )
    with pytest.raises(DataError, match=missing):
        learn_influence(c, as_of="2026-06-01")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"table": "messages"}, "orders or events"),
        ({"event": "share"}, "table is 'orders'"),
        ({"within": "soon"}, "within must be"),
    ],
)
def test_rules_out_of_range_are_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ActionRules(**rules)


def answers(c: Community) -> list[Any]:
    """Ask everything that a community is asked here."""
    graph = influence_graph(c, as_of=AS_OF)
    found = learn_influence(c, as_of=AS_OF)
    rules = SeedRules(target_ratio=0.5, n_simulations=30, exclude=c.before(AS_OF).opted_out())
    seeds = choose_seeds(graph, 2, probability=found, rules=rules, random_state=0)
    bands = influence_calibration(c, found, since=AS_OF - pd.Timedelta(days=90), as_of=AS_OF)
    return [pd.DataFrame({"id": graph.ids.to_pylist()}), found, bands, seeds.seeds, seeds.baselines]


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("change", ["later rows", "edited future", "row order"])
def test_neither_the_future_nor_the_order_of_rows_changes_a_byte(change: str, seed: int) -> None:
    c = small_community(seed)
    other = {
        "later rows": lambda: with_later_rows(c, small_community(seed + 99)),
        "edited future": lambda: with_edited_future(c, seed),
        "row order": lambda: shuffled(c, seed),
    }[change]()
    for ours, theirs in zip(answers(c), answers(other), strict=True):
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def test_text_ids_give_the_same_figures() -> None:
    numbers, text = answers(small_community(3)), answers(small_community(3, text_ids=True))
    for ours, theirs in zip(numbers, text, strict=True):
        kept = [n for n in ours.columns if n not in {"id", "source", "target", "member_id"}]
        pd.testing.assert_frame_equal(ours[kept], theirs[kept])


def test_who_opted_out_is_no_seed() -> None:
    seeds = answers(small_community(0))[3]
    assert 5 not in seeds["member_id"].tolist()


def test_undated_ties_are_told() -> None:
    ties = tied(("ann", "bob")).drop(columns="tie_time")
    with pytest.warns(SiyuWarning, match="undated"):
        influence_graph(Community(ties=ties, tz="UTC"), as_of="2026-02-01")
