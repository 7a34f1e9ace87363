"""Tags of all members in one file: the command ``siyu tag``."""

from pathlib import Path
from typing import Any

from siyu.datasets import Community, ParameterError, label
from siyu.datasets.files import write_csv, write_parquet
from siyu.datasets.frames import to_arrow
from siyu.datasets.labels import Lang

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
        Put words in the place of codes.

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
    from siyu.segmentation import TagRules, tag
    from siyu.segmentation.rules.rule_set import as_rules

    writers = {".parquet": write_parquet, ".csv": write_csv}
    if out.suffix not in writers:
        raise ParameterError("out", f"out must end with .parquet or .csv, got {out.name!r}")
    if words not in (None, "zh", "en"):
        raise ParameterError("words", f"words must be zh or en, got {words!r}")
    own: TagRules | None = None if rules is None else as_rules(rules)
    tags = tag(c, as_of=as_of, rules=own, output="pyarrow")
    if words is not None:
        lang: Lang = "en" if words == "en" else "zh"
        tags = label(tags if own is None else own.label(tags, lang), lang)
    table, _ = to_arrow(tags)
    writers[out.suffix](out, table)
    return table.num_rows, table.num_columns - 1
