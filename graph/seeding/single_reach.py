"""How far every single member reaches, beside how well connected it is."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.datasets.intervals import wilson_bounds
from siyu.datasets.randomness import generator
from siyu.graph.graph_convert import GraphLike

from .reverse_sets import ReverseSampler
from .spread_model import Probability, SpreadKind, spread_model

__all__ = ["member_reach"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_ALIKE = 30  # members of like degree that are compared with each other, at least


def member_reach(
    graph: GraphLike,
    *,
    model: SpreadKind = "ic",
    probability: Probability = "weighted",
    n_sets: int = 1 << 18,
    random_state: int | np.random.Generator | None = None,
    output: FrameKind = "pandas",
) -> Frame:
    """Estimate how many members each one would reach alone, and compare at equal degree.

    Members with as many contacts differ in how far their word goes: it depends on whom they
    know. All are measured at once on the same reverse samples (see `choose_seeds`).

    Parameters
    ----------
    graph : MemberGraph or networkx graph
        A tie goes from who influences to who is influenced; see `influence_graph`.
    model : {"ic", "lt"}
    probability
        Of each tie; see `choose_seeds`.
    n_sets : int >= 1
        Reverse samples. A reach of r out of n members has a relative standard error of about
        sqrt(n / ((r - 1) n_sets)).
    random_state : int, Generator or None
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a member, sorted by ``member_id``
        ``degree`` : members it may influence directly, int >= 0;
        ``reach`` : expected number of members reached by it alone, itself included, >= 1, with
        ``low`` and ``high``, its 95 % Wilson interval;
        ``usual_reach`` : mean reach of the members of like degree (30 or more of them with
        neighbouring degrees); ``relative_reach`` : reach over that, above 1 where the member
        reaches more than its number of contacts tells.

    Raises
    ------
    ParameterError
        If `model`, `probability` or `n_sets` is out of range.
    DataError
        If a probability is none.

    References
    ----------
    Borgs, Brautbar, Chayes & Lucier (2014), "Maximizing social influence in nearly optimal
    time", SODA, 946-957.

    Examples
    --------
    Members 1 and 4 know two members each, but member 1 knows one who knows others:

    >>> import networkx as nx
    >>> g = nx.DiGraph([(1, 2), (1, 3), (2, 7), (2, 8), (2, 9), (4, 5), (4, 6)])
    >>> found = member_reach(g, random_state=0).set_index("member_id")
    >>> found.loc[[1, 4], ["degree", "reach"]].round(1).to_numpy().tolist()
    [[2.0, 6.0], [2.0, 3.0]]
    """
    if n_sets < 1:
        raise ParameterError("n_sets", f"n_sets must be 1 or more, got {n_sets}")
    known = spread_model(graph, model, probability)
    n, degree = len(known), known.out.degree()
    sampler = ReverseSampler(known, generator(random_state))
    # Everybody reaches itself: only samples that began with somebody else are left to chance.
    others = sampler.grow(n_sets).counts() - sampler.n_roots if n else np.zeros(0, np.int64)
    share = others / n_sets
    low, high = wilson_bounds(share, np.full(n, n_sets))
    reach = 1 + n * share
    usual = _usual(reach, degree)
    table = {
        "member_id": known.ids,
        "degree": degree,
        "reach": reach,
        "low": 1 + n * low,
        "high": 1 + n * high,
        "usual_reach": usual,
        "relative_reach": reach / usual,
    }
    return from_arrow(pa.table(table), output)


def _usual(reach: Floats, degree: Ints) -> Floats:
    """Average over the members of like degree: equal degrees together, few joined with the next."""
    if not len(degree):
        return np.zeros(0)
    _, at, count = np.unique(degree, return_inverse=True, return_counts=True)
    before = np.cumsum(count) - count
    _, like = np.unique(before // _ALIKE, return_inverse=True)
    of_member = like[at]
    mean = np.bincount(of_member, reach) / np.bincount(of_member)
    return np.asarray(mean[of_member])
