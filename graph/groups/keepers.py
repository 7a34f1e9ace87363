"""Who looks after which group: owners, and staff who sit in it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.ids import ids_in, lookup
from siyu.datasets.ordering import opens_run

from .group_facts import GroupFacts

__all__ = ["Keepers", "keepers_of"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Keepers:
    """Pairs of a keeper and a group, each once, sorted by keeper.

    Attributes
    ----------
    ids : sorted pyarrow.Array
        The staff met, and all owners of groups, whether marked as staff or not.
    keeper, group : int64 arrays
    known : bool
        Whether any table tells who looks after groups: owners, or staff among memberships.
    """

    ids: pa.Array
    keeper: Ints
    group: Ints
    known: bool


def keepers_of(facts: GroupFacts) -> Keepers:
    """Read the owners of groups, and the staff that sit in groups now."""
    owner = facts.column("owner_id")
    listed = facts.known.arrow("groups")
    has_column = listed is not None and "owner_id" in listed.column_names
    has_owner = has_column and (owner.null_count < len(owner) or not len(owner))
    ids = ids_in(owner if has_owner else None, facts.staff if len(facts.staff) else None)
    pairs = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    if has_owner:
        of = lookup(owner, ids)
        pairs.append((of, np.arange(len(of))))
    rows = facts.known.arrow("memberships")
    if rows is not None:
        if "left_at" in rows.column_names:
            rows = rows.filter(rows["left_at"].is_null())
        of = lookup(rows["member_id"], facts.staff)
        of = np.where(of >= 0, np.append(lookup(facts.staff, ids), -1)[of], -1)
        pairs.append((of, lookup(rows["group_id"], facts.groups)))
    keeper, group = (np.concatenate(part) for part in zip(*pairs, strict=True))
    kept = (keeper >= 0) & (group >= 0)
    keeper, group = keeper[kept], group[kept]
    order = np.lexsort((group, keeper))
    order = order[opens_run(keeper[order], group[order])]
    known = has_owner or (rows is not None and len(facts.staff) > 0)
    return Keepers(ids, keeper[order], group[order], known)
