"""The tables of a report, read once: customers, orders, tags and KOC before one moment."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from siyu.datasets.clock import local_clock
from siyu.datasets.community import Community
from siyu.datasets.frames import Frame, to_arrow

from .pseudonyms import Pseudonyms
from .report_input import ReportInput
from .shopping import Shopping

__all__ = ["Evidence"]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the pages read.

    Parameters
    ----------
    given : ReportInput
    community : Community
        Cut at ``as_of``.
    n_members : int
        Customers, staff left out.
    shopping : Shopping or None
        None without the table orders.
    tags, rfm, recommendations : pyarrow.Table or None
    codes : Pseudonyms
    """

    given: ReportInput
    community: Community
    n_members: int
    shopping: Shopping | None
    tags: pa.Table | None
    rfm: pa.Table | None
    recommendations: pa.Table | None
    codes: Pseudonyms

    @classmethod
    def of(cls, given: ReportInput) -> "Evidence":
        """Read the input of a report."""
        known = given.community.before(given.as_of)
        shopping = Shopping.of(known, given.as_of) if known.has("orders") else None
        return cls(
            given,
            known,
            len(known.customers()),
            shopping,
            _table(given.tags),
            _table(given.rfm),
            _table(given.recommendations),
            Pseudonyms(given.names, given.id_key),
        )

    def ended(self) -> str:
        """Give ``as_of`` on the shop's clock, to the minute."""
        return self._local(self.community.moment(self.given.as_of))[:16].replace("T", " ")

    def local_days(self, start: int, end: int) -> str:
        """Give a span of instants (microseconds), its end excluded, as local dates."""
        return f"{self._local(start)[:10]} – {self._local(end - 1)[:10]}"

    def _local(self, us: int) -> str:
        clock = local_clock(np.array([us], dtype=np.int64), self.community.tz)
        return str(clock.astype("datetime64[us]")[0])


def _table(frame: Frame | None) -> pa.Table | None:
    return None if frame is None else to_arrow(frame)[0]
