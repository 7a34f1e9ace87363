"""Read tables of any origin: one reader a table, all of them `read_table`.

Every reader gives a frame in the schema's own column names. What is clear is read, what
was mended on the way is reported in one `SiyuWarning` (its ``problems`` is a frame), and
what could mean two things is refused with the line of its first row.
"""

from collections.abc import Iterable, Mapping
from typing import Unpack

from siyu.datasets.frames import Frame

from .plan import FileOptions, ReadOptions, ReadPlan, read
from .sources import Source

__all__ = [
    "read_assignments",
    "read_campaigns",
    "read_events",
    "read_groups",
    "read_identities",
    "read_members",
    "read_memberships",
    "read_messages",
    "read_offer_members",
    "read_offer_products",
    "read_offers",
    "read_orders",
    "read_products",
    "read_promotions",
    "read_referrals",
    "read_sends",
    "read_staff_links",
    "read_table",
    "read_ties",
]

Columns = Mapping[str, str] | None
Sources = Source | Iterable[Source]


def read_table(
    name: str,
    path: Sources,
    *,
    columns: Columns = None,
    tz: str | None = None,
    amount_unit: str = "yuan",
    **options: Unpack[FileOptions],
) -> Frame:
    r"""Read one table from CSV or Parquet files of any origin.

    Parameters
    ----------
    name : str
        Name of the table, a key of `SCHEMAS`.
    path : str or Path, or several
        A CSV or Parquet file, or a folder of Parquet parts (or of CSV files).
    columns : mapping, optional
        What to call which column of the file: ``{"订单号": "order_id"}``. Columns that are
        not named keep their names; those the schema does not know are kept as text.
    tz : str, optional
        Zone of times that carry none, for instance ``"Asia/Shanghai"``.
    amount_unit : {"yuan", "jiao", "fen", "dollar", "cent", "main"}
        Unit of all money in the file; it is brought to the main unit.
    hash_key : str or bytes, optional
        Key of 8 bytes or more. Columns of phones, e-mails, openids and unionids, known by
        name or by their values, are hashed with it (HMAC-SHA256), and left out without it.
        ``member_id`` is kept as given.
    encoding, separator : str, optional
        Of CSV files; default found out (utf-8, utf-16, gb18030; comma, tab, semicolon, bar).
    skip_lines : int, default 0
        Lines above the header.
    day_first : bool, optional
        Whether ``02/01/2026`` is 2 January; such dates are refused without it.
    bad_rows : {"refuse", "drop"}
        What to do with rows that have more or fewer cells than the header.
    duplicates : {"auto", "drop", "keep", "refuse"}
        What to do with rows that equal an earlier one in every column. ``"auto"``: left out
        where the table has a key, or order lines an ``order_id``; kept elsewhere.
    self_referrals : {"drop", "keep"}
        What to do with members who invite themselves.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame
        In the row order of the files; passes ``SCHEMAS[name].check``. Ids from CSV are
        text, times UTC.

    Raises
    ------
    SchemaError
        Lists every problem: column, rule, number of rows, and the line of the first (1 is
        the first line of a CSV file, the first row of a Parquet file).
    ParameterError
        If there is no such file or table, or `columns` does not fit the file.

    Warns
    -----
    SiyuWarning
        Once, if anything was mended or left out; ``problems`` is a frame with ``column``,
        ``rule``, ``count``, ``first_row``, ``example``.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> text = "订单号,会员,下单时间,实付\n0042,007,2026/1/2 9:30,1999\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "orders.csv")
    ...     _ = file.write_text(text, "gb18030")
    ...     orders = read_table(
    ...         "orders",
    ...         file,
    ...         columns={
    ...             "订单号": "order_id",
    ...             "会员": "member_id",
    ...             "下单时间": "order_time",
    ...             "实付": "amount",
    ...         },
    ...         tz="Asia/Shanghai",
    ...         amount_unit="fen",
    ...     )
    >>> orders[["member_id", "amount"]].values.tolist(), str(orders["order_time"][0])
    ([['007', 19.99]], '2026-01-02 01:30:00+00:00')
    """
    return read(path, ReadPlan(name, columns, tz, amount_unit, **options))


def read_members(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read the members.

    ``member_id`` is unique: equal rows are left out, rows that differ are refused.
    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("members", **options))


def read_orders(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read order lines.

    Negative amounts are refunds. Lines that equal an earlier line in every column and carry
    an ``order_id`` come from overlapping exports and are left out (`duplicates`).
    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("orders", **options))


def read_products(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read the products.

    ``product_id`` is unique.
    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("products", **options))


def read_promotions(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read promotions of products.

    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("promotions", **options))


def read_events(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read what members did: visits, shares, ratings, ...

    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("events", **options))


def read_groups(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read the groups.

    ``group_id`` is unique.
    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("groups", **options))


def read_memberships(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read who joined and left which group.

    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("memberships", **options))


def read_messages(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read who wrote when in which group; no text is needed.

    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("messages", **options))


def read_referrals(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read who invited whom.

    Members who invite themselves are left out (`self_referrals`).
    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("referrals", **options))


def read_ties(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read ties between members.

    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("ties", **options))


def read_campaigns(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read the campaigns.

    ``campaign_id`` is unique.
    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("campaigns", **options))


def read_offers(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read the offers.

    ``offer_id`` is unique.
    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("offers", **options))


def read_offer_products(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read for which products a coupon is good.

    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("offer_products", **options))


def read_offer_members(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read who may have which offer.

    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("offer_members", **options))


def read_sends(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read what was sent to whom, and what became of it.

    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("sends", **options))


def read_assignments(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read who was assigned to which arm of an experiment.

    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("assignments", **options))


def read_staff_links(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read which staff serve which members.

    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("staff_links", **options))


def read_identities(path: Sources, **options: Unpack[ReadOptions]) -> Frame:
    """Read the other ids of members.

    Ids whose ``id_kind`` is a contact (phone, openid, unionid, email) are hashed with
    `hash_key`, and refused without it.
    Arguments, result and errors: see `read_table`.
    """
    return read(path, ReadPlan("identities", **options))
