"""Bridging against its formula written as a loop, and by hand on small graphs."""

import importlib.util
import math
from collections import Counter
from pathlib import Path
from types import ModuleType

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from siyu.datasets.errors import DataError
from siyu.graph import MemberGraph
from siyu.graph.holes.bridging import community_bridging


def homes(**of: int) -> pd.DataFrame:
    return pd.DataFrame({"member_id": list(of), "community": list(of.values())})


def two_rooms() -> tuple[nx.Graph, pd.DataFrame]:
    """Tie a, b, c in one room and x, y, z in another; a also knows x and y."""
    graph = nx.Graph(["ab", "bc", "ac", "xy", "yz", "xz", "ax", "ay"])
    return graph, homes(a=0, b=0, c=0, x=1, y=1, z=1)


def by_formula(graph: nx.Graph, home: dict[int, int]) -> dict[int, float]:
    """Work out the published formula, member by member; all weights 1."""
    ends = Counter(home[v] for edge in graph.edges for v in edge)
    share = {c: n / sum(ends.values()) for c, n in ends.items()}
    stray = sum(home[u] != home[v] for u, v in graph.edges) / graph.number_of_edges()
    chance = min(3 / (len(ends) - 1), 0.5)
    found = {}
    for v in graph:
        log_odds = 0.0
        for c, k in Counter(home[u] for u in graph[v]).items():
            if c == home[v]:
                log_odds += k * math.log10(0.5)
            else:
                times = 1 + (1 + stray) / 6 / (stray * share[c])
                log_odds += math.log10(1 - chance + chance * times**k)
        found[v] = log_odds
    return found


def random_graph(seed: int) -> tuple[nx.Graph, dict[int, int]]:
    rng = np.random.default_rng(seed)
    home = dict(enumerate(rng.integers(0, 8, 60).tolist()))
    graph = nx.gnm_random_graph(60, 200, seed=seed)
    return graph, home


@pytest.mark.parametrize("seed", range(4))
def test_bridging_is_its_formula(seed: int) -> None:
    graph, home = random_graph(seed)
    given = pd.DataFrame({"member_id": list(home), "community": list(home.values())})
    found = community_bridging(graph, given).set_index("member_id")["bridging"]
    np.testing.assert_allclose(found, pd.Series(by_formula(graph, home))[found.index], atol=1e-12)


def test_small_measures_by_hand() -> None:
    found = community_bridging(*two_rooms()).set_index("member_id").loc["a"]
    # a: two ties at home, two to the other room
    assert found[["degree", "n_communities", "outside_share", "participation"]].tolist() == [
        4,
        2,
        0.5,
        0.5,
    ]


def test_second_and_third_ties_by_hand() -> None:
    graph = nx.Graph()
    graph.add_weighted_edges_from([("a", "b", 5), ("a", "c", 2), ("a", "d", 3), ("a", "e", 1)])
    found = community_bridging(graph, homes(a=0, b=0, c=1, d=2, e=1)).set_index("member_id")
    # community 0: 5, community 1: 2 + 1, community 2: 3
    assert found.loc["a", ["second_tie", "third_tie"]].tolist() == [3.0, 3.0]


def test_who_knows_two_of_another_room_bridges_more_than_who_is_known_there() -> None:
    found = community_bridging(*two_rooms()).set_index("member_id")["bridging"]
    assert found.idxmax() == "a"


def test_two_ties_to_one_community_beat_two_strays() -> None:
    rooms = nx.disjoint_union_all([nx.complete_graph(6)] * 6)
    rooms.add_edges_from([(0, 6), (0, 7), (12, 18), (12, 24)])
    given = pd.DataFrame({"member_id": range(36), "community": np.repeat(range(6), 6)})
    found = community_bridging(rooms, given)["bridging"]
    assert found[0] > found[12] > found[1]


def test_more_ties_at_home_speak_against_a_bridge() -> None:
    given = pd.DataFrame({"member_id": range(22), "community": [0] * 4 + [1] * 18})
    one = nx.Graph([(0, 1), (0, 2), (0, 20), (0, 21), (3, 20), (20, 21), (1, 2)])
    more = nx.Graph([*one.edges, (0, 3)])
    given = given[given["member_id"].isin([0, 1, 2, 3, 20, 21])]
    before, after = (community_bridging(g, given)["bridging"][0] for g in (one, more))
    assert before > after


def test_without_ties_between_communities_nobody_bridges() -> None:
    found = community_bridging(nx.disjoint_union(nx.complete_graph(3), nx.complete_graph(3)))
    assert found["bridging"].tolist() == [0.0] * 6


def test_a_member_without_ties_has_no_shares() -> None:
    alone = MemberGraph.from_arrays(np.array([1]), np.array([2]), ids=np.arange(3))
    found = community_bridging(alone).loc[0]
    assert (found["bridging"], math.isnan(found["participation"])) == (0.0, True)


def test_no_members_give_no_rows() -> None:
    none = np.empty(0, dtype=np.int64)
    assert len(community_bridging(MemberGraph.from_arrays(none, none))) == 0


def test_weights_of_another_unit_change_nothing() -> None:
    graph, home = random_graph(1)
    given = pd.DataFrame({"member_id": list(home), "community": list(home.values())})
    heavy = graph.copy()
    nx.set_edge_attributes(heavy, 7.0, "weight")
    one, other = (community_bridging(g, given)["bridging"] for g in (graph, heavy))
    np.testing.assert_allclose(one, other)


def test_direction_does_not_matter() -> None:
    graph, given = two_rooms()
    one, other = community_bridging(graph, given), community_bridging(nx.DiGraph(graph), given)
    np.testing.assert_allclose(one["bridging"], other["bridging"])


def test_communities_in_any_order_are_found_by_member() -> None:
    graph, given = two_rooms()
    mixed = given.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        community_bridging(graph, given), community_bridging(graph, mixed)
    )


def test_a_member_without_community_is_refused() -> None:
    graph, given = two_rooms()
    with pytest.raises(DataError, match="1 of 6 members have no community"):
        community_bridging(graph, given[1:])


def test_a_member_of_two_communities_is_refused() -> None:
    graph, given = two_rooms()
    with pytest.raises(DataError, match="more than one community"):
        community_bridging(graph, pd.concat([given, given[:1]]))


def test_a_missing_community_is_refused() -> None:
    graph, given = two_rooms()
    gap = given.assign(community=given["community"].astype("Int64").where(given.index > 0))
    with pytest.raises(DataError, match="1 rows lack community"):
        community_bridging(graph, gap)


def test_ids_of_another_type_are_refused() -> None:
    text = pd.DataFrame({"member_id": ["0", "1"], "community": 0})
    with pytest.raises(
        DataError, match="member ids are integers, but those of communities are text"
    ):
        community_bridging(nx.path_graph(2), text)


def test_shares_of_a_member_without_ties_are_null_in_arrow() -> None:
    given = pa.table({"member_id": [0], "community": [0]})
    found = community_bridging(nx.empty_graph(1), given, output="pyarrow")
    assert (found["outside_share"].null_count, found["participation"].null_count) == (1, 1)


def test_a_table_without_communities_is_refused() -> None:
    graph, given = two_rooms()
    with pytest.raises(DataError, match="needs the columns member_id and community"):
        community_bridging(graph, given.rename(columns={"community": "label"}))


def test_output_may_be_arrow() -> None:
    assert isinstance(community_bridging(nx.path_graph(4), output="pyarrow"), pa.Table)


@pytest.mark.parametrize(("graph", "least"), [("20000:.1", 0.6), ("2000:.2", 0.3)])
def test_planted_brokers_are_found_at_equal_degree(
    siyu_data: Path, graph: str, least: float
) -> None:
    found = benchmark("bench_planted_brokers").measure(graph, 0, generator_folder(siyu_data))
    assert found["bridging (siyu)"] > max(least, found["participation x log degree"])


def generator_folder(data: Path) -> Path:
    """Give the folder of the graph generator, which lies beside the data."""
    folder = data.parent / "bench"
    if not (folder / "graphs.py").is_file():
        pytest.skip("graphs.py is not beside the data")
    return folder


def benchmark(name: str) -> ModuleType:
    """Load a benchmark as a module."""
    path = Path(__file__).parents[2] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
