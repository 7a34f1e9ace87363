"""Reasons as words: codes, lists of codes, or text."""

from typing import Any

from .advice import code_words
from .wording import Text

__all__ = ["reason_text"]


def reason_text(reasons: Any, column: str = "reasons") -> Text:
    """Join reasons to one line in both languages; empty without any.

    Examples
    --------
    >>> reason_text(["buys_often", "my rule"]).zh, reason_text("my rule").en
    ('自己常买、my rule', 'my rule')
    """
    if reasons is None:
        return Text("", "")
    codes = [reasons] if isinstance(reasons, str) else list(reasons)
    spoken = [code_words(column, str(code)) for code in codes]
    return Text("、".join(word.zh for word in spoken), "; ".join(word.en for word in spoken))
