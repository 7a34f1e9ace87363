"""Page 5: when and how often members buy."""

from functools import partial

from .behaviour_figures import gap_histogram, hours_heatmap, weekly_sales
from .evidence import Evidence
from .page_parts import Page, absent, drawn, figure_card
from .wording import Text

__all__ = ["behaviour_page"]

_TITLE = Text("行为", "Behaviour")
_LEAD = Text("会员什么时候买、多久买一次。", "When members buy, and how often.")
_DRAWN = (
    (
        "fig-hours",
        hours_heatmap,
        Text(
            "当地时间，占全部订单的百分比；少于 10 笔的时段留白。宜在深色时段前一小时推送。",
            "Share of all orders by local time; hours with fewer than 10 orders are blank. Send "
            "about an hour before the dark ones.",
        ),
    ),
    (
        "fig-weeks",
        weekly_sales,
        Text(
            "每周七天，最后一周止于截至时刻；购买会员少于 10 位的周不画。",
            "Weeks of seven days, the last ends at the report's moment; weeks with fewer than 10 "
            "buyers are not drawn.",
        ),
    ),
    (
        "fig-gaps",
        gap_histogram,
        Text(
            "虚线为中位数：一半的复购在此之前，提醒宜略早于它。",
            "The dotted line is the median: half of all returns come sooner, so remind a little "
            "before it.",
        ),
    ),
)


def behaviour_page(evidence: Evidence) -> Page:
    """Build the page of behaviour."""
    if evidence.shopping is None:
        why = Text(
            "没有订单表，看不到购买行为。", "There are no orders, so no purchases can be seen."
        )
        return Page("behaviour", _TITLE, _LEAD, absent(why))
    orders, as_of = evidence.shopping, evidence.given.as_of
    figures = [drawn(key, partial(draw, orders, as_of=as_of), text) for key, draw, text in _DRAWN]
    return Page("behaviour", _TITLE, _LEAD, tuple(figure_card(figure) for figure in figures))
