"""Instants, local days and hours: where the shop's clock cuts time."""

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .errors import ParameterError

__all__ = [
    "DAY_US",
    "HOUR_US",
    "INSTANT",
    "days_between",
    "instants",
    "local_clock",
    "local_day",
    "local_hour",
    "local_weekday",
    "moment",
    "zone_of",
]

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
INSTANT = pa.timestamp("us", tz="UTC")
"""The type of every time column after the validation door."""

_SLOT_US = HOUR_US // 4
_MANY = 10_000


def moment(as_of: Any, tz: str) -> int:
    """Read a point in time as microseconds since 1970-01-01 UTC.

    Parameters
    ----------
    as_of : Timestamp, datetime or str
        With a zone it is that instant; without one it is the clock of the shop.
    tz : str
        The shop's zone, for instance ``"Asia/Shanghai"``.

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        If `as_of` cannot be read as a point in time, or the clocks of the zone skip that time
        or show it twice.

    Examples
    --------
    >>> moment("1970-01-01 08:00", "Asia/Shanghai")
    0
    """
    try:
        stamp = pd.Timestamp(as_of)
    except (ValueError, TypeError) as error:
        raise ParameterError(
            "as_of", f"as_of must be a point in time such as '2026-06-30', got {as_of!r}"
        ) from error
    if pd.isna(stamp):
        raise ParameterError("as_of", "as_of must be a point in time, got a missing value")
    if stamp.tzinfo is None:
        stamp = _on_clocks_of(tz, stamp)
    return int(stamp.tz_convert("UTC").to_datetime64().astype("datetime64[us]").astype(np.int64))


def _on_clocks_of(tz: str, naive: pd.Timestamp) -> pd.Timestamp:
    """Read a time on the clocks of a zone, or raise `ParameterError` where they do not tell it."""
    found = naive.tz_localize(zone_of(tz), nonexistent="NaT", ambiguous="NaT")
    if isinstance(found, pd.Timestamp):
        return found
    told = f"clocks of {tz} skip {naive} or show it twice; give as_of a zone, as in +00:00"
    raise ParameterError("as_of", told)


def zone_of(tz: str) -> str:
    """Give back a time zone's name, or raise `ParameterError` if nobody knows it.

    Examples
    --------
    >>> zone_of("Asia/Shanghai")
    'Asia/Shanghai'
    """
    try:
        ZoneInfo(tz)
    except (KeyError, OSError, ValueError, TypeError) as error:
        raise ParameterError(
            "tz", f"tz must be the name of a time zone such as 'Asia/Shanghai', got {tz!r}"
        ) from error
    return tz


def instants(times: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.int64]:
    """Read a time column as microseconds since 1970-01-01 UTC; it must hold no nulls.

    Examples
    --------
    >>> import pyarrow as pa
    >>> instants(pa.array([0, 5], INSTANT))
    array([0, 5])
    """
    return np.asarray(times.cast(pa.int64()).to_numpy())


def local_clock(us: npt.NDArray[np.int64], tz: str) -> npt.NDArray[np.int64]:
    """Turn instants into microseconds of the local clock since 1970-01-01 00:00 there.

    Parameters
    ----------
    us : int64 array of microseconds since 1970-01-01 UTC
    tz : str
        IANA zone; changes of the clock (summer time) are honoured.

    Returns
    -------
    int64 array, as long as `us`

    Examples
    --------
    >>> local_clock(np.array([0]), "Asia/Shanghai") // HOUR_US
    array([8])
    """
    if tz == "UTC":
        return us
    if len(us) < _MANY:
        return _zoned_clock(us, tz)
    low, high = int(us.min()) // _SLOT_US, int(us.max()) // _SLOT_US
    if high - low > len(us):
        return _zoned_clock(us, tz)
    # Zones shift on quarter hours: one look-up a row is ten times faster than one conversion.
    slots = np.arange(low, high + 1) * _SLOT_US
    ahead = _zoned_clock(slots, tz) - slots
    if np.any(_zoned_clock(slots + (_SLOT_US - 1), tz) - (slots + (_SLOT_US - 1)) != ahead):
        return _zoned_clock(us, tz)
    return np.asarray(us + ahead[us // _SLOT_US - low])


def _zoned_clock(us: npt.NDArray[np.int64], tz: str) -> npt.NDArray[np.int64]:
    zoned = pa.array(us).cast(pa.timestamp("us", tz=tz))
    return np.asarray(pc.local_timestamp(zoned).cast(pa.int64()).to_numpy())


def local_day(us: npt.NDArray[np.int64], tz: str) -> npt.NDArray[np.int64]:
    """Give the local calendar day of each instant, as days since 1970-01-01.

    Examples
    --------
    >>> local_day(np.array([20 * HOUR_US]), "Asia/Shanghai")
    array([1])
    """
    return np.asarray(local_clock(us, tz) // DAY_US)


def local_hour(us: npt.NDArray[np.int64], tz: str) -> npt.NDArray[np.int64]:
    """Give the local hour (0-23) of each instant.

    Examples
    --------
    >>> local_hour(np.array([20 * HOUR_US]), "Asia/Shanghai")
    array([4])
    """
    return np.asarray(local_clock(us, tz) // HOUR_US % 24)


def local_weekday(us: npt.NDArray[np.int64], tz: str) -> npt.NDArray[np.int64]:
    """Give the local weekday of each instant, Monday = 0.

    Examples
    --------
    >>> local_weekday(np.array([0]), "UTC")  # 1970-01-01 was a Thursday
    array([3])
    """
    return np.asarray((local_day(us, tz) + 3) % 7)


def days_between(
    us: npt.NDArray[np.int64] | npt.NDArray[np.float64], as_of: int
) -> npt.NDArray[np.float64]:
    """Give the days from each instant to `as_of` (microseconds), as a float.

    Examples
    --------
    >>> days_between(np.array([0]), 36 * HOUR_US)
    array([1.5])
    """
    return np.asarray((as_of - us) / DAY_US)
