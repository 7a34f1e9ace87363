"""A card for every theme of tags: what each tag means, who bears it, what to do with it."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .advice import code_words
from .page_parts import Card, Cell, Note, Part, Table
from .small_counts import shown_rate
from .tag_counts import TagCount, tag_counts
from .wording import Text, amount, share

__all__ = ["HIDDEN", "count_cells", "tag_cards"]

HIDDEN = Text(
    "少于 10 人的格子写作 <10；写作 ≥10 的格子是为了不让人从合计倒推而一并隐去的。",
    "Fewer than 10 members are written <10; a cell written ≥10 is hidden with them, so that "
    "nobody can work them out from the total.",
)
_MOST_VALUES = 5
_ENOUGH = 40
_DRAWN_APART = ("member_id", "stage", "rfm_class")
_TAG, _MEANING = Text("标签", "Tag"), Text("含义", "Meaning")
_KNOWN, _ACTION = Text("有值会员", "Known for"), Text("建议动作", "What to do")
_COUNTED = (_TAG, _MEANING, Text("取值与占比", "Values and shares"), _ACTION)
_MEASURED = (
    *(_TAG, _MEANING, Text("低四分位", "Lower quarter"), Text("中位数", "Median")),
    *(Text("高四分位", "Upper quarter"), _KNOWN, _ACTION),
)
_OWN = Text("自定义标签", "Own tags")


def tag_cards(tags: pa.Table) -> list[Card]:
    """Make a card for each theme of tags, and one for tags that the catalogue does not know.

    Codes, names, flags and hours are counted; of numbers that 40 members or more have, the
    quartiles are given.
    """
    catalog = _catalog()
    themes: dict[Any, list[str]] = {words["theme"]: [] for words in catalog.values()}
    for name in tags.column_names:
        if name not in _DRAWN_APART:
            themes.setdefault(catalog.get(name, {}).get("theme"), []).append(name)
    cards = (_card(theme, tags.select(names), catalog) for theme, names in themes.items() if names)
    return [card for card in cards if card is not None]


def count_cells(count: TagCount) -> tuple[Cell, Cell]:
    """Give the cells of a count and its share, as they may be read."""
    size = count.size()
    part = None if size is None else size / max(count.total, 1)
    order = -1.0 if size is None else float(size)
    return Cell(count.text(), order), Cell(count.share(), order, part)


def _card(theme: str | None, tags: pa.Table, catalog: dict[str, dict[str, Any]]) -> Card | None:
    counted = [f.name for f in tags.schema if _is_counted(f, catalog)]
    numbers = [f.name for f in tags.schema if f.name not in counted and _is_number(f)]
    known = [name for name in counted if tags[name].null_count < tags.num_rows]
    rows = [_values(name, tags[name], catalog.get(name, {})) for name in known]
    measured = [
        _quartiles(name, tags[name], catalog.get(name, {}))
        for name in numbers
        if tags.num_rows - tags[name].null_count >= _ENOUGH
    ]
    parts: list[Part] = []
    if rows:
        parts.append(Table(_COUNTED, tuple(rows), (), HIDDEN if _any_hidden(rows) else None))
    if measured:
        parts.append(Table(_MEASURED, tuple(measured), (2, 3, 4, 5)))
    silent = [name for name in tags.column_names if tags[name].null_count == tags.num_rows]
    if silent:
        parts.append(_unknown([_name(name, catalog.get(name, {})) for name in silent]))
    title = _OWN if theme is None else _capital(code_words("theme", theme))
    return Card(title, tuple(parts)) if rows or measured else None


def _values(name: str, values: pa.ChunkedArray, words: dict[str, Any]) -> tuple[Cell, ...]:
    counts = tag_counts(values)  # unknown is a cell of its own: its count could tell another's
    known = [count for count in counts if count.code is not None]
    told = list(_told(name, known[:_MOST_VALUES]))
    if left := len(known) - len(told):
        told.append(Text(f"另有 {left} 个", f"{left} more"))
    told += _told(name, counts[len(known) :])
    spoken = Text("，".join(t.zh for t in told), ", ".join(t.en for t in told))
    return (
        Cell(_name(name, words)),
        Cell(_both(words, "definition") if words else ""),
        Cell(spoken),
        Cell(_both(words, "action") if words else ""),
    )


def _told(name: str, counts: list[TagCount]) -> Iterator[Text]:
    """Say each value with its share, or with a bound where few bear it."""
    for count in counts:
        value, size = _value_words(name, count.code), count.share() or count.text()
        yield Text(f"{value.zh} {size}", f"{value.en} {size}")


def _any_hidden(rows: list[tuple[Cell, ...]]) -> bool:
    texts = [row[2].text for row in rows]
    return any("<" in text.en or "≥" in text.en for text in texts if isinstance(text, Text))


def _quartiles(name: str, column: pa.ChunkedArray, words: dict[str, Any]) -> tuple[Cell, ...]:
    values = column.drop_null().cast(pa.float64())
    write = share if words.get("kind") == "share" else amount
    quarters = pc.quantile(values, [0.25, 0.5, 0.75]).to_pylist()
    return (
        Cell(_name(name, words)),
        Cell(_both(words, "definition") if words else ""),
        *(Cell(write(value), value) for value in quarters),
        Cell(shown_rate(len(values), len(column))),
        Cell(_both(words, "action") if words else ""),
    )


def _unknown(names: list[Text]) -> Note:
    zh, en = "、".join(n.zh for n in names), ", ".join(n.en for n in names)
    return Note(
        Text(f"数据未记录，无从得知：{zh}。", f"Not recorded, hence unknown: {en}."), "small"
    )


def _is_counted(field: pa.Field, catalog: dict[str, dict[str, Any]]) -> bool:
    kind = field.type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind)
    return bool(text or catalog.get(field.name, {}).get("unit") == "local hour")


def _is_number(field: pa.Field) -> bool:
    return bool(pa.types.is_floating(field.type) or pa.types.is_integer(field.type))


def _catalog() -> dict[str, dict[str, Any]]:
    """Give the words of every built-in tag."""
    from siyu.segmentation import tag_catalog

    return {str(row["tag"]): row for row in tag_catalog("pyarrow").to_pylist()}


def _name(name: str, words: dict[str, Any]) -> Text:
    return _both(words, "name") if words else Text(name, name)


def _value_words(name: str, code: str | None) -> Text:
    spoken = code_words(name, code)
    hour = name in ("active_hour", "best_send_hour") and code is not None
    return Text(f"{code} 点", f"{code}:00") if hour else spoken


def _both(words: dict[str, Any], what: str) -> Text:
    return _capital(Text(str(words[f"{what}_zh"]), str(words[f"{what}_en"])))


def _capital(text: Text) -> Text:
    return Text(text.zh, text.en[:1].upper() + text.en[1:])
