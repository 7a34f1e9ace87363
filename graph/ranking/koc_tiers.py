"""The tier of a KOC: a rule an operator can read, of score, confidence, reasons, and limits."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["LIMITS", "TIERS", "tiers"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

TIERS = ("core", "rising", "watch", "none")
"""The tiers, best first."""

LIMITS = {
    "hub": "watch",
    "sleeper": "watch",
    "silent_lately": "watch",
    "no_purchases": "rising",
}
"""What holds a member back -> the best tier to be had with it."""

_GOOD, _FAIR = 0.5, 0.35  # scores
_SURE, _LIKELY = 0.6, 0.3  # confidences
_CORE_REASONS = 2


def tiers(
    score: Floats, confidence: Floats, n_reasons: Ints, limits: Mapping[str, Flags]
) -> tuple[pa.Array, pa.Array]:
    """Put every member into a tier, and say what keeps some of them from a better one.

    - ``core``: score of 0.5 or more, confidence of 0.6 or more, and two reasons or more;
    - ``rising``: score of 0.5 or more, confidence of 0.3 or more;
    - ``watch``: score of 0.35 or more, confidence of 0.3 or more;
    - ``none``: everybody else.

    These are fixed numbers, no quantiles: a community without KOC has none in its core. Beyond
    the numbers, whoever is to be spoken to now must be there, and must be a consumer: members
    who are silent are to watch at best, like hubs, who are no ordinary buyers, and sleepers;
    members who do not buy are rising at best.

    Parameters
    ----------
    score, confidence : float64 arrays, 0..1
    n_reasons : int64 array
    limits : mapping of a code of `LIMITS` to bool array
        Whom it holds for; a code that is not there holds for nobody.

    Returns
    -------
    tier : pyarrow.Array of large_string, codes of `TIERS`
    held_back_because : pyarrow.Array of large_string
        The code of `LIMITS` that decided, the first of several; null where none did.

    Examples
    --------
    >>> score, confidence = np.array([0.7, 0.7, 0.4, 0.9]), np.array([0.8, 0.4, 0.8, 0.1])
    >>> silent = {"silent_lately": np.array([True, False, True, True])}
    >>> tier, because = tiers(score, confidence, np.array([3, 3, 1, 1]), silent)
    >>> tier.to_pylist(), because.to_pylist()
    (['watch', 'rising', 'watch', 'none'], ['silent_lately', None, None, None])
    """
    likely = confidence >= _LIKELY
    rises = likely & (score >= _GOOD)
    in_core = rises & (confidence >= _SURE) & (n_reasons >= _CORE_REASONS)
    at = np.select([in_core, rises, likely & (score >= _FAIR)], [0, 1, 2], 3)
    because = np.full(len(at), len(LIMITS))
    for nth, (code, best) in enumerate(LIMITS.items()):
        place = TIERS.index(best)
        lowered = limits.get(code, np.False_) & (at < place)
        at[lowered], because[lowered] = place, nth
    codes = pa.array([*LIMITS, None], pa.large_string())
    return pa.array(TIERS, pa.large_string()).take(pa.array(at)), codes.take(pa.array(because))
