"""The search for the most likely parameters."""

from dataclasses import dataclass

import numpy as np
import pytest

from siyu.segmentation.value.maximum_likelihood import Box, most_likely


@dataclass(frozen=True, slots=True, eq=False)
class Poisson:
    """`members` counts of mean `rate` and `other` of mean `second`."""

    members: float
    rate: float
    second: float

    def at(self, params: np.ndarray) -> tuple[float, np.ndarray]:
        mean = np.array([self.rate, self.second])
        return float(self.members * (mean * np.log(params) - params).sum()), self.members * (
            mean - params
        )


@dataclass(frozen=True, slots=True, eq=False)
class Ridge:
    """Knows the ratio of its two parameters alone."""

    members: float = 50.0

    def at(self, params: np.ndarray) -> tuple[float, np.ndarray]:
        off = np.log(params[0] / params[1])
        return float(-self.members * off**2 / 2), -self.members * off * np.array([1.0, -1.0])


def _box(start: tuple[float, float], low: float = 1e-4, high: float = 1e4) -> Box:
    return Box(("one", "two"), np.array(start), np.full(2, low), np.full(2, high))


@pytest.mark.parametrize("start", [(1.0, 1.0), (1e-4, 1e4), (900.0, 0.01)])
def test_the_top_is_found_from_anywhere(start: tuple[float, float]) -> None:
    found = most_likely(Poisson(400.0, 2.5, 7.0), _box(start))
    assert found.params == pytest.approx({"one": 2.5, "two": 7.0}, rel=1e-6)
    assert found.converged
    assert found.notes == ()


def test_standard_errors_are_those_of_a_mean() -> None:
    # Of the mean of n Poisson counts: the root of mean / n.
    errors = most_likely(Poisson(400.0, 2.5, 7.0), _box((1.0, 1.0))).standard_errors
    assert errors == pytest.approx({"one": (2.5 / 400) ** 0.5, "two": (7 / 400) ** 0.5}, rel=1e-6)


def test_a_parameter_stops_at_its_bound_and_the_others_go_on() -> None:
    found = most_likely(Poisson(400.0, 2.5, 7.0), _box((1.0, 1.0), high=5.0))
    assert found.params == pytest.approx({"one": 2.5, "two": 5.0}, rel=1e-6)
    assert found.params["two"] <= 5.0
    assert found.standard_errors["one"] == pytest.approx((2.5 / 400) ** 0.5, rel=1e-6)
    assert np.isnan(found.standard_errors["two"])
    assert len(found.notes) == 1
    assert "two stopped at the bound" in found.notes[0]


def test_a_bound_bends_what_depends_on_it() -> None:
    class Leaning:
        """Has its top at logarithms 2 and 2, and leans: less of one asks for less of the other."""

        members = 10.0

        def at(self, params: np.ndarray) -> tuple[float, np.ndarray]:
            u, v = np.log(params) - 2
            return float(-5 * (u * u + v * v - 1.8 * u * v)), -5 * np.array(
                [2 * u - 1.8 * v, 2 * v - 1.8 * u]
            )

    found = most_likely(Leaning(), _box((0.1, 0.1), high=np.exp(1.0)))
    # Both stop at the logarithm 1: at one's wall the other would like 2 - 0.9 = 1.1.
    assert found.params == pytest.approx({"one": np.e, "two": np.e})
    wide = Box(("one", "two"), np.full(2, 0.1), np.full(2, 1e-4), np.array([np.e, 1e4]))
    assert most_likely(Leaning(), wide).params == pytest.approx({"one": np.e, "two": np.exp(1.1)})


def test_a_start_outside_the_box_is_moved_inside() -> None:
    found = most_likely(Poisson(400.0, 2.5, 7.0), _box((1e9, 1e-9)))
    assert found.params == pytest.approx({"one": 2.5, "two": 7.0}, rel=1e-6)


def test_a_flat_ridge_is_told_and_has_no_standard_errors() -> None:
    found = most_likely(Ridge(), _box((3.0, 9.0)))
    assert found.params["one"] == pytest.approx(found.params["two"], rel=1e-6)
    assert np.isnan(list(found.standard_errors.values())).all()
    assert any("flat ridge" in note for note in found.notes)


def test_a_part_of_the_members_changes_the_way_and_not_the_end() -> None:
    whole, part = Poisson(400.0, 2.5, 7.0), Poisson(40.0, 3.0, 6.0)
    plain, warm = most_likely(whole, _box((1.0, 1.0))), most_likely(whole, _box((1.0, 1.0)), part)
    assert warm.params == pytest.approx(plain.params, rel=1e-6)
    assert warm.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)


def test_a_search_that_does_not_end_is_told() -> None:
    class Endless:
        """Promises a gain that never comes."""

        members = 1.0

        def at(self, params: np.ndarray) -> tuple[float, np.ndarray]:
            return 0.0, np.array([1.0, 1.0]) * params

    found = most_likely(Endless(), _box((1.0, 1.0)))
    assert not found.converged
    assert "did not end" in found.notes[0]
