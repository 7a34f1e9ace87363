"""Tag rules read the slow way: one member, one row, one comparison at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from siyu.datasets import Community
from strategies import AS_OF, TZ

Value = float | str | bool | pd.Timestamp | None
Leaf = Mapping[str, Any]
Ask = Callable[[Leaf], Value]

TESTS = ("==", "!=", "<", "<=", ">", ">=", "in", "not_in", "between", "contains", "is_null")
_FILTERS = ("category", "product", "channel", "store", "coupon", "event", "group", "campaign")


def holds(condition: Leaf, ask: Ask) -> bool | None:
    """Judge a written condition by Kleene's logic; None is unknown."""
    if "all" in condition:
        return _all([holds(part, ask) for part in condition["all"]])
    if "any" in condition:
        return _not(_all([_not(holds(part, ask)) for part in condition["any"]]))
    if "not" in condition:
        return _not(holds(condition["not"], ask))
    value = ask(condition)
    return _all([_compare(value, key, condition[key]) for key in condition if key in TESTS])


def outcome(tag: Leaf, ask: Ask) -> str | None:
    """Give the code of a written tag: the first value that is true, or what is left."""
    verdicts = [holds(value["when"], ask) for value in tag["values"]]
    for value, verdict in zip(tag["values"], verdicts, strict=True):
        if verdict is True:
            return str(value["value"])
    key = "unknown" if None in verdicts else "otherwise"
    found = tag.get(key)
    return found["value"] if isinstance(found, dict) else found


@dataclass(frozen=True)
class Shop:
    """The tables of a community as lists of rows."""

    tz: str
    tables: dict[str, list[dict[str, Any]]]

    @classmethod
    def of(cls, c: Community) -> "Shop":
        rows = {name: getattr(c, name).to_dict("records") for name in c.tables()}
        return cls(c.tz, rows)


def asker(c: Shop, who: Any, as_of: pd.Timestamp, tags: Mapping[str, Value]) -> Ask:
    """Give a function that measures one member, row by row."""

    def ask(leaf: Leaf) -> Value:
        name = leaf["measure"]
        if name in tags:
            return tags[name]
        if name == "age":
            year = _row(c, who).get("birth_year")
            return None if pd.isna(year) else as_of.tz_convert(c.tz).year - year
        if name in ("region", "source", "gender") or name.startswith("members."):
            value = _row(c, who).get(name.removeprefix("members."))
            return None if value is None or pd.isna(value) else value
        return _measured(c, who, as_of, leaf)

    return ask


def _measured(c: Shop, who: Any, as_of: pd.Timestamp, leaf: Leaf) -> Value:
    name = leaf["measure"]
    if name in ("events", "event_days", "event_value", "shares"):
        rows = _rows(c, "events", who, as_of, leaf, "event_time")
        if name == "shares":
            rows = [row for row in rows if row["event"] == "share"]
        if name == "event_days":
            return float(len({_day(row["event_time"], c.tz) for row in rows}))
        return float(len(rows))
    if name in ("messages", "message_days"):
        rows = _rows(c, "messages", who, as_of, leaf, "message_time")
        days = {_day(row["message_time"], c.tz) for row in rows}
        return float(len(days) if name == "message_days" else len(rows))
    if name in ("sends", "opens"):
        time = "send_time" if name == "sends" else "opened_at"
        return float(len(_rows(c, "sends", who, as_of, leaf, time)))
    if name == "invitees":
        rows = _rows(c, "referrals", who, as_of, leaf, "referral_time", "inviter_id")
        return float(len({row["invitee_id"] for row in rows} - {who}))
    return _bought(name, _rows(c, "orders", who, as_of, leaf, "order_time"), c, as_of)


def _bought(name: str, lines: list[Any], c: Shop, as_of: pd.Timestamp) -> Value:
    bought = [x for x in lines if x["amount"] >= 0 and not x["quantity"] <= 0]
    days = {_day(line["order_time"], c.tz) for line in bought}
    net = sum(line["amount"] for line in lines)
    if name == "recency":
        gaps = [(as_of - line["order_time"]) / pd.Timedelta("1D") for line in bought]
        return min(gaps, default=None)
    if name == "monetary":
        return net / len(days) if days else None
    answers: dict[str, float] = {
        "frequency": len(days),
        "purchase_days": len(days),
        "purchase_lines": len(bought),
        "orders": len({line["order_id"] for line in bought}),
        "products": len({line["product_id"] for line in bought}),
        "categories": len({_category(c, line["product_id"]) for line in bought} - {None}),
        "units": sum(line["quantity"] for line in bought),
        "spend": net,
        "refunds": sum(-line["amount"] for line in lines if line["amount"] < 0),
        "refund_lines": sum(line["amount"] < 0 for line in lines),
    }
    return float(answers[name])


def _rows(  # noqa: PLR0913, PLR0917  (a test helper)
    c: Shop, table: str, who: Any, as_of: Any, leaf: Leaf, time: str, key: str = "member_id"
) -> list[Any]:
    """Give a member's rows inside the window that pass the filters."""
    older, newer = None, pd.Timedelta(0)
    if "past" in leaf:
        older = pd.Timedelta(leaf["past"])
    if "ago" in leaf:
        older, newer = map(pd.Timedelta, leaf["ago"])
    found = []
    for row in c.tables[table]:
        at = row[time]
        if row[key] != who or pd.isna(at) or at >= as_of - newer:
            continue
        if older is not None and at < as_of - older:
            continue
        if all(_passes(c, row, column, leaf[column]) for column in _FILTERS if column in leaf):
            found.append(row)
    return found


def _passes(c: Shop, row: Any, column: str, wanted: Any) -> bool:
    if column == "coupon":
        return bool(pd.notna(row["coupon_id"]) == wanted)
    values = {str(value) for value in (wanted if isinstance(wanted, list) else [wanted])}
    names = {"product": "product_id", "store": "store_id", "group": "group_id"}
    names |= {"campaign": "campaign_id"}
    held: Any = (
        _category(c, row["product_id"]) if column == "category" else row[names.get(column, column)]
    )
    return held is not None and str(held) in values


def _category(c: Shop, product: Any) -> str | None:
    for row in c.tables["products"]:
        if row["product_id"] == product and pd.notna(row["category"]):
            return str(row["category"])
    return None


def _row(c: Shop, who: Any) -> dict[str, Any]:
    return next((row for row in c.tables["members"] if row["member_id"] == who), {})


def _day(at: pd.Timestamp, tz: str) -> Any:
    return at.tz_convert(tz).date()


def _compare(value: Any, operator: str, wanted: Any) -> bool | None:
    if operator == "is_null":
        return bool((value is None) == wanted)
    if value is None:
        return None
    if isinstance(value, pd.Timestamp):
        wanted = [_moment(x) for x in wanted] if isinstance(wanted, list) else _moment(wanted)
    answers: dict[str, Callable[[], bool]] = {
        "==": lambda: value == wanted,
        "!=": lambda: value != wanted,
        "<": lambda: value < wanted,
        "<=": lambda: value <= wanted,
        ">": lambda: value > wanted,
        ">=": lambda: value >= wanted,
        "in": lambda: value in wanted,
        "not_in": lambda: value not in wanted,
        "between": lambda: wanted[0] <= value <= wanted[1],
        "contains": lambda: wanted in value,
    }
    return bool(answers[operator]())


def _moment(text: str) -> pd.Timestamp:
    """Read a date on the shop's clock, or a span from `AS_OF`."""
    if text.startswith("2026"):
        return pd.Timestamp(text).tz_localize(TZ)
    return AS_OF + pd.Timedelta(text)


def _all(parts: list[bool | None]) -> bool | None:
    if False in parts:
        return False
    return None if None in parts else True


def _not(part: bool | None) -> bool | None:
    return None if part is None else not part
