"""A card for every behaviour tag: what it means, who bears it, what to do with it."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .advice import code_words
from .page_parts import Card, Cell, Note, Table
from .small_counts import shown_rate
from .tag_counts import TagCount, tag_counts
from .wording import Text, amount, share

__all__ = ["HIDDEN", "count_cells", "number_card", "tag_cards"]

HIDDEN = Text(
    "少于 10 人的格子写作 <10；写作 ≥10 的格子是为了不让人从合计倒推而一并隐去的。",
    "Fewer than 10 members are written <10; a cell written ≥10 is hidden with them, so that "
    "nobody can work them out from the total.",
)
_MOST_VALUES = 8
_ENOUGH = 40
_DRAWN_APART = ("member_id", "stage", "rfm_class")


def tag_cards(tags: pa.Table) -> list[Card]:
    """Make a card for each tag whose values can be counted: codes, names, flags and hours."""
    catalog = _catalog()
    return [
        _card(name, tags[name], catalog.get(name, {}))
        for name in tags.column_names
        if name not in _DRAWN_APART and _is_counted(tags.schema.field(name), catalog)
    ]


def number_card(tags: pa.Table) -> Card | None:
    """Give quartiles of the tags that are numbers, where 40 members or more have one."""
    catalog = _catalog()
    rows = []
    for field in tags.schema:
        number = pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
        if field.name in _DRAWN_APART or not number or _is_counted(field, catalog):
            continue
        values = tags[field.name].drop_null().cast(pa.float64())
        if len(values) >= _ENOUGH:
            rows.append(_quartiles(field.name, values, tags.num_rows, catalog.get(field.name, {})))
    if not rows:
        return None
    columns = (
        *(Text("标签", "Tag"), Text("含义", "Meaning"), Text("低四分位", "Lower quarter")),
        *(Text("中位数", "Median"), Text("高四分位", "Upper quarter")),
        *(Text("有值会员", "Known for"), Text("建议动作", "What to do")),
    )
    return Card(
        Text("数值标签", "Tags that are numbers"), (Table(columns, tuple(rows), (2, 3, 4, 5)),)
    )


def count_cells(count: TagCount) -> tuple[Cell, Cell]:
    """Give the cells of a count and its share, as they may be read."""
    size = count.size()
    part = None if size is None else size / max(count.total, 1)
    order = -1.0 if size is None else float(size)
    return Cell(count.text(), order), Cell(count.share(), order, part)


def _card(name: str, values: pa.ChunkedArray, words: dict[str, Any]) -> Card:
    counts = tag_counts(values)
    shown = counts[:_MOST_VALUES]
    rows = tuple((Cell(_value_words(name, c.code)), *count_cells(c)) for c in shown)
    columns = (Text("取值", "Value"), Text("会员数", "Members"), Text("占比", "Share"))
    hidden = HIDDEN if any(count.hidden for count in shown) else None
    parts: list[Note | Table] = [Table(columns, rows, (1, 2), hidden)]
    left = len(counts) - len(shown)
    if left:
        parts.append(Note(Text(f"另有 {left} 个取值。", f"{left} more values."), "small"))
    if words:
        parts.insert(0, Note(_both(words, "definition"), "small"))
        parts.append(Note(_action(words), "plain"))
    return Card(_name(name, words), tuple(parts), wide=False)


def _quartiles(
    name: str, values: pa.ChunkedArray, n: int, words: dict[str, Any]
) -> tuple[Cell, ...]:
    write = share if words.get("kind") == "share" else amount
    quarters = pc.quantile(values, [0.25, 0.5, 0.75]).to_pylist()
    return (
        Cell(_name(name, words)),
        Cell(_both(words, "definition") if words else ""),
        *(Cell(write(value), value) for value in quarters),
        Cell(shown_rate(len(values), n)),
        Cell(_both(words, "action") if words else ""),
    )


def _is_counted(field: pa.Field, catalog: dict[str, dict[str, Any]]) -> bool:
    kind = field.type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind)
    return bool(text or catalog.get(field.name, {}).get("unit") == "local hour")


def _catalog() -> dict[str, dict[str, Any]]:
    """Give the words of every built-in tag."""
    from siyu.segmentation import tag_catalog

    return {str(row["tag"]): row for row in tag_catalog("pyarrow").to_pylist()}


def _name(name: str, words: dict[str, Any]) -> Text:
    return _both(words, "name") if words else Text(name, name)


def _value_words(name: str, code: str | None) -> Text:
    spoken = code_words(name, code)
    hour = name == "active_hour" and code is not None
    return Text(f"{code} 点", f"{code}:00") if hour else spoken


def _action(words: dict[str, Any]) -> Text:
    text = _both(words, "action")
    return Text(f"建议：{text.zh}", f"What to do: {text.en[:1].lower()}{text.en[1:]}")


def _both(words: dict[str, Any], what: str) -> Text:
    zh, en = str(words[f"{what}_zh"]), str(words[f"{what}_en"])
    return Text(zh, en[:1].upper() + en[1:])
