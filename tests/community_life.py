"""Tags of community life of small tables, for tests worked by hand."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from siyu.datasets import Community
from siyu.datasets.frames import from_arrow
from siyu.segmentation.tagging.community_tags import community_norms, community_tags
from siyu.segmentation.tagging.evidence import Found
from siyu.segmentation.tagging.facts import Facts, facts_of
from strategies import TZ

T = "2026-03-01"


def at(*times: str) -> pd.DatetimeIndex:
    """Give instants of the shop's clock."""
    return pd.to_datetime(list(times), format="ISO8601").tz_localize(TZ)


def known(c: Community, as_of: Any = T) -> Facts:
    """Group what is known of every customer."""
    cut = c.before(as_of)
    return facts_of(cut, c.moment(as_of), cut.customers())


def found(facts: Facts) -> Mapping[str, Found]:
    """Tag the members of `facts`, who are the whole population."""
    return community_tags(facts, community_norms(facts))


def life(*, as_of: Any = T, observed: Any = None, **tables: Any) -> Any:
    """Tag community life of some tables: rows by member, columns of the tags that are known."""
    facts = known(Community(tz=TZ, observed=observed, **tables), as_of)
    values = {name: tag.values for name, tag in found(facts).items()}  # noqa: PD011
    frame = from_arrow(pa.table({"member_id": facts.members, **values}), "pandas")
    return frame.set_index("member_id")


def support(*, as_of: Any = T, **tables: Any) -> pd.DataFrame:
    """Give the evidence behind the tags of some tables."""
    facts = known(Community(tz=TZ, **tables), as_of)
    counts = {name: tag.support for name, tag in found(facts).items()}
    return pd.DataFrame(counts, index=facts.members.to_pylist())


def events(*rows: tuple[Any, ...], **columns: Any) -> pd.DataFrame:
    """Make events of (member, local time, name)."""
    frame = pd.DataFrame(rows, columns=["member_id", "event_time", "event"])
    return frame.assign(event_time=at(*frame.event_time), **columns)


def orders(*rows: tuple[Any, ...], **columns: Any) -> pd.DataFrame:
    """Make order lines of (member, local time)."""
    frame = pd.DataFrame(rows, columns=["member_id", "order_time"])
    return frame.assign(order_time=at(*frame.order_time), amount=10.0).assign(**columns)


def messages(*rows: tuple[Any, ...], **columns: Any) -> pd.DataFrame:
    """Make messages in one group of (member, local time, whom they reply to)."""
    frame = pd.DataFrame(rows, columns=["member_id", "message_time", "reply_to_member_id"])
    to = frame.reply_to_member_id.astype("Int64")
    times = at(*frame.message_time)
    return frame.assign(message_time=times, reply_to_member_id=to, group_id=1).assign(**columns)


def sends(*rows: tuple[Any, ...], **columns: Any) -> pd.DataFrame:
    """Make sends of (member, local time, channel, hours until opened or None)."""
    frame = pd.DataFrame(rows, columns=["member_id", "send_time", "channel", "hours"])
    times = pd.Series(at(*frame.send_time))
    opened = times + pd.to_timedelta(frame.hours.astype(float), unit="h")
    frame = frame.assign(send_time=times, opened_at=opened).drop(columns="hours")
    return frame.assign(**columns)
