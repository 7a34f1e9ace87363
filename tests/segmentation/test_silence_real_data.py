"""Who comes back, foretold on real shops and compared with who came."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siyu.datasets import Community, load_cdnow, load_complete_journey
from siyu.segmentation import StageRules, lifecycle
from siyu.segmentation.rhythm import pace_of
from siyu.segmentation.silence import chance_to_return, curves_of, rhythm_for
from siyu.segmentation.stages import activity_rows
from siyu.segmentation.visits import visits_of


@pytest.fixture(scope="module")
def cdnow(siyu_data: Path) -> Community:
    return load_cdnow(siyu_data / "cdnow")


@pytest.fixture(scope="module")
def complete_journey(siyu_data: Path) -> Community:
    return load_complete_journey(siyu_data / "complete_journey")


def _came(c: Community, as_of: str) -> Any:
    """Tell of each customer who had bought by `as_of` whether they bought again after it."""
    known = c.before(as_of)
    members = known.customers()
    before, after = (visits_of(activity_rows(each, "orders", members), c.tz) for each in (known, c))
    return (after.count() > before.count())[before.count() > 0]


def test_as_many_cdnow_customers_come_back_as_foretold(cdnow: Community) -> None:
    as_of = "1997-10-01"
    known, end, rules = cdnow.before(as_of), cdnow.moment(as_of), StageRules()
    visits = visits_of(activity_rows(known, "orders", known.customers()), cdnow.tz)
    pace = pace_of(visits, rhythm_for(visits, rules, end), rules.churned_us)
    chance = chance_to_return(visits, pace, curves_of(visits, pace, end), end)
    came, band = _came(cdnow, as_of), np.digitize(chance, [0.2, 0.4, 0.6, 0.8])
    for each in range(5):
        assert abs(chance[band == each].mean() - came[band == each].mean()) < 0.07


@pytest.mark.slow
def test_the_model_calls_fewer_lapsed_who_come_again(complete_journey: Community) -> None:
    # Households come every few days with pauses of weeks: the own rhythm takes these for the end.
    as_of, lapsed_and_came = "2017-10-01", {}
    came = _came(complete_journey, as_of)
    for method in ("own_gap", "model"):
        told: Any = lifecycle(complete_journey, as_of=as_of, method=method)
        stage = told.stage[told.overdue_ratio.notna()]
        lapsed = stage.isin(["dormant", "churned"]).to_numpy()
        lapsed_and_came[method] = came[lapsed].mean()
        assert came[~lapsed].mean() > 0.95
    assert lapsed_and_came["own_gap"] > 0.7
    assert lapsed_and_came["model"] < 0.6
