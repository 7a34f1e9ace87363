"""Text that a spreadsheet must not take for a formula.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@``; a nickname can be such a
cell (OWASP, "CSV Injection"). A line that could be taken so gets a leading ``'``. The change can
be undone exactly, since a line that begins with ``'`` gets one more.
"""

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["csv_plain", "csv_safe"]

# Blanks that a spreadsheet may drop before it looks: spaces of all kinds and the byte order mark.
_BLANKS = r"[\p{Z}\f\v\x1c-\x1f\x{85}\x{200b}\x{feff}]*"
_BEGIN = r"(^|\r\n|\r|\n)"
_RISKY = _BEGIN + "(" + _BLANKS + r"[=+\-@'\t＝＋－＠])"


def csv_safe(text: pa.Array) -> pa.Array:
    """Put a ``'`` before every line of text that a spreadsheet could take for a formula.

    Parameters
    ----------
    text : pa.Array or pa.ChunkedArray of text, n values

    Returns
    -------
    the same kind of array, n values
        Nulls stay null; harmless text stays as it is.

    Examples
    --------
    >>> import pyarrow as pa
    >>> csv_safe(pa.array(["=1+1", "Ann", "-5", "'tis"])).to_pylist()
    ["'=1+1", 'Ann', "'-5", "''tis"]
    """
    return pc.replace_substring_regex(text, pattern=_RISKY, replacement=r"\1'\2")


def csv_plain(text: pa.Array) -> pa.Array:
    """Undo `csv_safe`.

    Parameters
    ----------
    text : pa.Array or pa.ChunkedArray of text, n values
        As `csv_safe` gave it.

    Returns
    -------
    the same kind of array, n values

    Examples
    --------
    >>> import pyarrow as pa
    >>> csv_plain(pa.array(["'=1+1", "Ann", None])).to_pylist()
    ['=1+1', 'Ann', None]
    """
    return pc.replace_substring_regex(text, pattern=_BEGIN + "'", replacement=r"\1")
