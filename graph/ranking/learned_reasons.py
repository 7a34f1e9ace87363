"""Why a learned score is high: what of a member adds most to it, in words' codes."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["reasons_from", "the_reason"]

Floats = npt.NDArray[np.float64]

_TOP = 3
_LEAST = 0.1  # of the logarithm: a tenth more is expected because of it

_FEATURES = {
    "brought_lately": (
        "n_invitees_30",
        "n_invitees_90",
        "n_pending",
        "n_pending_30",
        "days_since_invitee",
        "outcome_last",
    ),
    "brings_buyers": (
        "n_invitees",
        "n_invitees_365",
        "n_buyers",
        "conversion",
        "invitee_gmv",
        "outcome_ever",
        "n_brought_to_groups",
    ),
    "shares_often": ("n_shares", "n_shares_90"),
    "listened_to": (
        "named_by",
        "in_degree",
        "in_strength",
        "pagerank",
        "n_replies_received",
        "n_repliers",
        "reply_rate",
    ),
    "bridges_communities": (
        "constraint",
        "effective_size",
        "efficiency",
        "hierarchy",
        "bridging",
        "participation",
        "outside_share",
        "n_communities",
        "second_tie",
    ),
    "well_connected": ("degree", "out_degree", "out_strength", "n_groups"),
    "buys_often": (
        "recency",
        "days_since_first_order",
        "spend",
        "order_days",
        "order_days_90",
        "order_days_365",
    ),
    "active_lately": (
        "n_messages",
        "speaking_days_90",
        "n_replies_given",
        "event_days_30",
        "event_days_90",
        "event_days_365",
        "n_events",
    ),
    "tries_much": ("n_adopted", "n_adopted_last"),
    "time_as_member": ("tenure", "is_brought"),
}
_FOLLOWED = {"outcome_last": "followed_lately", "outcome_ever": "followed_before"}
_RANKINGS = {
    "degree": "well_connected",
    "named_by": "listened_to",
    "pagerank": "listened_to",
    "low_constraint": "bridges_communities",
    "bridging": "bridges_communities",
    "past_invitees": "brings_buyers",
    "recent_invitees": "brought_lately",
    "past_outcome": "brings_buyers",
    "recent_outcome": "brought_lately",
    "recent_shares": "shares_often",
    "own_adoptions": "tries_much",
}


def reasons_from(contributions: Floats, columns: Sequence[str], outcome: str) -> pa.Array:
    """Name what adds most to each member's expected outcome.

    Parameters
    ----------
    contributions : float64 array, n x (columns + 1)
        As `BoostedTrees.contributions` gives them, in the logarithm of the outcome.
    columns : names of the features
    outcome : {"buyers", "gmv", "followers"}

    Returns
    -------
    pyarrow.ListArray of text, n
        At most three codes, what adds most first; each raises the expectation by a tenth or
        more against that of all members.
    """
    code_of = {name: code for code, names in _FEATURES.items() for name in names}
    if outcome == "followers":
        code_of |= _FOLLOWED
    codes = sorted({code_of[name] for name in columns})
    member_of = np.zeros((len(columns), len(codes)))
    for place, name in enumerate(columns):
        member_of[place, codes.index(code_of[name])] = 1
    adds = contributions[:, :-1] @ member_of
    order = np.argsort(-adds, axis=1, kind="stable")[:, :_TOP]
    strong = np.take_along_axis(adds, order, axis=1) >= _LEAST
    starts = np.concatenate([[0], np.cumsum(strong.sum(axis=1))]).astype(np.int32)
    named = pa.array(codes, pa.large_string()).take(pa.array(order[strong]))
    return pa.ListArray.from_arrays(pa.array(starts), named)


def the_reason(ranking: str, values: Floats, outcome: str) -> pa.Array:
    """Name what a plain ranking ranks by, for members who have more of it than the median.

    Returns
    -------
    pyarrow.ListArray of text, n
        One code or none; always none for the transparent score, which gives its own reasons.
    """
    code = _RANKINGS.get(ranking)
    if outcome == "followers":
        code = {"past_outcome": "followed_before", "recent_outcome": "followed_lately"}.get(
            ranking, code
        )
    known = values[~np.isnan(values)]
    strong = np.zeros(len(values), dtype=bool)
    if code is not None and len(known):
        strong = values > np.median(known)
    starts = np.concatenate([[0], np.cumsum(strong)]).astype(np.int32)
    named = pa.array([code or ""] * int(strong.sum()), pa.large_string())
    return pa.ListArray.from_arrays(pa.array(starts), named)
