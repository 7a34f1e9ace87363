"""Page 1: the community in a few numbers, what to do next, and what to know before reading on."""

from functools import partial

import numpy as np

from siyu.datasets.ids import ids_in

from .advice import ADVICE, code_words
from .behaviour_figures import weekly_sales
from .evidence import Evidence
from .page_parts import Card, Cell, Fact, Facts, Note, Page, Part, Table, drawn, figure_card
from .segment_figures import class_counts, stage_bars, stage_counts
from .shopping import Shopping
from .small_counts import SMALLEST, shown_rate
from .tag_counts import TagCount
from .wording import Text, amount, share, text_of

__all__ = ["overview_page", "shown_buyers"]

_FIRST_TO_DO = (
    ("rfm_class", "key_keep"),
    ("rfm_class", "cannot_lose"),
    ("rfm_class", "at_risk"),
    ("stage", "dormant"),
    ("stage", "new"),
    ("rfm_class", "key_develop"),
    ("stage", "loyal"),
)
_STEPS = {
    "tags": Text("标签", "tags"),
    "koc": Text("KOC 名单", "KOC"),
    "recommendations": Text("推荐", "recommendations"),
    "model": Text("模型", "model"),
}


def overview_page(evidence: Evidence) -> Page:
    """Build the overview."""
    moment, zone = evidence.ended(), evidence.community.tz
    cards = (
        Card(Text("一眼看懂", "At a glance"), (Facts(tuple(_facts(evidence))),)),
        *_pictures(evidence),
        *_next_steps(evidence),
        Card(Text("数据提示", "Notes on the data"), tuple(_notes(evidence))),
    )
    lead = Text(
        f"数据截至 {moment}（不含此刻，{zone}）。",
        f"What was known before {moment} ({zone}).",
    )
    return Page("overview", Text("总览", "Overview"), lead, cards)


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
        return [*facts, *_acts(evidence)]
    days = shopping.days()
    n_buyers = int((days > 0).sum())
    reach = shown_rate(n_buyers, n)
    return [
        *facts,
        Fact(
            Text("购买会员", "Buyers"),
            shown_buyers(n, n_buyers),
            Text(f"占会员 {reach}", f"{reach} of the members"),
        ),
        *_money(shopping, n_buyers, told=n - n_buyers == 0 or n - n_buyers >= SMALLEST),
        Fact(
            Text("复购率", "Repeat rate"),
            shown_rate(int((days > 1).sum()), n_buyers),
            Text("在两天或更多天买过", "bought on two days or more"),
        ),
        *_lately(shopping),
    ]


def _money(shopping: Shopping, n_buyers: int, *, told: bool) -> list[Fact]:
    """Give sales, and sales a buyer unless their quotient would tell how many bought."""
    if n_buyers < SMALLEST:
        return []
    sales = shopping.sales()
    net = Text("金额合计，已减退款", "amounts less refunds")
    total = Fact(Text("销售额 GMV", "Sales (GMV)"), amount(sales), net)
    mean = Text("每位买家贡献", "Spent by a buyer"), Text("平均", "on average")
    return [total, Fact(mean[0], amount(sales / n_buyers), mean[1])] if told else [total]


def _acts(evidence: Evidence) -> list[Fact]:
    """Count events and the members behind them, where there are no orders."""
    events = evidence.community.arrow("events")
    if events is None:
        return []
    members = len(ids_in(events["member_id"]))
    return [
        Fact(
            Text("有互动的会员", "Members with events"),
            shown_buyers(evidence.n_members, members),
            Text(f"互动 {events.num_rows:,} 次", f"{events.num_rows:,} events"),
        )
    ]


def _lately(shopping: Shopping) -> list[Fact]:
    """Compare the last four weeks with the four before, if all had enough buyers."""
    weeks = shopping.weeks()
    if len(weeks.sales) < 8 or min(weeks.buyers[-8:]) < SMALLEST:
        return []
    now, before = float(weeks.sales[-4:].sum()), float(weeks.sales[-8:-4].sum())
    change = 100 * (now / before - 1) if before > 0 else np.nan
    words = f"{change:+.1f}%" if np.isfinite(change) else "–"
    note = Text(f"较前四周 {words}", f"{words} on the four before")
    return [Fact(Text("最近四周销售额", "Sales, last four weeks"), amount(now), note)]


def _pictures(evidence: Evidence) -> list[Card]:
    cards = []
    tags, orders, as_of = evidence.tags, evidence.shopping, evidence.given.as_of
    if tags is not None and "stage" in tags.column_names:
        text = Text("按每位会员自己的节奏判断。", "By each member's own rhythm.")
        bars = drawn("fig-overview-stages", partial(stage_bars, tags), text)
        cards.append(figure_card(bars, wide=orders is None))
    if orders is not None:
        weeks = drawn(
            "fig-overview-weeks",
            partial(weekly_sales, orders, as_of=as_of),
            Text(
                "每柱为一周，最后一周止于截至时刻。",
                "A bar is a week; the last ends at the report's moment.",
            ),
        )
        cards.append(figure_card(weeks, wide=False))
    return cards


def _next_steps(evidence: Evidence) -> list[Card]:
    """List up to four segments that are worth a campaign now; none of them small."""
    counted = {"stage": _counted(evidence, "stage"), "rfm_class": _counted(evidence, "rfm_class")}
    rows: list[tuple[Cell, ...]] = []
    for column, code in _FIRST_TO_DO:
        count = counted[column].get(code)
        if count is not None and not count.hidden and len(rows) < 4:
            advice = ADVICE[column][code]
            who, many = Cell(code_words(column, code)), Cell(count.text(), float(count.count))
            rows.append((who, Cell(advice.meaning), many, Cell(advice.action)))
    if not rows:
        return []
    columns = (
        *(Text("谁", "Who"), Text("为什么", "Why")),
        *(Text("会员数", "Members"), Text("建议动作", "What to do")),
    )
    return [Card(Text("接下来做什么", "What to do next"), (Table(columns, tuple(rows), (2,)),))]


def _counted(evidence: Evidence, column: str) -> dict[str | None, TagCount]:
    """Count stages or classes exactly as the page of segments does."""
    tags = evidence.tags
    if tags is None or column not in tags.column_names:
        return {}
    counts = stage_counts(tags) if column == "stage" else class_counts(tags)
    return {count.code: count for count in counts}


def _notes(evidence: Evidence) -> list[Part]:
    done: list[Part] = [] if evidence.shopping is None else [_orders_note(evidence.shopping)]
    notes: list[Part] = [
        Note(_skipped(_STEPS.get(step, text_of(step)), text_of(why)), "skip")
        for step, why in evidence.given.skipped.items()
    ]
    notes += [Note(text_of(warning), "warn") for warning in evidence.given.warnings]
    if not notes:
        good = Text("各步都已完成，没有警告。", "Every step was done, without warnings.")
        notes.append(Note(good, "good"))
    return [*notes, *done]


def _orders_note(shopping: Shopping) -> Note:
    """Say what the orders cover, and how many lines are refunds or name no product."""
    n = max(len(shopping.lines.times), 1)
    first, last = shopping.span()
    refunds = share(1 - len(shopping.bought.times) / n)
    table = shopping.lines.table
    nulls = table["product_id"].null_count if "product_id" in table.column_names else n
    return Note(
        Text(
            f"订单 {len(shopping.lines.times):,} 行，从 {first} 到 {last}；退款行占 {refunds}，"
            f"无商品行占 {share(nulls / n)}。",
            f"{len(shopping.lines.times):,} order lines from {first} to {last}; {refunds} are "
            f"refunds, {share(nulls / n)} name no product.",
        )
    )


def _skipped(step: Text, why: Text) -> Text:
    return Text(f"未做：{step.zh}（{why.zh}）", f"Skipped: {step.en} ({why.en})")
