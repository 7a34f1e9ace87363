"""Small communities with referrals, written out row by row."""

from typing import Any

import pandas as pd

from siyu.datasets import Community

__all__ = ["community", "joined", "orders", "referrals"]


def joined(**when: str | None) -> pd.DataFrame:
    """Give members ``m1="2026-01-05"`` with the moment they joined."""
    return pd.DataFrame(
        {
            "member_id": [int(name[1:]) for name in when],
            "joined_at": pd.to_datetime(pd.Series(list(when.values())), format="ISO8601"),
        }
    )


def referrals(*rows: tuple[int, int, str | None], **columns: Any) -> pd.DataFrame:
    """Give referrals of (inviter, invitee, time), and further columns."""
    table = pd.DataFrame(list(rows), columns=["inviter_id", "invitee_id", "referral_time"])
    table["referral_time"] = pd.to_datetime(table["referral_time"], format="ISO8601")
    return table.astype({"inviter_id": "int64", "invitee_id": "int64"}).assign(**columns)


def orders(*rows: tuple[int, str, float]) -> pd.DataFrame:
    """Give orders of (member, time, amount)."""
    table = pd.DataFrame(list(rows), columns=["member_id", "order_time", "amount"])
    table["order_time"] = pd.to_datetime(table["order_time"], format="ISO8601")
    return table.astype({"member_id": "int64", "amount": float})


def community(**tables: Any) -> Community:
    """Build a community on the clock of UTC."""
    return Community(tz="UTC", **tables)
