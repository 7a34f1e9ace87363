"""Tags of all members in one file: the command ``siyu tag``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from siyu.datasets import Community
from siyu.datasets.frames import to_arrow
from siyu.datasets.labels import Lang, words_of
from siyu.steps import read_rules
from siyu.table_file import check_file, for_people, language, write_table

if TYPE_CHECKING:
    from siyu.segmentation import TagRules

__all__ = ["write_tags"]


def write_tags(
    c: Community,
    out: Path,
    *,
    as_of: Any,
    rules: Path | None = None,
    words: str | None = None,
) -> tuple[int, int]:
    """Tag every customer and write the table.

    Parameters
    ----------
    c : Community
    out : Path
        Ends with ``.parquet`` or ``.csv``.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    rules : Path, optional
        Tag rules in YAML or JSON; their tags stand after the built-in ones.
    words : {"zh", "en"}, optional
        For people: words in the place of codes and in the first line, three decimals.

    Returns
    -------
    (n_members, n_tags)

    Raises
    ------
    ParameterError
        If `out` ends otherwise, or `words` is no language.
    DataError
        If there are neither orders nor events.
    """
    from siyu.segmentation import tag

    check_file(out)
    lang = language(words)
    own = read_rules(rules)
    table, _ = to_arrow(tag(c, as_of=as_of, rules=own, output="pyarrow"))
    if lang is not None:
        table = _in_words(table, own, lang)
    write_table(out, table)
    return table.num_rows, table.num_columns - 1


def _in_words(table: pa.Table, own: "TagRules | None", lang: Lang) -> pa.Table:
    """Name the tags and their codes, the caller's own ones too."""
    names = words_of("tag", lang)
    if own is not None:
        table, _ = to_arrow(own.label(table, lang))
        names |= {rule.name: rule.zh if lang == "zh" else rule.en for rule in own.tags}
    return for_people(table, names, lang)
