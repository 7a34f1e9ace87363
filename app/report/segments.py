"""Page 2: who the members are, by stage, RFM class and behaviour."""

import pyarrow as pa
import pyarrow.compute as pc

from .advice import ADVICE, CLASS_ORDER, STAGE_ORDER, code_words
from .evidence import Evidence
from .page_parts import Card, Cell, Note, Page, Part, Table, absent, drawn
from .segment_figures import bought_only, class_bars, money_shares, stage_bars
from .tag_counts import TagCount, tag_counts
from .tag_words import tag_meaning, tag_name
from .wording import Text, amount, share

__all__ = ["segments_page"]

_MOST_VALUES = 8
_HIDDEN = Text(
    "少于 10 人的格子写作 <10；写作 ≥10 的格子是为了不让人从合计倒推而一并隐去的。",
    "Fewer than 10 members are written <10; a cell written ≥10 is hidden with them, so that "
    "nobody can work them out from the total.",
)
_COLUMNS = (
    Text("分群", "Segment"),
    Text("含义", "Meaning"),
    Text("会员数", "Members"),
    Text("占比", "Share"),
    Text("建议动作", "What to do"),
)


def segments_page(evidence: Evidence) -> Page:
    """Build the page of segments."""
    title = Text("分群", "Segments")
    lead = Text("每位会员一个阶段、一个 RFM 类别和若干行为标签。", "A stage, an RFM class and tags of behaviour for every member.")
    tags = evidence.tags
    if tags is None:
        why = Text("没有标签表：这一步未做。", "There is no table of tags: the step was not done.")
        return Page("segments", title, lead, absent(why))
    cards = []
    if "stage" in tags.column_names:
        cards.append(_stages(tags))
    if "rfm_class" in tags.column_names:
        cards.append(_classes(tags, evidence.rfm))
    cards += [card for card in (_behaviour(evidence, tags), _numbers(evidence, tags)) if card]
    return Page("segments", title, lead, tuple(cards))


def _stages(tags: pa.Table) -> Card:
    counts = tag_counts(tags["stage"], STAGE_ORDER, public=("prospect",))
    text = Text("顺序为会员的一生：从潜客到流失。", "In the order of a member's life.")
    bars = drawn("fig-stages", lambda lang: stage_bars(tags, lang=lang), text)
    table = Table(_COLUMNS, tuple(_row("stage", c) for c in counts), (2, 3), _note(counts))
    return Card(Text("生命周期阶段", "Lifecycle stages"), (bars, table))


def _classes(tags: pa.Table, rfm: pa.Table | None) -> Card:
    bought = bought_only(tags)
    counts = tag_counts(bought["rfm_class"], CLASS_ORDER)
    text = Text(
        "R 近度、F 频次、M 金额。橙条长于蓝条的类别，贡献大于人数。",
        "Recency, frequency, money. Where orange is longer than blue, the class brings more "
        "than its number.",
    )
    bars = drawn("fig-classes", lambda lang: class_bars(tags, rfm, lang=lang), text)
    columns, rows = _COLUMNS, [_row("rfm_class", c) for c in counts]
    if rfm is not None:
        spent = money_shares(bought, rfm)
        columns = (*_COLUMNS[:4], Text("占金额", "Share of money"), _COLUMNS[4])
        rows = [
            (*row[:4], _money_cell(c, spent), row[4]) for row, c in zip(rows, counts, strict=True)
        ]
    numeric = tuple(range(2, len(columns) - 1))
    table = Table(columns, tuple(rows), numeric, _note(counts))
    return Card(Text("RFM 类别（买过的会员）", "RFM classes (members who bought)"), (bars, table))


def _row(column: str, count: TagCount) -> tuple[Cell, ...]:
    advice = ADVICE[column].get(count.code or "")
    size = count.size()
    return (
        Cell(code_words(column, count.code)),
        Cell(advice.meaning if advice else ""),
        Cell(count.text(), order=float(size or 0)),
        Cell(count.share(), float(size or 0), None if size is None else size / max(count.total, 1)),
        Cell(advice.action if advice else ""),
    )


def _money_cell(count: TagCount, spent: dict[str, float]) -> Cell:
    part = spent.get(count.code or "", 0.0)
    return Cell("") if count.hidden else Cell(share(part), part, part)


def _note(counts: list[TagCount]) -> Text | None:
    return _HIDDEN if any(count.hidden for count in counts) else None


def _behaviour(evidence: Evidence, tags: pa.Table) -> Card | None:
    """Count the values of every other tag that is a code, a word or a flag."""
    rows, hidden = [], False
    for name in tags.column_names:
        kind = tags.schema.field(name).type
        flag = pa.types.is_boolean(kind)
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if name in ("member_id", "stage", "rfm_class") or not (flag or text):
            continue
        counts = tag_counts(tags[name])
        hidden = hidden or any(count.hidden for count in counts[:_MOST_VALUES])
        for place, count in enumerate(counts[:_MOST_VALUES]):
            rows.append(_tag_row(evidence, name, count, first=place == 0))
    if not rows:
        return None
    columns = (Text("标签", "Tag"), Text("含义", "Meaning"), Text("取值", "Value"), *_COLUMNS[2:4])
    table = Table(columns, tuple(rows), (3, 4), _HIDDEN if hidden else None)
    more = Text(f"每个标签最多列出 {_MOST_VALUES} 个取值。", f"At most {_MOST_VALUES} values a tag.")
    return Card(Text("行为标签", "Behaviour tags"), (table, Note(more)))


def _tag_row(evidence: Evidence, name: str, count: TagCount, *, first: bool) -> tuple[Cell, ...]:
    size = count.size()
    catalog = evidence.given.catalog
    return (
        Cell(tag_name(catalog, name)),
        Cell(tag_meaning(catalog, name) if first else ""),
        Cell(code_words(name, count.code)),
        Cell(count.text(), order=float(size or 0)),
        Cell(count.share(), float(size or 0), None if size is None else size / max(count.total, 1)),
    )


def _numbers(evidence: Evidence, tags: pa.Table) -> Card | None:
    """Give quartiles of the tags that are numbers, where 40 members or more have them."""
    rows = []
    for name in tags.column_names:
        kind = tags.schema.field(name).type
        if name == "member_id" or not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            continue
        values = tags[name].drop_null().cast(pa.float64())
        if len(values) < 40:
            continue
        low, middle, high = pc.quantile(values, [0.25, 0.5, 0.75]).to_pylist()
        catalog = evidence.given.catalog
        shown = (Cell(amount(v), v) for v in (low, middle, high))
        known = Cell(share(len(values) / tags.num_rows), len(values) / tags.num_rows)
        rows.append((Cell(tag_name(catalog, name)), Cell(tag_meaning(catalog, name)), *shown, known))
    if not rows:
        return None
    columns = (
        *(Text("标签", "Tag"), Text("含义", "Meaning"), Text("低四分位", "Lower quarter")),
        *(Text("中位数", "Median"), Text("高四分位", "Upper quarter"), Text("已知占比", "Known")),
    )
    table: Part = Table(columns, tuple(rows), (2, 3, 4, 5))
    return Card(Text("数值标签", "Tags that are numbers"), (table,))
