"""Figures of when and how often members buy."""

from typing import Any

import numpy as np

from .figure_style import BLUE, GREEN, GREY, empty, figure
from .shopping import Orders, Shopping
from .small_counts import SMALLEST, hidden_cells
from .wording import Lang, Text

__all__ = ["gap_histogram", "hours_heatmap", "weekly_sales"]

_HOURS = Text("一周里什么时候下单", "When orders are placed")
_WEEKS = Text("每周销售额与购买会员", "Sales and buyers by week")
_GAPS = Text("两次购买相隔多少天", "Days between two purchases")
_NOTHING = Text("没有足够的订单可画", "Too few orders to draw")
_WEEKDAYS = (
    Text("周一", "Mon"),
    Text("周二", "Tue"),
    Text("周三", "Wed"),
    Text("周四", "Thu"),
    Text("周五", "Fri"),
    Text("周六", "Sat"),
    Text("周日", "Sun"),
)


def hours_heatmap(
    orders: Orders,
    *,
    as_of: Any,
    tz: str | None = None,
    lang: Lang = "zh",
    hide_below: int = SMALLEST,
) -> Any:
    """Draw the share of orders that falls in each hour of each weekday, local time.

    Parameters
    ----------
    orders : Community or frame of schema ``orders``
    as_of : Timestamp, datetime or str
        Orders at or after it do not count.
    tz : str, optional
        For a bare frame: where hours are cut.
    lang : {"zh", "en"}
    hide_below : int
        Hours with fewer orders stay blank; 1 shows all.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    weekday, hour = Shopping.of(orders, as_of, tz).visits()
    counts = np.bincount(weekday * 24 + hour, minlength=168)
    hidden = hidden_cells(counts, hide_below)
    if hidden.all() or not counts.sum() or not counts[~hidden].sum():
        return empty(_HOURS, _NOTHING, lang)
    percent = np.round(100 * counts / counts.sum(), 2)
    cells = [None if h else float(p) for h, p in zip(hidden, percent, strict=True)]
    drawing = figure(
        _HOURS,
        lang,
        [
            {
                "type": "heatmap",
                "z": [cells[day * 24 : day * 24 + 24] for day in range(7)],
                "x": list(range(24)),
                "y": [day.to(lang) for day in _WEEKDAYS],
                "colorscale": [[0, "#F1F5F9"], [0.5, "#56B4E9"], [1, "#00436B"]],
                "zmin": 0,
                "xgap": 2,
                "ygap": 2,
                "showscale": False,
                "hovertemplate": "%{y} %{x}:00 · %{z}%<extra></extra>",
            }
        ],
        height=320,
    )
    drawing.update_yaxes(autorange="reversed", showgrid=False)
    most = f"{max(cell for cell in cells if cell is not None):.2g}%"
    hours = Text(
        f"几点（当地时间）；最深为 {most}", f"Hour of the day, local time; the darkest is {most}"
    ).to(lang)
    return drawing.update_xaxes(title_text=hours, dtick=3, showgrid=False)


def weekly_sales(
    orders: Orders,
    *,
    as_of: Any,
    tz: str | None = None,
    lang: Lang = "zh",
    hide_below: int = SMALLEST,
) -> Any:
    """Draw sales (refunds deducted) and buyers of each week that ends at `as_of`.

    Parameters
    ----------
    orders : Community or frame of schema ``orders``
    as_of : Timestamp, datetime or str
    tz : str, optional
        For a bare frame: where days are cut.
    lang : {"zh", "en"}
    hide_below : int
        Weeks with fewer buyers are left out; 1 shows all.

    Returns
    -------
    plotly.graph_objects.Figure
        At most 105 weeks.
    """
    weeks = Shopping.of(orders, as_of, tz).weeks()
    seen = ~hidden_cells(weeks.buyers, hide_below)
    if not seen.any():
        return empty(_WEEKS, _NOTHING, lang)
    sales, buyers = Text("销售额", "Sales").to(lang), Text("购买会员", "Buyers").to(lang)
    monday = [str(day) for day in weeks.first_day]
    money = [round(float(v), 2) if s else None for v, s in zip(weeks.sales, seen, strict=True)]
    people = [int(v) if s else None for v, s in zip(weeks.buyers, seen, strict=True)]
    hover = "%{x|%Y-%m-%d} · %{y:,.0f}<extra></extra>"
    bar = {"type": "bar", "x": monday, "y": money, "name": sales, "marker": {"color": BLUE}}
    line = {"type": "scatter", "x": monday, "y": people, "name": buyers, "yaxis": "y2"}
    look = {"mode": "lines+markers", "line": {"color": GREEN, "width": 2}, "marker": {"size": 5}}
    drawing = figure(_WEEKS, lang, [bar, {**line, **look}], height=420)
    drawing.update_traces(hovertemplate=hover).update_xaxes(tickformat="%Y-%m-%d", nticks=8)
    drawing.update_layout(
        showlegend=False,
        yaxis={"domain": [0.45, 1], "title": {"text": sales}, "rangemode": "tozero"},
        yaxis2={"domain": [0, 0.34], "title": {"text": buyers}, "rangemode": "tozero"},
        xaxis={"anchor": "y2"},
    )
    return drawing


def gap_histogram(
    orders: Orders,
    *,
    as_of: Any,
    tz: str | None = None,
    lang: Lang = "zh",
    hide_below: int = SMALLEST,
) -> Any:
    """Draw how many days lie between two purchase days of one member, and the median.

    Parameters
    ----------
    orders : Community or frame of schema ``orders``
    as_of : Timestamp, datetime or str
    tz : str, optional
        For a bare frame: where days are cut.
    lang : {"zh", "en"}
    hide_below : int
        Bars of fewer gaps are left out; 1 shows all.

    Returns
    -------
    plotly.graph_objects.Figure
        Gaps beyond the 98th percentile share the last bar.
    """
    gaps = Shopping.of(orders, as_of, tz).gaps()
    if len(gaps) < hide_below or not len(gaps):
        return empty(_GAPS, _NOTHING, lang)
    width = max(1, int(np.ceil(np.quantile(gaps, 0.98) / 40)))
    last = int(np.quantile(gaps, 0.98)) // width
    counts = np.bincount(np.minimum((gaps - 1) // width, last).astype(np.int64))
    hidden = hidden_cells(counts, hide_below)
    shown = [None if h else int(n) for h, n in zip(hidden, counts, strict=True)]
    days = [f"{i * width + 1}–{(i + 1) * width}" for i in range(len(counts))]
    days = days if width > 1 else [str(i + 1) for i in range(len(counts))]
    days[-1] = f"≥{(len(counts) - 1) * width + 1}"
    drawing = figure(_GAPS, lang, [{"type": "bar", "x": days, "y": shown}], height=340)
    times = Text("次", "times").to(lang)
    drawing.update_traces(
        marker_color=BLUE, hovertemplate=f"%{{x}} · %{{y:,}} {times}<extra></extra>"
    )
    drawing.update_xaxes(title_text=Text("天", "Days").to(lang), type="category", nticks=12)
    drawing.update_yaxes(title_text=Text("次数", "Times").to(lang)).update_layout(bargap=0.08)
    middle = float(np.median(gaps))
    words = Text(f"中位数 {middle:g} 天", f"median {middle:g} days").to(lang)
    at = min((middle - 1) // width, last)
    drawing.add_vline(x=at, line={"color": GREY, "dash": "dot"})
    return drawing.add_annotation(
        x=at, y=1, yref="paper", text=words, showarrow=False, xanchor="left", xshift=6
    )
