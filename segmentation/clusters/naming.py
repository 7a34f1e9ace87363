"""Clusters in words: their most telling differences, and the rules that find them."""

from collections.abc import Mapping, Sequence
from typing import Any

from siyu.datasets.cluster_words import CLUSTER_PHRASES, CLUSTER_WORDS
from siyu.datasets.labels import WORDS, Lang, words_of

__all__ = [
    "cluster_names",
    "difference_words",
    "feature_word",
    "rule_words",
    "value_word",
    "word_of",
    "word_phrase",
]

Row = Mapping[str, Any]

_NAMED_BY = 2
_TOLD = 5


def word_of(column: str, code: str | None, lang: Lang) -> str | None:
    """Give the word of a code, the code itself where there is none, null for null."""
    return None if code is None else words_of(column, lang).get(code, code)


def feature_word(name: str | None, lang: Lang) -> str | None:
    """Give the name of a tag or measure in words; other columns keep theirs."""
    if name is None:
        return None
    known = CLUSTER_WORDS["cluster_measure"] | WORDS.get("measure", {}) | WORDS["tag"]
    return known[name][lang == "en"] if name in known else name


def value_word(feature: str, code: str | None, lang: Lang) -> str | None:
    """Give the word of one column's code."""
    if code in ("true", "false"):
        return word_of("before", code, lang)
    return word_of(feature, code, lang)


def cluster_names(rows: Sequence[Sequence[Row]], lang: Lang) -> list[str]:
    """Name each cluster by its two most telling differences, by more where names would be equal.

    `rows` are the telling rows of `differences` of each cluster, the most telling first.
    """
    names = [_name(row, _NAMED_BY, lang) for row in rows]
    for more in range(_NAMED_BY + 1, max(map(len, rows), default=0) + 1):
        names = [
            _name(row, more, lang) if names.count(name) > 1 else name
            for row, name in zip(rows, names, strict=True)
        ]
    return names


def difference_words(rows: Sequence[Row], lang: Lang) -> str:
    """Tell a cluster's most telling differences with their figures."""
    return word_phrase("then", lang).join(_figures(row, lang) for row in _told(rows, _TOLD))


def rule_words(conditions: Sequence[tuple[str, str, str]], lang: Lang) -> str:
    """Tell a rule, such as ``spend < 30 and stage is new``; conditions are (column, how, value)."""
    return word_phrase("and", lang).join(
        word_phrase(how, lang).format(name=feature_word(name, lang), value=_said(name, value, lang))
        for name, how, value in conditions
    )


def _name(rows: Sequence[Row], n: int, lang: Lang) -> str:
    told = [_claim(row, lang) for row in _told(rows, n)]
    return word_phrase("between", lang).join(told) or word_phrase("ordinary", lang)


def _told(rows: Sequence[Row], n: int) -> list[Row]:
    """Take the most telling rows, one a column: levels of one code say the same twice."""
    best: dict[str, Row] = {}
    for row in rows:
        best.setdefault(row["feature"], row)
    return list(best.values())[:n]


def _claim(row: Row, lang: Lang) -> str:
    """Say a difference without figures."""
    is_more = row["effect"] > 0
    if row["statistic"] == "mean":
        how = "higher" if is_more else "lower"
    elif row["value"] == "true":
        how = "many" if is_more else "few"
    elif row["inside"] >= 0.5:
        how = "mostly"
    else:
        how = "more" if is_more else "fewer"
    name = feature_word(row["feature"], lang)
    return word_phrase(how, lang).format(name=name, value=_said(row["feature"], row["value"], lang))


def _figures(row: Row, lang: Lang) -> str:
    """Say a difference with its figures."""
    if row["statistic"] == "mean":
        how, form = "mean", "{:.3g}"
        inside, outside = _plain(row["inside"]), _plain(row["outside"])
    else:
        how = "flag_share" if row["value"] == "true" else "code_share"
        form = "{:.0%}"
        inside, outside = form.format(row["inside"]), form.format(row["outside"])
    name = feature_word(row["feature"], lang)
    value = _said(row["feature"], row["value"], lang)
    return word_phrase(how, lang).format(name=name, value=value, inside=inside, outside=outside)


def _plain(number: float) -> str:
    """Write a number with three digits, and large ones in full."""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def _said(feature: str, value: str | None, lang: Lang) -> str:
    return word_phrase("other", lang) if value == "" else value_word(feature, value, lang) or ""


def word_phrase(code: str, lang: Lang) -> str:
    """Give one of the phrases that names are made of."""
    return CLUSTER_PHRASES[code][lang == "en"]
