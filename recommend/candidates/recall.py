"""What each source of candidates finds of what members buy next, and what only it finds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from siyu.datasets.clock import INSTANT
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.windows import training_cuts
from siyu.recommend.market.market import Market, MarketOptions
from siyu.recommend.market.member_histories import MemberHistories
from siyu.recommend.market.neighbours import sample_rows
from siyu.recommend.parameters import microseconds
from siyu.recommend.sorted_keys import Bools, Ints, run_starts
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.related import Relations
from siyu.recommend.tables.setting import Setting, default_attributes

from .blocks import BLOCK, Block
from .finding import Quotas, proposals
from .sources import SOURCES

__all__ = ["UNION", "RecallOptions", "source_recall"]

UNION = "union"
_NAMES = (*(source.name for source in SOURCES), UNION)
_MEMBERS = 10_000  # at most, drawn at random


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallOptions:
    """What `source_recall` looks at.

    Parameters
    ----------
    horizon : str or Timedelta
        How long to look ahead; a day or more.
    activity : {"orders", "events"}
        What counts as a purchase.
    quotas : Quotas
    n_windows : int >= 1
        Cuts, if none are given.
    random_state : int
        For the draw of members, where there are more than 10,000.
    """

    horizon: str | pd.Timedelta = "28D"
    activity: str = "orders"
    quotas: Quotas = field(default_factory=Quotas)
    n_windows: int = 2
    random_state: int = 0


def source_recall(
    c: Community,
    *,
    as_of: Any,
    cuts: Sequence[Any] | None = None,
    options: RecallOptions | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Report, source by source, how much of what members bought next was among the candidates.

    Parameters
    ----------
    c : Community
        With ``orders`` (or ``events``) that name products.
    as_of : Timestamp, datetime or str
        Nothing from here on is looked at.
    cuts : moments, optional
        When candidates are found; the window after each must end at or before `as_of`. Default
        the newest windows that do, one after the other.
    options : RecallOptions, optional
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a cut and source, and a row ``union`` for all together, in that order
        ``cut``, ``source``;
        ``candidates`` : mean number a member;
        ``recall`` : share of the later purchases (distinct products a member, sold before the
        cut) that are among them; ``recall_new`` : of those the member had never bought;
        ``alone``, ``alone_new`` : the shares that no other source found;
        ``precision`` : share of the candidates that were bought;
        ``n_relevant``, ``n_relevant_new`` : the purchases that the shares are of.
        Shares of nothing are null.

    Raises
    ------
    DataError
        If no cut has a window that ends in time, or a table or column is missing.
    ParameterError
        If an option is out of range, or a cut lies too late.

    Examples
    --------
    >>> weeks = pd.date_range("2026-01-01", periods=8, freq="7D", tz="UTC")
    >>> orders = pd.DataFrame({"order_time": weeks, "product_id": "milk", "amount": 2.0})
    >>> c = Community(orders=orders.assign(member_id="a"))
    >>> found = source_recall(c, as_of="2026-03-01", cuts=["2026-02-01"])
    >>> found.loc[found["source"] == "own", ["candidates", "recall"]].values.tolist()
    [[1.0, 1.0]]
    """
    options = options or RecallOptions()
    if options.n_windows < 1:
        raise ParameterError("n_windows", f"n_windows must be 1 or more, got {options.n_windows}")
    c, end = c.before(as_of), c.moment(as_of)
    bought = Purchases.of(c, activity=options.activity)
    horizon = microseconds(options.horizon)
    moments = _moments(c, bought, cuts, (end, horizon, options.n_windows))
    attributes, relations = default_attributes(c, bought.products), Relations.of(c)
    parts = []
    for moment in moments:
        setting = Setting.of(c, bought, attributes, horizon)
        facts = relations.read(c, bought.before(moment), moment, setting.facts)
        found = _found_at(bought, moment, replace(setting, facts=facts), options)
        parts.append(_table(moment, *found))
    return from_arrow(pa.concat_tables(parts), output)


def _moments(
    c: Community, bought: Purchases, cuts: Sequence[Any] | None, when: tuple[int, int, int]
) -> list[int]:
    """Give the cuts, ascending."""
    end, horizon, n = when
    if cuts is None:
        first = int(bought.basket_time.min(initial=end))
        moments = [int(one) for one in training_cuts(first + horizon, end, horizon, n)]
    else:
        moments = sorted(c.moment(cut) for cut in cuts)
        late = [one for one in moments if one + horizon > end]
        if late:
            raise ParameterError(
                "cuts",
                f"the window after every cut must end at or before as_of: {len(late)} of "
                f"{len(moments)} cuts lie less than the horizon before it",
            )
    if not moments:
        raise DataError(
            "there is no window to measure in: the purchases before as_of span less than two "
            "horizons; give a later as_of or a shorter horizon"
        )
    return moments


def _found_at(
    bought: Purchases, moment: int, setting: Setting, options: RecallOptions
) -> tuple[dict[str, Ints], Ints, Bools, int]:
    """Ask every source at one cut; say what was bought next, and what of that was new."""
    earlier = bought.before(moment)
    market = Market.of(earlier, moment, setting, MarketOptions.of(len(bought.products)))
    buyers = earlier.basket_member[run_starts(earlier.basket_member)]
    codes = sample_rows(buyers, _MEMBERS, options.random_state)
    facts = setting.facts.of_members(codes)
    histories = MemberHistories.of(market, earlier.of_members(codes), moment, facts)
    later = bought.between(moment, moment + setting.window).of_members(codes)
    relevant = later.pair_keys()
    relevant = relevant[market.numbers["buyers"][relevant % market.n_products] > 0]
    is_new = ~histories.pairs.find(relevant)[1]
    everything = np.ones(market.n_products, np.bool_)
    found: dict[str, list[Ints]] = {source.name: [] for source in SOURCES}
    for start in range(0, len(histories), BLOCK):
        block = Block.of(market, histories, start, everything)
        for name, keys in proposals(block, options.quotas).items():
            found[name].append(keys + start * market.n_products)
    nothing = np.zeros(0, np.int64)
    joined = {name: np.sort(np.concatenate([nothing, *keys])) for name, keys in found.items()}
    return joined, relevant, is_new, len(histories)


def _table(
    moment: int, found: dict[str, Ints], relevant: Ints, is_new: Bools, n_members: int
) -> pa.Table:
    """Measure what was found at one cut."""
    hits = np.stack([np.isin(relevant, keys) for keys in found.values()])
    n_sources = hits.sum(axis=0)
    union = np.unique(np.concatenate(list(found.values())))
    hit = [*hits, n_sources > 0]
    alone = [*(one & (n_sources == 1) for one in hits), n_sources > 0]
    sizes = np.array([*(len(keys) for keys in found.values()), len(union)], np.float64)
    n, n_new = len(relevant), int(is_new.sum())

    def shares(flags: list[Bools], among: Bools) -> pa.Array:
        total = int(among.sum())
        return pa.array([(one & among).sum() / total if total else None for one in flags])

    everything = np.ones(n, np.bool_)
    bought = np.array([one.sum() for one in hit], np.float64)
    return pa.table(
        {
            "cut": pa.array([moment] * len(_NAMES)).cast(INSTANT),
            "source": _NAMES,
            "candidates": sizes / max(n_members, 1),
            "recall": shares(hit, everything).cast(pa.float64()),
            "recall_new": shares(hit, is_new).cast(pa.float64()),
            "alone": shares(alone, everything).cast(pa.float64()),
            "alone_new": shares(alone, is_new).cast(pa.float64()),
            "precision": pa.array(bought / np.maximum(sizes, 1), mask=sizes == 0),
            "n_relevant": np.full(len(_NAMES), n),
            "n_relevant_new": np.full(len(_NAMES), n_new),
        }
    )
