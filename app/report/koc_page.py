"""Page 3: the KOC, where they stand, why they rank, and who was left out and why."""

from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.frames import to_arrow

from .advice import code_words
from .evidence import Evidence
from .koc_figures import component_names, component_words, koc_components, member_map, ranked_koc
from .page_parts import Card, Cell, Figure, Note, Page, Part, Table, absent, drawn, figure_card
from .reasons import reason_text
from .tag_counts import tag_counts
from .wording import Text, amount

__all__ = ["koc_page"]

_MOST_ROWS = 30
_TITLE = Text("KOC", "KOC")
_LEAD = Text(
    "KOC（关键意见消费者）：把不同群体连起来、真正带来买家的会员。",
    "KOC (key opinion consumers): members who connect communities and really bring buyers.",
)


def koc_page(evidence: Evidence) -> Page:
    """Build the page of KOC."""
    koc = evidence.given.koc
    if koc is None:
        why = Text("没有 KOC 名单：这一步未做。", "There is no list of KOC: the step was not done.")
        return Page("koc", _TITLE, _LEAD, absent(why))
    table, _ = to_arrow(koc)
    ranked = ranked_koc(table)
    cards = [_picture(evidence)]
    if ranked.num_rows:
        strengths = drawn(
            "fig-koc-components",
            partial(koc_components, ranked),
            Text(
                "每列内颜色越深，在名单中越强。",
                "The deeper the colour, the stronger within the column.",
            ),
        )
        cards.append(figure_card(strengths))
    cards.append(Card(Text("KOC 名单", "The ranking"), tuple(_ranking(evidence, ranked))))
    if "excluded_because" in table.column_names:
        cards.append(_excluded(table))
    return Page("koc", _TITLE, _LEAD, tuple(cards))


def _picture(evidence: Evidence) -> Card:
    given = evidence.given
    if given.ties is None:
        why = Text("没有关系表，画不出网络。", "There are no ties, so no network can be drawn.")
        return Card(Text("会员网络", "The member network"), (Note(why, "skip"),))
    network = drawn(
        "fig-network",
        partial(member_map, given.koc, given.ties, given.communities),
        Text(
            "圆盘是群体，点是会员，编号是 KOC 名次，橙线是 KOC 的关系。处在圆盘之间的是桥。",
            "A disc is a community, a dot a member; numbers are ranks of KOC, orange lines their "
            "ties. Who stands between discs is a bridge.",
        ),
    )
    return figure_card(_counted_below(network))


def _counted_below(network: Figure) -> Figure:
    """Move the count of members from the drawing to its caption, where long lines wrap."""
    if not network.zh.data:
        return network
    zh, en = (drawing.layout.annotations[0].text for drawing in (network.zh, network.en))
    for drawing in (network.zh, network.en):
        drawing.layout.annotations = ()
    text = Text(f"{zh}。{network.text.zh}", f"{en}. {network.text.en}")
    return replace(network, text=text)


def _ranking(evidence: Evidence, ranked: pa.Table) -> list[Part]:
    if not ranked.num_rows:
        return [Note(Text("没有会员入选。", "No member made the list."), "skip")]
    top = ranked.slice(0, _MOST_ROWS)
    names = component_names(top)
    rows = top.to_pylist()
    codes = evidence.codes.of([row["member_id"] for row in rows])
    columns = (
        *(Text("名次", "Rank"), Text("会员", "Member"), Text("层级", "Tier"), Text("角色", "Role")),
        *(Text("得分", "Score"), Text("把握", "Confidence")),
        *(component_words(name) for name in names),
        Text("理由", "Reasons"),
    )
    cells = [_row(row, code, names) for row, code in zip(rows, codes, strict=True)]
    numeric = [0, *range(4, 6 + len(names))]
    if not evidence.codes.told:
        columns = (columns[0], *columns[2:])
        cells = [(row[0], *row[2:]) for row in cells]
        numeric = [0, *range(3, 5 + len(names))]
    shown = Text(
        f"共 {ranked.num_rows:,} 位，列出前 {top.num_rows} 位；名次与 koc.parquet 一致。",
        f"{top.num_rows} of {ranked.num_rows:,} are listed; ranks are those of koc.parquet.",
    )
    return [Table(columns, tuple(cells), tuple(numeric), shown)]


def _row(row: dict[str, Any], code: str, names: list[str]) -> tuple[Cell, ...]:
    return (
        Cell(str(row["rank"]), float(row["rank"])),
        Cell(code, code=True),
        Cell(code_words("tier", row.get("tier"))),
        Cell(code_words("role", row.get("role"))),
        *(_number(row.get(name)) for name in ("score", "confidence", *names)),
        Cell(_why(row)),
    )


def _why(row: dict[str, Any]) -> Text:
    """Say what speaks for a member, and what keeps the member below the core."""
    reasons, held = reason_text(row.get("reasons")), row.get("held_back_because")
    if held is None:
        return reasons
    but = code_words("held_back_because", held)
    return Text(f"{reasons.zh}（{but.zh}）", f"{reasons.en} (but: {but.en})")


def _number(value: float | None) -> Cell:
    return Cell("–") if value is None else Cell(amount(value), float(value))


def _excluded(table: pa.Table) -> Card:
    """Count who is not on the list, by reason; staff are no customers, so their count is public."""
    reasons = pc.fill_null(table["excluded_because"].cast(pa.large_string()), "ranked")
    counts = tag_counts(reasons, ("ranked",), public=("staff",))
    rows = tuple(
        (
            Cell(
                Text("入选", "Ranked")
                if c.code == "ranked"
                else code_words("excluded_because", c.code)
            ),
            Cell(c.text(), float(c.size() or 0)),
        )
        for c in counts
    )
    columns = (Text("原因", "Reason"), Text("会员数", "Members"))
    return Card(Text("谁没有入选", "Who was left out"), (Table(columns, rows, (1,)),), wide=False)
