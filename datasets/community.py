"""A brand's member community: any subset of its tables, checked, with one clock."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from . import as_of as as_of_rules
from .clock import DAY_US, local_clock, moment, zone_of
from .errors import DataError, ParameterError
from .folders import open_folder, write_folder
from .frames import Frame, FrameKind, from_arrow, to_arrow
from .id_types import one_type_per_key
from .schema import SCHEMAS
from .who import customers_met, flagged, staff_among

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Community", "as_community", "kind_of"]

Observed = Mapping[str, tuple[Any, Any]]


class Community:
    """The tables of a member community, checked once; it never changes.

    Parameters
    ----------
    tz : str, optional
        Where the shop's days, hours and weekdays are cut, for instance ``"Asia/Shanghai"``;
        also the zone of naive times. Default: the zone of the first time column that has
        one, else UTC; naive times without `tz` are refused.
    observed : mapping of table name to (start, end), optional
        The span in which a table was recorded; before it, nothing is known (not zero).
    truth : mapping, optional
        What a simulator planted, for checking results.
    **tables : frame
        Any of the tables of `SCHEMAS`, as pandas, polars or pyarrow frames.

    Attributes
    ----------
    orders, members, ... : pandas frame or None
        Each table as a fresh frame, for notebooks; the library itself reads `arrow`.

    Raises
    ------
    SchemaError
        If a table breaks its schema.
    ParameterError
        If a name is no table or `tz` no zone.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2026-01-01", "2026-02-01"])
    >>> orders = pd.DataFrame({"member_id": ["a", "b"], "order_time": days, "amount": [10, 20]})
    >>> c = Community(orders=orders, tz="Asia/Shanghai")
    >>> c
    Community(orders=2 rows, tz='Asia/Shanghai')
    >>> c.before("2026-02-01").orders["member_id"].tolist()
    ['a']
    """

    __slots__ = ("_as_of", "_customers", "_ready", "_sources", "observed", "truth", "tz")

    tz: str
    observed: dict[str, tuple[int, int]]
    truth: Any
    _sources: dict[str, pa.Table | Path]
    _ready: dict[str, pa.Table]
    _customers: list[pa.Array]  # once they were asked for
    _as_of: int | None

    if TYPE_CHECKING:  # answered by __getattr__
        members: pd.DataFrame | None
        orders: pd.DataFrame | None
        products: pd.DataFrame | None
        promotions: pd.DataFrame | None
        events: pd.DataFrame | None
        groups: pd.DataFrame | None
        memberships: pd.DataFrame | None
        messages: pd.DataFrame | None
        referrals: pd.DataFrame | None
        ties: pd.DataFrame | None
        campaigns: pd.DataFrame | None
        offers: pd.DataFrame | None
        offer_products: pd.DataFrame | None
        offer_members: pd.DataFrame | None
        sends: pd.DataFrame | None
        assignments: pd.DataFrame | None
        staff_links: pd.DataFrame | None
        identities: pd.DataFrame | None

    def __init__(
        self,
        *,
        tz: str | None = None,
        observed: Observed | None = None,
        truth: Any = None,
        **tables: Frame,
    ) -> None:
        given = {name: to_arrow(frame)[0] for name, frame in tables.items() if frame is not None}
        for name in given:
            _known_table(name)
        checked = {name: SCHEMAS[name].check(table, tz) for name, table in given.items()}
        zone = zone_of(tz) if tz is not None else _first_zone(given)
        self._set(one_type_per_key(checked), zone, observed, truth)

    @classmethod
    def from_folder(cls, path: str | Path, *, tz: str | None = None) -> "Community":
        """Open a folder of ``<table>.parquet`` files; each is read when it is first needed.

        Parameters
        ----------
        path : str or Path
            May hold ``community.json`` with ``tz`` and ``observed`` (see `to_folder`).
        tz : str, optional
            Overrides the zone of ``community.json``.

        Returns
        -------
        Community

        Raises
        ------
        DataError
            If the folder holds no table.
        """
        sources, settings = open_folder(path)
        zone = tz or settings.get("tz")
        c = cls.__new__(cls)
        c._set(sources, zone_of(zone) if zone else None, settings.get("observed"), None)  # noqa: SLF001
        return c

    def to_folder(self, path: str | Path) -> None:
        """Write every table as ``<table>.parquet``, and ``community.json`` last.

        Parameters
        ----------
        path : str or Path
            Made if absent; files of the same names are replaced whole, never in part.
        """
        tables = {name: self._need(name) for name in self.tables()}
        spans = {name: [_iso(start), _iso(end)] for name, (start, end) in self.observed.items()}
        write_folder(path, tables, {"tz": self.tz, "observed": spans})

    def before(self, as_of: Any) -> "Community":
        """Give the community as it was known just before `as_of`.

        Parameters
        ----------
        as_of : Timestamp, datetime or str
            Itself excluded; without a zone it is the shop's clock.

        Returns
        -------
        Community
            Tables are cut when they are first read. A community that was cut earlier
            stays cut there.
        """
        end = self.moment(as_of)
        end = end if self._as_of is None else min(end, self._as_of)
        c = Community.__new__(Community)
        spans = {n: (start, min(stop, end)) for n, (start, stop) in self.observed.items()}
        c._set(self._sources, self.tz, None, self.truth)  # noqa: SLF001
        object.__setattr__(c, "observed", spans)
        object.__setattr__(c, "_as_of", end)
        return c

    def arrow(self, table: str) -> pa.Table | None:
        """Give one table as Arrow, checked and cut; None where it is absent."""
        _known_table(table)
        if table not in self._ready and table in self._sources:
            rows = self._whole(table)
            self._ready[table] = (
                rows if self._as_of is None else as_of_rules.cut(table, rows, self._as_of)
            )
        return self._ready.get(table)

    def id_columns(self, table: str, names: tuple[str, ...]) -> list[pa.ChunkedArray]:
        """Give some columns of ids as far as they are there, cut, without the rest of the table."""
        rows = self._ready.get(table)
        if rows is None and table in self._sources:
            rows = as_of_rules.some_columns(table, self._whole(table), names, self._as_of)
        return [] if rows is None else [rows[n] for n in names if n in rows.column_names]

    def has(self, table: str) -> bool:
        """Tell whether the table is there (it may have no rows)."""
        _known_table(table)
        return table in self._sources

    def tables(self) -> list[str]:
        """List the tables that are there, in the order of `SCHEMAS`."""
        return [name for name in SCHEMAS if name in self._sources]

    def require(self, *tables: str, call: str) -> None:
        """Raise `DataError` unless all these tables are there.

        Parameters
        ----------
        *tables : str
        call : str
            What needs them, for the message.
        """
        missing = [name for name in tables if not self.has(name)]
        if missing:
            there = ", ".join(self.tables()) or "none"
            raise DataError(
                f"{call} needs the table {' and '.join(missing)}; this community has: {there}"
            )

    def moment(self, as_of: Any) -> int:
        """Read a point in time as microseconds since 1970-01-01 UTC, on the shop's clock."""
        return moment(as_of, self.tz)

    def local(self, us: "np.ndarray[Any, np.dtype[np.int64]]") -> Any:
        """Turn instants (microseconds) into microseconds of the shop's local clock."""
        return local_clock(us, self.tz)

    def customers(self) -> pa.Array:
        """Give every member met in any table, sorted, without staff."""
        if not self._customers:
            self._customers.append(customers_met(self))
        return self._customers[0]

    def staff(self) -> pa.Array:
        """Give the staff as known now, sorted: by kind, or by a link to a customer."""
        return staff_among(self._known_now("members"), self.arrow("staff_links"))

    def opted_out(self) -> pa.Array:
        """Give the customers who want no personal treatment, as known now, sorted."""
        flags = flagged(self._known_now("members"), "opt_out", True)
        return flags.filter(pc.is_in(flags, self.customers())) if len(flags) else flags

    @classmethod
    def merge(
        cls, *parts: "Community", identities: Frame | None = None, on_conflict: str = "error"
    ) -> "Community":
        """Join the tables of several communities into one.

        Parameters
        ----------
        *parts : Community
            At least one; all on the same clock.
        identities : frame of schema ``identities``, optional
            Every member id found in its column ``id`` becomes the ``member_id`` beside it.
        on_conflict : {"error", "first", "last"}
            What to do when two parts describe one member, product, group, offer or
            campaign differently.

        Returns
        -------
        Community
            Rows of dated tables are put one after another; equal snapshot rows are kept once.

        Raises
        ------
        DataError
            If parts disagree and `on_conflict` is ``"error"``, or their clocks differ.
        """
        from .merging import merged_tables

        if not parts:
            raise ParameterError("parts", "merge needs at least one Community, got none")
        zones = sorted({part.tz for part in parts})
        if len(zones) > 1:
            raise DataError(f"the parts cut days in different zones: {', '.join(zones)}")
        return cls(tz=zones[0], **merged_tables(parts, identities, on_conflict))

    def __getattr__(self, name: str) -> Any:
        if name not in SCHEMAS:
            raise AttributeError(f"Community has no attribute or table '{name}'")
        rows = self.arrow(name)
        return None if rows is None else from_arrow(rows, "pandas")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Community never changes; cannot set '{name}'")

    def __reduce__(self) -> tuple[Any, ...]:
        tables = {name: self._need(name) for name in self.tables()}
        return _rebuild, (tables, self.tz, self.observed, self.truth)

    def __repr__(self) -> str:
        sizes = "".join(f"{name}={self._need(name).num_rows:,} rows, " for name in self.tables())
        return f"Community({sizes}tz='{self.tz}')"

    def _set(
        self,
        sources: Mapping[str, pa.Table | Path],
        tz: str | None,
        observed: Observed | None,
        truth: Any,
    ) -> None:
        put = object.__setattr__
        put(self, "_sources", dict(sources))
        put(self, "_ready", {})
        put(self, "_customers", [])
        put(self, "_as_of", None)
        put(self, "tz", tz or "UTC")
        put(self, "truth", truth)
        spans = {
            name: (self.moment(start), self.moment(end))
            for name, (start, end) in (observed or {}).items()
        }
        for name in spans:
            _known_table(name)
        put(self, "observed", spans)

    def _whole(self, table: str) -> pa.Table:
        """Give a table before any cut; a file is read and checked now, once."""
        source = self._sources[table]
        if isinstance(source, Path):
            checked = SCHEMAS[table].check(pq.read_table(source), self.tz)
            ready = {n: t for n, t in self._sources.items() if not isinstance(t, Path)}
            source = one_type_per_key({**ready, table: checked})[table]
            self._sources[table] = source
        return source

    def _need(self, table: str) -> pa.Table:
        rows = self.arrow(table)
        if rows is None:
            raise DataError(f"this community has no table '{table}'")
        return rows

    def _known_now(self, table: str) -> pa.Table | None:
        return self._whole(table) if table in self._sources else None


def as_community(data: "Community | Frame", table: str, tz: str | None = None) -> Community:
    """Take a Community as it is, and make one of a bare frame.

    Parameters
    ----------
    data : Community or frame of schema `table`
    table : str
        Which table a bare frame is.
    tz : str, optional
        For a bare frame: zone of its days and of naive times. Default: the time column's
        own zone; naive times are then the shop's own clock.

    Returns
    -------
    Community

    Raises
    ------
    ParameterError
        If `tz` is given beside a Community that has its own.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.to_datetime(["2026-01-01"])
    >>> frame = pd.DataFrame({"member_id": [1], "order_time": times, "amount": [9.0]})
    >>> as_community(frame, "orders").tz
    'UTC'
    """
    if isinstance(data, Community):
        if tz is not None and tz != data.tz:
            raise ParameterError("tz", f"the Community cuts days in '{data.tz}', not in '{tz}'")
        return data
    rows, _ = to_arrow(data)
    return Community(tz=tz or _first_zone({table: rows}) or "UTC", **{table: rows})


def kind_of(data: "Community | Frame") -> FrameKind:
    """Tell which kind of frame to give back for this input: pandas for a Community."""
    return "pandas" if isinstance(data, Community) else to_arrow(data)[1]


def _known_table(name: str) -> None:
    if name not in SCHEMAS:
        raise ParameterError(name, f"'{name}' is no table; tables are {', '.join(SCHEMAS)}")


def _first_zone(tables: Mapping[str, pa.Table]) -> str | None:
    for rows in tables.values():
        for field in rows.schema:
            if pa.types.is_timestamp(field.type) and field.type.tz:
                return str(field.type.tz)
    return None


def _iso(us: int) -> str:
    return (
        datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=us // DAY_US, microseconds=us % DAY_US)
    ).isoformat()


def _rebuild(
    tables: dict[str, pa.Table], tz: str, observed: dict[str, tuple[int, int]], truth: Any
) -> Community:
    spans = {name: (_iso(start), _iso(end)) for name, (start, end) in observed.items()}
    return Community(tz=tz, observed=spans, truth=truth, **tables)
