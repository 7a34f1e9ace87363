"""The KOC list in one file: the command ``siyu koc``."""

from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from siyu.datasets import Community
from siyu.datasets.frames import to_arrow
from siyu.datasets.labels import words_of
from siyu.id_file import read_ids
from siyu.steps import find_koc
from siyu.table_file import check_file, for_people, language, write_table

__all__ = ["write_koc"]


def write_koc(
    c: Community,
    out: Path,
    *,
    as_of: Any,
    exclude: Path | None = None,
    words: str | None = None,
) -> tuple[int, int]:
    """Rank the members who bridge communities, are listened to and bring buyers, and write it.

    Parameters
    ----------
    c : Community
    out : Path
        Ends with ``.parquet`` or ``.csv``.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    exclude : Path, optional
        A text file with the id of one member a line, whom not to rank.
    words : {"zh", "en"}, optional
        For people: words in the place of codes and in the first line, three decimals.

    Returns
    -------
    (n_ranked, n_left_out)

    Raises
    ------
    ParameterError
        If `out` ends otherwise, `words` is no language, or the file of ids cannot be read.
    DataError
        If no table holds ties.
    """
    check_file(out)
    lang = language(words)
    left_out = None if exclude is None else read_ids(exclude, c.customers().type, "exclude")
    table, _ = to_arrow(find_koc(c, as_of=as_of, exclude=left_out).ranked)
    n_ranked = int(pc.sum(table["rank"].is_valid()).as_py() or 0)
    if lang is not None:
        table = for_people(table, words_of("koc_column", lang), lang)
    write_table(out, table)
    return n_ranked, table.num_rows - n_ranked
