"""Ids, words and flags from files: kept as written, and damage by other programs named."""

import pyarrow as pa
import pyarrow.compute as pc

from .file_rows import Fault, Mask, fault_of, mask_of
from .number_text import MISSING_WORDS

__all__ = ["parse_flags", "parse_ids", "parse_words"]

_TEXT = pa.large_string()
_YES = ("1", "1.0", "true", "t", "yes", "y", "on", "是", "有", "已", "√")
_NO = ("0", "0.0", "false", "f", "no", "n", "off", "否", "没有", "未", "×")
_EXCEL_SHORT = r"^[1-9]\.\d+[eE]\+\d{2}$"
_EXCEL_SHIELD = r'^(?:="(.*)"|\'(.+))$'
_MISSING_LOOK = ("null", "none", "na", "n/a", "nan", "-", "--", "无")


def parse_ids(texts: pa.Array, *, private: bool) -> tuple[pa.Array, list[Fault]]:
    r"""Keep ids as they are written: zeros in front, 19 digits, ``1e5``, ``NA``.

    Spaces around an id and Excel's shields (``="007"``, ``'007``) are taken off and
    reported; so is ``.0`` when every id of the column ends in it. Ids that Excel shortened
    to ``4.20001E+18`` lost their digits and are refused.

    Parameters
    ----------
    texts : pyarrow.Array of text
    private : bool
        Whether the report must not show an id.

    Returns
    -------
    (text array, faults)
        As long as `texts`; empty cells and ``\N`` (a database's null) are null.

    Examples
    --------
    >>> ids, faults = parse_ids(pa.array(["007", ' 12 ', '="05"', "NA", ""]), private=False)
    >>> ids.to_pylist()
    ['007', '12', '05', 'NA', None]
    """
    given = texts.cast(_TEXT).fill_null("")
    bare = pc.utf8_trim_whitespace(given)
    spaced = mask_of(pc.not_equal(bare, given)) & mask_of(pc.not_equal(bare, ""))
    shielded = mask_of(pc.match_substring_regex(bare, _EXCEL_SHIELD))
    if shielded.any():
        bare = pc.replace_substring_regex(bare, _EXCEL_SHIELD, r"\1\2")
    null = mask_of(pc.equal(bare, "\\N"))
    empty = mask_of(pc.equal(bare, ""))
    bare, pointed = _without_point_zero(bare, ~(null | empty))
    wordy = mask_of(pc.is_in(pc.utf8_lower(bare), pa.array(_MISSING_LOOK, _TEXT)))
    short = mask_of(pc.match_substring_regex(bare, _EXCEL_SHORT))
    faults = [
        Fault("spaces around ids were taken off", spaced, refused=False),
        Fault("Excel's shields around ids were taken off", shielded, refused=False),
        Fault("\\N was read as missing", null, refused=False),
        Fault("'.0' behind whole ids was taken off", pointed, refused=False),
        Fault("a word for no value stands as an id and was kept", wordy, refused=False),
        _rounded(bare),
        _hidden(_lost(given, short), hide=private),
    ]
    return pc.if_else(pa.array(null | empty), None, bare), [f for f in faults if f.rows.any()]


def parse_words(texts: pa.Array) -> tuple[pa.Array, list[Fault]]:
    r"""Keep text as it is written; only empty cells and ``\N`` are null.

    Examples
    --------
    >>> parse_words(pa.array(["NA", "", "True"]))[0].to_pylist()
    ['NA', None, 'True']
    """
    given = texts.cast(_TEXT)
    return pc.if_else(pc.is_in(given, pa.array(["", "\\N"], _TEXT)), None, given), []


def parse_flags(texts: pa.Array) -> tuple[pa.Array, list[Fault]]:
    """Read yes and no, in English, Chinese or digits.

    Examples
    --------
    >>> parse_flags(pa.array(["是", "0", "FALSE", ""]))[0].to_pylist()
    [True, False, False, None]
    """
    given = texts.cast(_TEXT).fill_null("")
    word = pc.utf8_lower(pc.utf8_trim_whitespace(pc.utf8_normalize(given, form="NFKC")))
    yes = mask_of(pc.is_in(word, pa.array(_YES, _TEXT)))
    no = mask_of(pc.is_in(word, pa.array(_NO, _TEXT)))
    blank = mask_of(pc.is_in(word, pa.array(MISSING_WORDS, _TEXT)))
    faults = [fault_of("is neither yes nor no", given, ~(yes | no | blank))]
    return pa.array(yes, mask=~(yes | no)), [f for f in faults if f.rows.any()]


def _without_point_zero(ids: pa.Array, present: Mask) -> tuple[pa.Array, Mask]:
    """Undo what programs do to whole numbers beside missing ones, if all ids show it."""
    pointed = mask_of(pc.match_substring_regex(ids, r"^\d{1,15}\.0$")) & present
    if not pointed.any() or (present & ~pointed).any():
        return ids, pointed & False
    return pc.replace_substring_regex(ids, r"\.0$", ""), pointed


def _rounded(ids: pa.Array) -> Fault:
    """Find columns whose long ids all end in zeros after 15 digits, as Excel leaves them."""
    long = mask_of(pc.match_substring_regex(ids, r"^\d{17,}$"))
    zeros = mask_of(pc.match_substring_regex(ids, r"^\d{15}0{2,}$"))
    damaged = long.sum() >= 5 and not (long & ~zeros).any()
    rule = "every long id ends in zeros after 15 digits: Excel rounded them; export ids as text"
    return Fault(rule, zeros if damaged else zeros & False, refused=True)


def _lost(given: pa.Array, short: Mask) -> Fault:
    return fault_of("numbers that lost digits in Excel's short form; export as text", given, short)


def _hidden(fault: Fault, *, hide: bool) -> Fault:
    return Fault(fault.rule, fault.rows, fault.refused, "" if hide else fault.example)
