"""Public data sets as communities, for trying things out and for tests.

None is part of this package: each is read from a folder of Parquet files, given by
`path` or found as ``$SIYU_DATA/<name>``. Their licences allow research; read them first.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .clock import INSTANT
from .community import Community
from .complete_journey import load_complete_journey
from .ids import encode
from .public_files import folder_of, read_part

__all__ = ["LASTFM_MOMENT", "load_cdnow", "load_ciao", "load_complete_journey", "load_lastfm"]

LASTFM_MOMENT = "2011-10-27T00:00:00Z"
"""The one instant that stands for all times in Last.fm: the day the set was presented."""


def load_cdnow(path: str | Path | None = None) -> Community:
    """Load CDNOW: every purchase of 23,570 new customers of a music shop in 1997-98.

    One cohort: all first bought between January and March 1997. The source knows dates
    alone; they stand at midnight, and the community's clock is UTC.

    Parameters
    ----------
    path : str or Path, optional
        Folder with ``transactions.parquet``; default ``$SIYU_DATA/cdnow``.

    Returns
    -------
    Community
        ``orders``, 69,659 rows: ``amount`` in dollars (80 are 0), ``quantity`` in CDs, and
        ``in_sample`` for the tenth of the customers that the literature calibrates on. An
        order is a row; several of one member on one day are one purchase day.

    Raises
    ------
    DataError
        If the files are not there.

    References
    ----------
    Fader & Hardie (2001), "Forecasting repeat sales at CDNOW", Interfaces 31(3), S94-S107.
    """
    rows = read_part(folder_of("cdnow", path), "cdnow", "transactions")
    orders = pa.table(
        {
            "member_id": rows["member_id"],
            "order_time": rows["ts"],
            "amount": rows["amount"],
            "quantity": rows["quantity"],
            "in_sample": rows["in_sample"],
        }
    )
    return Community(orders=orders, tz="UTC", observed={"orders": ("1997-01-01", "1998-07-01")})


def load_ciao(path: str | Path | None = None) -> Community:
    """Load Ciao: dated product ratings, and who trusts whom among the raters.

    Parameters
    ----------
    path : str or Path, optional
        Folder with ``ratings.parquet`` and ``trust.parquet``; default ``$SIYU_DATA/ciao``.

    Returns
    -------
    Community
        ``events``, 284,086 rows: ``event`` is "rating", ``value`` the stars (1 to 5; 34 rows
        say 0), and two further columns, ``helpfulness`` (1 to 7) and ``category_id``; days
        alone are known. ``ties``, 111,781 rows of kind "trust" without a time: they count at
        every moment, with a warning. ``products``, 105,114 rows: ``category`` is the
        category most of the product's ratings name, the smallest number among equals.

    Raises
    ------
    DataError
        If the files are not there.

    References
    ----------
    Tang, Gao & Liu (2012), "mTrust: discerning multi-faceted trust in a connected world",
    WSDM, 93-102.
    """
    folder = folder_of("ciao", path)
    ratings, trust = read_part(folder, "ciao", "ratings"), read_part(folder, "ciao", "trust")
    events = pa.table(
        {
            "member_id": ratings["member_id"],
            "event_time": ratings["ts"],
            "event": _repeated("rating", ratings.num_rows),
            "product_id": ratings["item_id"],
            "value": ratings["rating"],
            "helpfulness": ratings["helpfulness"],
            "category_id": ratings["category_id"],
        }
    )
    ties = pa.table(
        {
            "source": trust["src"],
            "target": trust["dst"],
            "kind": _repeated("trust", trust.num_rows),
        }
    )
    return Community(
        events=events,
        ties=ties,
        products=_most_named(ratings["item_id"], ratings["category_id"]),
        tz="UTC",
        observed={"events": ("2000-05-30", "2011-04-13")},
    )


def load_lastfm(path: str | Path | None = None) -> Community:
    """Load Last.fm (HetRec 2011): who listens to whom, and who is whose friend.

    The source has no times. All listens are stamped with `LASTFM_MOMENT`, the day the set
    was presented, so that they are known after it and not before; nothing that depends on
    time (recency, rhythm, lifecycle, forecasts) means anything here.

    Parameters
    ----------
    path : str or Path, optional
        Folder with ``listens.parquet``, ``friends.parquet`` and ``items.parquet``; default
        ``$SIYU_DATA/lastfm_hetrec``.

    Returns
    -------
    Community
        ``events``, 92,834 rows: ``event`` is "listen", ``product_id`` the artist, ``value``
        the number of listens (at most 50 artists a member). ``ties``, 25,434 rows of kind
        "friend" without a time: each of the 12,717 friendships once in either direction.
        ``products``, 17,632 rows, with ``name``.

    Raises
    ------
    DataError
        If the files are not there.

    References
    ----------
    Cantador, Brusilovsky & Kuflik (2011), "2nd workshop on information heterogeneity and
    fusion in recommender systems (HetRec 2011)", RecSys, 387-388.
    """
    folder = folder_of("lastfm_hetrec", path)
    listens, friends, items = (
        read_part(folder, "lastfm_hetrec", part) for part in ("listens", "friends", "items")
    )
    moment = pa.scalar(np.datetime64(LASTFM_MOMENT.rstrip("Z"), "us")).cast(INSTANT)
    events = pa.table(
        {
            "member_id": listens["member_id"],
            "event_time": pa.repeat(moment, listens.num_rows),
            "event": _repeated("listen", listens.num_rows),
            "product_id": listens["item_id"],
            "value": listens["listen_count"],
        }
    )
    ends = [friends["src"].combine_chunks(), friends["dst"].combine_chunks()]
    ties = pa.table(
        {
            "source": pa.concat_arrays(ends),
            "target": pa.concat_arrays(ends[::-1]),
            "kind": _repeated("friend", 2 * friends.num_rows),
        }
    )
    products = pa.table({"product_id": items["item_id"], "name": items["name"]})
    return Community(
        events=events,
        ties=ties,
        products=products,
        tz="UTC",
        observed={"events": (LASTFM_MOMENT, "2011-10-28T00:00:00Z")},
    )


def _repeated(word: str, n: int) -> pa.Array:
    return pa.repeat(pa.scalar(word, pa.large_string()), n)


def _most_named(products: pa.ChunkedArray, categories: pa.ChunkedArray) -> pa.Table:
    """Give each product the category that most rows name; among equals the smallest."""
    codes, ids = encode(products)
    kinds: npt.NDArray[np.int64] = np.asarray(categories.cast(pa.int64()))
    width = int(kinds.max()) + 1 if len(kinds) else 1
    pairs, counts = np.unique(codes * width + kinds, return_counts=True)
    order = np.lexsort((pairs % width, -counts, pairs // width))
    owners, firsts = np.unique(pairs[order] // width, return_index=True)
    chosen = pa.array(pairs[order][firsts] % width)
    return pa.table(
        {"product_id": ids.take(pa.array(owners)), "category": pc.cast(chosen, "string")}
    )
