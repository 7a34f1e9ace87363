"""Why a tag changed, as far as two tables of tags can tell."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["MEASURED_BY", "REASONS", "Sides", "reasons_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

REASONS = (
    "joined",
    "no_longer_listed",
    "first_visit",
    "visited",
    "returned",
    "woke",
    "fell_silent",
    "still_silent",
    "rhythm_relearned",
    "measure_rose",
    "measure_fell",
    "measured_first",
    "measure_lost",
    "others_moved",
)
"""The codes of ``reason``; words for them come from `siyu.datasets.label`."""

MEASURED_BY = {
    "value_band": "purchase_value",
    "value_trend": "recent_spend_share",
    "price_band": "price_level",
    "discount_dependent": "discount_dependence",
    "coupon_dependent": "coupon_dependence",
    "deal_hunter": "deal_share",
    "stock_up_buyer": "stock_up",
    "refund_prone": "refund_rate",
    "new_product_lover": "new_product_share",
    "store_loyal": "store_loyalty",
    "festival_only": "festival_share",
    "night_owl": "night_share",
    "visit_depth_band": "visit_depth",
    "cart_abandoner": "cart_left_share",
    "check_in_habit": "check_in_days",
    "speaking": "speaking_pace",
    "answerer": "n_answered",
    "spam_poster": "link_share",
    "onboarded": "onboarding_steps",
    "zombie": "days_inactive",
    "coupon_hoarder": "coupon_redeem_share",
}
"""Tags that say on which side of a limit a number lies, and the column of that number."""

_SILENT = ("dormant", "churned")
_BUYING = ("new", "growing", "loyal", "won_back")
_ROUNDING = 1e6  # us: moments put together from days as floats are no more exact than this


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Two tables of tags, and where in each the members stand (-1: not in it)."""

    old: pa.Table
    new: pa.Table
    in_old: Ints
    in_new: Ints

    def numbers(self, name: str) -> tuple[Floats, Floats] | None:
        """Give a column of numbers or moments (us) for all members, NaN if unknown.

        None if one of the tables lacks it, or has something else there.
        """
        for table in (self.old, self.new):
            if name not in table.column_names or not _is_number(table.schema.field(name).type):
                return None
        return _numbers(self.old[name], self.in_old), _numbers(self.new[name], self.in_new)


def reasons_of(tag: str, then: pa.Array, now: pa.Array, sides: Sides) -> pa.Array:
    """Tell for each member why a tag changed, null where the two tables do not tell.

    Parameters
    ----------
    tag : str
    then, now : pyarrow.Array of text, n_members
        What the tag said.
    sides : Sides
        Both tables, for the numbers behind the tag.

    Returns
    -------
    pyarrow.Array of text, n_members
        Codes of `REASONS`; they mean something only where the tag changed.
    """
    cases = [("joined", sides.in_old < 0), ("no_longer_listed", sides.in_new < 0)]
    if tag == "stage":
        cases += _of_stage(then, now, sides)
    elif tag in MEASURED_BY and (pair := sides.numbers(MEASURED_BY[tag])) is not None:
        cases += _of_measure(*pair)
    names, holds = zip(*cases, strict=True)
    code = np.select(holds, [REASONS.index(name) for name in names], -1)
    return pa.array(REASONS).take(pa.array(code, mask=code < 0))


def _of_stage(then: pa.Array, now: pa.Array, sides: Sides) -> list[tuple[str, Bools]]:
    """List the reasons for a stage, the first that holds counts."""
    slept, was_buying, was_none = (
        _among(then, _SILENT),
        _among(then, _BUYING),
        _is(then, "prospect"),
    )
    sleeps, buys = _among(now, _SILENT), _among(now, _BUYING)
    came, stayed_away = _visits_between(sides, of=slept & buys)
    again = slept & buys & came
    return [
        (
            "rhythm_relearned",
            stayed_away & ((slept & (buys | _is(now, "dormant"))) | was_buying & buys),
        ),
        ("first_visit", was_none & buys),
        ("returned", _is(now, "won_back") | again & _is(then, "churned")),
        ("woke", again),
        ("still_silent", _is(then, "dormant") & _is(now, "churned") & ~came),
        ("fell_silent", sleeps & (was_buying | was_none | came)),
        ("visited", was_buying & buys),
    ]


def _visits_between(sides: Sides, of: Bools) -> tuple[Bools, Bools]:
    """Tell who surely came between the tables, and who surely did not.

    The last visit is the next due moment less the expected gap; where these are not there, a
    silent member who buys again is in that stage since the visit.
    """
    due, gap = sides.numbers("next_due"), sides.numbers("purchase_rhythm_days")
    if due is not None and gap is not None:
        last = [moment - days * 86_400e6 for moment, days in zip(due, gap, strict=True)]
        known = ~np.isnan(last[0]) & ~np.isnan(last[1])
        came = last[1] > last[0] + _ROUNDING
        return known & came, known & ~came
    since = sides.numbers("since")
    if since is None:
        return np.zeros(len(of), np.bool_), np.zeros(len(of), np.bool_)
    known = of & ~np.isnan(since[0]) & ~np.isnan(since[1])
    return known & (since[1] > since[0]), known & (since[1] <= since[0])


def _of_measure(before: Floats, after: Floats) -> list[tuple[str, Bools]]:
    """List the reasons for a tag that follows a number."""
    knew, knows = ~np.isnan(before), ~np.isnan(after)
    return [
        ("measured_first", ~knew & knows),
        ("measure_lost", knew & ~knows),
        ("measure_rose", after > before),
        ("measure_fell", after < before),
        ("others_moved", knew & knows),
    ]


def _is_number(kind: pa.DataType) -> bool:
    exact = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    return bool(exact or pa.types.is_timestamp(kind) or pa.types.is_null(kind))


def _numbers(column: pa.ChunkedArray, at: Ints) -> Floats:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
    values = column.cast(pa.float64()).combine_chunks().take(pa.array(at, mask=at < 0))
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _is(values: pa.Array, code: str) -> Bools:
    return _among(values, (code,))


def _among(values: pa.Array, codes: tuple[str, ...]) -> Bools:
    return np.asarray(pc.is_in(values, pa.array(codes)).to_numpy(zero_copy_only=False))
