"""Points in time as people and systems write them, read strictly."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import DAY_US, HOUR_US, INSTANT, zone_of

from .file_rows import Fault, Mask, fault_of, mask_of
from .number_text import MISSING_WORDS

__all__ = ["parse_times"]

Ints = npt.NDArray[np.int64]

_CLOCK = (
    r"(?:(?P<half>上午|下午|AM|PM)\s*)?(?P<H>\d{1,2})[:时点](?P<M>\d{1,2})"
    r"(?:[:分](?P<S>\d{1,2})(?:[.,](?P<f>\d{1,9}))?秒?|分)?(?:\s*(?P<late>AM|PM))?"
)
_ZONE = r"\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
_YEAR_FIRST = r"(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?"
_YEAR_LAST = r"(?P<p>\d{1,2})[-/.](?P<q>\d{1,2})[-/.](?P<y>\d{4})"
_COMPACT = r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[ T]?(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2}))?"
_ZERO = r"^0+(?:[-/]0+[-/]0+(?:[ T]0+:0+(?::0+(?:\.0+)?)?)?)?$"
_EPOCH_US = {10: 1_000_000, 13: 1_000, 16: 1}
_EARLIEST, _LATEST = 0, 4_102_444_800_000_000  # 1970-01-01 and 2100-01-01


def parse_times(
    texts: pa.Array, tz: str | None = None, *, day_first: bool | None = None
) -> tuple[pa.Array, list[Fault]]:
    """Read text as instants.

    Read are ``2026-01-02``, ``2026/1/2 3:04``, ``2026年1月2日 3时4分``, ``20260102``,
    ISO 8601 with or without a zone, and Unix time in seconds (10 digits), milliseconds
    (13) or microseconds (16). ``02/01/2026`` is refused unless `day_first` says how to read it.

    Parameters
    ----------
    texts : pyarrow.Array of text
    tz : str, optional
        Zone of times that carry none; without it such times are refused. A time that
        occurs twice when clocks go back is read as the earlier one, a time that is
        skipped when they go forward as the next that exists; both are reported.
    day_first : bool, optional
        Whether ``02/01/2026`` is 2 January.

    Returns
    -------
    (timestamp[us, UTC] array, faults)
        As long as `texts`; words for no value and all-zero dates are null.

    Examples
    --------
    >>> times, faults = parse_times(pa.array(["2026/1/2 3:04", "1767294240"]), "Asia/Shanghai")
    >>> times[0] == times[1], [fault.rule for fault in faults]
    (True, ['Unix times stand beside written times; both were read'])
    """
    given = pc.utf8_trim_whitespace(texts.cast(pa.large_string()).fill_null(""))
    text = pc.utf8_upper(pc.utf8_trim_whitespace(pc.utf8_normalize(given, form="NFKC")))
    words = pa.array([word.upper() for word in MISSING_WORDS], pa.large_string())
    blank = mask_of(pc.is_in(text, words))
    zero = mask_of(pc.match_substring_regex(text, _ZERO))
    spelled = (blank & mask_of(pc.greater(pc.binary_length(text), 0))) | zero
    faults = [Fault("words or zeros for no value were read as missing", spelled, refused=False)]
    found = _Times(len(text))
    open_ = ~(blank | zero)
    found.read_epochs(text, open_)
    found.read_pattern(text, rf"^{_YEAR_FIRST}(?:[ T]*{_CLOCK}{_ZONE})?$", open_)
    found.read_pattern(text, rf"^{_COMPACT}$", open_)
    found.read_pattern(
        text, rf"^{_YEAR_LAST}(?:[ T]*{_CLOCK}{_ZONE})?$", open_, day_first=day_first
    )
    us, moved = _instants(found, tz)
    faults += moved + found.faults(given, open_, us, tz)
    instants = pa.array(us, mask=~found.known).cast(INSTANT)
    return instants, [fault for fault in faults if fault.rows.any()]


class _Times:
    """What was read so far: microseconds, local where no zone was written."""

    def __init__(self, n: int) -> None:
        self.us: Ints = np.zeros(n, dtype=np.int64)
        self.known: Mask = np.zeros(n, dtype=bool)
        self.zoned: Mask = np.zeros(n, dtype=bool)
        self.epoch: Ints = np.zeros(n, dtype=np.int64)  # digits of a Unix time
        self.ambiguous: Mask = np.zeros(n, dtype=bool)
        self.day_like: Mask = np.zeros(n, dtype=bool)
        self.month_like: Mask = np.zeros(n, dtype=bool)
        self.impossible: Mask = np.zeros(n, dtype=bool)

    def read_epochs(self, text: pa.Array, open_: Mask) -> None:
        """Read Unix times, whose length tells their unit."""
        whole = open_ & mask_of(pc.match_substring_regex(text, r"^\d+$"))
        lengths = np.asarray(pc.utf8_length(text).to_numpy(zero_copy_only=False))
        for digits, factor in _EPOCH_US.items():
            rows = whole & (lengths == digits)
            if rows.any():
                numbers = pc.if_else(pa.array(rows), text, "0").cast(pa.int64())
                self.us[rows] = np.asarray(numbers.to_numpy())[rows] * factor
                self.epoch[rows] = digits
                self.known |= rows
                self.zoned |= rows

    def read_pattern(
        self, text: pa.Array, pattern: str, open_: Mask, *, day_first: bool | None = None
    ) -> None:
        """Read one way of writing dates, where nothing was read yet."""
        rows = np.flatnonzero(open_ & ~self.known & ~self.impossible)
        if not len(rows):
            return
        parts = pc.extract_regex(text.take(pa.array(rows)), pattern)
        hit = ~np.asarray(parts.is_null().to_numpy(zero_copy_only=False))
        if not hit.any():
            return
        parts, rows = parts.filter(pa.array(hit)), rows[hit]
        part = {f.name: pc.struct_field(parts, f.name) for f in parts.type}
        if "p" in part:
            first, second = _whole(part["p"]), _whole(part["q"])
            self.day_like[rows] = first > 12
            self.month_like[rows] = second > 12
            self.ambiguous[rows] = day_first is None
            day, month = (first, second) if day_first else (second, first)
        else:
            month, day = _whole(part["m"]), _whole(part["d"])
        date, valid = _date_us(_whole(part["y"]), month, day)
        clock, valid_clock = _clock_us(part)
        self.us[rows] = date + clock - _offset_us(part)
        self.zoned[rows] = _has(part, "zone")
        good = valid & valid_clock
        self.impossible[rows] = ~good & ~self.ambiguous[rows]
        self.known[rows] = good & ~self.ambiguous[rows]

    def faults(self, given: pa.Array, open_: Mask, us: Ints, tz: str | None) -> list[Fault]:
        """Say what could not be read, and what was read although it is odd."""
        lost = open_ & ~self.known & ~self.ambiguous & ~self.impossible
        naive = self.known & ~self.zoned
        outside = self.known & ((us < _EARLIEST) | (us >= _LATEST))
        excel = lost & mask_of(pc.match_substring_regex(given, r"^[2-6]\d{4}(?:\.\d+)?$"))
        return [
            fault_of(self._order(), given, self.ambiguous),
            fault_of("no such day or hour in the calendar", given, self.impossible),
            fault_of("Excel's number of days; format the column as a date", given, excel),
            fault_of("is no point in time", given, lost & ~excel),
            fault_of("lies before 1970 or after 2099", given, outside),
            fault_of(
                "has no zone; say which with tz='Asia/Shanghai' or the like",
                given,
                naive if tz is None else naive & False,
            ),
            *self._mixtures(tz),
        ]

    def _order(self) -> str:
        days, months = int(self.day_like.sum()), int(self.month_like.sum())
        return (
            "day or month first? Say day_first=True or False "
            f"({days} rows can only be day first, {months} only month first)"
        )

    def _mixtures(self, tz: str | None) -> list[Fault]:
        """Report columns that write time in several ways, each of them clear."""
        units = [self.epoch == digits for digits in _EPOCH_US if (self.epoch == digits).any()]
        mixed = min(units, key=np.count_nonzero) if len(units) > 1 else self.known & False
        written = self.known & (self.epoch == 0)
        beside = written if self.epoch.any() and written.any() else written & False
        zoned = written & self.zoned
        some = zoned.any() and (written & ~self.zoned).any() and tz is not None
        return [
            Fault("seconds and milliseconds were brought to one unit", mixed, refused=False),
            Fault("Unix times stand beside written times; both were read", beside, refused=False),
            Fault(
                f"times with a zone stand beside times read in {tz}",
                zoned if some else zoned & False,
                refused=False,
            ),
        ]


def _instants(found: _Times, tz: str | None) -> tuple[Ints, list[Fault]]:
    """Turn local times of a zone into instants; report those the clock change moved."""
    local = found.known & ~found.zoned
    if tz is None or not local.any():
        return found.us, []
    naive = pa.array(found.us, mask=~local).cast(pa.timestamp("us"))
    early, late = (
        pc.assume_timezone(naive, zone_of(tz), ambiguous=side, nonexistent=side)
        .cast(pa.int64())
        .fill_null(0)
        .to_numpy(zero_copy_only=False)
        for side in ("earliest", "latest")
    )
    twice = local & (late - early >= HOUR_US // 2)
    skipped = local & (early != late) & ~twice
    us = np.where(local, np.where(skipped, late, early), found.us)
    return us, [
        Fault("occurs twice as clocks go back; read as the earlier", twice, refused=False),
        Fault("is skipped as clocks go forward; read as the next", skipped, refused=False),
    ]


def _date_us(y: Ints, m: Ints, d: Ints) -> tuple[Ints, Mask]:
    """Count microseconds from 1970 to a day; tell which days exist."""
    month_ok = (m >= 1) & (m <= 12)
    months = (y - 1970) * 12 + np.where(month_ok, m, 1) - 1
    start = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    valid = month_ok & (d >= 1) & (d <= after - start)
    return (start + d - 1) * DAY_US, valid


def _clock_us(part: dict[str, pa.Array]) -> tuple[Ints, Mask]:
    """Count microseconds from midnight; tell which clock times exist."""
    hour, minute, second = (_whole(part[name]) for name in "HMS")
    valid = (hour < 24) & (minute < 60) & (second < 60)
    if "half" in part:
        half = pc.if_else(pa.array(_has(part, "half")), part["half"], part["late"])
        pm = mask_of(pc.is_in(half, pa.array(["PM", "下午"], half.type)))
        am = mask_of(pc.is_in(half, pa.array(["AM", "上午"], half.type)))
        valid &= ~(am | pm) | ((hour >= 1) & (hour <= 12))
        hour = np.where(pm, hour % 12 + 12, np.where(am, hour % 12, hour))
    us = ((hour * 60 + minute) * 60 + second) * 1_000_000
    if "f" in part:
        us = us + _whole(pc.utf8_slice_codeunits(pc.utf8_rpad(part["f"], 6, "0"), 0, 6))
    return us, valid


def _offset_us(part: dict[str, pa.Array]) -> Ints:
    """Count microseconds that a written zone is ahead of UTC."""
    if "zone" not in part:
        return np.zeros(len(part["y"]), dtype=np.int64)
    zone = pc.replace_substring_regex(part["zone"], "^Z$|UTC|:", "")
    sign = np.where(mask_of(pc.starts_with(zone, "-")), -1, 1)
    hours = _whole(pc.utf8_slice_codeunits(zone, 1, 3))
    minutes = _whole(pc.utf8_slice_codeunits(zone, 3, 5))
    return np.asarray(sign * (hours * 60 + minutes) * 60_000_000)


def _has(part: dict[str, pa.Array], name: str) -> Mask:
    if name not in part:
        return np.zeros(len(part["y"]), dtype=bool)
    return mask_of(pc.greater(pc.binary_length(part[name]), 0))


def _whole(digits: pa.Array) -> Ints:
    """Read digits as whole numbers; an absent group counts 0."""
    filled = pc.if_else(pc.equal(digits.fill_null(""), ""), "0", digits)
    return np.asarray(filled.cast(pa.int64()).to_numpy(zero_copy_only=False))
