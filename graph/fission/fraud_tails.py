"""How unlikely a count is by chance: many members' counts at once."""

import numpy as np
import numpy.typing as npt

from siyu.datasets.shrinkage import BetaPrior

__all__ = ["burst_tail", "rate_tail"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def rate_tail(k: Ints, n: Ints, prior: BetaPrior) -> Floats:
    """Give the chance of `k` or more of `n`, where the rates of members differ as a prior says.

    The tail of the beta-binomial distribution, summed term by term.

    Parameters
    ----------
    k, n : int64 arrays, 0 <= k <= n
    prior : BetaPrior
        Of the rate of ordinary members.

    Returns
    -------
    float64 array, 0..1
        1 where `k` is 0.

    Examples
    --------
    >>> rate_tail(np.array([2, 0]), np.array([2, 5]), BetaPrior(0.5, 2.0)).round(3).tolist()
    [0.333, 1.0]
    """
    from scipy.special import betaln, gammaln

    a, b = prior.mean * prior.strength, (1 - prior.mean) * prior.strength
    terms = n - k + 1
    owner = np.repeat(np.arange(len(k)), terms)
    of = n[owner]
    successes = k[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(terms) - terms, terms)
    ways = gammaln(of + 1) - gammaln(successes + 1) - gammaln(of - successes + 1)
    chance = np.exp(ways + betaln(successes + a, of - successes + b) - betaln(a, b))
    return np.minimum(np.bincount(owner, chance, len(k)), 1.0)


def burst_tail(n_quick: Ints, n: Ints, gap: float, span: Floats) -> Floats:
    """Give the chance of so many quick gaps among `n` arrivals, if they came at a steady pace.

    After the first arrival the others of a Poisson process lie evenly in the span. Each gap is
    then below `gap` with chance ``1 - (1 - gap/span)^(n - 1)``; the number of quick ones among
    the ``n - 1`` gaps is taken as binomial.

    Parameters
    ----------
    n_quick, n : int64 arrays, 0 <= n_quick <= n - 1
    gap : float
        What counts as quick, in the unit of `span`.
    span : float64 array
        From the first arrival to the end of watching.

    Returns
    -------
    float64 array, 0..1

    Examples
    --------
    >>> burst_tail(np.array([1, 4]), np.array([2, 5]), 1.0, np.array([10.0, 10.0])).round(4)
    array([0.1  , 0.014])
    """
    from scipy.special import bdtrc

    share = np.minimum(gap / np.maximum(span, gap), 1.0)
    quick = 1 - (1 - share) ** np.maximum(n - 1, 1)
    return np.where(n_quick > 0, bdtrc(np.maximum(n_quick, 1) - 1.0, n - 1, quick), 1.0)
