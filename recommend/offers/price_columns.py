"""Whether prices or coupons follow what is known of members: their value, churn score, device."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError
from siyu.datasets.estimates import known
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.ids import encode, lookup
from siyu.recommend.sorted_keys import Ints

from .offered_terms import Terms
from .past_sends import duration_us

__all__ = ["PriceRules", "price_drivers"]

Numbers = NDArray[np.float64]

_FEWEST = 10  # members whose terms differ and whose column is known


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRules:
    """When terms count as following a column.

    Parameters
    ----------
    within : Timedelta, timedelta or str, above 0
        How far back sends are read.
    named : mapping of column to the name of a rule
        Rules that were decided and may be told: such columns are not flagged.
    level : float in (0, 1)
        A column is flagged at an adjusted p-value below 1 - level,
    min_strength : float in [0, 1]
        and from this strength on.

    Examples
    --------
    >>> PriceRules(named={"stage": "win-back coupons"}).level
    0.95
    """

    within: Any = "28D"
    named: Mapping[str, str] | None = None
    level: float = 0.95
    min_strength: float = 0.05


def price_drivers(
    c: Community,
    columns: Frame,
    *,
    as_of: Any,
    lists: Frame | None = None,
    rules: PriceRules | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Tell which columns of members go with better or worse prices and coupons.

    Price or coupon depth must not depend on value, device or churn score unless a rule says so
    that somebody has decided and named.

    Parameters
    ----------
    c : Community
        With sends and offers, unless `lists` are given.
    columns : frame with member_id and the columns to look at
        Numbers, or text and flags, which are taken as categories. Each member once.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    lists : frame with member_id, product_id, offer_price, optional
        To check before anything is sent, such as `choose_offers` gives them.
    rules : PriceRules, optional
        Default ``PriceRules()``.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a column, sorted by ``column``
        ``column``; ``n_members`` : whose terms differ and whose column is known;
        ``strength`` : for numbers Spearman's correlation with how much better than usual a
        member was treated, in [-1, 1]; for categories the correlation ratio of its ranks, in
        [0, 1]; ``p_value`` : that chance does as much, adjusted for the number of columns
        (Holm); ``better`` : who is treated better: ``high`` or ``low`` numbers, or the category
        with the best mean; ``rule`` : its name, if it has one; ``flagged`` : the terms follow
        the column, and no rule says so. Null where fewer than 10 members tell.

    Raises
    ------
    DataError
        If a table or ``member_id`` is missing, or a member stands twice in `columns`.
    ParameterError
        If the rules' span is none above 0.

    Notes
    -----
    Each member's advantage is the mean of (own terms - mean terms) / mean terms over the things
    whose terms differ; terms are minus the price, or the money a coupon takes off. A column
    that is not flagged is no proof of fairness: few members may tell, or the dependence may be
    of another shape.

    References
    ----------
    Kruskal & Wallis (1952), "Use of ranks in one-criterion variance analysis", J. American
    Statistical Association 47, 583-621; Holm (1979), "A simple sequentially rejective multiple
    test procedure", Scandinavian J. Statistics 6, 65-70.

    Examples
    --------
    >>> import pandas as pd
    >>> who = pd.DataFrame({"member_id": range(40), "value": range(40), "odd": [0.0, 1.0] * 20})
    >>> lists = who.assign(product_id=7, offer_price=[9.0] * 20 + [8.0] * 20)
    >>> ties = pd.DataFrame({"source": range(40), "target": 0})
    >>> found = price_drivers(Community(ties=ties), who, as_of="2026-01-01", lists=lists)
    >>> found[["column", "better", "flagged"]].values.tolist()
    [['odd', 'high', False], ['value', 'high', True]]
    """
    how = rules or PriceRules()
    length = duration_us("within", how.within)
    then, end = c.before(as_of), c.moment(as_of)
    if lists is None:
        terms = Terms.of_sends(then, "price_drivers()", end - length, end)
    else:
        terms = Terms.of_lists(then, lists)
    table, _ = to_arrow(columns)
    if "member_id" not in table.column_names:
        raise DataError(f"columns lack member_id; there are: {', '.join(table.column_names)}")
    member, advantage = terms.advantage()
    at = lookup(terms.members.take(pa.array(member)), _once(table))
    names = sorted(name for name in table.column_names if name != "member_id")
    found = [_driver(table[name].combine_chunks(), at, advantage) for name in names]
    return from_arrow(_written(names, found, how), output)


@dataclass(frozen=True, slots=True)
class _Driver:
    """What one column has to do with advantages."""

    n_members: int
    strength: float
    p_value: float
    better: str | None


_NOTHING = (float("nan"), float("nan"), None)


def _once(table: pa.Table) -> pa.Array:
    """Give the members of a frame, none twice."""
    ids = table["member_id"].combine_chunks()
    repeated = len(ids) - len(ids.unique())
    if repeated:
        raise DataError(f"columns must have each member once, {repeated} rows are too many")
    return ids


def _driver(values: pa.Array, at: Ints, advantage: Numbers) -> _Driver:
    """Measure one column."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_temporal(kind):
        values = values.cast(pa.int64())
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_temporal(kind):
        numbers = np.append(values.cast(pa.float64()).to_numpy(zero_copy_only=False), np.nan)[at]
        kept = (at >= 0) & ~np.isnan(numbers)
        return _by_number(numbers[kept], advantage[kept])
    codes, names = encode(values.cast(pa.large_string()))
    codes = np.where(at >= 0, np.append(codes, -1)[at], -1)
    kept = codes >= 0
    return _by_category(codes[kept], names, advantage[kept])


def _by_number(numbers: Numbers, advantage: Numbers) -> _Driver:
    """Correlate ranks."""
    from scipy.stats import rankdata, t

    n = len(numbers)
    x, y = rankdata(numbers) - (n + 1) / 2, rankdata(advantage) - (n + 1) / 2
    size = float(np.sqrt((x * x).sum() * (y * y).sum()))
    if n < _FEWEST or not size:
        return _Driver(n, *_NOTHING)
    rho = float(np.clip((x * y).sum() / size, -1.0, 1.0))
    score = np.inf if abs(rho) == 1 else abs(rho) * np.sqrt((n - 2) / (1 - rho**2))
    return _Driver(n, rho, float(2 * t.sf(score, n - 2)), "high" if rho >= 0 else "low")


def _by_category(codes: Ints, names: pa.Array, advantage: Numbers) -> _Driver:
    """Compare the mean ranks of categories (Kruskal and Wallis, with their correction for ties)."""
    from scipy.stats import chi2, rankdata

    n, count = len(codes), np.bincount(codes, minlength=len(names))
    ranks = rankdata(advantage) - (n + 1) / 2
    whole = float((ranks * ranks).sum())
    if n < _FEWEST or not whole or (count > 0).sum() < 2:
        return _Driver(n, *_NOTHING)
    # Half ranks are sums of whole numbers: exact in any order.
    means = np.bincount(codes, ranks, len(names)) / np.maximum(count, 1)
    between = float((count * means**2).sum()) / whole
    best = int(np.argmax(np.where(count > 0, means, -np.inf)))
    p_value = float(chi2.sf(between * (n - 1), (count > 0).sum() - 1))
    return _Driver(n, float(np.sqrt(between)), p_value, names[best].as_py())


def _written(names: list[str], found: list[_Driver], how: PriceRules) -> pa.Table:
    """Write the rows, with p-values adjusted after Holm."""
    p = np.array([one.p_value for one in found], np.float64)
    strength = np.array([one.strength for one in found], np.float64)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    p[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    rule = [(how.named or {}).get(name) for name in names]
    follows = (p < 1 - how.level) & (np.abs(strength) >= how.min_strength)
    flagged = follows & np.array([one is None for one in rule], np.bool_)
    unknown = np.isnan(p)
    return pa.table(
        {
            "column": pa.array(names, pa.large_string()),
            "n_members": pa.array([one.n_members for one in found], pa.int64()),
            "strength": known(strength),
            "p_value": known(p),
            "better": pa.array([one.better for one in found], pa.large_string()),
            "rule": pa.array(rule, pa.large_string()),
            "flagged": pa.array(flagged, mask=unknown),
        }
    )
