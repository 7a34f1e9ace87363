"""Figures of lifecycle stages and RFM classes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.exact_sums import exact_sum
from siyu.datasets.frames import Frame, to_arrow
from siyu.datasets.ids import encode, lookup

from .advice import CLASS_ORDER, STAGE_COLOURS, STAGE_ORDER, code_words
from .figure_style import BLUE, GREY, ORANGE, empty, figure, plain
from .small_counts import SMALLEST
from .tag_counts import TagCount, tag_counts
from .wording import Lang, Text, share

__all__ = ["class_bars", "class_counts", "money_shares", "stage_bars", "stage_counts"]

_STAGES = Text("会员处在哪个阶段", "Members by lifecycle stage")
_CLASSES = Text("各类会员的人数与贡献", "Members and money of each RFM class")
_NOTHING = Text("没有可画的会员", "No members to draw")


def stage_bars(tags: Frame, *, lang: Lang = "zh", hide_below: int = SMALLEST) -> Any:
    """Draw how many members are in each lifecycle stage, in the order of life.

    Parameters
    ----------
    tags : frame with ``stage``, a row a member
    lang : {"zh", "en"}
    hide_below : int
        Smaller counts are hidden, and cannot be worked out from the total; 1 shows all.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    table, _ = to_arrow(tags)
    counts = stage_counts(table, hide_below)
    if not counts:
        return empty(_STAGES, _NOTHING, lang)
    bar = {
        **_bars(counts, "stage", lang, lambda c: c.size() or 0),
        "marker": {"color": [STAGE_COLOURS.get(c.code or "", GREY) for c in counts]},
        "text": [plain(f"{c.text()}  {c.share()}") for c in counts],
    }
    drawing = figure(_STAGES, lang, [bar], height=90 + 38 * len(counts))
    return _across(drawing, Text("会员数", "Members").to(lang))


def class_bars(
    tags: Frame, rfm: Frame | None = None, *, lang: Lang = "zh", hide_below: int = SMALLEST
) -> Any:
    """Draw each RFM class's share of buyers beside its share of the money they spent.

    Parameters
    ----------
    tags : frame with ``member_id`` and ``rfm_class``, a row a member
    rfm : frame with ``member_id``, ``frequency`` and ``monetary``, optional
        Without it only members are drawn.
    lang : {"zh", "en"}
    hide_below : int
        Classes of fewer members are hidden; 1 shows all.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    table, _ = to_arrow(tags)
    counts = class_counts(table, hide_below)
    if not counts:
        return empty(_CLASSES, _NOTHING, lang)
    people, money = Text("占购买会员", "Share of buyers"), Text("占消费金额", "Share of money")
    total = max(counts[0].total, 1)
    bars = [
        {
            **_bars(counts, "rfm_class", lang, lambda c: 100 * (c.size() or 0) / total),
            "name": people.to(lang),
            "marker": {"color": BLUE},
        }
    ]
    if rfm is not None:
        spent = money_shares(table, rfm)
        bars.append(
            {
                **_bars(counts, "rfm_class", lang, lambda c: _percent(c, spent)),
                "name": money.to(lang),
                "marker": {"color": ORANGE},
            }
        )
    for bar in bars:
        pairs = zip(counts, bar["x"], strict=True)
        bar["text"] = [plain(c.text() if c.hidden else share(x / 100)) for c, x in pairs]
    drawing = figure(_CLASSES, lang, bars, height=110 + 24 * len(bars) * len(counts))
    drawing.update_layout(barmode="group", bargap=0.3, legend_traceorder="normal")
    return _across(drawing, Text("占比", "Share").to(lang)).update_xaxes(ticksuffix="%")


def stage_counts(tags: pa.Table, k: int = SMALLEST) -> list[TagCount]:
    """Count members by stage.

    Who never bought is known from members and buyers, unless they are few: then buyers are
    not told exactly either (see `shown_buyers`).
    """
    prospects = pc.sum(pc.equal(tags["stage"], "prospect")).as_py() or 0
    public = ("prospect",) if prospects >= k else ()
    return tag_counts(tags["stage"], STAGE_ORDER, k=k, public=public)


def class_counts(tags: pa.Table, k: int = SMALLEST) -> list[TagCount]:
    """Count the members who bought by RFM class.

    Where others are few, a class hides with them, and shares are of all members: shares of
    buyers would tell how many bought.
    """
    everyone = tag_counts(tags["rfm_class"], CLASS_ORDER, k=k)
    buyers = [count for count in everyone if count.code not in (None, "no_purchase")]
    n = sum(count.count for count in buyers)
    total = n if tags.num_rows - n >= k else tags.num_rows
    return [replace(count, total=total) for count in buyers]


def money_shares(tags: pa.Table, rfm: Frame) -> dict[str, float]:
    """Give each RFM class's share of all money: ``frequency`` x ``monetary``, not below 0."""
    table, _ = to_arrow(rfm)
    paid = [table[name].cast(pa.float64()).to_numpy() for name in ("frequency", "monetary")]
    spent = np.maximum(np.nan_to_num(paid[0] * paid[1]), 0)
    bought = _bought(tags).sort_by("member_id")
    code, names = encode(bought["rfm_class"])
    at = lookup(table["member_id"], bought["member_id"].combine_chunks())
    sums = exact_sum(code[at[at >= 0]], spent[at >= 0], len(names))
    shares = (sums / max(float(sums.sum()), 1e-9)).tolist()
    return dict(zip(names.to_pylist(), shares, strict=True))


def _bought(tags: pa.Table) -> pa.Table:
    bought = pc.not_equal(tags["rfm_class"].cast(pa.large_string()), "no_purchase")
    return tags.filter(pc.fill_null(bought, False))


def _percent(count: TagCount, spent: dict[str, float]) -> float:
    return 0.0 if count.hidden else 100 * spent.get(count.code or "", 0.0)


def _bars(
    counts: list[TagCount], column: str, lang: Lang, length: Callable[[TagCount], float]
) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "x": [round(length(count), 6) for count in counts],
        "y": [plain(code_words(column, count.code).to(lang)) for count in counts],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }


def _across(drawing: Any, words: str) -> Any:
    """Set axes for bars that lie: first on top, names on the left, room for the text."""
    drawing.update_yaxes(type="category", autorange="reversed", showgrid=False)
    longest = max((max(bar.x) for bar in drawing.data if len(bar.x)), default=1) or 1
    return drawing.update_xaxes(title_text=words, range=[0, 1.18 * longest])
