"""The referral forest: who was brought by whom, as trees."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import INSTANT
from siyu.datasets.errors import ParameterError
from siyu.datasets.ids import encode, lookup
from siyu.datasets.ordering import stable_order
from siyu.graph.undated import UNDATED, times_of

from .forest_breadth import widest_below
from .forest_claims import Claims, closing_claims
from .forest_problems import Findings, problem_table, warn_of_errors
from .forest_shape import ForestShape, climb

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["ReferralForest"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class ReferralForest:
    """Members and who brought each of them: trees whose roots nobody brought.

    Whatever it is made from, the rules are the same:

    - an invitee belongs to who claimed them first (by time; undated claims come last; at one
      instant the inviter with the smaller id); later claims stay in `claims` and `problems`;
    - who brought themselves was not brought, and referrals by staff or of staff do not count;
    - where claims run in a circle, the latest of them does not count, and its invitee becomes
      a root: whoever had brought others by then was there already;
    - everybody named is a member, whether the table of members knows them or not.

    Build it with `from_community` or `from_arrays`. Times are microseconds since 1970-01-01
    UTC, `siyu.graph.undated.UNDATED` where unknown.

    Attributes
    ----------
    ids : pyarrow.Array, n members
        int64 or large_string, ascending; everything else is an array over these members.
    parent : int64 array
        Position of who brought the member, -1 for a root.
    row : int64 array
        The row of the referrals that counts, -1 for a root.
    root : int64 array
        Position of the root of the member's tree.
    depth : int64 array
        Generation: 0 for a root, 1 for who was brought by a root.
    joined : int64 array
        When the member joined by the table of members.
    claims : Claims
        All referrals as positions: ``inviter``, ``invitee`` (-1 for staff), ``time``, ``rows``.
    end : int or None
        The moment from which the forest is seen, itself excluded.

    Examples
    --------
    Ann brought Bob, and Bob brought Cid; Dan's claim of Cid came too late:

    >>> forest = ReferralForest.from_arrays(
    ...     ["ann", "bob", "dan"], ["bob", "cid", "cid"], np.array([1, 2, 3])
    ... )
    >>> forest.ids.to_pylist(), forest.parent, forest.depth
    (['ann', 'bob', 'cid', 'dan'], array([-1,  0,  1, -1]), array([0, 1, 2, 0]))
    >>> forest.problems["problem"].to_pylist()
    ['second_inviter']
    """

    ids: pa.Array
    parent: Ints
    row: Ints
    root: Ints
    depth: Ints
    joined: Ints
    claims: Claims
    end: int | None
    findings: Findings
    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __repr__(self) -> str:
        n_brought = int(np.count_nonzero(self.parent >= 0))
        return f"ReferralForest({len(self.ids)} members, {n_brought} of them brought)"

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_community(cls, c: "Community", as_of: Any) -> "ReferralForest":
        """Build the forest of a community's customers as known at one moment.

        Parameters
        ----------
        c : Community
            With referrals.
        as_of : Timestamp, datetime or str
            The moment to look from, itself excluded; without a zone it is the shop's clock.

        Returns
        -------
        ReferralForest
            Every customer is a member, those who neither bring nor are brought too.

        Raises
        ------
        DataError
            If there are no referrals.

        Warns
        -----
        SiyuWarning
            If referrals cannot be right (self-invites, circles), or are undated.
        """
        c.require("referrals", call="ReferralForest.from_community()")
        forest = cls.of(c.before(as_of), c.moment(as_of))
        warn_of_errors(forest.findings, forest.claims, "ReferralForest.from_community()")
        return forest

    @classmethod
    def of(
        cls, known: "Community", end: int | None = None, members: pa.Array | None = None
    ) -> "ReferralForest":
        """Build the forest of a community that was cut already, without a warning.

        Parameters
        ----------
        known : Community
            Cut, with referrals.
        end : int, optional
            Where it was cut, microseconds.
        members : sorted pyarrow.Array, optional
            Whom to keep; referrals that name anybody else do not count. Default: all customers.
        """
        ids = known.customers() if members is None else members
        claims = Claims.of(known.arrow("referrals"), ids)
        joined, table = np.full(len(ids), UNDATED), known.arrow("members")
        if table is not None:
            place = lookup(table["member_id"], ids)
            joined[place[place >= 0]] = times_of(table, "joined_at")[place >= 0]
        return _grown(claims, ids, joined, known.staff(), end)

    @classmethod
    def from_arrays(
        cls,
        inviter: npt.ArrayLike | pa.Array,
        invitee: npt.ArrayLike | pa.Array,
        time: npt.ArrayLike | None = None,
        *,
        ids: npt.ArrayLike | pa.Array | None = None,
    ) -> "ReferralForest":
        """Build a forest from arrays of ids, the fastest way in.

        Parameters
        ----------
        inviter, invitee : arrays of integers or of text, m
            Who claims to have brought whom.
        time : datetime64 array, or int64 array of microseconds, m, optional
            When; missing times (NaT) are undated. Default: none is known.
        ids : array of ids, optional
            Further members, in any order.

        Returns
        -------
        ReferralForest

        Raises
        ------
        ParameterError
            If arrays differ in length, hold missing ids, or ids of different types.

        Warns
        -----
        SiyuWarning
            If referrals cannot be right (self-invites, circles).
        """
        ends = {"inviter": _ids(inviter, "inviter"), "invitee": _ids(invitee, "invitee")}
        also = _ids([] if ids is None else ids, "ids")
        kinds = {part.type for part in (*ends.values(), also) if len(part)}
        if len(kinds) > 1:
            listed = " and ".join(sorted(map(str, kinds)))
            raise ParameterError("ids", f"ids must be of one type, got {listed}")
        rows = {f"{name}_id": part for name, part in ends.items()}
        lengths = {name: len(part) for name, part in rows.items()}
        if time is not None:
            rows["referral_time"] = _instants(time)
            lengths["time"] = len(rows["referral_time"])
        if len(set(lengths.values())) > 1:
            raise ParameterError("invitee", f"arrays must be as long as each other, got {lengths}")
        known = [part for part in (*ends.values(), also) if len(part)]
        codes, members = encode(pa.chunked_array(known or [also]))
        m = lengths["inviter_id"]
        table = pa.table(rows)
        claims = Claims(codes[:m], codes[m : 2 * m], times_of(table, "referral_time"), table)
        joined = np.full(len(members), UNDATED)
        forest = _grown(claims, members, joined, pa.array([], members.type), None)
        warn_of_errors(forest.findings, claims, "ReferralForest.from_arrays()")
        return forest

    @property
    def n_members(self) -> int:
        """Number of members."""
        return len(self.ids)

    @property
    def time(self) -> Ints:
        """When the member was brought, microseconds; `UNDATED` for roots too."""
        return np.where(self.row >= 0, _take(self.claims.time, self.row), UNDATED)

    @property
    def n_below(self) -> Ints:
        """Everybody brought by the member, by those, and so on."""
        return self.shape.size.astype(np.int64) - 1

    @property
    def n_direct(self) -> Ints:
        """Members whom this member brought."""
        return np.bincount(self.parent[self.parent >= 0], minlength=len(self))

    @property
    def height(self) -> Ints:
        """Generations below the member."""
        return self.shape.height.astype(np.int64)

    @property
    def breadth(self) -> Ints:
        """The most members in one generation below the member."""
        if "breadth" not in self._made:
            self._made["breadth"] = widest_below(self.shape)
        made: Ints = self._made["breadth"]
        return made

    @property
    def level_order(self) -> Ints:
        """The members by generation: parents stand before those whom they brought."""
        return stable_order(self.depth)

    @property
    def structural_virality(self) -> Floats:
        """Mean steps between two members of the subtree; NaN for who brought nobody."""
        if "virality" not in self._made:
            self._made["virality"] = self.shape.structural_virality()
        made: Floats = self._made["virality"]
        return made

    @property
    def shape(self) -> ForestShape:
        """Subtrees and the order of the members in them; measured when first asked for."""
        if "shape" not in self._made:
            steps = (self.parent, self.root, self.depth)
            self._made["shape"] = ForestShape.of(*(part.astype(np.int32) for part in steps))
        made: ForestShape = self._made["shape"]
        return made

    @property
    def problems(self) -> pa.Table:
        """Every referral that does not count or is to be doubted, and why.

        Sorted by ``problem`` in this order, then invitee, time and inviter:

        - ``staff`` : by staff or of staff;
        - ``outside`` : names somebody who is not among the members asked for;
        - ``self_invite`` : of oneself;
        - ``cycle`` : the first claim, but it closes a circle;
        - ``second_inviter`` : somebody else was first;
        - ``repeated`` : this inviter had claimed the invitee already;
        - ``undated`` : counts, its time is unknown;
        - ``after_joining`` : counts, though the invitee had joined more than a day before;
        - ``inviter_later`` : counts, though the inviter was brought, or joined by more than a
          day, only afterwards.

        ``counted`` tells the last three from the others.
        """
        return problem_table(self.findings, self.claims)

    def above(self, max_depth: int) -> Iterator[tuple[int, Ints, Ints]]:
        """Go up step by step: distance, members, and their ancestors at that distance."""
        at = np.flatnonzero(self.parent >= 0)
        ancestor = self.parent[at]
        for distance in range(1, max_depth + 1):
            if not len(at):
                return
            yield distance, at, ancestor
            kept = self.parent[ancestor] >= 0
            at, ancestor = at[kept], self.parent[ancestor[kept]]


def _grown(
    claims: Claims, ids: pa.Array, joined: Ints, staff: pa.Array, end: int | None
) -> ReferralForest:
    """Let the first claims count, but for those that close a circle."""
    row = claims.first(len(ids))
    parent = np.where(row >= 0, _take(claims.inviter, row), -1)
    root, depth, on_cycle = climb(parent.astype(np.int32))
    circular = np.empty(0, dtype=np.int64)
    if len(on_cycle):
        members = closing_claims(parent, _take(claims.time, row), on_cycle.astype(np.int64))
        circular = row[members]
        parent[members] = row[members] = -1
        root, depth, _ = climb(parent.astype(np.int32))
    findings = Findings.of(claims, row, circular, joined, staff)
    arrays = (parent, row, root.astype(np.int64), depth.astype(np.int64), joined)
    for array in arrays:
        array.setflags(write=False)
    return ReferralForest(ids, *arrays, claims, end, findings)


def _take(values: Ints, at: Ints) -> Ints:
    """Take values by position; where that is -1, any."""
    return values[at] if len(values) else np.zeros(len(at), dtype=np.int64)


def _ids(given: npt.ArrayLike | pa.Array, name: str) -> pa.Array:
    array = given if isinstance(given, pa.Array) else pa.array(np.asarray(given))
    text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    if len(array) and (array.null_count or not (text or pa.types.is_integer(array.type))):
        raise ParameterError(
            name,
            f"{name} must hold integers or text without missing values, got {array.type} "
            f"with {array.null_count} missing",
        )
    return array.cast(pa.large_string() if text else pa.int64())


def _instants(time: npt.ArrayLike) -> pa.Array:
    given = np.asarray(time)
    if given.dtype.kind == "M":
        return pa.array(given.astype("datetime64[us]")).cast(INSTANT)
    if given.dtype.kind != "i":
        raise ParameterError(
            "time", f"time must be datetime64, or int64 microseconds, got {given.dtype}"
        )
    return pa.array(given.astype(np.int64)).cast(INSTANT)
