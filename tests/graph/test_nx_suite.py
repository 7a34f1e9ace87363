"""The tests of networkx itself, run on the backend: all pass, none is excused, ours do the work."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

HOLES = "networkx.algorithms.tests.test_structuralholes"
CLUSTER = "networkx.algorithms.tests.test_cluster"
BETWEENNESS = "networkx.algorithms.centrality.tests.test_betweenness_centrality"
BRIDGES = "networkx.algorithms.tests.test_bridges"
LEIDEN = "networkx.algorithms.community.tests.test_leiden"  # since networkx 3.5

MODULES = (HOLES, CLUSTER, BETWEENNESS, BRIDGES, LEIDEN)

# Runs the tests in a process of its own, and counts which calls the backend answered itself.
RUNNER = """
import functools, json, sys
import pytest
from siyu.graph import nx_backend
from siyu.graph.nx_info import get_info

answered = dict.fromkeys(get_info()["functions"], 0)
refused = dict.fromkeys(answered, 0)

def counted(name, function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        try:
            result = function(*args, **kwargs)
        except NotImplementedError:
            refused[name] += 1
            raise
        answered[name] += 1
        return result
    return call

for name in answered:
    setattr(nx_backend, name, counted(name, getattr(nx_backend, name)))
report, counts, *modules = sys.argv[1:]
options = ["-q", "-p", "no:cacheprovider", "-o", "addopts=", f"--junitxml={report}"]
code = pytest.main([*options, "--pyargs", *modules])
with open(counts, "w") as file:
    json.dump({"code": int(code), "answered": answered, "refused": refused}, file)
"""


def run_suite(folder: Path, modules: Sequence[str], **environment: str) -> dict[str, Any]:
    """Run test modules of networkx on the backend; give outcomes and calls by function."""
    report, counts = folder / "report.xml", folder / "counts.json"
    script = folder / "runner.py"
    script.write_text(RUNNER)
    subprocess.run(
        [sys.executable, str(script), str(report), str(counts), *modules],
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "NETWORKX_"))},
            "NETWORKX_TEST_BACKEND": "siyu",
            **environment,
        },
        cwd=folder,
        capture_output=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(counts.read_text())
    cases = list(ET.parse(report).iter("testcase"))
    bad = {
        f"{case.get('classname')}.{case.get('name')}": ", ".join(part.tag for part in case)
        for case in cases
        if case.find("failure") is not None
        or case.find("error") is not None
        or case.find("skipped") is not None  # as pytest reports skips and expected failures
    }
    return {**found, "n_tests": len(cases), "not_passed": bad}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    modules = [m for m in MODULES if importlib.util.find_spec(m)]
    return run_suite(tmp_path_factory.mktemp("nx"), modules, NETWORKX_FALLBACK_TO_NX="1")


@pytest.mark.slow
def test_every_test_of_networkx_passes_none_skipped_none_expected_to_fail(suite: Any) -> None:
    assert suite["not_passed"] == {}
    assert suite["code"] == 0
    assert suite["n_tests"] >= 50


@pytest.mark.slow
def test_the_backend_answers_itself(suite: Any) -> None:
    offered = set(suite["answered"])
    if not importlib.util.find_spec(LEIDEN):
        offered -= {"leiden_communities", "leiden_partitions"}
    assert {name for name in offered if suite["answered"][name] == 0} == {"local_constraint"}
    assert suite["answered"]["constraint"] >= 5
    assert suite["answered"]["effective_size"] >= 5


@pytest.mark.slow
def test_no_call_that_reached_the_backend_is_handed_back(suite: Any) -> None:
    assert sum(suite["refused"].values()) == 0


@pytest.mark.slow
def test_what_is_excused_does_not_count_as_passed(tmp_path: Path) -> None:
    tests = tmp_path / "test_excused.py"
    tests.write_text(
        "import pytest\n"
        "def test_fine(): pass\n"
        "def test_excused(): pytest.xfail('the backend lacks it')\n"
        "def test_skipped(): pytest.skip('not today')\n"
    )
    found = run_suite(tmp_path, [str(tests)])
    assert found["code"] == 0
    assert found["n_tests"] == 3
    assert sorted(name.split(".")[-1] for name in found["not_passed"]) == [
        "test_excused",
        "test_skipped",
    ]
