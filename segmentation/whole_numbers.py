"""Whole numbers, as callers write them."""

from typing import Any

import numpy as np

from siyu.datasets.errors import ParameterError

__all__ = ["require_whole"]

_LIMIT = 2**30  # seeds must fit 32 bits, and nobody means more members or trees


def require_whole(name: str, value: Any, least: int) -> None:
    """Refuse anything but a whole number of `least` or more.

    Parameters
    ----------
    name : str
        The parameter, for the message.
    value : int
    least : int

    Raises
    ------
    ParameterError
        If it is no whole number (a flag is none, nor is 2.0), or out of range.

    Examples
    --------
    >>> require_whole("k", 0, 1)
    Traceback (most recent call last):
        ...
    siyu.datasets.errors.ParameterError: k must be 1 or more, got 0 [E001]
    """
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        expected = f"a whole number of {least} or more"
    elif value < least:
        expected = f"{least} or more"
    elif value >= _LIMIT:
        expected = f"below {_LIMIT:,}"
    else:
        return
    raise ParameterError(name, f"{name} must be {expected}, got {value!r}")
