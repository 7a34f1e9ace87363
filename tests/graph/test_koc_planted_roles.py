"""Each role beats plain degree on its own planted truth; the benchmark prints the figures."""

import importlib
from typing import Any

import numpy as np
import pytest

from siyu.graph.ranking import koc_role_scores

bench: Any = importlib.import_module("bench_koc_roles")
ROLES: tuple[str, ...] = bench.ROLES
SEEDS = range(bench.FIRST_SEED, bench.FIRST_SEED + 3)
GAINS = {  # over the better of degree and in-degree, in every seed; measured: twice that or more
    "connector": 0.25,
    "opinion_leader": 0.03,
    "converter": 0.15,
    "sharer": 0.25,
    "expert": 0.25,
    "hub": 0.10,
    "sleeper": 0.25,
}


@pytest.fixture(scope="module")
def runs() -> list[dict[str, dict[str, float]]]:
    return [bench.measure(2_000, seed) for seed in SEEDS]


def test_every_role_is_judged() -> None:
    assert set(ROLES) == set(koc_role_scores.ROLES) == set(GAINS)


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_a_role_beats_degree_and_in_degree_on_its_own_truth(
    role: str, runs: list[dict[str, dict[str, float]]]
) -> None:
    gains = [run[role][role] - max(run[role]["degree"], run[role]["in-degree"]) for run in runs]
    assert min(gains) > GAINS[role]


@pytest.mark.slow
def test_no_one_number_can_be_all_roles(runs: list[dict[str, dict[str, float]]]) -> None:
    own = {role: np.mean([run[role][role] for run in runs]) for role in ROLES}
    whole = {role: np.mean([run[role]["koc score"] for run in runs]) for role in ROLES}
    assert all(own[role] > whole[role] for role in ROLES)


@pytest.mark.slow
def test_the_benchmark_prints_a_row_a_role(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["1200", "--seeds", "1"])
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[0].strip("| ") for row in rows[2:]] == list(ROLES)
    assert all(name in rows[0] for name in bench.BASELINES)
