"""When a member passes from one lifecycle stage to the next."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from siyu.datasets.clock import DAY_US
from siyu.datasets.errors import ParameterError

from .return_curves import ReturnCurves
from .whole_numbers import require_whole

__all__ = ["Limits", "Method", "StageRules"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Method = Literal["own_gap", "fixed", "model"]

_METHODS = ("own_gap", "fixed", "model")
_FOR_EVER = 1e7  # days: longer silences are not told apart, and fit into microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRules:
    """When a member passes from one stage to the next.

    Parameters
    ----------
    method : {"own_gap", "fixed", "model"}
        Whether silence is measured in the member's own expected gaps, in days, or by the
        chance that somebody silent for so many expected gaps comes back.
    dormant_after, churned_after : float, 1 or more
        For ``"own_gap"``: silence in expected gaps beyond which a member is dormant, churned.
    dormant_days, churned_days : float, 1 or more
        The same for ``"fixed"``, in days.
    dormant_chance, churned_chance : float, between 0 and 1
        For ``"model"``: the chance to come back below which a member is dormant, churned.
    loyal_from : int, 2 or more
        From which visit day of a run on a member is loyal.
    won_back_visits : int, 1 or more
        For how many visit days after a return a member is won back.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """

    method: Method = "own_gap"
    dormant_after: float = 2.5
    churned_after: float = 5.0
    dormant_days: float = 90.0
    churned_days: float = 180.0
    dormant_chance: float = 0.6
    churned_chance: float = 0.35
    loyal_from: int = 5
    won_back_visits: int = 2

    def __post_init__(self) -> None:
        if self.method not in _METHODS:
            raise ParameterError(
                "method", f"method must be 'own_gap', 'fixed' or 'model', got {self.method!r}"
            )
        for name in ("dormant_after", "churned_after", "dormant_days", "churned_days"):
            value = getattr(self, name)
            if not (_is_number(value) and 1 <= value < np.inf):
                raise ParameterError(name, f"{name} must be 1 or more, got {value!r}")
        for name in ("dormant_chance", "churned_chance"):
            value = getattr(self, name)
            if not (_is_number(value) and 0 < value < 1):
                raise ParameterError(name, f"{name} must be between 0 and 1, got {value!r}")
        require_whole("loyal_from", self.loyal_from, 2)
        require_whole("won_back_visits", self.won_back_visits, 1)
        late = self.dormant_after > self.churned_after or self.dormant_days > self.churned_days
        if late or self.dormant_chance < self.churned_chance:
            raise ParameterError("churned_after", "a member is dormant before being churned")

    def limits(self, returning: ReturnCurves | None = None) -> "Limits":
        """Give the longest silences these rules allow; `returning` matters to ``"model"``."""
        if self.method == "own_gap":
            return Limits((self.dormant_after,) * 2, (self.churned_after,) * 2)
        if self.method == "fixed":
            return Limits((self.dormant_days,) * 2, (self.churned_days,) * 2, in_days=True)
        curves = returning or ReturnCurves.unlearned()
        return Limits(curves.limits(self.dormant_chance), curves.limits(self.churned_chance))

    def churned_us(self, expected: Floats, n_gaps: Ints) -> Ints:
        """Give the longest silence (us) that is not yet churned; see `Limits`."""
        return self.limits().churned_us(expected, n_gaps)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating)


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest silences that are not yet dormant, and not yet churned.

    Each is a pair, for members of whom no own gap is known and for the others: in expected
    gaps, or in days if `in_days`.
    """

    dormant: tuple[float, float]
    churned: tuple[float, float]
    in_days: bool = False

    def dormant_us(self, expected: Floats, n_gaps: Ints) -> Ints:
        """Give the longest silence (us) that is not yet dormant.

        Parameters
        ----------
        expected : float64 array
            The member's expected gap in days.
        n_gaps : int64 array
            How many own gaps it rests on.

        Returns
        -------
        int64 array
        """
        return self._us(self.dormant, expected, n_gaps)

    def churned_us(self, expected: Floats, n_gaps: Ints) -> Ints:
        """Give the longest silence (us) that is not yet churned; see `dormant_us`."""
        return self._us(self.churned, expected, n_gaps)

    def _us(self, longest: tuple[float, float], expected: Floats, n_gaps: Ints) -> Ints:
        limit = np.where(n_gaps > 0, longest[1], longest[0])
        days = np.minimum(limit if self.in_days else limit * expected, _FOR_EVER)
        return np.asarray(np.rint(days * DAY_US), dtype=np.int64)
