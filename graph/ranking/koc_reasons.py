"""Why a member is on the list: codes of what it is strong in, the weightiest first."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .koc_role_scores import Role
from .koc_scoring import Scores

__all__ = ["REASONS", "Reasons", "reasons_of"]

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

REASONS = {
    "bridging": "bridges_communities",
    "trust": "listened_to",
    "referral": "brings_buyers",
    "sharing": "shares_often",
    "purchases": "buys_often",
    "activity": "active_lately",
    "tenure": "long_standing",
    "expert": "answers_questions",
}
"""The code of the reason that a component, or a role, gives."""

_NO_MERIT = "tenure"  # to have been there for long says nothing else


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """Why each member is on the list.

    Attributes
    ----------
    codes : pyarrow.ListArray
    count : int64 array
        Reasons a member, long standing aside.
    """

    codes: pa.ListArray
    count: Ints


def reasons_of(scores: Scores, roles: dict[str, Role]) -> Reasons:
    """List the components of 0.8 or more (with proof), what adds most to the score first.

    Whoever is of the first twentieth of experts, with proof, has that as the last reason.

    Parameters
    ----------
    scores : Scores
    roles : dict of role to Role

    Returns
    -------
    Reasons
    """
    names, strong, adds = [*scores.names], scores.is_strong, scores.adds
    if "expert" in roles:
        names.append("expert")
        strong = np.column_stack([strong, roles["expert"].is_strong])
        adds = np.column_stack([adds, np.zeros(len(adds))])
    order = np.argsort(-adds, axis=1, kind="stable")
    listed = np.take_along_axis(strong, order, axis=1)
    starts = np.concatenate(([0], np.cumsum(listed.sum(axis=1)))).astype(np.int32)
    codes = pa.array([REASONS[name] for name in names], pa.large_string())
    merits = np.array([name != _NO_MERIT for name in names])
    return Reasons(
        pa.ListArray.from_arrays(pa.array(starts), codes.take(pa.array(order[listed]))),
        strong[:, merits].sum(axis=1),
    )
