"""Page 6: what the report was made from, and how to read its words."""

from collections.abc import Mapping
from typing import Any

from .evidence import Evidence
from .page_parts import Card, Cell, Note, Page, Part, Table
from .wording import Text, amount, text_of

__all__ = ["method_page"]

_TABLES = {
    "members": Text("会员", "members"),
    "orders": Text("订单行", "order lines"),
    "products": Text("商品", "products"),
    "promotions": Text("促销", "promotions"),
    "events": Text("行为事件", "events"),
    "groups": Text("社群", "groups"),
    "memberships": Text("入群记录", "memberships of groups"),
    "messages": Text("群消息（无正文）", "messages (no text)"),
    "referrals": Text("邀请", "referrals"),
    "ties": Text("关系", "ties"),
    "campaigns": Text("活动", "campaigns"),
    "offers": Text("优惠", "offers"),
    "offer_products": Text("优惠适用商品", "products of offers"),
    "offer_members": Text("优惠适用会员", "members of offers"),
    "sends": Text("发送记录", "sends"),
    "assignments": Text("实验分组", "assignments to experiments"),
    "staff_links": Text("员工好友", "links to staff"),
    "identities": Text("身份对照", "identities"),
}
_TERMS = (
    (
        Text("截至时刻", "As of"),
        Text(
            "只看此刻之前的数据，此刻本身不含；之后追加的数据不改变任何数字。",
            "Only what happened before this moment counts, the moment itself excluded; later data "
            "changes no number.",
        ),
    ),
    (
        Text("购买", "Purchase"),
        Text(
            "数量大于 0 且金额不为负的订单行；退款减少金额，不算购买。",
            "A line with quantity above 0 and an amount not negative; refunds lower money and are "
            "no purchase.",
        ),
    ),
    (
        Text("近度、频次、金额", "Recency, frequency, money"),
        Text(
            "距最近一次购买的天数；有购买的不同日子数；平均每个购买日的净额。",
            "Days since the last purchase; distinct days with a purchase; mean net amount a "
            "purchase day.",
        ),
    ),
    (
        Text("生命周期阶段", "Lifecycle stage"),
        Text(
            "按每位会员自己的购买间隔判断；记录少的会员向全体靠拢。",
            "By each member's own gap between purchases, drawn towards everyone's where little is "
            "known.",
        ),
    ),
    (
        Text("约束度", "Constraint"),
        Text(
            "Burt (1992)：越低，会员越处在互不相连的人之间（结构洞）。",
            "Burt (1992): the lower, the more a member stands between people who are not tied to "
            "each other.",
        ),
    ),
    (
        Text("概率", "Probability"),
        Text(
            "在预测期内达成目标的概率；不是因果效果，效果须用对照组测。",
            "The chance that the goal is reached within the horizon; no causal effect, which only "
            "a control group can tell.",
        ),
    ),
    (
        Text("小数隐藏", "Small counts"),
        Text(
            "少于 10 人的计数不显示，也不能由合计倒推。",
            "Counts of fewer than 10 members are not shown and cannot be worked out from totals.",
        ),
    ),
)
_LIMITS = (
    Text(
        "员工不算客户；退订个性化的会员不进 KOC 名单，只得到非个性化推荐。",
        "Staff are no customers; members who opted out are in no KOC list and get non-personal "
        "offers only.",
    ),
    Text(
        "本报告不含手机号、姓名；会员以名次或带密钥的短码表示。",
        "No phone numbers or names are in this report; members are called by rank or a short "
        "keyed code.",
    ),
    Text(
        "KOC 得分与分群是描述，不证明因果；先在小范围测试。",
        "KOC scores and segments describe; they prove no cause. Test on a few first.",
    ),
)


def method_page(evidence: Evidence) -> Page:
    """Build the page of data and method."""
    terms = tuple((Cell(name), Cell(text)) for name, text in _TERMS)
    columns = (Text("说法", "Term"), Text("意思", "Meaning"))
    return Page(
        "method",
        Text("数据与方法", "Data and method"),
        Text("报告的依据、定义与限度。", "What the report rests on, its definitions and limits."),
        (
            Card(Text("用到的表", "Tables used"), tuple(_tables(evidence))),
            Card(Text("本次运行", "This run"), (_run(evidence),)),
            Card(Text("定义", "Definitions"), (Table(columns, terms),)),
            Card(Text("限度", "Limits"), tuple(Note(text) for text in _LIMITS)),
        ),
    )


def _tables(evidence: Evidence) -> list[Part]:
    c = evidence.community
    rows = []
    for name in c.tables():
        table = c.arrow(name)
        n = 0 if table is None else table.num_rows
        cells = Cell(name, code=True), Cell(_TABLES[name]), Cell(f"{n:,}", float(n))
        rows.append((*cells, Cell(_observed(evidence, name))))
    columns = (
        *(Text("表", "Table"), Text("内容", "What it holds")),
        *(Text("截至时刻前的行数", "Rows before the moment"), Text("记录期间", "Recorded")),
    )
    return [Table(columns, tuple(rows), (2,))]


def _observed(evidence: Evidence, table: str) -> Text | str:
    """Say in which span a table was recorded, as local days."""
    span = evidence.community.observed.get(table)
    if span is not None:
        return evidence.local_days(*span)
    if table == "orders" and evidence.shopping is not None:
        first, last = evidence.shopping.span()
        return Text(f"首末订单 {first} – {last}", f"orders from {first} to {last}")
    return Text("未声明", "not stated")


def _run(evidence: Evidence) -> Table:
    manifest = evidence.given.manifest
    rows: list[tuple[Cell, ...]] = [
        (
            Cell(Text("截至时刻", "As of")),
            Cell(f"{evidence.ended()} {evidence.community.tz}", code=True),
        ),
    ]
    for name, value in manifest.items():
        rows += _entry(name, value)
    return Table((Text("项目", "Item"), Text("值", "Value")), tuple(rows))


def _entry(name: str, value: Any) -> list[tuple[Cell, ...]]:
    """Write one entry of the manifest; a mapping gives a row for each of its entries."""
    if isinstance(value, Mapping):
        return [row for key in sorted(value) for row in _entry(f"{name} · {key}", value[key])]
    if isinstance(value, float):
        value = amount(value)
    return [(Cell(name, code=True), Cell(text_of(value), code=True))]
