"""Page 5: when and how often members buy."""

from collections.abc import Callable
from typing import Any

from .behaviour_figures import gap_histogram, hours_heatmap, weekly_sales
from .evidence import Evidence
from .page_parts import Card, Page, absent, drawn
from .wording import Text

__all__ = ["behaviour_page"]

_TITLE = Text("行为", "Behaviour")
_LEAD = Text("会员什么时候买、多久买一次。", "When members buy, and how often.")


def behaviour_page(evidence: Evidence) -> Page:
    """Build the page of behaviour."""
    if evidence.shopping is None:
        why = Text("没有订单表，看不到购买行为。", "There are no orders, so no purchases can be seen.")
        return Page("behaviour", _TITLE, _LEAD, absent(why))
    orders, as_of = evidence.community, evidence.given.as_of

    def card(key: str, draw: Callable[..., Any], title: Text, text: Text) -> Card:
        made = drawn(key, lambda lang: draw(orders, as_of=as_of, lang=lang), text)
        return Card(title, (made,))

    return Page(
        "behaviour",
        _TITLE,
        _LEAD,
        (
            card(
                "fig-hours",
                hours_heatmap,
                Text("一周里什么时候下单", "When orders are placed"),
                Text(
                    "当地时间，占全部订单的百分比；订单少于 10 笔的时段留白。深色时段适合发消息之前一小时推送。",
                    "Share of all orders by local time; hours with fewer than 10 orders stay blank. "
                    "Send about an hour before the dark ones.",
                ),
            ),
            card(
                "fig-weeks",
                weekly_sales,
                Text("每周销售额与购买会员", "Sales and buyers by week"),
                Text(
                    "每周七天，最后一周止于报告时刻；购买会员少于 10 位的周不画。",
                    "Weeks of seven days, the last ends at the report's moment; weeks with fewer "
                    "than 10 buyers are not drawn.",
                ),
            ),
            card(
                "fig-gaps",
                gap_histogram,
                Text("两次购买相隔多少天", "Days between two purchases"),
                Text(
                    "虚线为中位数：多数会员在此之前回来，提醒宜略早于它。",
                    "The dotted line is the median: half of all returns come sooner; remind a "
                    "little before it.",
                ),
            ),
        ),
    )
