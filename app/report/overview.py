"""Page 1: the community in a few numbers, and what to know before reading on."""

import numpy as np

from .evidence import Evidence
from .page_parts import Card, Fact, Facts, Note, Page, Part, drawn
from .segment_figures import stage_bars
from .shopping import Shopping
from .small_counts import SMALLEST, shown_rate
from .behaviour_figures import weekly_sales
from .wording import Text, amount, text_of

__all__ = ["overview_page", "shown_buyers"]


def overview_page(evidence: Evidence) -> Page:
    """Build the overview."""
    cards = [
        Card(Text("一眼看懂", "At a glance"), (Facts(tuple(_facts(evidence))),)),
    ]
    tags, shopping = evidence.tags, evidence.shopping
    if tags is not None and "stage" in tags.column_names:
        text = Text(
            "阶段按每位会员自己的购买节奏判断。", "Stages follow each member's own rhythm of buying."
        )
        bars = drawn("fig-overview-stages", lambda lang: stage_bars(tags, lang=lang), text)
        cards.append(Card(Text("会员处在哪个阶段", "Members by lifecycle stage"), (bars,), wide=False))
    if shopping is not None:
        orders, as_of = evidence.community, evidence.given.as_of
        weeks = drawn(
            "fig-overview-weeks",
            lambda lang: weekly_sales(orders, as_of=as_of, lang=lang),
            Text("每柱为一周，最后一周止于报告时刻。", "A bar is a week; the last ends at the report's moment."),
        )
        cards.append(Card(Text("每周销售额与购买会员", "Sales and buyers by week"), (weeks,), wide=False))
    cards.append(Card(Text("数据提示", "Notes on the data"), tuple(_notes(evidence))))
    return Page(
        "overview",
        Text("总览", "Overview"),
        Text(
            f"截至 {evidence.ended()}（不含），时区 {evidence.community.tz}。",
            f"As of {evidence.ended()} (itself excluded), zone {evidence.community.tz}.",
        ),
        tuple(cards),
    )


def shown_buyers(n_members: int, n_buyers: int, k: int = SMALLEST) -> str:
    """Write how many bought, so that neither buyers nor the others can be fewer than `k`.

    Examples
    --------
    >>> shown_buyers(2000, 1500), shown_buyers(2000, 1995), shown_buyers(2000, 4)
    ('1,500', '>1,990', '<10')
    """
    if 0 < n_buyers < k:
        return f"<{k}"
    if 0 < n_members - n_buyers < k:
        return f">{max(n_members - k, 0):,}"
    return f"{n_buyers:,}"


def _facts(evidence: Evidence) -> list[Fact]:
    n, shopping = evidence.n_members, evidence.shopping
    shown = f"{n:,}" if n >= SMALLEST or n == 0 else f"<{SMALLEST}"
    facts = [Fact(Text("会员", "Members"), shown, Text("不含员工", "staff left out"))]
    if shopping is None:
        return facts
    days = shopping.days()
    n_buyers = int((days > 0).sum())
    enough = n_buyers >= SMALLEST
    sales = shopping.sales()
    return [
        *facts,
        Fact(
            Text("购买会员", "Buyers"),
            shown_buyers(n, n_buyers),
            Text(
                f"占会员 {shown_rate(n_buyers, n)}", f"{shown_rate(n_buyers, n)} of the members"
            ),
        ),
        Fact(
            Text("销售额 GMV", "Sales (GMV)"),
            amount(sales) if enough else "–",
            Text("金额合计，已减退款", "sum of amounts, less refunds"),
        ),
        Fact(
            Text("复购率", "Repeat rate"),
            shown_rate(int((days > 1).sum()), n_buyers),
            Text("在两天或更多天买过", "bought on two days or more"),
        ),
        Fact(
            Text("每位买家贡献", "Spent by a buyer"),
            amount(sales / n_buyers) if enough else "–",
            Text("平均", "on average"),
        ),
        *_lately(shopping),
    ]


def _lately(shopping: Shopping) -> list[Fact]:
    """Compare the last four weeks with the four before, if both had enough buyers."""
    weeks = shopping.weeks()
    if len(weeks.sales) < 8 or min(weeks.buyers[-8:]) < SMALLEST:
        return []
    now, before = float(weeks.sales[-4:].sum()), float(weeks.sales[-8:-4].sum())
    change = 100 * (now / before - 1) if before > 0 else np.nan
    words = f"{change:+.1f}%" if np.isfinite(change) else "–"
    note = Text(f"较前四周 {words}", f"{words} against the four before")
    return [Fact(Text("最近四周销售额", "Sales, last four weeks"), amount(now), note)]


def _notes(evidence: Evidence) -> list[Part]:
    notes: list[Part] = [
        Note(_join(text_of(step), text_of(why), Text("未做：", "Skipped: ")), "skip")
        for step, why in evidence.given.skipped.items()
    ]
    notes += [Note(text_of(warning), "warn") for warning in evidence.given.warnings]
    if not notes:
        good = Text("各步都已完成，没有警告。", "Every step was done, without warnings.")
        notes.append(Note(good, "good"))
    return notes


def _join(step: Text, why: Text, lead: Text) -> Text:
    return Text(f"{lead.zh}{step.zh}（{why.zh}）", f"{lead.en}{step.en} ({why.en})")
