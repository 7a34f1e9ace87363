"""What a learned KOC score must beat: plain rankings that anybody could make."""

import warnings
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import SiyuWarning
from siyu.datasets.ids import lookup

from .koc_components import measured_components
from .koc_facts import gather_facts
from .koc_scoring import KocWeights, scores_of
from .learned_features import Features
from .outcome_windows import Outcome, instant_of, known_before

if TYPE_CHECKING:
    from siyu.datasets.community import Community

__all__ = ["BASELINES", "KOC_SCORE", "baseline_scores", "transparent_score"]

Floats = npt.NDArray[np.float64]

KOC_SCORE = "koc_score"

_TIES = {
    "degree": ("degree", 1),
    "named_by": ("named_by", 1),
    "pagerank": ("pagerank", 1),
    "low_constraint": ("constraint", -1),
    "bridging": ("bridging", 1),
}
_REFERRALS = {
    "past_invitees": ("n_invitees", 1),
    "recent_invitees": ("n_invitees_90", 1),
    "past_outcome": ("outcome_ever", 1),
    "recent_outcome": ("outcome_last", 1),
    "recent_shares": ("n_shares_90", 1),
}
_ADOPTIONS = {
    "past_outcome": ("outcome_ever", 1),
    "recent_outcome": ("outcome_last", 1),
    "own_adoptions": ("n_adopted_last", 1),
}
BASELINES: dict[str, dict[str, tuple[str, int]]] = {
    "buyers": _TIES | _REFERRALS,
    "gmv": _TIES | _REFERRALS,
    "followers": _TIES | _ADOPTIONS,
}
"""Outcome -> ranking -> the feature it ranks by, and 1 or, where little is good, -1."""


def baseline_scores(features: Features, outcome: Outcome) -> dict[str, Floats]:
    """Give every plain ranking whose feature is there; NaN stands last."""
    return {
        name: sign * features[feature]
        for name, (feature, sign) in BASELINES[outcome].items()
        if feature in features
    }


def transparent_score(c: "Community", cut: int, members: pa.Array) -> Floats:
    """Give the score of `siyu.graph.koc` with its default weights.

    Components that could not be measured are left out without a word: here it is a ranking to
    compare with.
    """
    known = known_before(c, cut)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SiyuWarning)
        facts = gather_facts(known, instant_of(cut), None)
        found = scores_of(measured_components(facts), KocWeights())
    return np.asarray(found.score[lookup(members, facts.members)])
