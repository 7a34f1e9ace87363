"""Decayed affinity: how much of a member's recent activity goes to each key.

A key is whatever is counted: a category, a product, a brand, an hour. A row weighs less the older
it is, by half every half-life; a member's weights, set against the population's, say what the
member prefers. Works on codes 0 .. n - 1 and compressed rows; the population enters only through
the total of each key (`population_shares`), so that one member, a chunk and all members give the
same numbers. Sums do not depend on the order of rows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from .errors import DataError, ParameterError
from .exact_sums import exact_sum
from .ordering import stable_order

__all__ = [
    "TopKeys",
    "affinity_matrix",
    "decay",
    "population_shares",
    "smoothed_shares",
    "top_keys",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DAY = 86_400_000_000


def decay(times: Ints, as_of: int, half_life_days: float) -> Floats:
    """Weigh rows by age: ``0.5 ** (age / half-life)``.

    Parameters
    ----------
    times : int64 array, n_rows, microseconds since 1970 UTC
    as_of : int, microseconds since 1970 UTC
        Every row must lie before it.
    half_life_days : float > 0
        ``inf`` weighs all rows 1.

    Returns
    -------
    float64 array, n_rows values in (0, 1)
        Ages beyond some 1,000 half-lives give 0.

    Raises
    ------
    DataError
        If a row lies at or after `as_of`.
    ParameterError
        If the half-life is not above 0.

    Examples
    --------
    >>> import numpy as np
    >>> day = 86_400_000_000
    >>> decay(np.array([0, 30 * day]), 60 * day, half_life_days=30).tolist()
    [0.25, 0.5]
    """
    if not half_life_days > 0:
        raise ParameterError("half_life_days", f"half_life_days must be > 0, got {half_life_days}")
    n_late = int((times >= as_of).sum())
    if n_late:
        raise DataError(f"{n_late} of {times.size} rows lie at or after as_of: cut them first")
    halvings: Floats = (times - as_of) / (_DAY * half_life_days)
    return np.exp2(halvings)


def affinity_matrix(
    members: Ints, keys: Ints, weights: Floats, shape: tuple[int, int]
) -> csr_array:
    """Sum the weights of every member and key.

    Parameters
    ----------
    members, keys : int64 arrays, n_rows
        Codes below ``shape``; rows with a negative code (unknown) are left out.
    weights : float64 array, n_rows values of 0 or more
        Such as `decay`, or its product with a quantity. Parts below 2^-56 are rounded away.
    shape : (n_members, n_keys)

    Returns
    -------
    csr_array, n_members x n_keys, float64
        Keys ascending within a member; sums of 0 are not stored.

    Raises
    ------
    DataError
        If a weight is negative, unknown or infinite.
    ParameterError
        If a code lies beyond `shape`, or the arrays differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([0, 0, 1]), np.array([2, 2, 0]), np.array([0.5, 0.25, 1.0])
    >>> affinity_matrix(*rows, shape=(2, 3)).toarray().tolist()
    [[0.0, 0.0, 0.75], [1.0, 0.0, 0.0]]
    """
    if not len(members) == len(keys) == len(weights):
        lengths = [len(members), len(keys), len(weights)]
        raise ParameterError("weights", f"rows differ in number: {lengths}")
    n_members, n_keys = shape
    if members.max(initial=-1) >= n_members or keys.max(initial=-1) >= n_keys:
        raise ParameterError("shape", f"a code lies beyond the shape {shape}")
    n_wrong = int((~(np.isfinite(weights) & (weights >= 0))).sum())
    if n_wrong:
        raise DataError(f"weights must be known and 0 or more, {n_wrong} are not")
    known = (members >= 0) & (keys >= 0)
    cells = members[known] * n_keys + keys[known]
    order = stable_order(cells)
    cells = cells[order]
    opens = np.ones(cells.size, dtype=np.bool_)
    np.not_equal(cells[1:], cells[:-1], out=opens[1:])
    sums = exact_sum(np.cumsum(opens) - 1, weights[known][order], int(opens.sum()))
    cells, sums = cells[opens][sums > 0], sums[sums > 0]
    starts = np.searchsorted(cells, np.arange(n_members + 1) * n_keys)
    return csr_array((sums, cells % max(n_keys, 1), starts), shape=shape)


def population_shares(matrix: csr_array) -> Floats:
    """Give each key's share of the whole population's weight: the population step.

    Parameters
    ----------
    matrix : csr_array, n_members x n_keys
        As of `affinity_matrix`.

    Returns
    -------
    float64 array, n_keys values that sum to 1
        Zeros if nobody has any weight.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> population_shares(csr_array([[1.0, 0.0], [1.0, 2.0]])).tolist()
    [0.5, 0.5]
    """
    totals = exact_sum(matrix.indices.astype(np.int64), matrix.data, matrix.shape[1])
    return totals / (totals.sum() or 1.0)


def smoothed_shares(matrix: csr_array, population: Floats, strength: float = 1.0) -> csr_array:
    """Give each member's share of every key, drawn towards the population's share.

    ``(weight + strength * population share) / (member's total + strength)``: the mean of a
    Dirichlet posterior whose prior is worth `strength` rows of today. Keys without weight are
    not stored; theirs is ``strength * population share / (member's total + strength)``.

    Parameters
    ----------
    matrix : csr_array, n_members x n_keys
        As of `affinity_matrix`.
    population : float64 array, n_keys shares
        As of `population_shares`.
    strength : float >= 0
        0 gives the plain shares.

    Returns
    -------
    csr_array, n_members x n_keys, stored where `matrix` is, values in (0, 1]

    Raises
    ------
    ParameterError
        If `strength` is negative, or `population` has another length.

    References
    ----------
    Gelman et al. (2013), "Bayesian Data Analysis", 3rd ed., section 3.4.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> matrix = csr_array([[3.0, 0.0], [0.0, 1.0]])
    >>> smoothed_shares(matrix, np.array([0.5, 0.5]), strength=1.0).toarray().tolist()
    [[0.875, 0.0], [0.0, 0.75]]
    """
    if not strength >= 0:
        raise ParameterError("strength", f"strength must be 0 or more, got {strength}")
    n_members, n_keys = matrix.shape
    if population.shape != (n_keys,):
        raise ParameterError("population", f"expected {n_keys} shares, got {population.shape}")
    rows = _rows(matrix)
    totals = exact_sum(rows, matrix.data, n_members)
    shares = (matrix.data + strength * population[matrix.indices]) / (totals[rows] + strength)
    return csr_array((shares, matrix.indices, matrix.indptr), shape=matrix.shape)


@dataclass(frozen=True, slots=True, eq=False)
class TopKeys:
    """What each member prefers; arrays of n_members values.

    Attributes
    ----------
    key : int64, the code of the preferred key, -1 for a member without weight
    share : float64, its smoothed share in (0, 1], NaN for none
    lift : float64, its smoothed share over the population's, NaN for none
    weight : float64, the decayed weight behind it, 0 for none
    """

    key: Ints
    share: Floats
    lift: Floats
    weight: Floats


def top_keys(
    matrix: csr_array, population: Floats, strength: float = 1.0, by: str = "share"
) -> TopKeys:
    """Find the key that each member prefers.

    Parameters
    ----------
    matrix, population, strength
        As in `smoothed_shares`.
    by : ``share`` or ``lift``
        The key that the member takes most of, or most of compared with the population. Equals
        go to the heavier key, then to the lower code.

    Returns
    -------
    TopKeys

    Raises
    ------
    ParameterError
        If `by` is neither, or as in `smoothed_shares`.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> matrix = csr_array([[3.0, 2.0], [0.0, 0.0]])
    >>> top_keys(matrix, np.array([0.9, 0.1])).key.tolist()
    [0, -1]
    >>> top_keys(matrix, np.array([0.9, 0.1]), by="lift").key.tolist()
    [1, -1]
    """
    if by not in ("share", "lift"):
        raise ParameterError("by", f"by must be 'share' or 'lift', got {by!r}")
    shares = smoothed_shares(matrix, population, strength).data
    with np.errstate(divide="ignore"):
        lifts = shares / population[matrix.indices]
    has_any = np.diff(matrix.indptr) > 0
    rows, among = _rows(matrix), np.arange(matrix.nnz)
    for values in (shares if by == "share" else lifts, matrix.data):
        among = _largest(values, among, rows)
    # Of those left, a row's first has the lowest code.
    best = among[np.searchsorted(among, matrix.indptr[:-1][has_any])]
    top = TopKeys(
        key=np.full(has_any.size, -1, np.int64),
        share=np.full(has_any.size, np.nan),
        lift=np.full(has_any.size, np.nan),
        weight=np.zeros(has_any.size),
    )
    top.key[has_any] = matrix.indices[best]
    top.share[has_any] = shares[best]
    top.lift[has_any] = lifts[best]
    top.weight[has_any] = matrix.data[best]
    return top


def _largest(values: Floats, among: Ints, rows: Ints) -> Ints:
    """Keep, of stored values in order, those that equal the largest of their row."""
    row = rows[among]
    opens = np.flatnonzero(np.append(True, row[1:] != row[:-1]))[: len(row)]
    top = np.maximum.reduceat(values[among], opens) if len(row) else values[among]
    lengths = np.diff(np.append(opens, len(row)))
    largest: Ints = among[values[among] == np.repeat(top, lengths)]
    return largest


def _rows(matrix: csr_array) -> Ints:
    """Give the member of every stored value."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
