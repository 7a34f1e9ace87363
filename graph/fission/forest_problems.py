"""What is wrong with referrals: every row that does not count, and every one to doubt."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import DAY_US
from siyu.datasets.errors import warn
from siyu.datasets.frames import from_arrow
from siyu.datasets.ids import encode, ids_in, lookup
from siyu.graph.undated import UNDATED

from .forest_claims import Claims

__all__ = ["PROBLEMS", "Findings", "problem_table", "warn_of_errors"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PROBLEMS = (
    "staff",
    "outside",
    "self_invite",
    "cycle",
    "second_inviter",
    "repeated",
    "undated",
    "after_joining",
    "inviter_later",
)
"""The codes, in the order of the table."""

_ERRORS = ("self_invite", "cycle")
_COUNTED = ("undated", "after_joining", "inviter_later")
_CLOCKS_DIFFER = DAY_US  # between the table of members and that of referrals


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """Rows of referrals by what is wrong with them.

    Attributes
    ----------
    row : int64 array
    problem : int64 array
        Position in `PROBLEMS`.
    """

    row: Ints
    problem: Ints

    @classmethod
    def of(
        cls, claims: Claims, accepted: Ints, circular: Ints, joined: Ints, staff: pa.Array
    ) -> "Findings":
        """Look through all rows.

        Parameters
        ----------
        claims : Claims
        accepted : int64 array, n members
            The row that counts for each member, or -1.
        circular : int64 array
            Rows that closed a circle.
        joined : int64 array, n members
            When they joined, or `UNDATED`.
        staff : pyarrow.Array
        """
        found = _left_out(claims, accepted, circular, staff)
        rows = accepted[accepted >= 0]
        found |= _to_doubt(claims, rows, joined)
        order = [found[name] for name in PROBLEMS]
        kind = np.repeat(np.arange(len(order)), [len(rows) for rows in order])
        return cls(np.concatenate(order), kind)

    def count(self) -> dict[str, int]:
        """Count the rows of each problem there is."""
        n = np.bincount(self.problem, minlength=len(PROBLEMS))
        return {name: int(k) for name, k in zip(PROBLEMS, n, strict=True) if k}


def problem_table(found: Findings, claims: Claims) -> pa.Table:
    """Write the problems out, sorted by problem, invitee, time and inviter.

    Returns
    -------
    pyarrow.Table
        ``problem`` : code; ``inviter_id``, ``invitee_id``, ``referral_time``;
        ``counted`` : whether the referral counts all the same.
    """
    rows = claims.rows.select(["inviter_id", "invitee_id"]).take(pa.array(found.row))
    names = ids_in(*rows.columns)
    inviter, invitee = (encode(column, names)[0] for column in rows.columns)
    time = claims.time[found.row]
    order = np.lexsort((inviter, time, time == UNDATED, invitee, found.problem))
    rows, problem, time = rows.take(pa.array(order)), found.problem[order], time[order]
    return pa.table(
        {
            "problem": pa.array(PROBLEMS, pa.large_string()).take(pa.array(problem)),
            "inviter_id": rows["inviter_id"],
            "invitee_id": rows["invitee_id"],
            "referral_time": pa.array(time, mask=time == UNDATED).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "counted": np.isin(problem, [PROBLEMS.index(name) for name in _COUNTED]),
        }
    )


def warn_of_errors(found: Findings, claims: Claims, call: str) -> None:
    """Warn of referrals that cannot be right and do not count; the others are usual."""
    count = found.count()
    there = [name for name in _ERRORS if name in count]
    if not there:
        return
    chosen = np.isin(found.problem, [PROBLEMS.index(name) for name in there])
    shown = problem_table(Findings(found.row[chosen], found.problem[chosen]), claims)
    said = "; ".join(f"{name}: {count[name]}" for name in there)
    warn(
        f"{call}: {sum(count[name] for name in there)} of {len(claims.time)} referrals cannot be "
        f"right and do not count ({said})",
        from_arrow(shown),
    )


def _left_out(claims: Claims, accepted: Ints, circular: Ints, staff: pa.Array) -> dict[str, Ints]:
    """Find the rows that do not count, each once."""
    strange = (claims.inviter < 0) | (claims.invitee < 0)
    own = ~strange & (claims.inviter == claims.invitee)
    first = accepted.copy()  # the claim that came first, though it may have closed a circle
    first[claims.invitee[circular]] = circular
    spare = np.flatnonzero(~strange & ~own)
    spare = spare[first[claims.invitee[spare]] != spare]
    again = claims.inviter[first[claims.invitee[spare]]] == claims.inviter[spare]
    strangers = np.flatnonzero(strange)
    is_staff = _names_staff(claims.rows, strangers, staff)
    return {
        "staff": strangers[is_staff],
        "outside": strangers[~is_staff],
        "self_invite": np.flatnonzero(own),
        "cycle": np.sort(circular),
        "second_inviter": spare[~again],
        "repeated": spare[again],
    }


def _to_doubt(claims: Claims, rows: Ints, joined: Ints) -> dict[str, Ints]:
    """Find the rows that count, though their times are unknown or do not fit."""
    sent, inviter, invitee = claims.time[rows], claims.inviter[rows], claims.invitee[rows]
    brought = np.full(len(joined), UNDATED)
    brought[invitee] = sent
    early = _later(brought[inviter], sent, 0)
    late = np.zeros(len(rows), dtype=bool)
    if np.any(joined != UNDATED):
        late = _later(sent, joined[invitee], _CLOCKS_DIFFER)
        early |= _later(joined[inviter], sent, _CLOCKS_DIFFER)
    undated = sent == UNDATED
    return {"undated": rows[undated], "after_joining": rows[late], "inviter_later": rows[early]}


def _names_staff(rows: pa.Table, at: Ints, staff: pa.Array) -> Bools:
    few = rows.take(pa.array(at))
    named = [lookup(few[column], staff) >= 0 for column in ("inviter_id", "invitee_id")]
    return np.asarray(np.logical_or(*named))


def _later(time: Ints, than: Ints, by: int) -> Bools:
    """Tell which times are later by more than `by`; unknown ones are not."""
    return np.asarray((than != UNDATED) & (time > np.maximum(than, UNDATED + 1) + by))
