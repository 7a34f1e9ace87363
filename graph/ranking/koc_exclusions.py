"""Who is not on the list, and why: staff, opted out, named by the caller, suspected of fraud."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.ids import lookup
from siyu.graph.fission.fraud_signs import fraud_suspects
from siyu.graph.member_choice import chosen_members

from .koc_facts import KocFacts

__all__ = ["WHY", "exclusions", "named_reasons"]

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
    if suspected and facts.known.has("referrals"):
        why[fraud_suspects(facts.known, facts.end, facts.members)] = WHY.index("suspected_fraud")
    chosen = chosen_members(exclude, facts.members)
    for reason, ids in (("excluded", chosen), ("opted_out", facts.known.opted_out())):
        at = lookup(ids, facts.members)
        why[at[at >= 0]] = WHY.index(reason)
    return why


def named_reasons(why: Ints) -> pa.Array:
    """Give the codes of places in `WHY`; null for who stays."""
    return pa.array(WHY, pa.large_string()).take(pa.array(why))
