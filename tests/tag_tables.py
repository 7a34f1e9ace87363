"""Small order tables, and their tags, for tests worked by hand."""

from typing import Any

import pandas as pd
import pytest

from siyu.datasets import Community, SiyuWarning
from siyu.segmentation import tag
from strategies import TZ

T = "2026-03-01"
DAYS = ["2026-02-01 10", "2026-02-08 10", "2026-02-15 10"]


def at(*times: str) -> pd.DatetimeIndex:
    """Give local times."""
    return pd.to_datetime(list(times), format="ISO8601").tz_localize(TZ)


def orders_on(when: list[str], **columns: Any) -> pd.DataFrame:
    """Give lines of member 1, unless `columns` say another."""
    frame = pd.DataFrame({"member_id": 1, "order_time": at(*when), "amount": 10.0})
    return frame.assign(**columns)


def tags_of(tz: str = TZ, as_of: Any = T, calendar: Any = None, **tables: Any) -> Any:
    """Tag without minding what is absent; rows by member."""
    with pytest.warns(SiyuWarning, match="unknown, hence null"):
        tags = tag(Community(tz=tz, **tables), as_of=as_of, calendar=calendar)
    return tags.set_index("member_id")
