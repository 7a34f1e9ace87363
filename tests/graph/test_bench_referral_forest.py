"""The benchmark of the referral forest, at its smallest size, for its agreement alone."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_referral_forest.py"


@pytest.fixture(scope="module")
def bench() -> Any:
    spec = importlib.util.spec_from_file_location("bench_referral_forest", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(SCRIPT.parent))
    return module


@pytest.mark.parametrize("case", ["forest:400", "tree:200", "chain:40", "star:50"])
@pytest.mark.parametrize("peer", ["pandas", "networkx"])
def test_the_engines_agree(bench: Any, case: str, peer: str) -> None:
    given = bench.referrals_of(case)
    _, ours = bench.measure("siyu", given)
    _, theirs = bench.measure(peer, given)
    assert bench.difference(ours, theirs) < 1e-12


def test_networkx_is_asked_for_every_small_tree(bench: Any) -> None:
    given = bench.referrals_of("forest:400")
    _, ours = bench.measure("siyu", given)
    _, theirs = bench.measure("networkx", given)
    trees = (ours["depth"] == 0) & (ours["below"] > 0)
    assert np.array_equal(~np.isnan(theirs["virality"]), trees)


def test_a_value_that_only_the_peer_has_is_a_difference(bench: Any) -> None:
    ours, theirs = ({"gmv": np.array([x])} for x in (np.nan, 1.0))
    assert np.isnan(bench.difference(ours, theirs))


def test_a_row_names_shape_members_trees_and_depth(bench: Any) -> None:
    cells = [cell.strip() for cell in bench.compare("star:50", 1).strip("|").split("|")]
    assert cells[:4] == ["star", "50", "1", "1"]
    assert cells[7].endswith("x")
