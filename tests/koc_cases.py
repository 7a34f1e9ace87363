"""Small shops for the tests of KOC, and how lists are compared."""

from typing import Any

import pandas as pd

from siyu.datasets import Community

__all__ = ["END", "categories_shop", "frame", "plain", "shop"]

END = "2026-07-01"
_DAY = ["2026-06-01"]


def frame(**columns: list[Any]) -> pd.DataFrame:
    """Make a table whose ``_time`` and ``_at`` columns are times."""
    made = pd.DataFrame(columns)
    for name in columns:
        if name.endswith(("_time", "_at")):
            made[name] = pd.to_datetime(made[name])
    return made


def shop(**members: list[Any]) -> Community:
    """Make a shop of buyers 1, 2, 3 (3 buys most) in which all components are measured."""
    people = {"member_id": [1, 2, 3], **members}
    people["joined_at"] = ["2026-01-01"] * len(people["member_id"])
    return Community(
        members=frame(**people),
        orders=frame(member_id=[1, 2, 3], order_time=_DAY * 3, amount=[1.0, 2.0, 3.0]),
        referrals=frame(inviter_id=[1], invitee_id=[2], referral_time=["2026-05-01"]),
        messages=frame(member_id=[3], message_time=_DAY, reply_to_member_id=[1]),
        tz="UTC",
    )


def categories_shop(**tables: Any) -> Community:
    """Make a shop of tea (product 1) and soap (product 2)."""
    products = pd.DataFrame({"product_id": [1, 2], "category": ["tea", "soap"]})
    return Community(products=products, tz="UTC", **tables)


def plain(listed: pd.DataFrame) -> list[str]:
    """Write rows as text, nulls and lists of reasons too, to compare whole tables."""
    return [str(row) for row in listed.to_dict("records")]
