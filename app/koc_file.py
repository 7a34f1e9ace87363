"""The KOC list in one file: the command ``siyu koc``."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets import Community, ParameterError
from siyu.datasets.frames import to_arrow
from siyu.datasets.labels import words_of
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
    left_out = None if exclude is None else _ids(exclude, c)
    table, _ = to_arrow(find_koc(c, as_of=as_of, exclude=left_out).ranked)
    n_ranked = int(pc.sum(table["rank"].is_valid()).as_py() or 0)
    if lang is not None:
        table = for_people(table, words_of("koc_column", lang), lang)
    write_table(out, table)
    return n_ranked, table.num_rows - n_ranked


def _ids(path: Path, c: Community) -> pa.Array:
    """Read one id a line, as the community's ids are: text, or integers."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError("exclude", f"cannot read the ids in {path}: {error}") from error
    ids = pa.array([line.strip() for line in lines if line.strip()], pa.large_string())
    try:
        return ids.cast(c.customers().type)
    except pa.ArrowInvalid as error:
        raise ParameterError(
            "exclude", f"{path} must hold one member_id a line, an integer: {error}"
        ) from error
