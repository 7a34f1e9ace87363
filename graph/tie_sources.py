"""Where ties come from: the tables that hold them, read as contacts between members."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.clock import INSTANT
from siyu.datasets.errors import DataError, warn
from siyu.datasets.ids import ids_in, lookup

from .comembership import GroupPairs, group_pairs
from .copurchase import BuyerPairs, buyer_pairs
from .tie_arrays import check_weights
from .tie_rules import ATTENTION_KINDS, TIE_WEIGHTS, TieRules
from .undated import times_of

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["Contacts", "contacts_of", "holds_ties", "staff_met"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_COLUMNS = {
    "referral": ("referrals", "inviter_id", "invitee_id", "referral_time"),
    "invite": ("memberships", "inviter_id", "member_id", "joined_at"),
    "reply": ("messages", "member_id", "reply_to_member_id", "message_time"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """What happened between members, of one kind, a row a time.

    Attributes
    ----------
    kind : str
    source, target : int64 arrays
        Positions among the members.
    strength : float64 array
    time : int64 array
        Microseconds, or `UNDATED`.
    lasts : bool
        Whether it is a state that lasts, rather than something that happened so often.
    """

    kind: str
    source: Ints
    target: Ints
    strength: Floats
    time: Ints
    lasts: bool = False


def contacts_of(known: "Community", members: pa.Array, rules: TieRules) -> list[Contacts]:
    """Read every table that holds ties of the kinds wanted.

    Parameters
    ----------
    known : Community
        Cut already.
    members : sorted pyarrow.Array
        Rows that name anybody else, such as staff, are left out.
    rules : TieRules

    Returns
    -------
    list of Contacts
        A kind that two tables hold is there twice.

    Raises
    ------
    DataError
        If no table holds ties, or none a kind that `rules` asks for, or a weight is no strength.
    """
    rows = {kind: found for kind in _COLUMNS if (found := _rows_of(known, kind)) is not None}
    groups, own, lines = known.arrow("memberships"), known.arrow("ties"), _product_lines(known)
    own_kinds = _own_kinds(own)
    there = [*rows, *(["comember"] if groups is not None else []), *own_kinds]
    if lines is not None and rules.asks_for("copurchase"):
        there.append("copurchase")
    if not (there or holds_ties(known)):
        raise DataError(
            "no table holds ties; needed is one of ties, referrals, memberships, or messages "
            "with reply_to_member_id, or orders with product_id for kinds=['copurchase']; "
            f"this community has: {', '.join(known.tables()) or 'none'}"
        )
    wanted = _wanted(there, rules)
    _tell_of_unmet_weights(there, rules)
    found = [_from_rows(kind, rows[kind], members) for kind in rows if kind in wanted]
    if groups is not None and "comember" in wanted:
        found.append(_both_ways("comember", group_pairs(groups, members, rules.max_ties)))
    if lines is not None and "copurchase" in wanted:
        found.append(_both_ways("copurchase", buyer_pairs(lines, members, rules.max_ties + 1)))
    if own is not None:
        found += [_from_ties(kind, own, members) for kind in own_kinds if kind in wanted]
    return found


def holds_ties(known: "Community") -> bool:
    """Tell whether any table could hold ties, be it without rows."""
    if known.has("ties") or known.has("memberships"):
        return True
    return any(_rows_of(known, kind) is not None for kind in _COLUMNS)


def staff_met(known: "Community") -> pa.Array:
    """Give the staff met before the cut, sorted: by kind, or by a link to a customer.

    Staff who come later are not among them, so that they change no answer.
    """
    members, links = known.arrow("members"), known.arrow("staff_links")
    staff = known.staff()
    if members is not None:
        staff = staff.take(
            pa.array(np.flatnonzero(lookup(staff, ids_in(members["member_id"])) >= 0))
        )
    return ids_in(staff, None if links is None else links["staff_id"])


def _wanted(there: list[str], rules: TieRules) -> set[str]:
    asked = there if rules.kinds is None else rules.kinds
    unknown = sorted(set(asked) - set(there))
    if unknown:
        raise DataError(
            f"no ties of kind {', '.join(map(repr, unknown))} are known; "
            f"there are: {', '.join(sorted(set(there))) or 'none'}"
        )
    return {kind for kind in asked if rules.weight_of(kind) > 0}


def _tell_of_unmet_weights(there: list[str], rules: TieRules) -> None:
    """Warn of weights for kinds that are neither there nor known by name: slips of the pen."""
    unmet = sorted(set(rules.weights or {}) - {*there, *TIE_WEIGHTS, *ATTENTION_KINDS})
    if unmet:
        warn(
            f"weights name kinds of ties that are not there: {', '.join(map(repr, unmet))}; "
            f"there are: {', '.join(sorted(set(there))) or 'none'}"
        )


def _rows_of(known: "Community", kind: str) -> pa.Table | None:
    """Give source, target and time of a built-in kind, or None where its columns are absent."""
    table, source, target, time = _COLUMNS[kind]
    rows = known.arrow(table)
    if rows is None or not {source, target} <= set(rows.column_names):
        return None
    times = rows[time] if time in rows.column_names else pa.nulls(rows.num_rows, INSTANT)
    return pa.table({"source": rows[source], "target": rows[target], "time": times})


def _own_kinds(ties: pa.Table | None) -> list[str]:
    return [] if ties is None else sorted(pc.unique(_kind_column(ties)).to_pylist())


def _kind_column(ties: pa.Table) -> pa.ChunkedArray:
    if "kind" not in ties.column_names:
        return pa.chunked_array([pa.array(["tie"] * ties.num_rows, pa.large_string())])
    return ties["kind"].fill_null("tie")


def _from_rows(kind: str, rows: pa.Table, members: pa.Array) -> Contacts:
    source, target = lookup(rows["source"], members), lookup(rows["target"], members)
    kept = (source >= 0) & (target >= 0)
    if kind == "reply":  # quoting oneself is no mistake, and no tie
        kept &= source != target
    once = np.ones(int(kept.sum()))
    return Contacts(kind, source[kept], target[kept], once, times_of(rows, "time")[kept])


def _from_ties(kind: str, ties: pa.Table, members: pa.Array) -> Contacts:
    rows = ties.filter(pc.equal(_kind_column(ties), kind))
    source, target = lookup(rows["source"], members), lookup(rows["target"], members)
    strength, time = np.ones(rows.num_rows), times_of(rows, "tie_time")
    if "weight" in rows.column_names:
        strength = np.asarray(rows["weight"].to_numpy(), dtype=np.float64)
        check_weights(strength)
    kept = (source >= 0) & (target >= 0)
    return Contacts(kind, source[kept], target[kept], strength[kept], time[kept])


def _both_ways(kind: str, pairs: GroupPairs | BuyerPairs) -> Contacts:
    """Tie both of each pair, half of its weight in each direction."""
    return Contacts(
        kind,
        np.concatenate([pairs.first, pairs.second]),
        np.concatenate([pairs.second, pairs.first]),
        np.concatenate([pairs.weight, pairs.weight]) / 2,
        np.concatenate([pairs.time, pairs.time]),
        lasts=kind == "comember",
    )


def _product_lines(known: "Community") -> pa.Table | None:
    """Give the order lines, if they say which product was bought."""
    lines = known.arrow("orders")
    return None if lines is None or "product_id" not in lines.column_names else lines
