"""Who is not on the list, and why: staff, opted out, named by the caller, suspected of fraud."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.ids import lookup
from siyu.graph.fission.fraud_signs import fraud_suspects
from siyu.graph.member_choice import chosen_members
from siyu.graph.tie_sources import staff_met

from .koc_facts import KocFacts

__all__ = ["WHY", "exclusions", "left_out", "named_reasons"]

Ints = npt.NDArray[np.int64]

WHY = (None, "suspected_fraud", "excluded", "opted_out", "staff")
"""Why somebody is left out; of several reasons the last one counts."""


def exclusions(facts: KocFacts, exclude: Any, *, suspected: bool) -> Ints:
    """Say for each member why it is left out.

    Parameters
    ----------
    facts : KocFacts
    exclude : frame with ``member_id``, ids, or None
        The caller's list.
    suspected : bool
        Whether to leave out those whose referrals look like fraud.

    Returns
    -------
    int64 array
        A place in `WHY`; 0 for who stays.
    """
    why = np.zeros(len(facts.members), dtype=np.int64)
    if suspected:
        why[fraud_suspects(facts.known, facts.end, facts.members)] = WHY.index("suspected_fraud")
    chosen = chosen_members(exclude, facts.members)
    for reason, ids in (("excluded", chosen), ("opted_out", facts.known.opted_out())):
        at = lookup(ids, facts.members)
        why[at[at >= 0]] = WHY.index(reason)
    return why


def left_out(facts: KocFacts, why: Ints, schema: pa.Schema) -> pa.Table:
    """Name everybody who is not ranked, staff too, and why; nothing else about them.

    Parameters
    ----------
    facts : KocFacts
    why : int64 array
        From `exclusions`.
    schema : pyarrow.Schema
        Of the list of the ranked: with ``member_id`` and ``excluded_because``; all else is null.

    Returns
    -------
    pyarrow.Table, sorted by ``member_id``
    """
    out, staff = np.flatnonzero(why), staff_met(facts.known)
    ids = pa.chunked_array([facts.members.take(pa.array(out)), staff.cast(facts.members.type)])
    reason = named_reasons(np.concatenate([why[out], np.full(len(staff), WHY.index("staff"))]))
    order = pc.sort_indices(ids)
    unknown = {name: pa.nulls(len(ids), schema.field(name).type) for name in schema.names}
    named = {"member_id": ids.take(order), "excluded_because": reason.take(order)}
    return pa.table({**unknown, **named}, schema=schema)


def named_reasons(why: Ints) -> pa.Array:
    """Give the codes of places in `WHY`; null for who stays."""
    return pa.array(WHY, pa.large_string()).take(pa.array(why))
