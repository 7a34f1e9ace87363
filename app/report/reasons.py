"""Reasons as words: codes, lists of codes, or text."""

from typing import Any

from siyu.datasets.labels import WORDS

from .wording import Text

__all__ = ["reason_text"]


def reason_text(reasons: Any, column: str = "reasons") -> Text:
    """Join reasons to one line in both languages; empty without any.

    Examples
    --------
    >>> reason_text(["buys_often", "my rule"]).zh, reason_text(["buys_often"]).en
    ('自己常买、my rule', 'Buys often')
    """
    if reasons is None:
        return Text("", "")
    codes = [str(code) for code in ([reasons] if isinstance(reasons, str) else reasons)]
    known = WORDS.get(column, {})
    spoken = [known.get(code, (code, code)) for code in codes]
    zh, en = "、".join(pair[0] for pair in spoken), "; ".join(pair[1] for pair in spoken)
    return Text(zh, en[:1].upper() + en[1:] if codes and codes[0] in known else en)
