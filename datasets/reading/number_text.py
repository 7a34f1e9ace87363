"""Numbers and amounts of money as people write them, read strictly and exactly."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.errors import ParameterError

from .file_rows import Fault, Mask, fault_of, mask_of

__all__ = ["MISSING_WORDS", "parse_numbers", "units_of"]

MISSING_WORDS = ("", "null", "none", "na", "n/a", "nan", "nat", "-", "--", "\\n", "无", "空")
"""Words that stand for no value in columns of numbers, times and flags (any case)."""

_UNITS = {"main": 1, "yuan": 1, "dollar": 1, "jiao": 10, "fen": 100, "cent": 100}
_PLAIN = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE]-\d{1,2})?$"
_THOUSANDS = r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
_SCIENTIFIC = r"^[+-]?\d+\.?\d*[eE]\+?\d+$"
_INFINITE = r"(?i)^[+-]?(?:inf|infinity|∞|nan)$"
# Longer signs first; after NFKC the full-width yen and yuan signs are the plain ones.
_SIGNS = ("HK$", "NT$", "US$", "RMB", "CNY", "USD", "HKD", "EUR", "GBP", "¥", "$", "€", "£", "元")
_DRESSED = "signs of currency, thousands or full width were read away"
_FAMILY = {"RMB": "¥", "CNY": "¥", "元": "¥", "US$": "$", "USD": "$", "EUR": "€", "GBP": "£"}


def units_of(amount_unit: str) -> int:
    """Tell how many of a unit make one main unit of the currency.

    Examples
    --------
    >>> units_of("fen")
    100
    """
    if amount_unit not in _UNITS:
        listed = ", ".join(_UNITS)
        raise ParameterError(
            "amount_unit", f"amount_unit must be one of {listed}, got {amount_unit!r}"
        )
    return _UNITS[amount_unit]


def parse_numbers(texts: pa.Array, units: int = 1) -> tuple[pa.Array, list[Fault]]:
    """Read text as numbers.

    Full-width digits, one currency sign, thousands separators (``1,299.00``) and brackets
    for negative amounts are read and reported. What could mean two things is refused: a
    decimal comma, several currencies, Excel's ``1.2E+05``, infinity.

    Parameters
    ----------
    texts : pyarrow.Array of text
    units : int
        The numbers are divided by it, for amounts in fen (100). They must then be whole.

    Returns
    -------
    (float64 array, faults)
        As long as `texts`; words for no value (``""``, ``NULL``, ``-``, ...) are null.

    Examples
    --------
    >>> numbers, faults = parse_numbers(pa.array(["¥1,299.00", "(12)", "１５"]))
    >>> numbers.to_pylist()
    [1299.0, -12.0, 15.0]
    >>> [fault.rule for fault in faults]
    ['signs of currency, thousands or full width were read away', 'brackets were read as negative']
    """
    given = pc.utf8_trim_whitespace(texts.cast(pa.large_string()).fill_null(""))
    text = pc.utf8_trim_whitespace(pc.utf8_normalize(given, form="NFKC"))
    faults: list[Fault] = []
    blank = mask_of(pc.is_in(pc.utf8_lower(text), pa.array(MISSING_WORDS, pa.large_string())))
    spelled = blank & mask_of(pc.greater(pc.binary_length(text), 0))
    faults.append(Fault("words for no value were read as missing", spelled, refused=False))
    plain = mask_of(pc.match_substring_regex(text, _PLAIN))
    wide = plain & mask_of(pc.not_equal(text, given))
    if (plain | blank).all():
        faults.append(Fault(_DRESSED, wide, refused=False))
    else:
        text, mended = _without_dress(text, ~(plain | blank), wide)
        faults += mended
        plain = mask_of(pc.match_substring_regex(text, _PLAIN))
        faults += _unreadable(given, text, ~(plain | blank))
    numbers = pc.if_else(pa.array(plain), text, None).cast(pa.float64())
    if units > 1:
        broken = mask_of(pc.not_equal(numbers, pc.floor(numbers)))
        faults.append(fault_of("not whole, so it is not in the given amount_unit", given, broken))
        numbers = pc.divide(numbers, float(units))
    return numbers, [fault for fault in faults if fault.rows.any()]


def _without_dress(text: pa.Array, odd: Mask, wide: Mask) -> tuple[pa.Array, list[Fault]]:
    """Take currency signs, thousands separators and brackets off the odd texts."""
    bare = pc.replace_substring(text, "\u2212", "-")
    bracket = odd & mask_of(pc.match_substring_regex(bare, r"^\(.*\d.*\)$"))
    bare = pc.replace_substring_regex(bare, r"^\(\s*(.*\d.*?)\s*\)$", r"-\1")
    signs = "|".join(sign.replace("$", r"\$") for sign in _SIGNS)
    faults = [_mixed_currencies(bare, odd, signs)]
    # The sign may stand before or after minus, or behind the number.
    bare = pc.replace_substring_regex(bare, rf"^([+-]?)\s*(?:{signs})\s*([+-]?)\s*", r"\1\2")
    bare = pc.replace_substring_regex(bare, rf"\s*(?:{signs})$", "")
    grouped = pc.match_substring_regex(bare, _THOUSANDS)
    bare = pc.if_else(grouped, pc.replace_substring(bare, ",", ""), bare)
    mended = odd & mask_of(pc.match_substring_regex(bare, _PLAIN))
    faults.append(Fault(_DRESSED, wide | (mended & ~bracket), refused=False))
    faults.append(Fault("brackets were read as negative", mended & bracket, refused=False))
    return pc.if_else(pa.array(odd), bare, text), faults


def _mixed_currencies(text: pa.Array, odd: Mask, signs: str) -> Fault:
    """Refuse amounts in a second currency; the first one met is the column's."""
    met = pc.struct_field(pc.extract_regex(text, rf"(?P<sign>{signs})"), 0)
    names = [_FAMILY.get(sign, sign) for sign in met.fill_null("").to_pylist()]
    kinds = np.where(odd, np.array(names, dtype=object), "")
    known = [kind for kind in kinds if kind]
    others = np.array([bool(kind) and kind != known[0] for kind in kinds], dtype=bool)
    return fault_of("amounts in several currencies cannot be added", text, others)


def _unreadable(texts: pa.Array, text: pa.Array, bad: Mask) -> list[Fault]:
    """Say why texts are no numbers."""
    infinite = bad & mask_of(pc.match_substring_regex(text, _INFINITE))
    lost = bad & mask_of(pc.match_substring_regex(text, _SCIENTIFIC))
    comma = (
        bad & ~infinite & ~lost & mask_of(pc.match_substring_regex(text, r"^[+-]?[\d.,]*,[\d.,]*$"))
    )
    rest = bad & ~infinite & ~lost & ~comma
    return [
        fault_of("infinite", texts, infinite),
        fault_of("lost digits in Excel's short form; export it as text", texts, lost),
        fault_of("a comma that separates no thousands", texts, comma),
        fault_of("is no number", texts, rest),
    ]
