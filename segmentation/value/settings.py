"""What callers ask of a forecast: the horizon, what counts as a visit, the level of intervals."""

from typing import Any, Literal

import numpy as np
import pandas as pd

from siyu.datasets.errors import ParameterError

__all__ = ["Activity", "horizon_days", "require_activity", "require_level"]

Activity = Literal["orders", "events"]
"""What is a visit: a day with a purchase, or with any event."""


def horizon_days(horizon: Any) -> int:
    """Read a horizon such as ``"28D"`` as whole days.

    Raises
    ------
    ParameterError
        If it is no length of time, or not of whole days, one or more.

    Examples
    --------
    >>> horizon_days("4W"), horizon_days("91D")
    (28, 91)
    """
    try:
        length = pd.Timedelta(horizon)
    except (ValueError, TypeError) as error:
        raise ParameterError(
            "horizon", f"horizon must be a length of time such as '28D', got {horizon!r}"
        ) from error
    days = length / pd.Timedelta("1D") if not pd.isna(length) else np.nan
    if not (days >= 1 and days == int(days)):
        raise ParameterError("horizon", f"horizon must be whole days, 1 or more, got {horizon!r}")
    return int(days)


def require_activity(activity: Any) -> None:
    """Refuse anything but orders or events."""
    if activity not in ("orders", "events"):
        raise ParameterError("activity", f"activity must be 'orders' or 'events', got {activity!r}")


def require_level(level: Any) -> None:
    """Refuse a level of intervals that is no number between 0 and 1."""
    if not (isinstance(level, float | np.floating) and 0 < level < 1):
        raise ParameterError("level", f"level must lie between 0 and 1, got {level!r}")
