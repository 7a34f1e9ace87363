"""The logistic line: as scikit-learn fits it, and row by row."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from siyu.segmentation.value.churn_learners import Calibration
from siyu.segmentation.value.logistic_line import LogisticLine, newton_logistic

RNG = np.random.default_rng(3)
VALUES = RNG.normal(size=(500, 4))
LABELS = RNG.random(500) < 1 / (1 + np.exp(-(VALUES @ [1.0, -2.0, 0.5, 0.0] + 0.3)))
COLUMNS = {name: VALUES[:, i] * 10.0**i for i, name in enumerate("abcd")}


def test_newton_agrees_with_scikit_learn() -> None:
    found = newton_logistic(VALUES, LABELS.astype(float), 5.0)
    peer = LogisticRegression(C=1 / 5.0, tol=1e-10, max_iter=1000).fit(VALUES, LABELS)
    expected = np.append(peer.intercept_, peer.coef_[0])
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_newton_survives_labels_that_a_line_parts() -> None:
    x = np.linspace(-1, 1, 50)[:, None]
    found = newton_logistic(x, (x[:, 0] > 0).astype(float), 1.0)
    assert np.isfinite(found).all()
    assert found[1] > 0


def test_the_scale_of_a_column_hardly_matters() -> None:
    line = LogisticLine.fit(COLUMNS, LABELS)
    assert np.corrcoef(line.log_odds(COLUMNS), VALUES @ [1.0, -2.0, 0.5, 0.0])[0, 1] > 0.9


def test_what_is_unknown_stands_at_the_middle() -> None:
    columns = COLUMNS | {"b": np.where(np.arange(500) % 3 == 0, np.nan, COLUMNS["b"])}
    line = LogisticLine.fit(columns, LABELS)
    unknown = {name: np.full(1, np.nan) for name in columns}
    assert line.log_odds(unknown).tolist() == [line.intercept]


def test_a_row_alone_gives_the_same_number() -> None:
    line = LogisticLine.fit(COLUMNS, LABELS)
    whole = line.log_odds(COLUMNS)
    alone = [line.log_odds({k: v[i : i + 1] for k, v in COLUMNS.items()})[0] for i in range(50)]
    assert whole[:50].tolist() == alone


def test_a_table_keeps_every_byte() -> None:
    line = LogisticLine.fit(COLUMNS, LABELS)
    again = LogisticLine.from_table(line.to_table())
    np.testing.assert_array_equal(again.log_odds(COLUMNS), line.log_odds(COLUMNS))


def test_calibration_takes_back_a_shift() -> None:
    true = RNG.normal(-1, 1.5, 20_000)
    came = RNG.random(20_000) < 1 / (1 + np.exp(-true))
    found = Calibration.fit((true - 1) / 2, came)
    assert found.slope == pytest.approx(2, abs=0.1)
    assert found.intercept == pytest.approx(1, abs=0.1)


def test_calibration_stays_finite_when_all_is_alike() -> None:
    found = Calibration.fit(np.array([-1.0, 1.0]), np.array([False, True]))
    assert np.isfinite(found.probability(np.array([-5.0, 5.0]))).all()


@pytest.mark.parametrize("log_odds", [np.zeros(100), np.full(100, 0.3), -np.arange(100.0) / 9])
def test_calibration_by_what_tells_nothing_gives_everybody_the_share(log_odds: Any) -> None:
    gone = np.arange(100) >= 70
    found = Calibration.fit(log_odds, gone).probability(log_odds)
    assert found == pytest.approx(np.full(100, 0.3), abs=0.01)
