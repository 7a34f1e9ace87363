"""The schemas of all tables, and the one door that checks a frame against its schema.

A schema knows its columns, what kind each is, and which are required. `Schema.check`
normalises the types (ids to ``int64`` or text, times to UTC microseconds, numbers to
``float64``) and reports every broken rule at once. Extra columns pass untouched.
"""

import difflib
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from .column_checks import checked_column
from .errors import ParameterError, Problem, SchemaError, warn
from .frames import Frame, to_arrow

__all__ = ["SCHEMAS", "Column", "Schema"]

Kind = Literal["id", "time", "number", "flag", "text"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a schema.

    `key` names the family of ids it belongs to: all columns of a family have one type
    across the tables of a Community.
    """

    name: str
    kind: Kind
    required: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of one table, and the check that a frame fits them.

    Parameters
    ----------
    table : str
        Name of the table.
    columns : tuple of Column
    unique : tuple of str
        Columns that together name a row; checked by the readers and by ``Community.merge``.
    one_of : tuple of str
        Columns of which each row needs at least one.
    """

    table: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()

    def check(self, frame: Frame, tz: str | None = None) -> pa.Table:
        """Check a frame, normalise its types and give it back as an Arrow table.

        Parameters
        ----------
        frame : any eager frame, in any row order
        tz : str, optional
            Zone of times that carry none. Without it such times are refused.

        Returns
        -------
        pyarrow.Table
            Columns of the schema first, in its order, then the extra ones. Optional
            columns that are absent stay absent. A frame without rows is legal.

        Raises
        ------
        SchemaError
            Lists every broken rule: column, rule, number of rows, first row.

        Examples
        --------
        >>> import pandas as pd
        >>> ties = pd.DataFrame({"source": [1.0], "target": ["a"]})
        >>> SCHEMAS["referrals"].check(ties)
        Traceback (most recent call last):
        ...
        siyu.datasets.errors.SchemaError: table 'referrals' breaks its schema [E101]:
          - inviter_id: required, but missing; there are: source, target; 1 rows
          - invitee_id: required, but missing; there are: source, target; 1 rows
        """
        table, _ = to_arrow(frame)
        problems: list[Problem] = []
        columns: dict[str, pa.ChunkedArray] = {}
        for column in self.columns:
            if column.name in table.column_names:
                values, found = checked_column(table[column.name], column.name, column.kind, tz)
                columns[column.name] = values
                problems += [p for p in found if not p.rule.startswith("(warning)")]
                self._report(found)
            elif column.required:
                problems.append(self._missing(column, table))
        problems += self._without_value(columns)
        if problems:
            raise SchemaError(self.table, tuple(problems))
        extra = [name for name in table.column_names if name not in columns]
        return pa.table({**columns, **{name: table[name] for name in extra}})

    def keys(self) -> dict[str, str]:
        """Give the id family of every column that belongs to one."""
        return {column.name: column.key for column in self.columns if column.key}

    def empty(self) -> pa.Table:
        """Give the table with its required columns and no rows."""
        return self.check(pa.table({c.name: pa.nulls(0) for c in self.columns if c.required}))

    def _missing(self, column: Column, table: pa.Table) -> Problem:
        near = difflib.get_close_matches(column.name, table.column_names, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        listed = ", ".join(table.column_names) or "no columns"
        rule = f"required, but missing; there are: {listed}{hint}"
        return Problem(column.name, rule, table.num_rows)

    def _report(self, found: list[Problem]) -> None:
        for problem in found:
            if problem.rule.startswith("(warning)"):
                warn(f"{self.table}.{problem}")

    def _without_value(self, columns: dict[str, pa.ChunkedArray]) -> list[Problem]:
        """Find required columns with nulls, and rows that lack all of `one_of`."""
        problems = [
            _nulls(column.name, columns[column.name], "required, but empty")
            for column in self.columns
            if column.required and column.name in columns and columns[column.name].null_count
        ]
        if self.one_of:
            present = [columns[name] for name in self.one_of if name in columns]
            rule = f"one of {' or '.join(self.one_of)} is required"
            if not present:
                return [*problems, Problem(" / ".join(self.one_of), rule, 1)]
            known = _any_valid(present)
            if known.null_count:
                problems.append(_nulls(" / ".join(self.one_of), known, rule))
        return problems


def _any_valid(columns: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    flags = [pc.if_else(column.is_valid(), 1, None) for column in columns]
    return pc.coalesce(*flags)


def _nulls(name: str, values: pa.ChunkedArray, rule: str) -> Problem:
    first = pc.index(values.is_null(), pa.scalar(True)).as_py()
    return Problem(name, rule, values.null_count, first)


def _schema(
    table: str, text: str, unique: tuple[str, ...] = (), one_of: tuple[str, ...] = ()
) -> Schema:
    """Read one schema from words ``name*:kind/key``; a star marks a required column."""
    columns = []
    for word in text.split():
        name, _, kind = word.partition(":")
        kind, _, key = kind.partition("/")
        if kind not in ("id", "time", "number", "flag", "text"):
            raise ParameterError("kind", f"unknown column kind {kind!r} in schema '{table}'")
        columns.append(Column(name.rstrip("*"), kind, name.endswith("*"), key or None))  # type: ignore[arg-type]
    return Schema(table, tuple(columns), unique, one_of)


_ALL = (
    _schema(
        "members",
        "member_id*:id/member joined_at:time source:text kind:text opt_out:flag region:text "
        "store_id:id/store gender:text birth_year:number",
        unique=("member_id",),
    ),
    _schema(
        "orders",
        "member_id*:id/member order_time*:time amount*:number order_id:id/order "
        "product_id:id/product quantity:number discount:number coupon_id:id/offer "
        "store_id:id/store channel:text",
    ),
    _schema(
        "products",
        "product_id*:id/product category:text brand:text price:number cost:number "
        "launched_at:time in_stock:flag rating:number recommendable:flag",
        unique=("product_id",),
    ),
    _schema(
        "promotions",
        "product_id*:id/product starts_at*:time ends_at*:time store_id:id/store kind:text "
        "known_at:time",
    ),
    _schema(
        "events",
        "member_id*:id/member event_time*:time event*:text product_id:id/product "
        "group_id:id/group channel:text session_id:id/session value:number",
    ),
    _schema(
        "groups",
        "group_id*:id/group kind:text owner_id:id/member created_at:time",
        unique=("group_id",),
    ),
    _schema(
        "memberships",
        "group_id*:id/group member_id*:id/member joined_at:time left_at:time "
        "inviter_id:id/member join_scene:text",
    ),
    _schema(
        "messages",
        "member_id*:id/member message_time*:time group_id:id/group message_id:id/message "
        "reply_to_member_id:id/member n_chars:number has_link:flag",
    ),
    _schema(
        "referrals",
        "inviter_id*:id/member invitee_id*:id/member referral_time:time "
        "campaign_id:id/campaign reward:number",
    ),
    _schema(
        "ties",
        "source*:id/member target*:id/member weight:number tie_time:time kind:text",
    ),
    _schema(
        "campaigns",
        "campaign_id*:id/campaign kind:text starts_at:time ends_at:time cost:number",
        unique=("campaign_id",),
    ),
    _schema(
        "offers",
        "offer_id*:id/offer kind:text product_id:id/product category:text price:number "
        "public_price:number discount:number threshold:number cost:number channel:text "
        "stock:number budget:number starts_at:time ends_at:time",
        unique=("offer_id",),
    ),
    _schema("offer_products", "offer_id*:id/offer product_id*:id/product"),
    _schema(
        "offer_members",
        "offer_id*:id/offer member_id*:id/member issued_at:time expires_at:time",
    ),
    _schema(
        "sends",
        "send_time*:time member_id:id/member group_id:id/group channel:text send_id:id/send "
        "campaign_id:id/campaign offer_id:id/offer experiment_id:id/experiment arm:text "
        "propensity:number opened_at:time clicked_at:time redeemed_at:time quit_at:time",
        one_of=("member_id", "group_id"),
    ),
    _schema(
        "assignments",
        "experiment_id*:id/experiment unit_kind*:text unit_id*:id arm*:text "
        "propensity:number assigned_at:time",
    ),
    _schema(
        "staff_links",
        "member_id*:id/member staff_id*:id/member added_at:time removed_at:time add_way:text "
        "state:text",
    ),
    _schema("identities", "member_id*:id/member id_kind*:text id*:text"),
)

SCHEMAS: dict[str, Schema] = {schema.table: schema for schema in _ALL}
"""The schema of every table, by its name."""
