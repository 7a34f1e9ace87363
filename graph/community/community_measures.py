"""How good each community is, and how far two divisions of the same members agree."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from siyu.datasets.errors import ParameterError
from siyu.datasets.frames import Frame, FrameKind, from_arrow
from siyu.graph.graph_convert import GraphLike, as_member_graph
from siyu.graph.tie_arrays import Codes, Ties, sums_at

from .division import labels_for, read_division
from .matching import Overlaps, best_pairs, overlaps_of

__all__ = ["Agreement", "community_agreement", "community_quality"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_NOTHING = 1e-12  # of all strength: what rounding may leave where there is none


def community_quality(
    graph: GraphLike,
    labels: npt.ArrayLike | Frame,
    *,
    resolution: float = 1.0,
    output: FrameKind = "pandas",
) -> Frame:
    r"""Measure every community: its size, how it holds together, how it stands apart.

    Pairs of tied members weigh both directions together, as in `communities`. With the strength
    :math:`s_c` of a community (the ties of its members, one by one, in sum), :math:`w_c` of it
    in ties inside (each once), and :math:`w` all ties:

    - share inside :math:`2 w_c / s_c`
    - conductance :math:`(s_c - 2 w_c) / \min(s_c, 2 w - s_c)`
    - modularity :math:`w_c / w - \gamma (s_c / 2 w)^2`; its sum over all communities is
      `modularity`

    Parameters
    ----------
    graph : MemberGraph or networkx graph
    labels : frame with ``member_id`` and ``community``, or integer array, n
        What `communities` gives, or the community of each member in ascending order of
        ``member_id``.
    resolution : float > 0
        :math:`\gamma`.
    output : {"pandas", "polars", "pyarrow"}

    Returns
    -------
    frame, one row a community, sorted by ``community``
        ``n_members`` : int >= 1; ``n_ties`` : tied pairs inside;
        ``density`` : share of possible pairs that are tied, null for one member;
        ``share_inside`` : 0 to 1, null without ties;
        ``conductance`` : 0 (nothing leads out) to 1, null where the community, or all that is
        outside, has no ties;
        ``modularity`` : float, null if nobody has ties;
        ``is_connected`` : whether every member reaches every other by ties inside.

    Raises
    ------
    ParameterError
        If `labels` is an array that is not one integer a member, or `resolution` is not above 0.
    DataError
        If `labels` is a frame that does not give every member one community.

    References
    ----------
    Newman & Girvan (2004), Physical Review E 69, 026113. Yang & Leskovec (2015), "Defining and
    evaluating network communities based on ground-truth", Knowl. Inf. Syst. 42, for conductance.

    Examples
    --------
    >>> import networkx as nx
    >>> friends = nx.Graph([(1, 2), (1, 3), (2, 3), (3, 4)])
    >>> found = community_quality(friends, [0, 0, 0, 1])
    >>> found[["community", "n_members", "n_ties", "share_inside", "conductance", "modularity"]]
       community  n_members  n_ties  share_inside  conductance  modularity
    0          0          3       3      0.857143          1.0   -0.015625
    1          1          1       0      0.000000          1.0   -0.015625
    """
    if not 0 < resolution < np.inf:
        raise ParameterError("resolution", f"resolution must be above 0, got {resolution}")
    members = as_member_graph(graph)
    names, code = labels_for(members, labels)
    n, ties = len(names), members.mutual()
    size = np.bincount(code, minlength=n)
    within = code[ties.source] == code[ties.target]
    inside = sums_at(code[ties.source[within]], ties.weight[within], n)
    strength = sums_at(code[ties.source], ties.weight, n)
    strength += sums_at(code[ties.target], ties.weight, n)
    n_ties = np.bincount(code[ties.source[within]], minlength=n)
    total = float(ties.weight.sum())
    out = np.maximum(strength - 2 * inside, 0)
    outside = 2 * total - strength
    outside[outside < _NOTHING * total] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        table = {
            "community": names,
            "n_members": size,
            "n_ties": n_ties,
            "density": n_ties / (size * (size - 1) / 2),
            "share_inside": 2 * inside / strength,
            "conductance": out / np.minimum(strength, outside),
            "modularity": inside / total - resolution * (strength / (2 * total)) ** 2,
            "is_connected": _pieces(ties, within, code, n) == 1,
        }
    known = {
        name: pa.array(np.where(np.isfinite(column), column, np.nan), from_pandas=True)
        if column.dtype.kind == "f"
        else pa.array(column)
        for name, column in table.items()
    }
    return from_arrow(pa.table(known), output)


def _pieces(ties: Ties, within: npt.NDArray[np.bool_], code: Ints, n: int) -> Ints:
    """Count the connected pieces of each community."""
    source, target = ties.source[within], ties.target[within]
    shape = (len(code), len(code))
    matrix = sparse.coo_array((np.ones(len(source)), (source, target)), shape=shape)
    piece: Codes = sparse.csgraph.connected_components(matrix, directed=False)[1]
    first = np.unique(piece, return_index=True)[1]
    return np.bincount(code[first], minlength=n)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two divisions put the same members together.

    Attributes
    ----------
    n_members : int
        Members who are in both.
    mutual_information : float
        Normalised: 0 (knowing one says nothing of the other) to 1 (the same); NaN for nobody.
        With many small communities it is well above 0 by chance.
    purity : float
        Share of members who are in the most frequent community of the second division within
        their community of the first; 1 if each lies within one of the second. NaN for nobody.
    inverse_purity : float
        The same the other way round.
    kept : float
        Share of members whose community would keep its number, each being paired with one of
        the other division at most, as well as can be. NaN for nobody.
    """

    n_members: int
    mutual_information: float
    purity: float
    inverse_purity: float
    kept: float


def community_agreement(first: Frame, second: Frame) -> Agreement:
    r"""Compare two divisions: communities of two days, or communities and main groups.

    The mutual information of both, :math:`\sum p_{ij} \ln (p_{ij} / p_i q_j)` over the shares
    of members, is divided by the mean of both entropies; two divisions that both put everybody
    together agree by 1.

    Parameters
    ----------
    first, second : frames with ``member_id`` and ``community``
        Communities may be integers or text: main groups, say. Only members who are in both are
        compared.

    Returns
    -------
    Agreement

    Raises
    ------
    DataError
        If a frame does not give every member one community, or ids are text in one and
        integers in the other.

    References
    ----------
    Strehl & Ghosh (2002), "Cluster ensembles", JMLR 3, 583-617; Vinh, Epps & Bailey (2010),
    JMLR 11, 2837-2854, for the mean of the entropies and for what chance does.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.DataFrame({"member_id": [1, 2, 3, 4], "community": [0, 0, 1, 1]})
    >>> community_agreement(one, one.assign(community=[5, 5, 7, 9])).purity
    0.75
    """
    one = read_division(first, "first", by_text=True)
    overlaps = overlaps_of(one, read_division(second, "second", by_text=True))
    n = int(overlaps.shared.sum())
    if n == 0:
        return Agreement(0, np.nan, np.nan, np.nan, np.nan)
    pairs = best_pairs(overlaps, np.ones(len(overlaps.shared), dtype=bool))
    return Agreement(
        n,
        _mutual_information(overlaps, n),
        _largest(overlaps.first, overlaps.shared) / n,
        _largest(overlaps.second, overlaps.shared) / n,
        float(overlaps.shared[pairs].sum() / n),
    )


def _mutual_information(overlaps: Overlaps, n: int) -> float:
    share = overlaps.shared / n
    one, other = sums_at(overlaps.first, share, 0), sums_at(overlaps.second, share, 0)
    both = _entropy(one) + _entropy(other)
    if both == 0:
        return 1.0
    information = (share * np.log(share / (one[overlaps.first] * other[overlaps.second]))).sum()
    return float(np.clip(2 * information / both, 0, 1))


def _entropy(share: Floats) -> float:
    share = share[share > 0]
    return float(-(share * np.log(share)).sum())


def _largest(code: Ints, shared: Ints) -> float:
    largest = np.zeros(int(code.max()) + 1, dtype=np.int64)
    np.maximum.at(largest, code, shared)
    return float(largest.sum())
