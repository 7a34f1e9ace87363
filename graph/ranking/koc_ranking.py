"""KOC: the ordinary members whom a brand should know, ranked, with reasons."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.frames import Frame, FrameKind, from_arrow

from .koc_components import COMPONENTS, measured_components
from .koc_exclusions import exclusions, left_out
from .koc_facts import KocFacts, gather_facts
from .koc_habits import no_purchases, silent_lately
from .koc_reasons import reasons_of
from .koc_role_scores import CHANGES_ALL, ROLES, best_role, role_scores
from .koc_scoring import KocWeights, Scores, scores_of
from .koc_tiers import tiers

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["KocWeights", "koc"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def koc(  # noqa: PLR0913  (whom to leave out, by name and by suspicion, are two choices)
    c: "Community",
    *,
    as_of: Any,
    exclude: Any = None,
    exclude_suspected: bool = True,
    weights: KocWeights | None = None,
    ties: Frame | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    r"""Rank the members who bridge communities, are listened to, and bring buyers.

    Staff are left out before anything is measured. Members who opted out, those of `exclude`
    and those suspected of fraud are measured with the others, so that nobody else's figures
    change, but they are never ranked and their figures are not shown.

    Parameters
    ----------
    c : Community
        With any of ties, referrals, memberships, messages, events, orders and members.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    exclude : frame with ``member_id``, or ids in any array, list or set, optional
        Whom not to rank, for instance resellers.
    exclude_suspected : bool
        Whether to leave out members whose referrals look faked, see `siyu.graph.referral_fraud`.
        It is a suspicion: somebody should look at those named so.
    weights : KocWeights, optional
    ties : frame of schema ``ties``, optional
        Instead of `siyu.graph.build_ties` with its defaults. Those dated at or after `as_of`
        and those of staff are left out here too.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a member: the ranked by ``rank``, then the others by ``member_id``
        ``rank`` : 1 is best; null for who is not ranked. ``score`` : weighted mean of the
        components that are known of the member, 0 to 1. ``tier`` : "core" (score of 0.5 or
        more, confidence of 0.6 or more, two reasons or more), "rising" (0.5, 0.3), "watch"
        (0.35, 0.3) or "none". ``held_back_because`` : why it is no better one, though score,
        confidence and reasons would do, else null: "hub", "sleeper" and "silent_lately" (no
        order, event, message or invitation in 90 days; where events or messages are known) are
        to watch at best, "no_purchases" (none in 365 days, where orders are known) rising.
        ``confidence`` : 0 to 1, see Notes.
        ``role`` : what the member is first of all, see `koc_roles`; "ordinary" for most.
        Components lie between 0 and 1 (the share of members with any of it that one reaches or
        passes); null if they could not be measured:
        ``bridging`` : evidence for ties to other communities at equal degree, see
        `community_bridging`;
        ``trust`` : mean of attention received (replies, trust, mentions, nominations), the
        shrunk rate of own turns that are answered, and, with half the weight, the members who
        get attention back; without any of these pairs that part is left out;
        ``referral`` : buyers and money that the invitees of a member are expected to bring:
        rates, shrunk, times their number, of whom each counts half after 90 days; see
        `referral_outcome`;
        ``sharing`` : shares, and other members invited, in the last 365 days, each of which
        counts half after 90;
        ``purchases`` : own purchase days and net spending in the last 365 days;
        ``activity`` : days with an event or message in the last 90;
        ``tenure`` : d / (d + 90), with d the days since joining; null if that is unknown.
        ``reasons`` : list of the codes of components of 0.8 or more, the weightiest first
        (that of bringing buyers only for who brought one), and of answering questions, for the
        first twentieth in that. `koc_evidence` has the facts.
        ``excluded_because`` : "staff", "opted_out", "excluded", "suspected_fraud", or null for
        the ranked. `siyu.datasets.label` puts words in the place of codes.

    Raises
    ------
    DataError
        If no component that has a weight can be measured from the tables there are.
    ParameterError
        If `exclude` or `ties` holds no ids of the type of ``member_id``.

    Warns
    -----
    SiyuWarning
        If components could not be measured: which, for want of what, and how the others weigh;
        and if given ties name somebody whom no table knows.

    Notes
    -----
    Component j adds :math:`w_j x_j` to the score, and rests on :math:`n_j` observations (ties,
    people and turns, invitees, acts, days); it is half sure after :math:`h_j` of them (10 for
    bridging, trust and activity, 5 for purchases, 3 for referral and sharing).

    .. math:: \text{confidence} = \frac{\sum_j w_j x_j \; n_j / (n_j + h_j)}{\sum_j w_j x_j}
              \cdot \text{share of all weights that could be measured}

    See Also
    --------
    koc_roles, koc_evidence, koc_by_category

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> when = pd.to_datetime(["2026-05-01", "2026-05-02"])
    >>> ids = ["ann", "bob"]
    >>> c = Community(
    ...     orders=pd.DataFrame({"member_id": ids, "order_time": when, "amount": [9, 30]}),
    ...     referrals=pd.DataFrame({"inviter_id": ids[:1], "invitee_id": ids[1:]}).assign(
    ...         referral_time=when[:1]
    ...     ),
    ...     messages=pd.DataFrame({"member_id": ["bob", "cat"], "message_time": when}).assign(
    ...         reply_to_member_id="ann"
    ...     ),
    ...     members=pd.DataFrame({"member_id": ids, "joined_at": when}),
    ...     tz="UTC",
    ... )
    >>> listed = koc(c, as_of="2026-06-01", exclude=["cat"], output="pyarrow")
    >>> [list(row.values()) for row in listed.select(["member_id", "rank", "role"]).to_pylist()]
    [['ann', 1, 'converter'], ['bob', 2, 'ordinary'], ['cat', None, None]]
    """
    facts = gather_facts(c, as_of, ties)
    scores = scores_of(measured_components(facts), KocWeights() if weights is None else weights)
    why = exclusions(facts, exclude, suspected=exclude_suspected)
    ranked = _ranked(facts, scores, np.flatnonzero(why == 0))
    out = pa.concat_tables([ranked, left_out(facts, why, ranked.schema)])
    return from_arrow(out, output)


def _ranked(facts: KocFacts, scores: Scores, at: Ints) -> pa.Table:
    """Rank the members at some positions, best first; of equals the smaller id is first."""
    order = at[np.argsort(-scores.score[at], kind="stable")]
    table = _everybody(facts, scores).take(pa.array(order))
    return table.add_column(1, "rank", pa.array(np.arange(1, len(order) + 1)))


def _everybody(facts: KocFacts, scores: Scores) -> pa.Table:
    """Say all that is said of a member, of everybody."""
    roles = role_scores(facts)
    reasons = reasons_of(scores, roles)
    role = best_role(roles, len(facts.members))
    limits = {name: role == list(ROLES).index(name) for name in CHANGES_ALL}
    habits = {"silent_lately": silent_lately(facts), "no_purchases": no_purchases(facts)}
    limits |= {name: flags for name, flags in habits.items() if flags is not None}
    tier, because = tiers(scores.score, scores.confidence, reasons.count, limits)
    unknown = pa.nulls(len(facts.members), pa.float64())
    found = dict(zip(scores.names, scores.strength.T, strict=True))
    return pa.table(
        {
            "member_id": facts.members,
            "score": scores.score,
            "tier": tier,
            "held_back_because": because,
            "confidence": scores.confidence,
            "role": pa.array([*ROLES, "ordinary"], pa.large_string()).take(pa.array(role)),
            **{n: _nullable(found[n]) if n in found else unknown for n in COMPONENTS},
            "reasons": reasons.codes,
            "excluded_because": pa.nulls(len(facts.members), pa.large_string()),
        }
    )


def _nullable(values: Floats) -> pa.Array:
    """Make null of what is not known."""
    return pa.array(np.ascontiguousarray(values), mask=np.isnan(values))
