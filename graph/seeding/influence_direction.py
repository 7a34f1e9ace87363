"""Ties turned the way influence goes.

In a table of ties the source acts towards the target. Who replies to somebody, trusts, mentions
or nominates somebody (`siyu.graph.tie_rules.ATTENTION_KINDS`) takes influence from the one it
acts towards: such ties are turned around. Who invites or refers somebody influences the one it
acts towards: such ties stay, and so do all other kinds; members of one group influence each
other, and their ties are there in both directions already.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.schema import SCHEMAS
from siyu.graph.member_graph import MemberGraph
from siyu.graph.tie_rules import ATTENTION_KINDS, TieRules
from siyu.graph.ties import ties_known

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["influence_graph", "influence_ties"]


def influence_graph(c: "Community", *, as_of: Any, rules: TieRules | None = None) -> MemberGraph:
    """Build the graph of who influences whom among a community's customers.

    The ties of `siyu.graph.build_ties`, turned as `influence_ties` says; the kinds of one pair
    are summed.

    Parameters
    ----------
    c : Community
        With a table that holds ties.
    as_of : Timestamp, datetime or str
        The moment to look from, itself excluded.
    rules : TieRules, optional
        Which kinds count, and how much.

    Returns
    -------
    MemberGraph, directed
        Source influences target, more so the higher the weight. Every customer is a node, those
        without ties and those who opted out too (they pass on what they hear); staff are not.

    Raises
    ------
    DataError
        If no table holds ties.

    Warns
    -----
    SiyuWarning
        As `siyu.graph.build_ties` does.

    Examples
    --------
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> when = [pd.Timestamp("2026-01-31")]
    >>> c = Community(
    ...     messages=pd.DataFrame({"member_id": ["ann"], "message_time": when}).assign(
    ...         reply_to_member_id="bob"
    ...     ),
    ...     referrals=pd.DataFrame({"inviter_id": ["bob"], "invitee_id": ["cat"]}).assign(
    ...         referral_time=when
    ...     ),
    ...     tz="UTC",
    ... )
    >>> g = influence_graph(c, as_of="2026-02-01")
    >>> list(g.to_networkx().edges)
    [('bob', 'ann'), ('bob', 'cat')]
    """
    known = c.before(as_of)
    ties = ties_known(known, c.moment(as_of), TieRules() if rules is None else rules)
    turned = influence_ties(ties, output="pyarrow")
    return MemberGraph.from_ties(turned, ids=known.customers())


def influence_ties(
    ties: Frame, *, attention: Collection[str] = ATTENTION_KINDS, output: FrameKind | None = None
) -> Frame:
    """Turn ties so that each goes from who influences to who is influenced.

    Parameters
    ----------
    ties : frame of schema ``ties``, m rows
        ``source`` acts towards ``target``; without ``kind`` no tie is turned.
    attention : collection of str
        Kinds by which the source takes influence from the target; default mention, nominate,
        reply and trust. Own kinds such as "follow" can be named here.
    output : {"pandas", "polars", "pyarrow"}, optional
        Default: the kind of frame given.

    Returns
    -------
    frame, m rows in the order of `ties`, with its columns
        For `MemberGraph.from_ties`.

    Raises
    ------
    SchemaError
        If `ties` breaks its schema.

    Examples
    --------
    >>> import pandas as pd
    >>> ties = pd.DataFrame({"source": [1, 1], "target": [2, 3], "kind": ["reply", "referral"]})
    >>> influence_ties(ties)[["source", "target"]].to_numpy().tolist()
    [[2, 1], [1, 3]]
    """
    _, kind = to_arrow(ties)
    checked = table = SCHEMAS["ties"].check(ties)
    if "kind" in table.column_names:
        turned = pc.is_in(checked["kind"], pa.array(sorted(attention), checked["kind"].type))
        for name, other in (("source", "target"), ("target", "source")):
            column = pc.if_else(turned, checked[other], checked[name])
            table = table.set_column(table.column_names.index(name), name, column)
    return from_arrow(table, output or kind)
