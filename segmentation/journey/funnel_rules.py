"""How a funnel is to be read: whom it follows, for how long, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from siyu.datasets.errors import ParameterError

from .periods import days_us

__all__ = ["Condition", "FunnelRules", "Steps"]

Condition = str | Sequence[str] | Mapping[str, Any]
Steps = Mapping[str, Condition]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelRules:
    """Whom a funnel follows, for how long, and in which order.

    Parameters
    ----------
    since : Timestamp, datetime or str, optional
        Follow those who began at this moment or later. Default: all.
    baseline : (start, end), optional
        An earlier period to compare with: those who began in it, its end excluded. Needs
        `within_days`, unless sessions are followed: whoever began earlier has had more time.
    within_days : float > 0, optional
        Count only steps reached within so many days of the begin, and follow only those who
        began at least so long before `as_of`. Default: as far as the record goes.
    ordered : bool
        True, a closed funnel: a step counts once all steps before it were done, in this order.
        False, an open one: a unit may begin at any step, and the order plays no part.
        For steps of one's own only.
    unit : {"member", "session"}
        What passes through the funnel; sessions need ``events.session_id`` and own steps.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """

    since: Any = None
    baseline: tuple[Any, Any] | None = None
    within_days: float | None = None
    ordered: bool = True
    unit: Literal["member", "session"] = "member"

    def __post_init__(self) -> None:
        if self.unit not in ("member", "session"):
            raise ParameterError("unit", f"unit must be 'member' or 'session', got {self.unit!r}")
        if self.within_days is not None:
            days_us("within_days", self.within_days)
        if self.baseline is None:
            return
        if isinstance(self.baseline, str) or len(self.baseline) != 2:
            raise ParameterError("baseline", "baseline must be a pair (start, end)")
        if self.within_days is None and self.unit == "member":
            raise ParameterError(
                "within_days",
                "a baseline needs within_days: those who began earlier have had more time",
            )
