"""Whether lists know what came later: checks on the caller's own data, with a verdict each.

A leak makes every measure a dream: the lists are wonderful on the past and poor in use. What can
be shown from outside is checked by changing the future and asking again; what cannot, by looking
for features that are too good to be true.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError
from siyu.datasets.frames import Frame, from_arrow, to_arrow
from siyu.datasets.ids import ids_in, lookup
from siyu.recommend.parameters import microseconds
from siyu.recommend.tables.purchases import Purchases

from .backtesting import BacktestOptions, lists_by
from .made_up_future import with_a_made_up_future
from .single_features import feature_aucs

__all__ = ["LeakageOptions", "leakage_report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakageOptions:
    """What is checked.

    Parameters
    ----------
    lists : BacktestOptions
        What is listed. Its ``member_features``, if any, are checked, too.
    windows : sequence of (start, end) moments, optional
        The label windows of the recommender's training.
    highest_auc : float in (0.5, 1]
        A single column of ``member_features`` that tells who buys better than this is suspect.
    """

    lists: BacktestOptions = field(default_factory=BacktestOptions)
    windows: Sequence[tuple[Any, Any]] | None = None
    highest_auc: float = 0.95

    def __post_init__(self) -> None:
        if not 0.5 < self.highest_auc <= 1:
            raise ParameterError(
                "highest_auc", f"highest_auc must lie in (0.5, 1], got {self.highest_auc}"
            )


Verdict = tuple[str, bool | None, str]


def leakage_report(
    c: Community, *, as_of: Any, recommender: Any, options: LeakageOptions | None = None
) -> Frame:
    """Check whether lists made as of a moment know anything of what came later.

    Parameters
    ----------
    c : Community
        Best with records after `as_of`; without any, later rows are made up from earlier ones.
    as_of : Timestamp, datetime or str
    recommender : callable or estimator
        As in `backtest_offers`. It is asked three times, with the community as it was, as it is,
        and with a made-up future; estimators are fitted each time.
    options : LeakageOptions, optional

    Returns
    -------
    pandas frame, one row a check
        ``check``; ``passed`` : null where nothing can be told; ``found`` : in words. Checks:

        ``later_rows`` : lists, scores and probabilities are the same whatever follows;
        ``unknown_products`` : nothing is listed that was not known before `as_of`: by a purchase
        or event, its launch, or a promotion or offer that had begun;
        ``unknown_members`` : nobody gets a list who is met in no row before `as_of`;
        ``label_windows`` : training labels end at or before `as_of`;
        ``member_features`` : the callable gives the same with and without what follows;
        ``member_features_change`` : it gives other values a horizon earlier (the same for
        every member may be a table computed once, with the future in it);
        ``single_features`` : none of its columns alone tells who buys within the horizon before
        `as_of` better than ``highest_auc``.

    Raises
    ------
    DataError
        If the community has no purchases to read.

    Examples
    --------
    >>> from siyu.recommend.evaluation.own_baselines import popularity
    >>> orders = pd.DataFrame({"member_id": [1, 2] * 60, "product_id": [7, 8] * 60})
    >>> orders["order_time"] = pd.date_range("2026-01-01", periods=120, freq="D", tz="UTC")
    >>> c = Community(orders=orders.assign(amount=5.0))
    >>> found = leakage_report(c, as_of="2026-03-01", recommender=popularity())
    >>> found.dropna(subset="passed")["passed"].tolist()
    [True, True, True]
    """
    how = LeakageOptions() if options is None else options
    moment = pd.Timestamp(c.moment(as_of), unit="us", tz="UTC")
    past = c.before(moment)
    worlds = {"later rows": c, "made-up later rows": with_a_made_up_future(c, moment)}
    made = {
        name: lists_by(recommender, world, moment, how.lists)
        for name, world in {"": past, **worlds}.items()
    }
    rows = [
        _later_rows(made),
        _unknown_products(past, moment, made["later rows"]),
        _unknown_members(past, made["later rows"]),
        _label_windows(c, moment, how.windows),
        *_member_columns(past, worlds, moment, how),
    ]
    table = {
        "check": pa.array([name for name, *_ in rows], pa.large_string()),
        "passed": pa.array([passed for _, passed, _ in rows], pa.bool_()),
        "found": pa.array([found for *_, found in rows], pa.large_string()),
    }
    return from_arrow(pa.table(table))


def _later_rows(made: dict[str, dict[str, Frame]]) -> Verdict:
    """Compare the lists of several futures."""
    differ = []
    for world, lists in made.items():
        for which, frame in lists.items():
            rows, first = to_arrow(frame)[0], to_arrow(made[""][which])[0]
            if not rows.equals(first):
                n = _n_changed(first, rows)
                differ.append(f"{world} change the lists of {n} members ({which})")
    n_members = sum(len(ids_in(to_arrow(one)[0]["member_id"])) for one in made[""].values())
    return (
        "later_rows",
        not differ,
        "; ".join(differ) or f"{n_members} lists are the same, byte for byte, whatever follows",
    )


def _n_changed(first: pa.Table, second: pa.Table) -> int:
    """Count the members whose rows differ."""
    columns = [name for name in first.column_names if name in second.column_names]
    changed = set()
    rows = [
        set(zip(*(one[name].to_pylist() for name in columns), strict=True))
        for one in (first, second)
    ]
    at = columns.index("member_id")
    for row in rows[0] ^ rows[1]:
        changed.add(row[at])
    return len(changed)


def _unknown_products(past: Community, moment: pd.Timestamp, made: dict[str, Frame]) -> Verdict:
    """Look for listed products that nobody could know of."""
    columns = [
        column
        for name in ("orders", "events", "promotions", "offers", "offer_products")
        for column in past.id_columns(name, ("product_id",))
    ]
    products = past.arrow("products")
    if products is not None and "launched_at" in products.column_names:
        launched = pc.less(products["launched_at"], pa.scalar(moment))
        columns.append(products["product_id"].filter(pc.fill_null(launched, fill_value=False)))
    known = ids_in(*columns)
    strange = _strangers(made, "product_id", known)
    n = len(strange)
    found = f"{n} listed products were unknown, such as {strange[:3]}" if n else "none is listed"
    return "unknown_products", not n, found


def _unknown_members(past: Community, made: dict[str, Frame]) -> Verdict:
    """Look for lists of members whom nobody had met."""
    n = len(_strangers(made, "member_id", past.customers()))
    found = f"{n} members have a list who were not met before" if n else "none has a list"
    return "unknown_members", not n, found


def _strangers(made: dict[str, Frame], column: str, known: pa.Array) -> list[Any]:
    """Give the listed ids that are not known."""
    listed = ids_in(*(to_arrow(frame)[0][column] for frame in made.values()))
    return listed.filter(pa.array(lookup(listed, known) < 0)).to_pylist() if len(listed) else []


def _label_windows(
    c: Community, moment: pd.Timestamp, windows: Sequence[tuple[Any, Any]] | None
) -> Verdict:
    """Compare the ends of label windows with the cut."""
    if windows is None:
        return "label_windows", None, "the training windows were not told"
    end = c.moment(moment)
    late = [(start, stop) for start, stop in windows if c.moment(stop) > end]
    found = "; ".join(f"the window from {start} ends at {stop}" for start, stop in late)
    return "label_windows", not late, found or f"{len(windows)} windows end by {moment}"


def _member_columns(
    past: Community, worlds: dict[str, Community], moment: pd.Timestamp, how: LeakageOptions
) -> list[Verdict]:
    """Check the columns that the caller computes."""
    ask = how.lists.member_features
    if ask is None:
        return []
    at_cut = _sorted_columns(ask(past, moment))
    differ = []
    for name, world in worlds.items():
        told = _sorted_columns(ask(world, moment))
        changed = [one for one in at_cut.column_names if not _same(at_cut, told, one)]
        if changed or told.num_rows != at_cut.num_rows:
            differ.append(f"{name} change {', '.join(changed) or 'who has a row'}")
    before = moment - pd.Timedelta(microseconds(how.lists.horizon), unit="us")
    earlier = _sorted_columns(ask(past.before(before), before))
    return [
        ("member_features", not differ, "; ".join(differ) or "the same whatever follows"),
        _change(at_cut, earlier, how),
        _single_features(past, earlier, before, how),
    ]


def _change(at_cut: pa.Table, earlier: pa.Table, how: LeakageOptions) -> Verdict:
    """Name the columns that say the same of everybody a horizon earlier."""
    at = lookup(earlier["member_id"], at_cut["member_id"].combine_chunks())
    both = at_cut.take(pa.array(at[at >= 0]))
    old = earlier.filter(pa.array(at >= 0))
    names = [name for name in at_cut.column_names if name != "member_id"]
    fixed = [name for name in names if _same(both, old, name)]
    found = (
        f"the same {how.lists.horizon} earlier: {', '.join(fixed)}; right for what never changes, "
        "a leak if it was counted once over everything"
        if fixed
        else "every column changes with time"
    )
    return "member_features_change", None if fixed else True, found


def _single_features(
    past: Community, earlier: pa.Table, before: pd.Timestamp, how: LeakageOptions
) -> Verdict:
    """Look for a column that tells too well who bought in the horizon before the cut."""
    bought = Purchases.of(past, activity=how.lists.activity)
    later = bought.between(
        past.moment(before), past.moment(before) + microseconds(how.lists.horizon)
    )
    buyers = bought.members.take(pa.array(np.unique(later.basket_member)))
    came = lookup(earlier["member_id"], buyers) >= 0
    kinds = {name: earlier.schema.field(name).type for name in earlier.column_names}
    columns = {
        name: earlier[name].cast(pa.float64()).to_numpy(zero_copy_only=False)
        for name, kind in kinds.items()
        if name != "member_id"
        and (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))
    }
    if not columns or came.all() or not came.any():
        return "single_features", None, "there are no numbers, or not both buyers and others"
    aucs = to_arrow(feature_aucs(columns, came))[0].to_pylist()
    told = ", ".join(f"{row['feature']} {row['auc']:.3f}" for row in aucs[:3])
    passed = aucs[0]["auc"] <= how.highest_auc
    return "single_features", passed, f"AUC of who buys within the horizon: {told}"


def _sorted_columns(frame: Frame) -> pa.Table:
    """Put the caller's rows in order of member."""
    table, _ = to_arrow(frame)
    if "member_id" not in table.column_names:
        raise DataError("member_features gives no column member_id")
    return table.sort_by("member_id")


def _same(first: pa.Table, second: pa.Table, name: str) -> bool:
    """Tell whether a column is the same in both tables; NaN equals NaN."""
    if name not in second.column_names:
        return False
    one, other = (table[name].combine_chunks() for table in (first, second))
    if pa.types.is_floating(one.type) and one.type == other.type:
        left, right = (part.to_numpy(zero_copy_only=False) for part in (one, other))
        return bool(np.array_equal(left, right, equal_nan=True))
    return bool(one.equals(other))
