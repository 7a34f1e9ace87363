"""Page 2: who the members are, by stage, RFM class and behaviour."""

from functools import partial

import pyarrow as pa

from .advice import ADVICE, code_words
from .evidence import Evidence
from .page_parts import Card, Cell, Note, Page, Table, absent, drawn
from .segment_figures import class_bars, class_counts, money_shares, stage_bars, stage_counts
from .tag_cards import HIDDEN, count_cells, tag_cards
from .tag_counts import TagCount
from .wording import Text, share

__all__ = ["segments_page"]

_TITLE = Text("分群", "Segments")
_LEAD = Text(
    "每位会员一个生命周期阶段、一个 RFM 类别和若干行为标签，各附建议动作。",
    "A lifecycle stage, an RFM class and tags of behaviour for every member, and what to do.",
)
_COLUMNS: tuple[Text, ...] = (
    Text("分群", "Segment"),
    Text("含义", "Meaning"),
    Text("会员数", "Members"),
    Text("占比", "Share"),
    Text("建议动作", "What to do"),
)


def segments_page(evidence: Evidence) -> Page:
    """Build the page of segments."""
    tags = evidence.tags
    if tags is None:
        why = Text("没有标签表：这一步未做。", "There is no table of tags: the step was not done.")
        return Page("segments", _TITLE, _LEAD, absent(why))
    cards = []
    if "stage" in tags.column_names:
        cards.append(_stages(tags, by_orders=evidence.shopping is not None))
    if "rfm_class" in tags.column_names:
        cards.append(_classes(tags, evidence.rfm))
    return Page("segments", _TITLE, _LEAD, (*cards, *tag_cards(tags)))


def _stages(tags: pa.Table, *, by_orders: bool) -> Card:
    counts = stage_counts(tags)
    text = Text(
        "顺序为会员的一生，按每位会员自己的购买节奏判断。",
        "In the order of a member's life, by each member's own rhythm of buying.",
    )
    bars = drawn("fig-stages", partial(stage_bars, tags), text)
    rows = tuple(_row("stage", count) for count in counts)
    table = Table(_COLUMNS, rows, (2, 3), _note(counts))
    acts = Text(
        "没有订单，阶段按互动判断：含义中的“买”读作“来”。",
        "There are no orders: stages follow acts, so read visits where it says purchases.",
    )
    parts = (bars, table) if by_orders else (Note(acts, "warn"), bars, table)
    return Card(Text("生命周期阶段", "Lifecycle stages"), parts)


def _classes(tags: pa.Table, rfm: pa.Table | None) -> Card:
    counts = class_counts(tags)
    text = Text(
        "橙条长于蓝条的类别，贡献的金额大于人数。",
        "Where orange is longer than blue, the class brings more money than its number.",
    )
    bars = drawn("fig-classes", partial(class_bars, tags, rfm), text)
    columns, rows = _COLUMNS, [_row("rfm_class", count) for count in counts]
    if rfm is not None:
        spent = money_shares(tags, rfm)
        columns = (*_COLUMNS[:4], Text("占金额", "Of the money"), _COLUMNS[4])
        pairs = zip(rows, counts, strict=True)
        rows = [(*row[:4], _money_cell(count, spent), row[4]) for row, count in pairs]
    numeric = tuple(range(2, len(columns) - 1))
    table = Table(columns, tuple(rows), numeric, _note(counts))
    title = Text("RFM 类别（买过的会员）", "RFM classes of the members who bought")
    return Card(title, (bars, table))


def _row(column: str, count: TagCount) -> tuple[Cell, ...]:
    advice = ADVICE[column].get(count.code or "")
    return (
        Cell(code_words(column, count.code)),
        Cell(advice.meaning if advice else ""),
        *count_cells(count),
        Cell(advice.action if advice else ""),
    )


def _money_cell(count: TagCount, spent: dict[str, float]) -> Cell:
    part = spent.get(count.code or "", 0.0)
    return Cell("") if count.hidden else Cell(share(part), part, part)


def _note(counts: list[TagCount]) -> Text | None:
    return HIDDEN if any(count.hidden for count in counts) else None
