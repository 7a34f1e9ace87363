"""What campaigns earned: incremental money by a held-out arm, what they cost, return on it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from siyu.datasets.community import Community
from siyu.datasets.errors import DataError, ParameterError, warn
from siyu.datasets.exact_sums import exact_total
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.ids import ids_in, lookup
from siyu.recommend.sorted_keys import Bools, Ints

from .past_sends import duration_us
from .return_money import Ledger, Taken
from .return_units import CampaignUnits

__all__ = ["ReturnRules", "campaign_return"]

Numbers = NDArray[np.float64]

_NAN = float("nan")
_MEASURES = ("auto", "revenue", "margin")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRules:
    """How the return of a campaign is measured.

    Parameters
    ----------
    within : Timedelta, timedelta or str, above 0
        How long members are watched, from when they were put in an arm.
    measure : {"auto", "revenue", "margin"}
        What they bring; ``auto`` is margin if the cost of every order line is known.
    held_out : tuple of str
        Arms that were sent nothing.
    contact_cost : float, or mapping of channel to float
        What one message costs.
    level : float in (0, 1), of the intervals

    Raises
    ------
    ParameterError
        If a value is out of range.

    Examples
    --------
    >>> ReturnRules(within="14D", contact_cost={"sms": 0.05}).level
    0.95
    """

    within: Any = "28D"
    measure: str = "auto"
    held_out: tuple[str, ...] = ("control", "holdout", "held_out")
    contact_cost: float | Mapping[str, float] = 0.0
    level: float = 0.95

    def __post_init__(self) -> None:
        duration_us("within", self.within)
        if self.measure not in _MEASURES:
            allowed = ", ".join(_MEASURES)
            raise ParameterError(
                "measure", f"measure must be one of {allowed}; got {self.measure!r}"
            )
        if not 0 < self.level < 1:
            raise ParameterError("level", f"level must lie between 0 and 1, got {self.level}")
        costs = self.contact_cost
        for cost in costs.values() if isinstance(costs, Mapping) else (costs,):
            if not 0 <= cost < np.inf:
                raise ParameterError("contact_cost", f"contact_cost must be 0 or more, got {cost}")


def campaign_return(
    c: Community,
    *,
    as_of: Any,
    campaigns: Any = None,
    rules: ReturnRules | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Measure what every campaign earned beyond what members would have spent without it.

    Members who were held out by chance show what the others would have done. Without such an
    arm nobody knows: then only the plain sum of what the reached members spent is given, named
    ``naive``, and no return.

    Parameters
    ----------
    c : Community
        With orders, and sends that name campaigns. ``assignments`` (or sends) tell the arms of
        experiments and their chances, ``campaigns`` what was spent, ``products`` costs,
        ``offers`` what a coupon takes off.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded; without a zone it is the shop's clock.
    campaigns : sequence of ids, optional
        Default: all that sent something.
    rules : ReturnRules, optional
        Default ``ReturnRules()``.
    output : {"pandas", "polars", "pyarrow"}
        Kind of frame to return.

    Returns
    -------
    frame, one row a campaign, sorted by ``campaign_id``
        ``evidence`` : ``held_out`` or ``none``; ``money`` : ``revenue`` or ``margin``;
        ``n_treated``, ``n_held_out`` : members watched to the end; ``n_open`` : those who cannot
        be, as orders are not known for all of their time, left out; ``naive`` : money of the
        treated, after discounts and refunds;
        ``response`` : share of the treated who bought;
        ``uplift``, ``uplift_low``, ``uplift_high`` : what a treated member brought beyond a
        held-out one, before the campaign's own discounts; ``incremental`` : uplift x n_treated;
        ``cost`` : of the campaign; ``discounts`` : of its coupons used; ``contact`` : of its
        messages; ``spend`` : their sum; ``profit`` : incremental - spend;
        ``roi``, ``roi_low``, ``roi_high`` : profit / spend; ``break_even_uplift`` : uplift at
        which profit is 0; ``break_even_members`` : treated members at which this uplift pays for
        ``cost``, null if it never does; ``break_even_response`` : share of members who must buy
        because of the campaign, at what a buyer brings. Null where unknown.

    Raises
    ------
    DataError
        If sends or orders are missing, sends name no campaign, or a chance is not in (0, 1).
    ParameterError
        If one of `campaigns` sent nothing.

    Warns
    -----
    SiyuWarning
        If campaigns held nobody out.

    Notes
    -----
    Everybody assigned counts, whether or not the message arrived. Held-out members are weighted
    by (1 - p) / p, with p their chance to be held out: so they stand for the treated where
    chances differ. uplift = mean of the treated - weighted mean of the held out; its interval is
    Welch's, over members; that of the return takes the spend as given. Discounts are money
    not earned: they are counted once, as spend, and not taken off the uplift. Of a campaign
    whose members are not all watched to the end, ``cost`` is their share.

    References
    ----------
    Hirano, Imbens & Ridder (2003), "Efficient estimation of average treatment effects using the
    estimated propensity score", Econometrica 71(4), 1161-1189 (weights for the treated).

    Examples
    --------
    >>> import warnings
    >>> from siyu.datasets import make_community
    >>> c = make_community(500, random_state=0)
    >>> wave = c.sends.dropna(subset=["experiment_id", "member_id"])["campaign_id"].max()
    >>> found = campaign_return(c, as_of="2026-07-01", campaigns=[wave],
    ...                         rules=ReturnRules(within="8D")).iloc[0]
    >>> found["evidence"], bool(found["uplift_low"] < found["uplift"] < found["uplift_high"])
    ('held_out', True)
    """
    how = rules or ReturnRules()
    c.require("sends", "orders", call="campaign_return()")
    known, end = c.before(as_of), c.moment(as_of)
    units = CampaignUnits.of(known, "campaign_return()", how.held_out)
    codes = _asked(units.campaigns, campaigns)
    ledger = Ledger.of(known, units.reached.members, how.measure)
    first, last = known.observed.get("orders", (-(2**62), end))
    span = (first, min(last, end))
    rows = [_row(known, units, ledger, int(code), (how, span)) for code in codes]
    columns = {one.name: [getattr(row, one.name) for row in rows] for one in fields(_Return)}
    without = columns["evidence"].count("none")
    if without:
        warn(f"{without} of {len(rows)} campaigns held nobody out: what they earned cannot be told")
    ids = units.campaigns.take(pa.array(codes, pa.int64()))
    return from_arrow(pa.table({"campaign_id": ids, **_written(columns)}), output)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Return:
    """One row; NaN where unknown."""

    evidence: str
    money: str
    n_treated: int
    n_held_out: int
    n_open: int
    naive: float
    response: float
    uplift: float
    uplift_low: float
    uplift_high: float
    incremental: float
    cost: float
    discounts: float
    contact: float
    spend: float
    profit: float
    roi: float
    roi_low: float
    roi_high: float
    break_even_uplift: float
    break_even_members: float
    break_even_response: float


def _row(
    c: Community,
    units: CampaignUnits,
    ledger: Ledger,
    code: int,
    how: tuple[ReturnRules, tuple[int, int]],
) -> _Return:
    """Measure one campaign."""
    rules, (first, last) = how
    length = duration_us("within", rules.within)
    everybody, has_held_out = units.of_campaign(c, code)
    over = (everybody.since >= first) & (everybody.since + length <= last)
    held, treated = over & everybody.is_held_out, over & ~everybody.is_held_out
    n_treated, sent = int(treated.sum()), int((~everybody.is_held_out).sum())
    taken = ledger.within(everybody.member, everybody.since, length, _coupons(c, units, code))
    gross = taken.net + taken.discounts
    own_cost, contact = _spend(c, units, code, everybody.member[treated], rules)
    cost = own_cost * n_treated / sent if sent else _NAN
    discounts = exact_total(np.nan_to_num(taken.discounts[treated]))
    discounts = _NAN if np.isnan(taken.discounts[treated]).any() else discounts
    spend = cost + discounts + contact
    triple = (_NAN, _NAN, _NAN)
    if has_held_out:
        triple = _uplift(gross, treated, held, everybody.propensity, rules.level)
    return _Return(
        evidence="held_out" if has_held_out else "none",
        money=ledger.measure,
        n_treated=n_treated,
        n_held_out=int(held.sum()),
        n_open=int((~over).sum()),
        naive=exact_total(taken.net[treated]),
        response=_mean((taken.n_purchases[treated] > 0).astype(np.float64)),
        uplift=triple[0],
        uplift_low=triple[1],
        uplift_high=triple[2],
        incremental=triple[0] * n_treated,
        cost=cost,
        discounts=discounts,
        contact=contact,
        spend=spend,
        profit=triple[0] * n_treated - spend,
        **_return_on(triple, n_treated, (cost, spend), _buyer(taken, gross, treated)),
    )


def _return_on(
    uplift: tuple[float, float, float], n: int, money: tuple[float, float], buyer: float
) -> dict[str, float]:
    """Set uplift against spend, and ask where profit begins."""
    cost, spend = money
    returns = [(one * n - spend) / spend if spend > 0 else _NAN for one in uplift]
    needed = spend / n if n else _NAN
    kept = uplift[0] - (spend - cost) / n if n else _NAN
    return {
        "roi": returns[0],
        "roi_low": returns[1],
        "roi_high": returns[2],
        "break_even_uplift": needed,
        "break_even_members": cost / kept if kept > 0 else _NAN,
        "break_even_response": needed / buyer if buyer > 0 else _NAN,
    }


def _uplift(
    value: Numbers, treated: Bools, held: Bools, propensity: Numbers, level: float
) -> tuple[float, float, float]:
    """Give the difference of treated and weighted held-out members, with Welch's interval."""
    from scipy.special import stdtrit

    chance = propensity[held]
    weights = np.ones(int(held.sum()))
    if not np.isnan(chance).any():
        wrong = int((~((chance > 0) & (chance < 1))).sum())
        if wrong:
            raise DataError(f"chances to be held out must lie between 0 and 1, {wrong} do not")
        weights = (1 - chance) / chance
    mean, spread, n = _weighted(value[treated], np.ones(int(treated.sum())))
    base, base_spread, m = _weighted(value[held], weights)
    difference = mean - base
    whole = spread + base_spread
    if not n > 1 or not m > 1 or np.isnan(whole):
        return difference, _NAN, _NAN
    if not whole:
        return difference, difference, difference
    freedom = whole**2 / (spread**2 / (n - 1) + base_spread**2 / (m - 1))
    half = float(stdtrit(freedom, 0.5 + level / 2)) * float(np.sqrt(whole))
    return difference, difference - half, difference + half


def _weighted(values: Numbers, weights: Numbers) -> tuple[float, float, int]:
    """Give a weighted mean, the variance of it, and how many values there are."""
    n = len(values)
    if not n or np.isnan(values).any():
        return _NAN, _NAN, n
    total = exact_total(weights)
    mean = exact_total(weights * values) / total
    if n < 2:
        return mean, _NAN, n
    squares = exact_total((weights / total * (values - mean)) ** 2)
    return mean, squares * n / (n - 1), n


def _buyer(taken: Taken, gross: Numbers, treated: Bools) -> float:
    """Give what a treated member who bought brought, on average."""
    return _mean(gross[treated & (taken.n_purchases > 0)])


def _mean(values: Numbers) -> float:
    """Give the mean, NaN without values or where one is unknown."""
    if not len(values) or np.isnan(values).any():
        return _NAN
    return exact_total(values) / len(values)


def _spend(
    c: Community, units: CampaignUnits, code: int, member: Ints, rules: ReturnRules
) -> tuple[float, float]:
    """Give what the campaign itself cost, and its messages to some members."""
    listed, cost = c.arrow("campaigns"), _NAN
    if listed is not None and "cost" in listed.column_names:
        at = lookup(units.campaigns.slice(code, 1), listed["campaign_id"].combine_chunks())[0]
        told = listed["cost"][int(at)].as_py() if at >= 0 else None
        cost = _NAN if told is None else float(told)
    sends = units.messages(code, member)
    if not isinstance(rules.contact_cost, Mapping):
        return cost, rules.contact_cost * len(sends)
    table = units.reached.sends
    if "channel" not in table.column_names:
        raise DataError("contact_cost by channel needs the column channel in the table sends")
    names = sorted(rules.contact_cost)
    channel = lookup(table["channel"], pa.array(names, pa.large_string()))[sends]
    each = np.array([*(rules.contact_cost[name] for name in names), 0.0])
    return cost, exact_total(each[channel])


def _coupons(c: Community, units: CampaignUnits, code: int) -> pa.Array:
    """Give the offers that a campaign sent, but those known to be a product at a price."""
    sends, listed = units.reached.sends, c.arrow("offers")
    if "offer_id" not in sends.column_names:
        return pa.array([], pa.int64())
    sent = ids_in(sends["offer_id"].filter(pa.array(units.campaign == code)))
    if listed is None or "kind" not in listed.column_names:
        return sent
    products = listed["offer_id"].filter(pc.equal(listed["kind"], "product"))
    return sent.filter(pa.array(lookup(sent, ids_in(products)) < 0))


def _asked(known: pa.Array, campaigns: Any) -> Ints:
    """Code the campaigns asked for, ascending."""
    if campaigns is None:
        return np.arange(len(known))
    try:
        wanted = lookup(pa.array(list(campaigns)), known)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError) as error:
        raise ParameterError("campaigns", f"campaigns must be ids, got {campaigns!r}") from error
    if (wanted < 0).any():
        n = int((wanted < 0).sum())
        raise ParameterError("campaigns", f"{n} of {len(wanted)} campaigns sent nothing by then")
    return np.unique(wanted)


def _written(columns: dict[str, list[Any]]) -> dict[str, pa.Array]:
    """Write the columns, null where NaN."""
    made = {}
    for one in fields(_Return):
        values = columns[one.name]
        if one.type in (float, "float"):
            made[one.name] = pa.array(values, pa.float64(), from_pandas=True)
        else:
            kind = pa.int64() if one.type in (int, "int") else pa.large_string()
            made[one.name] = pa.array(values, kind)
    return made
