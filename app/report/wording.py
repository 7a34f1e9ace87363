"""Text in both languages, and numbers as words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from siyu.datasets.errors import ParameterError

__all__ = ["Lang", "Text", "amount", "check_lang", "share", "text_of"]

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in Chinese and in English."""

    zh: str
    en: str

    def to(self, lang: Lang) -> str:
        """Give the words of one language."""
        return self.zh if lang == "zh" else self.en


def check_lang(lang: str) -> Lang:
    """Give back a language that we speak, or raise `ParameterError`.

    Examples
    --------
    >>> check_lang("zh")
    'zh'
    """
    if lang == "zh":
        return "zh"
    if lang == "en":
        return "en"
    raise ParameterError("lang", f"lang must be 'zh' or 'en', got {lang!r}")


def text_of(value: Any) -> Text:
    """Read words that came from outside: one string, a pair (zh, en) or a mapping of both.

    Examples
    --------
    >>> text_of(("会员", "member")).en, text_of("m1").zh
    ('member', 'm1')
    """
    if isinstance(value, Text):
        return value
    if isinstance(value, Mapping):
        return Text(str(value.get("zh", value.get("en"))), str(value.get("en", value.get("zh"))))
    if isinstance(value, tuple) and len(value) == 2:
        return Text(str(value[0]), str(value[1]))
    return Text(str(value), str(value))


def amount(value: float, digits: int | None = None) -> str:
    """Write a number with separators; large ones without decimals, missing ones as a dash.

    Examples
    --------
    >>> amount(1234.5), amount(0.12345), amount(float("nan"))
    ('1,234', '0.123', '–')
    """
    if not np.isfinite(value):
        return "–"
    if digits is None:
        size = abs(value)
        whole = float(value).is_integer()
        digits = 0 if size >= 1000 or whole else 1 if size >= 100 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f}"


def share(value: float) -> str:
    """Write a share of 1 as percent with one decimal; a missing one as a dash.

    Examples
    --------
    >>> share(0.1234), share(0.0002), share(0.0)
    ('12.3%', '<0.1%', '0.0%')
    """
    if 0 < value < 0.0005:
        return "<0.1%"
    return f"{100 * value:.1f}%" if np.isfinite(value) else "–"
