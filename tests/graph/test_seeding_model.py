"""Chances of ties, and arcs drawn by them."""

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from siyu.datasets.errors import DataError, ParameterError
from siyu.graph import MemberGraph
from siyu.graph.seeding.live_arcs import LiveArcs, PickedArcs, spans
from siyu.graph.seeding.spread_model import ArcRows, spread_model

Floats = npt.NDArray[np.float64]


def rows(*chances: float) -> ArcRows:
    """Make one row of arcs to nodes 1, 2, ... with these chances, and empty rows for those."""
    n = len(chances)
    indptr = np.concatenate([[0], np.full(n + 1, n)]).astype(np.int64)
    return ArcRows(indptr, np.arange(1, n + 1, dtype=np.int32), np.array(chances))


def frequency(arcs: LiveArcs | PickedArcs, n_arcs: int, n_draws: int = 40_000) -> Floats:
    """Tell in which share of the draws each arc of row 0 is live."""
    at, ends = arcs.step(np.zeros(n_draws, dtype=np.int64), np.random.default_rng(0))
    live = np.zeros((n_draws, n_arcs + 1), dtype=bool)
    live[at, ends] = True
    return np.asarray(live.mean(axis=0)[1:])


def test_the_weighted_cascade_shares_what_comes_in() -> None:
    ties = pd.DataFrame({"source": [1, 2], "target": [3, 3], "weight": [1.0, 3.0]})
    model = spread_model(MemberGraph.from_ties(ties), "ic", "weighted")
    assert model.into.chance.tolist() == [0.25, 0.75]


def test_without_weights_a_chance_is_one_over_the_in_degree() -> None:
    model = spread_model(nx.DiGraph([(1, 4), (2, 4), (3, 4), (4, 1)]), "ic", "weighted")
    assert model.into.chance.tolist() == [1.0, 1 / 3, 1 / 3, 1 / 3]


def test_an_undirected_tie_carries_both_ways() -> None:
    model = spread_model(nx.Graph([(1, 2)]), "ic", 0.3)
    assert model.out.degree().tolist() == [1, 1]


def test_a_directed_tie_carries_from_source_to_target() -> None:
    model = spread_model(nx.DiGraph([(2, 1)]), "ic", 0.3)
    assert (model.out.degree().tolist(), model.into.degree().tolist()) == ([0, 1], [1, 0])


def test_given_weights_are_chances() -> None:
    ties = pd.DataFrame({"source": [1, 2], "target": [2, 3], "weight": [0.2, 1.0]})
    assert spread_model(MemberGraph.from_ties(ties), "ic", "given").out.chance.tolist() == [0.2, 1]


def test_an_array_lies_along_the_ties() -> None:
    graph = MemberGraph.from_arrays(np.array([5, 1]), np.array([1, 9]), directed=True)
    assert spread_model(graph, "ic", [0.1, 0.2]).out.chance.tolist() == [0.1, 0.2]


def test_an_array_along_undirected_ties_holds_for_both_ways() -> None:
    graph = MemberGraph.from_arrays(np.array([1]), np.array([2]))
    assert spread_model(graph, "ic", [0.1]).out.chance.tolist() == [0.1, 0.1]


def test_a_frame_of_chances_is_looked_up_by_tie() -> None:
    graph = MemberGraph.from_arrays(np.array([5, 1]), np.array([1, 9]), directed=True)
    learned = pd.DataFrame(
        {"source": [5, 1, 7], "target": [1, 9, 1], "probability": [0.5, 0.25, 1.0]}
    )
    assert spread_model(graph, "ic", learned).out.chance.tolist() == [0.25, 0.5]


def test_a_frame_with_a_tie_twice_is_refused() -> None:
    graph = MemberGraph.from_arrays(np.array([1]), np.array([9]), directed=True)
    twice = pd.DataFrame({"source": [1, 1], "target": [9, 9], "probability": [0.1, 0.9]})
    with pytest.raises(DataError, match="names a tie again in 1 rows"):
        spread_model(graph, "ic", twice)


def test_a_frame_by_ids_of_another_type_is_refused() -> None:
    graph = MemberGraph.from_arrays(np.array([1]), np.array([9]), directed=True)
    text = pd.DataFrame({"source": ["1"], "target": ["9"], "probability": [0.1]})
    with pytest.raises(ParameterError, match="are integers here, probability holds text"):
        spread_model(graph, "ic", text)


def test_a_tie_of_chance_0_carries_nothing() -> None:
    graph = MemberGraph.from_arrays(np.array([1, 1]), np.array([2, 3]), directed=True)
    assert spread_model(graph, "ic", [0.0, 0.2]).out.degree().tolist() == [1, 0, 0]


def test_shares_of_the_linear_threshold_add_up_to_1_at_most() -> None:
    model = spread_model(nx.DiGraph([(1, 4), (2, 4), (3, 4), (1, 2)]), "lt", 0.5)
    assert model.into.chance.tolist() == pytest.approx([0.5, 1 / 3, 1 / 3, 1 / 3])


def test_a_missing_chance_is_refused() -> None:
    graph = MemberGraph.from_arrays(np.array([5, 1]), np.array([1, 9]), directed=True)
    learned = pd.DataFrame({"source": [5], "target": [1], "probability": [0.5]})
    with pytest.raises(DataError, match="names 1 of the 2 ties"):
        spread_model(graph, "ic", learned)


def test_a_frame_for_an_undirected_graph_is_refused() -> None:
    learned = pd.DataFrame({"source": [0], "target": [1], "probability": [0.5]})
    with pytest.raises(ParameterError, match="a directed graph"):
        spread_model(nx.path_graph(2), "ic", learned)


@pytest.mark.parametrize("number", [0.5, np.float32(0.5), 1])
def test_one_number_holds_for_every_tie(number: float) -> None:
    assert spread_model(nx.path_graph(2), "ic", number).out.chance.tolist() == [number] * 2


@pytest.mark.parametrize("wrong", ["cascade", 0, 1.5, -0.1, [0.5, 0.5]])
def test_what_is_no_probability_is_refused(wrong: object) -> None:
    with pytest.raises(ParameterError, match="probability must"):
        spread_model(nx.path_graph(2), "ic", wrong)


@pytest.mark.parametrize("wrong", [-0.5, 1.5, float("nan")])
def test_a_chance_beyond_0_to_1_is_refused(wrong: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1; 1 of 1"):
        spread_model(nx.DiGraph([(0, 1)]), "ic", [wrong])


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ParameterError, match="'ic' or 'lt', got 'sir'"):
        spread_model(nx.path_graph(2), "sir", 0.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("chances", [(0.1,) * 5, (0.05, 0.3, 0.49, 0.5, 0.9, 1.0), (1.0, 1.0)])
def test_arcs_of_a_cascade_are_live_with_their_own_chance(chances: tuple[float, ...]) -> None:
    found = frequency(LiveArcs.of(rows(*chances)), len(chances))
    np.testing.assert_allclose(found, chances, atol=0.01)


def test_arcs_of_a_cascade_are_independent() -> None:
    at, ends = LiveArcs.of(rows(0.4, 0.4)).step(
        np.zeros(40_000, dtype=np.int64), np.random.default_rng(1)
    )
    live = np.zeros((40_000, 3), dtype=bool)
    live[at, ends] = True
    assert (live[:, 1] & live[:, 2]).mean() == pytest.approx(0.16, abs=0.01)


def test_a_certain_arc_is_always_live() -> None:
    assert frequency(LiveArcs.of(rows(1.0, 0.2)), 2)[0] == 1


@pytest.mark.parametrize("chances", [(0.25,) * 4, (0.1, 0.2, 0.3), (0.2, 0.2)])
def test_one_arc_at_most_is_picked_with_its_share(chances: tuple[float, ...]) -> None:
    arcs = PickedArcs.of(rows(*chances))
    at, _ = arcs.step(np.zeros(1000, dtype=np.int64), np.random.default_rng(0))
    assert len(np.unique(at)) == len(at)
    np.testing.assert_allclose(frequency(arcs, len(chances)), chances, atol=0.01)


def test_a_chance_near_0_is_hardly_ever_picked() -> None:
    arcs = PickedArcs.of(rows(1e-300, 1e-300))
    assert not len(arcs.step(np.zeros(100, dtype=np.int64), np.random.default_rng(0))[0])


def test_who_has_no_arcs_steps_nowhere() -> None:
    for arcs in (LiveArcs.of(rows(0.5)), PickedArcs.of(rows(0.5))):
        at, _ = arcs.step(np.array([1, 1]), np.random.default_rng(0))
        assert len(at) == 0


def test_spans_of_no_length_give_nothing() -> None:
    assert spans(np.array([4, 7]), np.array([0, 1])).tolist() == [7]
