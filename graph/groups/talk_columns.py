"""Columns on the talk of each group: who speaks, how much, when, and about what, without texts."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.clock import local_hour

from .group_facts import GroupFacts
from .row_order import order_by
from .talk import Talk
from .values import Columns, blank, counts, measures, ratio

__all__ = ["SUBSTANCE_CHARS", "substantial", "talk_columns"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SUBSTANCE_CHARS = 10
"""A message says something from so many characters on, if it is no link."""

_SPAM_SHARE, _SPAM_MESSAGES = 0.8, 2
_TYPES = {
    "n_messages": pa.int64(),
    "n_staff_messages": pa.int64(),
    "n_speakers": pa.int64(),
    "speaker_share": pa.float64(),
    "top_speaker_share": pa.float64(),
    "speaker_gini": pa.float64(),
    "peak_hour": pa.int64(),
    "active_hours": pa.list_(pa.int64()),
    "substance_share": pa.float64(),
    "link_share": pa.float64(),
    "spam_share": pa.float64(),
}


def talk_columns(facts: GroupFacts, talk: Talk | None) -> Columns:
    """Describe the talk of the window.

    Parameters
    ----------
    facts : GroupFacts
    talk : Talk or None
        Of the window; None gives columns of nulls.
    """
    n = len(facts.groups)
    columns = blank(n, **_TYPES)
    if talk is None:
        return columns
    said = talk.of_customers()
    total = np.bincount(said.group, minlength=n)
    columns["n_messages"] = counts(total)
    columns["n_staff_messages"] = counts(np.bincount(talk.group, minlength=n) - total)
    group, member, amount = _amounts(said)
    columns["n_speakers"] = counts(np.bincount(group, minlength=n))
    columns["top_speaker_share"] = measures(ratio(_largest(group, amount, n), total))
    columns["speaker_gini"] = measures(_gini(group, amount, n))
    columns.update(_hours(local_hour(said.time, facts.known.tz), said.group, n))
    if facts.stays is not None:
        here = facts.stays.at(facts.end - 1)
        there = facts.stays.find(group, member, np.full(len(group), facts.end - 1)) >= 0
        spoke = np.bincount(group[there], minlength=n)
        columns["speaker_share"] = measures(ratio(spoke, np.bincount(here.group, minlength=n)))
    if (says := substantial(said)) is not None:
        columns["substance_share"] = measures(
            ratio(np.bincount(said.group[says], minlength=n), total)
        )
    if said.has_link is not None:
        links = said.has_link
        columns["link_share"] = measures(ratio(np.bincount(said.group[links], minlength=n), total))
        spam = np.bincount(said.group[_spam(said, links)], minlength=n)
        columns["spam_share"] = measures(ratio(spam, total))
    return columns


def substantial(said: Talk) -> Bools | None:
    """Tell which messages are long enough and bear no link; None where no length is known."""
    if said.n_chars is None:
        return None
    long = said.n_chars >= SUBSTANCE_CHARS
    return long if said.has_link is None else long & ~said.has_link


def _pairs(said: Talk) -> tuple[Ints, Ints]:
    """Give the speaker of each message as a number of the pair (group, member), and the pairs."""
    width = int(said.member.max(initial=0)) + 1
    pairs, at = np.unique(said.group * width + said.member, return_inverse=True)
    return pairs, at


def _amounts(said: Talk) -> tuple[Ints, Ints, Ints]:
    """Give who speaks in each group, and how many messages each."""
    width = int(said.member.max(initial=0)) + 1
    pairs, at = _pairs(said)
    return pairs // width, pairs % width, np.bincount(at, minlength=len(pairs))


def _largest(group: Ints, amount: Ints, n: int) -> Ints:
    largest = np.zeros(n, np.int64)
    np.maximum.at(largest, group, amount)
    return largest


def _gini(group: Ints, amount: Ints, n: int) -> Floats:
    """Give how unevenly the speakers of each group share its messages: 0 evenly, towards 1."""
    order = order_by(group, amount)
    group, amount = group[order], amount[order]
    size = np.bincount(group, minlength=n)
    rank = np.arange(len(group)) - np.repeat(np.cumsum(size) - size, size) + 1
    total = np.bincount(group, amount, n)
    weighted = np.bincount(group, rank * amount, n)
    return 2 * ratio(weighted, size * total) - ratio(size + 1, size)


def _hours(hour: Ints, group: Ints, n: int) -> Columns:
    """Give the hour with most messages, and the fewest hours that hold half of them."""
    held = np.bincount(group * 24 + hour, minlength=n * 24).reshape(n, 24)
    order = np.argsort(-held, axis=1, kind="stable")
    ranked = np.take_along_axis(held, order, axis=1)
    total = held.sum(axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    needed = (2 * before < total[:, None]) & (ranked > 0)
    active = np.zeros((n, 24), np.bool_)
    np.put_along_axis(active, order, needed, axis=1)
    quiet = total == 0
    ends = np.concatenate([[0], np.cumsum(active.sum(axis=1))]).astype(np.int32)
    offsets = pa.array(ends, mask=np.append(quiet, False))
    listed = pa.array(np.flatnonzero(active.ravel()) % 24)
    return {
        "peak_hour": pa.array(order[:, 0].astype(np.int64), mask=quiet),
        "active_hours": pa.ListArray.from_arrays(offsets, listed),
    }


def _spam(said: Talk, links: Bools) -> Bools:
    """Tell which links come from speakers who in this group post little else."""
    pairs, at = _pairs(said)
    size = np.bincount(at, minlength=len(pairs))
    linked = np.bincount(at, links, len(pairs))
    spams = (size >= _SPAM_MESSAGES) & (linked >= _SPAM_SHARE * size)
    return np.asarray(links & spams[at])
