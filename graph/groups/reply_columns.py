"""Columns on answers and replies in each group: how often, how soon, between how many."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.ordering import opens_run
from siyu.datasets.ragged import Ragged

from .answers import Turns
from .group_facts import GroupFacts
from .row_order import order_by
from .talk import Talk
from .values import Columns, blank, counts, measures, ratio

__all__ = ["answer_columns", "median_by", "reply_columns"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_COUNT, _NUMBER = pa.int64(), pa.float64()


def answer_columns(facts: GroupFacts, turns: Turns | None, start: int) -> Columns:
    """Give turns, those answered within 24 hours, and the median hours until the answer."""
    n = len(facts.groups)
    if turns is None:
        whole = blank(n, n_turns=_COUNT, n_answered=_COUNT)
        return {**whole, **blank(n, answer_rate=_NUMBER, answer_hours=_NUMBER)}
    settled = turns.settled(start, facts.end)
    group, in_time = turns.group[settled], turns.in_time()[settled]
    n_turns = np.bincount(group, minlength=n)
    n_answered = np.bincount(group[in_time], minlength=n)
    hours = median_by(group[in_time], turns.hours()[settled][in_time], n)
    return {
        "n_turns": counts(n_turns),
        "n_answered": counts(n_answered),
        "answer_rate": measures(ratio(n_answered, n_turns)),
        "answer_hours": measures(hours),
    }


def reply_columns(facts: GroupFacts, talk: Talk | None) -> Columns:
    """Count replies of customers to customers, pairs of them, and pairs that reply both ways."""
    n = len(facts.groups)
    if talk is None or not talk.has_replies:
        return {**blank(n, n_replies=_COUNT, n_pairs=_COUNT), **blank(n, reciprocity=_NUMBER)}
    said = talk.of_customers()
    replies = said.only(said.reply_to >= 0)
    one, other = replies.member, replies.reply_to
    low, high = np.minimum(one, other), np.maximum(one, other)
    order = order_by(replies.group, low, high, one)
    pairs = order[opens_run(replies.group[order], low[order], high[order], one[order])]
    group = replies.group[pairs]
    # Of a pair that replies both ways, the second direction opens no new pair.
    both = ~opens_run(group, low[pairs], high[pairs])
    n_pairs = np.bincount(group, minlength=n)
    mutual = 2 * np.bincount(group[both], minlength=n)
    return {
        "n_replies": counts(np.bincount(replies.group, minlength=n)),
        "n_pairs": counts(n_pairs),
        "reciprocity": measures(ratio(mutual, n_pairs)),
    }


def median_by(codes: Ints, values: Floats, n: int) -> Floats:
    """Give the median of the values of each code; NaN without values."""
    order = np.lexsort((values, codes))
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=n))])
    return Ragged(values[order], starts).quantile(0.5)
