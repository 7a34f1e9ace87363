"""Parameters of a recommender: what is allowed, and what it means."""

import numpy as np
import pandas as pd

from siyu.datasets.errors import ParameterError
from siyu.datasets.randomness import generator

__all__ = ["microseconds", "one_of", "seed_of", "whole_number"]


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse a value that is not supported.

    Raises
    ------
    ParameterError
        Naming what is.
    """
    if value not in allowed:
        listed = ", ".join(repr(one) for one in allowed)
        raise ParameterError(name, f"{name} must be one of {listed}, got {value!r}")


def whole_number(name: str, value: object) -> int:
    """Read a whole number of 1 or more.

    Raises
    ------
    ParameterError
        If it is none.

    Examples
    --------
    >>> whole_number("k", 10)
    10
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ParameterError(name, f"{name} must be 1 or more, got {value!r}")
    return int(value)


def microseconds(horizon: str | pd.Timedelta) -> int:
    """Read a duration of a day or more.

    Raises
    ------
    ParameterError
        If it is shorter, or no duration.

    Examples
    --------
    >>> microseconds("28D") // 86_400_000_000
    28
    """
    try:
        length = pd.Timedelta(horizon)
    except ValueError as error:
        message = f"horizon must be a duration such as '28D', got {horizon!r}"
        raise ParameterError("horizon", message) from error
    if not length >= pd.Timedelta(days=1):
        raise ParameterError("horizon", f"horizon must be a day or more, got {horizon!r}")
    return int(length // pd.Timedelta(microseconds=1))


def seed_of(random_state: int | np.random.Generator | None) -> int:
    """Turn `random_state` into one whole number, drawn if it is none.

    Examples
    --------
    >>> seed_of(7)
    7
    """
    drawn = generator(random_state)  # refuses what is none
    if isinstance(random_state, int | np.integer):
        return int(random_state) % 2**31
    return int(drawn.integers(2**31))
