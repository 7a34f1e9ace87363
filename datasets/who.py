"""Who is met in the tables: customers, staff, and those who opted out."""

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from .ids import ids_in

if TYPE_CHECKING:
    from .community import Community

__all__ = ["customers_met", "flagged", "staff_among"]

_NAMED_IN = {
    "members": ("member_id",),
    "orders": ("member_id",),
    "events": ("member_id",),
    "memberships": ("member_id", "inviter_id"),
    "messages": ("member_id", "reply_to_member_id"),
    "referrals": ("inviter_id", "invitee_id"),
    "ties": ("source", "target"),
    "sends": ("member_id",),
    "offer_members": ("member_id",),
    "staff_links": ("member_id",),
}


def customers_met(c: "Community") -> pa.Array:
    """Give every member named in any table of a community, sorted, without staff.

    Members who were only ever assigned to an arm are named too: whom an experiment held out and
    who bought nothing is met nowhere else. Units of assignments have no type of their own; ids
    that cannot be member ids are left out.

    Examples
    --------
    >>> from siyu.datasets import Community
    >>> ties = pa.table({"source": ["b"], "target": ["a"]})
    >>> customers_met(Community(ties=ties)).to_pylist()
    ['a', 'b']
    """
    columns = [ids for table, names in _NAMED_IN.items() for ids in c.id_columns(table, names)]
    met, staff = ids_in(*columns), c.staff()
    assigned = _assigned(c, met)
    if assigned is not None:
        met = ids_in(met, assigned) if len(met) else ids_in(assigned)
    return met.filter(pc.invert(pc.is_in(met, staff))) if len(staff) and len(met) else met


def staff_among(members: pa.Table | None, staff_links: pa.Table | None) -> pa.Array:
    """Give the staff: members of that kind, and whoever customers are linked to as staff.

    Examples
    --------
    >>> members = pa.table({"member_id": ["a", "b"], "kind": ["staff", "customer"]})
    >>> staff_among(members, pa.table({"staff_id": ["c"]})).to_pylist()
    ['a', 'c']
    """
    linked = None if staff_links is None else staff_links["staff_id"]
    return ids_in(flagged(members, "kind", "staff"), linked)


def flagged(members: pa.Table | None, column: str, value: Any) -> pa.Array:
    """Give the members whose column has this value, sorted.

    Examples
    --------
    >>> members = pa.table({"member_id": ["a", "b"], "opt_out": [None, True]})
    >>> flagged(members, "opt_out", True).to_pylist()
    ['b']
    """
    if members is None:
        return pa.array([], pa.int64())
    ids = members["member_id"]
    held = ids.filter(pc.equal(members[column], value)) if column in members.column_names else None
    met = ids_in(held)
    return met if len(met) else pa.array([], ids.type)


def _assigned(c: "Community", met: pa.Array) -> pa.ChunkedArray | None:
    """Give the members that assignments name, as ids of the type of those met; None for none."""
    units = c.id_columns("assignments", ("unit_id", "unit_kind"))
    if not units or not len(units[0]):
        return None
    named = units[0].filter(pc.equal(units[1], "member"))
    if not len(named) or not len(met) or named.type == met.type:
        return named if len(named) else None
    try:
        return named.cast(met.type)
    except pa.ArrowInvalid:
        return None
