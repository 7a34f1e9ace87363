"""Rolling splits in time: at every cut, lists from what lay before are measured on what followed.

A recommender is handed the community cut at the moment it lists for: whatever it does, it cannot
look ahead.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from siyu.datasets.clock import instants
from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, to_arrow
from siyu.datasets.ids import lookup
from siyu.datasets.windows import training_cuts
from siyu.recommend.parameters import microseconds
from siyu.recommend.tables.member_columns import MemberFeatures

from .backtest_results import Backtest, stamped
from .baselines import Baseline
from .listed import Listed
from .metrics import list_quality, next_purchases
from .variety import Catalogue

__all__ = ["BacktestOptions", "backtest_offers", "lists_by", "rolling_cuts"]

Recommend: TypeAlias = Callable[..., Frame]
Progress: TypeAlias = Callable[[int, int], None]

_LISTS = ("all", "new")
_TIME = {"orders": "order_time", "events": "event_time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOptions:
    """What is listed, and what it is measured on.

    Parameters
    ----------
    horizon : str or Timedelta
        How long after the cut purchases count.
    k : int >= 1
        Length of the lists.
    lists : tuple of "all", "new"
        Lists of all products, and of those that the member never bought.
    activity : {"orders", "events"}
        What counts as a purchase, as in `OfferRecommender`.
    member_features : callable (Community, as_of) to a frame, optional
        Handed to the ``fit`` of estimators.
    """

    horizon: str | pd.Timedelta = "28D"
    k: int = 10
    lists: tuple[str, ...] = _LISTS
    activity: str = "orders"
    member_features: MemberFeatures | None = None

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ParameterError("k", f"k must be 1 or more, got {self.k}")
        if not self.lists or not set(self.lists) <= set(_LISTS):
            raise ParameterError("lists", f"lists must be of 'all' and 'new', got {self.lists!r}")


def rolling_cuts(
    c: Community,
    *,
    n_cuts: int = 3,
    horizon: str | pd.Timedelta = "28D",
    step: str | pd.Timedelta | None = None,
    activity: str = "orders",
) -> list[pd.Timestamp]:
    """Choose moments from which enough is known afterwards to measure lists.

    Parameters
    ----------
    c : Community
    n_cuts : int >= 1
        At most so many.
    horizon : str or Timedelta
        Time that follows each cut; the newest one's ends where the records end.
    step : str or Timedelta, optional
        Between cuts; default `horizon`, so that no purchase counts twice.
    activity : {"orders", "events"}

    Returns
    -------
    list of Timestamp, UTC, ascending
        The end of the records is that of ``observed``, or the instant after the last row. Every
        cut has at least a horizon of records before it.

    Raises
    ------
    DataError
        If the table is missing, or too short for a single cut.

    Examples
    --------
    >>> days = pd.date_range("2026-01-01", "2026-04-30", freq="D", tz="UTC")
    >>> orders = pd.DataFrame({"member_id": 1, "order_time": days, "amount": 5.0})
    >>> [str(one.date()) for one in rolling_cuts(Community(orders=orders), n_cuts=2)]
    ['2026-03-05', '2026-04-02']
    """
    c.require(activity, call="rolling_cuts")
    rows = c.arrow(activity)
    times = np.zeros(0, np.int64) if rows is None else instants(rows[_TIME[activity]])
    length = microseconds(horizon)
    first, last = (int(times.min()), int(times.max()) + 1) if len(times) else (0, 0)
    start, end = c.observed.get(activity, (first, last))
    gap = None if step is None else microseconds(step)
    cuts = training_cuts(max(start, first) + length - 1, end, length, n_cuts, gap)
    if not len(cuts):
        raise DataError(
            f"rolling_cuts needs records of two horizons of {horizon}, {activity} have "
            f"{(end - start) / 86_400e6:.1f} days"
        )
    return [pd.Timestamp(int(cut), unit="us", tz="UTC") for cut in cuts]


def backtest_offers(
    c: Community,
    *,
    recommenders: Mapping[str, Any],
    cuts: Sequence[Any],
    options: BacktestOptions | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Let recommenders list at several moments, and measure the lists on what followed.

    Parameters
    ----------
    c : Community
        With records beyond the last cut and horizon.
    recommenders : mapping of name to recommender
        A callable ``f(c, as_of=, k=, only_new=)`` that gives ``member_id, rank, product_id``,
        such as a `Baseline`; or an unfitted estimator with ``fit(c, as_of=)`` and
        ``recommend(k=, only_new=)``, such as `OfferRecommender`: a copy is fitted at each cut.
        Both are handed the community cut at the moment.
    cuts : sequence of moments
        Such as `rolling_cuts` gives.
    options : BacktestOptions, optional
    progress : callable (done, in all), optional

    Returns
    -------
    Backtest

    Raises
    ------
    DataError
        If nobody bought anything that counts after a cut, or its horizon ends after the records.
    ParameterError
        If there are no recommenders or no cuts.

    Examples
    --------
    >>> from siyu.recommend.evaluation.own_baselines import own_frequency, popularity
    >>> orders = pd.DataFrame({"member_id": [1, 2] * 60, "amount": 5.0})
    >>> orders["order_time"] = pd.date_range("2026-01-01", periods=120, freq="D", tz="UTC")
    >>> orders["product_id"] = orders["member_id"]  # each buys one thing for ever
    >>> c = Community(orders=orders)
    >>> tried = {"own": own_frequency(), "popular": popularity()}
    >>> options = BacktestOptions(k=1, lists=("all",))
    >>> found = backtest_offers(c, recommenders=tried, cuts=["2026-03-01"], options=options)
    >>> gain = found.differences("popular").query("measure == 'ndcg'")
    >>> gain[["recommender", "difference"]].values.tolist()
    [['own', 0.5]]
    """
    how = BacktestOptions() if options is None else options
    if not recommenders or not len(cuts):
        raise ParameterError("recommenders", "backtest_offers needs recommenders and cuts")
    parts: list[tuple[pa.Table, pa.Table, pa.Table]] = []
    counted: list[pa.Table] = []
    for cut in cuts:
        _refuse_unfinished(c, cut, how)
        stamp = pd.Timestamp(c.moment(cut), unit="us", tz="UTC")
        truths = {which: _truth(c, stamp, which, how) for which in how.lists}
        counted += [stamped(truths[which], stamp, which, "") for which in how.lists]
        catalogue = Catalogue.of(c, stamp, how.activity)
        for name, one in recommenders.items():
            made = lists_by(one, c.before(stamp), stamp, how)
            for which in how.lists:
                found = _measured(made[which], truths[which], catalogue, how.k)
                first, second, third = (stamped(one, stamp, which, name) for one in found)
                parts.append((first, second, third))
            if progress is not None:
                progress(len(parts) // len(how.lists), len(cuts) * len(recommenders))
    members, exposure, lists = (pa.concat_tables(tables) for tables in zip(*parts, strict=True))
    taken = pa.concat_tables(counted).drop_columns(["recommender"])
    return Backtest(members, exposure, lists, taken)


def lists_by(
    recommender: Any, c: Community, as_of: Any, options: BacktestOptions
) -> dict[str, Frame]:
    """Have a recommender list: an estimator is copied and fitted once for all kinds of lists.

    Parameters
    ----------
    recommender : callable or estimator
        As in `backtest_offers`.
    c : Community
        Handed on as it is.
    as_of : moment
    options : BacktestOptions

    Returns
    -------
    dict of "all", "new" to frame, those of ``options.lists``
    """
    if hasattr(recommender, "fit"):
        parameters = copy.deepcopy(recommender.get_params(deep=False))
        more = options.member_features
        extra = {} if more is None else {"member_features": more}
        fitted = type(recommender)(**parameters).fit(c, as_of=as_of, **extra)
        return {
            which: fitted.recommend(k=options.k, only_new=which == "new") for which in options.lists
        }
    if isinstance(recommender, Baseline):
        lister = recommender.at(c, as_of=as_of)
        return {which: lister(k=options.k, only_new=which == "new") for which in options.lists}
    if not callable(recommender):
        raise ParameterError(
            "recommenders",
            f"a recommender is a callable or has fit and recommend, got {type(recommender)}",
        )
    return {
        which: recommender(c, as_of=as_of, k=options.k, only_new=which == "new")
        for which in options.lists
    }


def _refuse_unfinished(c: Community, cut: Any, how: BacktestOptions) -> None:
    """Refuse a cut whose horizon ends after the records: what is missing would count as 0."""
    if how.activity not in c.observed:
        return
    end = c.observed[how.activity][1]
    beyond = c.moment(cut) + microseconds(how.horizon) - end
    if beyond > 0:
        raise DataError(
            f"the horizon of the cut {cut} ends {beyond / 86_400e6:.1f} days after the records"
        )


def _truth(c: Community, cut: pd.Timestamp, which: str, how: BacktestOptions) -> pa.Table:
    """Give what counts after a cut."""
    found = next_purchases(
        c, as_of=cut, horizon=str(how.horizon), only_new=which == "new", activity=how.activity
    )
    table, _ = to_arrow(found)
    if not table.num_rows:
        raise DataError(f"nobody bought anything that counts ({which}) after the cut {cut}")
    return table


def _measured(
    made: Frame, truth: pa.Table, catalogue: Catalogue, k: int
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Measure the lists of the members who bought something."""
    quality: pa.Table = list_quality(to_arrow(made)[0], truth, k=k)
    shown = Listed.of(to_arrow(made)[0], k)
    counted = lookup(shown.rows["member_id"], quality["member_id"].combine_chunks()) >= 0
    measured = Listed(shown.rows.filter(pa.array(counted)), shown.rank[counted], "pyarrow")
    variety = catalogue.variety(measured)
    at = lookup(quality["member_id"], variety["member_id"].combine_chunks())
    rows = variety.drop_columns(["member_id"]).take(pa.array(at, mask=at < 0))
    for name in rows.column_names:
        quality = quality.append_column(name, rows[name])
    return quality, catalogue.exposure(measured), _as_lists(shown)


def _as_lists(shown: Listed) -> pa.Table:
    """Keep what a list says, in columns of one type for all recommenders."""
    probability = pa.nulls(shown.rows.num_rows, pa.float64())
    if "probability" in shown.rows.column_names:
        probability = shown.rows["probability"].cast(pa.float64())
    return pa.table(
        {
            "member_id": shown.rows["member_id"],
            "rank": shown.rank,
            "product_id": shown.rows["product_id"],
            "probability": probability,
        }
    )
