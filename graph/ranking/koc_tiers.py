"""The tier of a KOC: a rule an operator can read, of score, confidence and reasons."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["TIERS", "tiers"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TIERS = ("core", "rising", "watch", "none")
"""The tiers, best first."""

_GOOD, _FAIR = 0.5, 0.35  # scores
_SURE, _LIKELY = 0.6, 0.3  # confidences
_CORE_REASONS = 2


def tiers(
    score: Floats, confidence: Floats, n_reasons: Ints, held_back: npt.NDArray[np.bool_]
) -> pa.Array:
    """Put every member into a tier.

    - ``core``: score of 0.5 or more, confidence of 0.6 or more, and two reasons or more;
    - ``rising``: score of 0.5 or more, confidence of 0.3 or more;
    - ``watch``: score of 0.35 or more, confidence of 0.3 or more;
    - ``none``: everybody else.

    These are fixed numbers, no quantiles: a community without KOC has none in its core.

    Parameters
    ----------
    score, confidence : float64 arrays, 0..1
    n_reasons : int64 array
    held_back : bool array
        Members to watch at best: hubs, who are no ordinary buyers, and sleepers.

    Returns
    -------
    pyarrow.Array of large_string, codes of `TIERS`

    Examples
    --------
    >>> score, confidence = np.array([0.7, 0.7, 0.4, 0.9]), np.array([0.8, 0.4, 0.8, 0.1])
    >>> tiers(score, confidence, np.array([3, 3, 1, 1]), np.zeros(4, dtype=bool)).to_pylist()
    ['core', 'rising', 'watch', 'none']
    """
    likely = confidence >= _LIKELY
    rises = likely & (score >= _GOOD) & ~held_back
    in_core = rises & (confidence >= _SURE) & (n_reasons >= _CORE_REASONS)
    at = np.select([in_core, rises, likely & (score >= _FAIR)], [0, 1, 2], 3)
    return pa.array(TIERS, pa.large_string()).take(pa.array(at))
