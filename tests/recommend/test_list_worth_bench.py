"""The benchmark of lists for money runs, and stops where results disagree."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from siyu.recommend.ranking.goals import Hits


def _bench() -> Any:
    return import_module("bench_list_worth")


def test_the_small_run_prints_a_row_a_goal(capsys: pytest.CaptureFixture[str]) -> None:
    _bench().main(["--small"])
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[1] for row in rows[2:]] == ["gmv", "margin"]


def _judged(chance: list[float]) -> Any:
    hits = Hits(np.array([1]), np.array([4.0]), 2)
    zero = np.zeros(2, np.int64)
    ranks = np.array([1, 2])
    return _bench().Judged(
        zero, np.array([0, 1]), ranks, np.array(chance), np.array([2.0, 4.0]), hits, 1
    )


def test_an_order_that_is_not_that_of_the_product_stops_the_run() -> None:
    judged = _judged([0.5, 0.5])  # worth 1 and 2: the second comes first
    _bench().require_agreement(judged, np.array([2, 1]))
    with pytest.raises(SystemExit, match="orders otherwise"):
        _bench().require_agreement(judged, np.array([1, 2]))
