"""Spans of time, as callers write them."""

from typing import Any

import pandas as pd

from .errors import ParameterError

__all__ = ["span_us"]


def span_us(name: str, span: Any) -> int:
    """Read a span of time in microseconds.

    Parameters
    ----------
    name : str
        The parameter, for the message.
    span : Timedelta, timedelta or str

    Raises
    ------
    ParameterError
        If it is no span, or shorter than a day.

    Examples
    --------
    >>> span_us("within", "2D")
    172800000000
    """
    try:
        length = pd.Timedelta(span)
    except (ValueError, TypeError) as error:
        raise ParameterError(name, f"{name} must be a span such as '28D', got {span!r}") from error
    if pd.isna(length) or length < pd.Timedelta(days=1):
        raise ParameterError(name, f"{name} must be one day or more, got {span!r}")
    return int(length // pd.Timedelta(microseconds=1))
