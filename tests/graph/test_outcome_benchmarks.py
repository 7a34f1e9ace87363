"""The benchmarks of scores against later outcomes, at their smallest size, and what they claim."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from siyu.graph.member_graph import MemberGraph


def bench(name: str) -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LEADERS, OUTCOMES = bench("bench_opinion_leaders"), bench("bench_koc_outcomes")


def village() -> Any:
    """Let 2, 3, 4 name 1, and 4 name 2; they adopt in 1, 2, 3 and never; T = 1."""
    graph = MemberGraph.from_arrays([2, 3, 4, 4], [1, 1, 1, 2], directed=True)
    return LEADERS.Survey(graph, np.zeros(4, dtype=int), np.array([1, 2, 3, 9]), 8, (1,))


def test_outcomes_around_a_person_by_hand() -> None:
    found = LEADERS.outcomes(village(), 1)
    assert found["around"].tolist() == [2, 0, 0, 0]
    assert found["followed"].tolist() == [2, 0, 0, 0]
    # open after T: 2, 3, 4; leaving out the namer: 2 -> 1/2, 3 -> 1/2, 4 -> 2/2 of the others adopt
    assert found["excess"].tolist() == [2 - (1 / 2 + 1 / 2 + 1), -1, 0, 0]
    assert found["rate"].tolist() == [0, -1 / 4, 0, 0]


def test_an_adoption_before_the_person_did_is_not_followed() -> None:
    late = village()
    survey = LEADERS.Survey(
        late.graph, late.community, np.array([2, 2, 3, 9]), late.last, late.cuts
    )
    assert LEADERS.outcomes(survey, 1)["followed"].tolist() == [1, 0, 0, 0]


def test_correlations_are_taken_within_communities() -> None:
    score, outcome = np.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0]), np.array([9.0, 8, 7, 1, 2, 3])
    rho, size = LEADERS.correlations(score, outcome, np.array([5, 5, 5, 7, 7, 7]))
    np.testing.assert_allclose(rho, [-1, 1])
    assert size.tolist() == [3, 3]


def test_the_opinion_benchmark_agrees_with_networkx_and_prints_rows(
    siyu_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    LEADERS.main(["medinnovations", "--resamples", "5", "--data", str(siyu_data)])
    assert "| siyu, behaviour known | 0.891" in capsys.readouterr().out


def test_the_opinion_benchmark_says_where_its_data_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SIYU_DATA", raising=False)
    with pytest.raises(SystemExit, match="folder of the public data sets"):
        LEADERS.main(["medinnovations"])


@pytest.mark.parametrize("survey", ["kfamily-even", "medinnovations"])
def test_with_behaviour_known_the_score_beats_in_degree(siyu_data: Path, survey: str) -> None:
    read = LEADERS.read(survey, siyu_data / "adoption_networks")
    gains = []
    for cut in read.cuts:
        found, after = LEADERS.scores(read, cut), LEADERS.outcomes(read, cut)
        for outcome in ("around", "followed"):
            rho = {}
            for name in (LEADERS.OURS, LEADERS.OURS_KNOWING, LEADERS.BASE):
                within, size = LEADERS.correlations(found[name], after[outcome], read.community)
                rho[name] = np.average(within, weights=size)
            assert rho[LEADERS.OURS] == rho[LEADERS.BASE]
            gains.append(rho[LEADERS.OURS_KNOWING] - rho[LEADERS.BASE])
    assert np.mean(gains) > 0.05


def test_the_outcome_benchmark_agrees_with_its_peers_and_prints_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    OUTCOMES.main(["brands", "--members", "2500", "--seeds", "20", "--horizons", "90D"])
    shown = capsys.readouterr().out
    assert "| learned |" in shown
    assert "| low_constraint |" in shown


def test_a_benchmark_that_disagrees_with_its_peer_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OUTCOMES, "pagerank", lambda graph: np.zeros(len(graph)))
    with pytest.raises(SystemExit, match="disagree on PageRank"):
        OUTCOMES.main(["brands"])


def test_initiators_with_joins_in_the_first_half_are_not_judged() -> None:
    rng = np.random.default_rng(0)
    n = 3000
    groups = pd.DataFrame(
        {
            "group_id": np.arange(n),
            "initiator_id": rng.integers(0, 900, n),
            "item_id": rng.integers(0, 40, n),
            "success": rng.random(n) < 0.3,
        }
    )
    won = groups.loc[groups["success"], "group_id"].to_numpy()
    joins = pd.DataFrame({"group_id": won, "member_id": rng.integers(900, 2000, len(won))})
    trial = OUTCOMES.initiator_trial(groups, joins)
    judged = trial.members.to_pylist()
    of = groups[groups["initiator_id"].isin(judged)]
    assert trial.outcome.sum() == of["success"].sum()  # all their joins are in the second half
    assert 0 < len(judged) < 900


@pytest.mark.slow
def test_on_ciao_the_learned_score_beats_degree_and_low_constraint(siyu_data: Path) -> None:
    rows = OUTCOMES.ciao(siyu_data / "ciao", resamples=50)
    found = {row.split("|")[1].strip(): row.split("|") for row in rows[3:]}
    average = {name: float(cells[4].split("[")[0]) for name, cells in found.items()}
    assert average["learned"] == max(average.values())
    assert average["koc_score"] > average["degree"]
    for name in ("degree", "named_by", "pagerank", "low_constraint", "recent_outcome"):
        assert float(found[name][4].split("[")[1].split(",")[0]) > 0.05, name
