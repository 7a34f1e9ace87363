"""Reasons as words: codes, lists of codes, or text."""

from typing import Any

from .advice import code_words
from .wording import Text

__all__ = ["reason_text"]


def reason_text(reasons: Any, column: str = "reasons") -> Text:
    """Join reasons to one line in both languages; empty without any.

    Examples
    --------
    >>> reason_text(["a", "b"]).zh, reason_text("a;b").en
    ('a、b', 'A; b')
    """
    if reasons is None:
        return Text("", "")
    codes = reasons.split(";") if isinstance(reasons, str) else list(reasons)
    spoken = [code_words(column, str(code).strip()) for code in codes]
    return Text("、".join(word.zh for word in spoken), "; ".join(word.en for word in spoken))
