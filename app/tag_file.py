"""Tags of all members in one file: the command ``siyu tag``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets import Community, ParameterError, label
from siyu.datasets.files import write_csv, write_parquet
from siyu.datasets.frames import to_arrow
from siyu.datasets.labels import Lang, words_of
from siyu.steps import read_rules

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

    writers = {".parquet": write_parquet, ".csv": write_csv}
    if out.suffix not in writers:
        raise ParameterError("out", f"out must end with .parquet or .csv, got {out.name!r}")
    if words not in (None, "zh", "en"):
        raise ParameterError("words", f"words must be zh or en, got {words!r}")
    own = read_rules(rules)
    table, _ = to_arrow(tag(c, as_of=as_of, rules=own, output="pyarrow"))
    if words is not None:
        table = _for_people(table, own, "en" if words == "en" else "zh")
    writers[out.suffix](out, table)
    return table.num_rows, table.num_columns - 1


def _for_people(table: pa.Table, own: "TagRules | None", lang: Lang) -> pa.Table:
    """Put words in the place of codes and names of tags, and round what has decimals."""
    names = words_of("tag", lang)
    if own is not None:
        table, _ = to_arrow(own.label(table, lang))
        names |= {rule.name: rule.zh if lang == "zh" else rule.en for rule in own.tags}
    spoken, _ = to_arrow(label(table, lang))
    columns = [
        pc.round(column, 3) if pa.types.is_floating(column.type) else column
        for column in spoken.columns
    ]
    return pa.table(columns, names=[names.get(name, name) for name in spoken.column_names])
