"""The roles of every member as a table: a score each, and what the member is first of all."""

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from siyu.datasets.errors import DataError
from siyu.datasets.frames import Frame, FrameKind, from_arrow

from .koc_exclusions import exclusions, named_reasons
from .koc_facts import gather_facts
from .koc_role_scores import ROLES, best_role, role_scores

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["koc_roles"]


def koc_roles(
    c: "Community",
    *,
    as_of: Any,
    ties: Frame | None = None,
    exclude_suspected: bool = True,
    output: FrameKind = "pandas",
) -> Frame:
    r"""Score every member in every role, each by its own evidence.

    One number cannot be all of them: who is named by many is no bridge, and a bridge brings no
    buyers. A score is the share of all members whom one reaches or passes in the evidence of
    that role; 0 without any.

    ``opinion_leader``
        Others name, trust, mention and answer this member: mean of three ranks, of attention
        received (`opinion_leaders`), of the shrunk rate of own turns that are answered, and of
        the shrunk share of attention that flows towards the member rather than from it.
    ``connector``
        Ties span communities at equal degree: `community_bridging`.
    ``converter``
        Brings buyers: mean of two ranks, of the buyers and of the money expected of all
        invitees, with conversion and money an invitee shrunk; so an invitee who has not bought
        yet counts as well, but only a member who has brought a buyer is named so.
    ``expert``
        Answers: different people answered unasked, who had not answered the member before,
        times the shrunk share of own messages that are answers.
    ``sharer``
        Shares willingly, and reaches people: shares and invitations a day there, shrunk, of the
        last 365, times 1 + the members tied to.
    ``hub``
        A KOL rather than a KOC: more listeners than three times the 95th percentile (and than
        10), of whom hardly any is heeded back: powers of two above that, times the shrunk share
        of listeners who get nothing back.
    ``sleeper``
        Was worth something and fell silent: rank of all days with any act, and of all purchase
        days, times how unlikely the silence is for who keeps the own rhythm (powers of ten, 3
        at most).

    Parameters
    ----------
    c : Community
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    ties : frame of schema ``ties``, optional
        Instead of `siyu.graph.build_ties` with its defaults.
    exclude_suspected : bool
        Whether to say nothing of members whose referrals look faked.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a customer, sorted by ``member_id``
        One column a role, 0 to 1, null where no table tells of it. ``role`` : the role in which
        the member scores highest, of those of 0.95 or more with enough proof (a bridge ten
        times likelier than not; three listeners, people answered, or shares; a buyer brought;
        a silence of 1 in 20); hub and sleeper come first whatever else is strong; "ordinary"
        for everybody else. ``excluded_because`` : "opted_out" or "suspected_fraud", of whom
        nothing is told, or null.

    Raises
    ------
    DataError
        If no role can be measured from the tables there are.

    See Also
    --------
    koc : one ranking of them all.

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> days = pd.date_range("2026-05-01", periods=4)
    >>> said = pd.DataFrame({"member_id": ["ann", "bob", "cat", "dan"], "message_time": days})
    >>> c = Community(messages=said.assign(reply_to_member_id=[None, *["ann"] * 3]), tz="UTC")
    >>> roles = koc_roles(c, as_of="2026-06-01")
    >>> roles[["member_id", "opinion_leader", "expert", "role"]].head(2)
      member_id  opinion_leader  expert            role
    0       ann             1.0    0.00  opinion_leader
    1       bob             0.0    0.75        ordinary
    """
    facts = gather_facts(c, as_of, ties)
    roles = role_scores(facts)
    if not roles:
        raise DataError(
            "koc_roles() finds no table to tell roles by; needed is one of ties, referrals, "
            f"memberships, messages, events and orders; there are: {', '.join(c.tables())}"
        )
    hidden = exclusions(facts, None, suspected=exclude_suspected)
    n = len(facts.members)
    unknown = pa.nulls(n, pa.float64())
    scores = {
        name: pa.array(roles[name].score, mask=hidden > 0) if name in roles else unknown
        for name in ROLES
    }
    codes = pa.array(best_role(roles, n), mask=hidden > 0)
    table = pa.table(
        {
            "member_id": facts.members,
            **scores,
            "role": pa.array([*ROLES, "ordinary"], pa.large_string()).take(codes),
            "excluded_because": named_reasons(hidden),
        }
    )
    return from_arrow(table, output)
