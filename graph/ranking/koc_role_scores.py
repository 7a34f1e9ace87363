"""The roles members play, each measured by its own evidence."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siyu.datasets.shrinkage import GammaPrior, shrink_rate

from .koc_components import answered_rate, outcome_of
from .koc_contacts import attention_of, bridges_of, people_helped, speakers_of
from .koc_facts import KocFacts, share_below, share_of_all
from .koc_habits import days_known, days_recorded, invited_of, rhythm_of, shares_of
from .opinion_leaders import opinion_scores

__all__ = ["CHANGES_ALL", "ROLES", "Role", "best_role", "role_scores"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_STRONG_FROM = 0.95  # the first twentieth of all members
CHANGES_ALL = ("hub", "sleeper")
"""Roles that say how to deal with a member, whatever else is strong."""

_BRIDGE_FROM = 1.0  # ten times likelier a bridge than not
_FEW = 3  # fewer people, or acts, are no proof
_HUB_LISTENERS = 10
_HUB_TIMES = 3.0
_HUB_QUANTILE = 0.95
_ONE_WAY = 0.75
_UNLIKELY = 0.05
_WHOLLY_SILENT = 3.0  # powers of ten: a silence of one chance in a thousand is total


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """One role, an array each over the members.

    Attributes
    ----------
    evidence : float64 array, >= 0
        In its own unit; 0 for none at all.
    score : float64 array, 0..1
        The share of all members whom one reaches or passes; 0 without evidence.
    is_strong : bool array
        Whether one is of the first twentieth of all members, and there is enough proof to name
        one so.
    """

    evidence: Floats
    score: Floats
    is_strong: Flags

    @classmethod
    def of(cls, evidence: Floats, is_proved: Flags) -> "Role":
        """Rank the members by their evidence."""
        score = share_of_all(evidence)
        return cls(evidence, score, is_proved & (score >= _STRONG_FROM))


def role_scores(facts: KocFacts) -> dict[str, Role]:
    """Measure every role for which the tables are there.

    Parameters
    ----------
    facts : KocFacts

    Returns
    -------
    dict of role to Role, in the order of `ROLES`
    """
    return facts.once("roles", _measured)


def best_role(roles: dict[str, Role], n: int) -> Ints:
    """Choose what to call each member: a place in `ROLES`, or their number for "ordinary".

    Among the roles in which a member is of the first twentieth, and in which there is enough
    proof, the one with the highest score; of equals the first. A hub and a sleeper are called
    so whatever else they are.
    """
    names = list(ROLES)
    score = np.zeros((n, len(names)))
    for name, role in roles.items():
        changes_all = 1.0 if name in CHANGES_ALL else 0.0  # no score of another role reaches it
        score[:, names.index(name)] = np.where(role.is_strong, role.score + changes_all, 0.0)
    return np.where(score.any(axis=1), score.argmax(axis=1), len(names))


def _measured(facts: KocFacts) -> dict[str, Role]:
    found = {name: measure(facts) for name, measure in ROLES.items()}
    return {name: role for name, role in found.items() if role is not None}


def _connector(facts: KocFacts) -> Role | None:
    """Ties that span communities, at equal degree."""
    bridges = bridges_of(facts)
    if bridges is None:
        return None
    return Role.of(np.maximum(bridges.evidence, 0.0), bridges.evidence >= _BRIDGE_FROM)


def _opinion_leader(facts: KocFacts) -> Role | None:
    """Attention received, how many turns are answered, and whether attention flows this way.

    The mean of three ranks: who is listened to by many may just talk to many.
    """
    attention, rate = attention_of(facts), answered_rate(facts)
    if attention is None:
        return None
    heard = attention.n_listeners > 0
    parts = [share_below(opinion_scores(attention.graph))]
    if rate is not None:
        parts.append(share_below(rate))
    met = attention.n_listeners + attention.n_heeded
    flows = np.zeros(len(met))
    flows[heard] = shrink_rate(attention.n_listeners[heard], met[heard])
    parts.append(share_below(flows))
    evidence = np.where(heard, np.mean(parts, axis=0), 0.0)
    return Role.of(evidence, attention.n_listeners >= _FEW)


def _converter(facts: KocFacts) -> Role | None:
    """Buyers and money expected of all invitees, those who have not bought yet too."""
    brought = outcome_of(facts)
    if brought is None:
        return None
    each = (brought.conversion, brought.gmv_each)
    ranks = [share_below(np.nan_to_num(one) * brought.n_invitees) for one in each]
    return Role.of(np.mean(ranks, axis=0), brought.n_buyers > 0)


def _expert(facts: KocFacts) -> Role | None:
    """Different people answered unasked, times the shrunk share of own messages that answer."""
    helped, said = people_helped(facts), speakers_of(facts)
    if helped is None or said is None:
        return None
    answers = np.zeros(len(facts.members))
    spoke = said.n_messages > 0
    answers[spoke] = shrink_rate(said.n_replies_given[spoke], said.n_messages[spoke])
    return Role.of(helped * answers, helped >= _FEW)


def _sharer(facts: KocFacts) -> Role | None:
    """People reached by sharing in a month: shrunk rate of shares and invitations, times ties."""
    acts = [one.count for one in (shares_of(facts), invited_of(facts)) if one is not None]
    if not acts:
        return None
    done = np.sum(acts, axis=0)
    days, longest = days_known(facts), days_recorded(facts)
    there = np.full(len(done), longest) if days is None else np.clip(days, 1.0, longest)
    there = np.where(np.isnan(there), longest, there)
    prior = GammaPrior.of(done, there)
    rate = prior.posterior_mean(done, there) if len(done) else np.zeros(0)
    bridges = bridges_of(facts)
    reach = np.ones(len(done)) if bridges is None else 1.0 + bridges.n_ties
    return Role.of(np.where(done > 0, rate * reach, 0.0), done >= _FEW)


def _hub(facts: KocFacts) -> Role | None:
    """Far more listeners than others have, of whom hardly any is heeded back: a KOL."""
    attention = attention_of(facts)
    if attention is None:
        return None
    listeners = attention.n_listeners
    heard = listeners > 0
    if not heard.any():
        return Role.of(np.zeros(len(listeners)), heard)
    usual = np.quantile(listeners[heard], _HUB_QUANTILE, method="higher")
    far = np.log2(np.maximum(listeners, 1) / max(_HUB_TIMES * float(usual), _HUB_LISTENERS))
    one_way = np.zeros(len(listeners))
    one_way[heard] = 1 - shrink_rate(attention.n_mutual[heard], listeners[heard])
    evidence = np.maximum(far, 0.0) * one_way
    return Role.of(evidence, (evidence > 0) & (one_way >= _ONE_WAY))


def _sleeper(facts: KocFacts) -> Role | None:
    """Multiply what a member was worth once by how unusual the silence since is."""
    rhythm = rhythm_of(facts)
    if rhythm is None:
        return None
    worth = np.mean([share_below(days.astype(np.float64)) for days in rhythm.worth], axis=0)
    surprise = -np.log10(np.maximum(rhythm.still_there, 10.0**-_WHOLLY_SILENT)) / _WHOLLY_SILENT
    proved = (rhythm.n_days >= _FEW) & (rhythm.still_there <= _UNLIKELY)
    return Role.of(worth * surprise, proved)


ROLES: dict[str, Callable[[KocFacts], Role | None]] = {
    "connector": _connector,
    "opinion_leader": _opinion_leader,
    "converter": _converter,
    "expert": _expert,
    "sharer": _sharer,
    "hub": _hub,
    "sleeper": _sleeper,
}
"""How each role is measured, in the order of the columns."""
