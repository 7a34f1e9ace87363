"""Groups of members that behave alike, found only where they are there."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from siyu.datasets.errors import ParameterError, Problem, SchemaError, warn
from siyu.datasets.frames import Frame, FrameKind, from_arrow, to_arrow
from siyu.datasets.labels import Lang
from siyu.datasets.randomness import generator

from .cluster_model import ClusterModel, columns_for, learn
from .columns import Column
from .description import describe_clusters
from .learned_tables import scaling_frame, selection_frame
from .scaling import in_units, widths
from .search import checked_search
from .sklearn_input import is_members_frame, read_input
from .storage import Parts, read_clusters, write_clusters

__all__ = ["MemberClusters"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class MemberClusters(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    ClusterMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Find groups of members that behave alike, how many there are, and what to call them.

    k-means on columns made comparable, with ids that stay from run to run. Where no groups come
    back on other members, or no gaps lie between them, the answer is one cluster.

    Parameters
    ----------
    n_clusters : "auto" or int >= 1
        ``"auto"`` chooses within `k_range`, or 1: no clusters found.
    k_range : (int, int), 2 <= low <= high
    n_resamples : int >= 2
        Halves of the members whose clusters are compared, for each number of clusters.
    min_stability : float in 0 .. 1
        Mean adjusted Rand index between resamples, below which clusters are not believed.
    max_unknown : float in 0 .. 1
        A column of which a larger share is unknown is left out.
    random_state : int, Generator or None

    Attributes
    ----------
    n_clusters_ : int
    labels_ : int64 array, n_members
        Ids of clusters in the order of the rows; -1 for a member of whom nothing is known.
    cluster_ids_ : int64 array, n_clusters_, ascending
        At first 0, 1, 2, ... by size, the largest first; see `fit` for later runs.
    cluster_centers_ : float64 array, n_clusters_ * n_centers_columns
        In the columns' own units; flags and levels of codes as shares, 0 to 1.
    center_names_ : list of str, the columns of `cluster_centers_`, a level as ``column=level``
    scaling_ : pandas.DataFrame, one row a column that is used
        ``column``; ``scaling`` (number, lumpy: a number of few values or many at one, flag,
        code); ``log_unit`` : u where log(1 + x / u) is taken, else null; ``centre``,
        ``spread`` : after the logarithm; ``weight``; ``levels`` : those told apart, ``""`` is
        all others; ``skewness`` : as measured, that decides upon the logarithm; ``unknown`` :
        share of members.
    dropped_ : pandas.DataFrame
        ``column`` and ``dropped_because``, a code that `siyu.datasets.label` puts in words.
    selection_ : pandas.DataFrame, one row a number of clusters tried
        ``k``, ``stability``, ``valley``, ``worst_valley``, ``gain``, ``silhouette``,
        ``is_sound``, ``is_chosen``; see Notes. No rows if `n_clusters` is a number.
    fidelity_ : float, share of members whom a tree of depth 3 puts in their cluster

    Notes
    -----
    Scaling: numbers that are never negative, not shares and skewed beyond 1 go through
    log(1 + x / u), u the 2 % quantile of those above 0, if that makes them less skewed. All
    numbers are centred at the median and divided by the widest of three spreads between
    quantiles, or, where they gather at two to four values with gaps between, by the spread
    around those; beyond 6 they are drawn in. Two different codes or flags are half as far apart,
    squared, as two numbers on average. What is unknown of a member adds no distance (k-POD).

    Choice: ``stability`` is the mean adjusted Rand index of half samples' clusters over the same
    members (3,000 at most). ``valley`` compares how many members lie midway between neighbouring
    clusters and at their centres, by numbers; ``gain`` is what flags and codes explain beyond
    chance. Sound is a number of clusters with stability of at least `min_stability` and a mean
    valley of at most .75, or a gain of at least .03. Of the sound ones within .05 of the best
    stability, the most clusters whose worst valley is at most .75 win; if there are none, the
    highest silhouette.

    Neither the order of rows, nor ids, nor threads change a byte. Time O(n * columns * k) for
    each round of k-means; everything else is done on at most 50,000 members.

    References
    ----------
    Lloyd (1982), IEEE Transactions on Information Theory 28, 129-137; Chi, Chi & Baraniuk
    (2016), The American Statistician 70(1), 91-99 (k-POD); Ben-Hur, Elisseeff & Guyon (2002),
    Pacific Symposium on Biocomputing 7, 6-17 (stability).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> spend = np.exp(rng.normal(np.repeat([3, 6], [300, 100]), 0.2))
    >>> members = pd.DataFrame({"member_id": range(400), "monetary": spend})
    >>> found = MemberClusters().fit(members)
    >>> found.describe(lang="en")[["cluster", "n", "name"]]
       cluster    n                            name
    0        0  300   net spend a purchase day: low
    1        1  100  net spend a purchase day: high
    """

    def __init__(
        self,
        n_clusters: int | str = "auto",
        *,
        k_range: tuple[int, int] = (2, 10),
        n_resamples: int = 8,
        min_stability: float = 0.8,
        max_unknown: float = 0.5,
        random_state: int | np.random.Generator | None = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.k_range = k_range
        self.n_resamples = n_resamples
        self.min_stability = min_stability
        self.max_unknown = max_unknown
        self.random_state = random_state

    def fit(self, X: Any, y: None = None, previous: "MemberClusters | None" = None) -> Self:  # noqa: ARG002
        """Find clusters.

        Parameters
        ----------
        X : matrix, n_members * n_columns, or frame
            NaN and null are unknown. A frame may have a ``member_id``, numbers, flags and codes
            (texts of few values), such as the output of `tag`; times are left out.
        y : None
        previous : MemberClusters, optional
            An earlier run. Each cluster whose centre lies within the reach of an earlier one
            keeps its id (pairs least apart in total); reach is the root mean square distance of
            the members, or half way to the nearest other centre, if that is more. New clusters
            get new ids; ids of vanished ones are not given again.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            If a parameter is out of range.
        SchemaError
            If ids are null or repeated, a number is infinite, or a column is free text.
        DataError
            If there are no members, no columns to cluster by, or none shared with `previous`.

        Warns
        -----
        SiyuWarning
            If there are fewer clusters than asked for.
        """
        search = checked_search(self.get_params())
        rng = generator(self.random_state)
        if previous is not None:
            check_is_fitted(previous)
        members = read_input(self, X, reset=True)
        with threadpool_limits(1):  # sums in another order would be other sums
            earlier = None if previous is None else previous._parts[0]  # noqa: SLF001 (our own)
            model, candidates, dropped = learn(members, search, rng, earlier)
            columns = columns_for(model.scales, members)
            places = model.places(columns, len(members.ids))[0]
            description = describe_clusters(model, columns, places, rng)
        self._take((model, candidates, dropped, description))
        self.labels_ = _ids(places, model)
        if search.n_clusters is not None and self.n_clusters_ < search.n_clusters:
            told = f"{self.n_clusters_} clusters found, {search.n_clusters} asked for"
            warn(f"MemberClusters.fit(): {told}; there are too few different members")
        return self

    def predict(self, X: Any) -> Ints:
        """Give the id of each member's nearest cluster.

        Parameters
        ----------
        X : as in `fit`; of a frame with ``member_id``, columns are found by name

        Returns
        -------
        int64 array, n_members, in the order of the rows
            -1 for a member of whom nothing is known.

        Raises
        ------
        SchemaError
            If a column is missing or of another kind than in `fit`.
        """
        check_is_fitted(self)
        ids, columns = self._columns(X)
        model = self._parts[0]
        return _ids(model.places(columns, len(ids))[0], model)

    def transform(self, X: Any) -> Floats:
        """Measure the scaled distance of each member to each centre.

        Parameters
        ----------
        X : as in `predict`

        Returns
        -------
        float64 array, n_members * n_clusters_, >= 0
            In the order of `cluster_ids_`; NaN for a member of whom nothing is known. Columns
            unknown of a member count as far as those that are known.
        """
        check_is_fitted(self)
        ids, columns = self._columns(X)
        return self._parts[0].distances(columns, len(ids))

    def assign(self, frame: Frame, *, output: FrameKind | None = None) -> Frame:
        """Put members in clusters, with how sure that is.

        Any part of the members gives the same rows as all of them together.

        Parameters
        ----------
        frame : frame with ``member_id`` and the columns of the fit, in any order
        output : {"pandas", "polars", "pyarrow"}, optional
            Default the kind of `frame`.

        Returns
        -------
        frame, one row a member, sorted by ``member_id``
            ``cluster`` : id, null if nothing is known of the member; ``distance`` : scaled, to
            the centre; ``margin`` : 1 less the distance over that to the second centre, 0 on
            the border to 1 at the centre, null with one cluster.

        Raises
        ------
        SchemaError
            If ``member_id`` or a column is missing, or an id null or repeated.
        """
        check_is_fitted(self)
        if not is_members_frame(frame):
            raise SchemaError("members", (Problem("member_id", "required, but missing", 0),))
        ids, columns = self._columns(frame)
        model = self._parts[0]
        places, first, second = model.places(columns, len(ids))
        with np.errstate(invalid="ignore", divide="ignore"):
            margin = np.where(second > 0, 1 - first / second, np.where(second == 0, 0.0, np.nan))
        table = pa.table(
            {
                "member_id": ids,
                "cluster": pa.array(_ids(places, model), mask=places < 0),
                "distance": pa.array(first, from_pandas=True),
                "margin": pa.array(margin, from_pandas=True),
            }
        )
        return from_arrow(table.sort_by("member_id"), output or to_arrow(frame)[1])

    def describe(self, lang: Lang = "zh", *, output: FrameKind = "pandas") -> Frame:
        """Say what each cluster is, in words.

        Parameters
        ----------
        lang : {"zh", "en"}
        output : {"pandas", "polars", "pyarrow"}

        Returns
        -------
        frame, one row a cluster
            ``cluster``, ``n``, ``share`` : of the members of the fit; ``name`` : its two most
            telling differences from all others (more where two clusters would share a name);
            ``differences`` : up to five, with figures; ``rule`` : the leaf of a tree of depth 3
            that holds most of it, null without; ``rule_precision`` : share of the members the
            rule finds who are in the cluster; ``rule_coverage`` : share of the cluster it
            finds; ``fidelity`` : of the whole tree, the same in all rows. The rule's figures
            are measured on members who did not teach the tree.

        Raises
        ------
        ParameterError
            If `lang` is unknown.
        """
        check_is_fitted(self)
        if lang not in ("zh", "en"):
            raise ParameterError("lang", f"lang must be 'zh' or 'en', got {lang!r}")
        return from_arrow(self._parts[3].words(self._parts[0], lang), output)

    def save(self, folder: str | Path) -> None:
        """Write the clusters as a bundle: scales, centres, ids and words, no member.

        Raises
        ------
        FileError
            If the folder cannot be written.
        """
        check_is_fitted(self)
        state = self.random_state
        params = self.get_params() | {"random_state": state if isinstance(state, int) else None}
        names = [str(name) for name in getattr(self, "feature_names_in_", [])]
        meta = {"params": params, "names": names, "n_features": int(self.n_features_in_)}
        write_clusters(folder, self._parts, meta)

    @classmethod
    def load(cls, folder: str | Path) -> "MemberClusters":
        """Read clusters that `save` wrote; they have everything but `labels_`.

        Raises
        ------
        ModelFileError
            If the bundle is damaged, of another kind, or of a newer siyu.
        """
        parts, meta = read_clusters(folder)
        params = meta["params"] | {"k_range": tuple(meta["params"]["k_range"])}
        found = cls(**params)
        found.n_features_in_ = int(meta["n_features"])
        if meta["names"]:
            found.feature_names_in_ = np.array(meta["names"], dtype=object)
        found._take(parts)
        return found

    def _take(self, parts: Parts) -> None:
        """Show what was learned in plain tables."""
        model, candidates, dropped, description = parts
        self._parts = parts
        self.n_clusters_ = len(model.ids)
        self._n_features_out = self.n_clusters_
        self.cluster_ids_ = model.ids
        self.cluster_centers_ = in_units(model.centers, model.scales)
        self.center_names_ = [scale.labels[place] for place, scale in widths(model.scales)]
        self.scaling_ = scaling_frame(model.scales)
        self.dropped_ = pd.DataFrame(
            {"column": list(dropped), "dropped_because": list(dropped.values())}, dtype=object
        )
        self.selection_ = selection_frame(candidates, self.n_clusters_)
        self.fidelity_ = description.fidelity

    def _columns(self, X: Any) -> tuple[pa.Array, list[Column]]:
        """Read the columns that the clusters were made of."""
        scales = self._parts[0].scales
        members = read_input(self, X, reset=False, names=[scale.name for scale in scales])
        return members.ids, columns_for(scales, members)

    def _more_tags(self) -> dict[str, Any]:
        """Tell scikit-learn before 1.6 that NaN is welcome."""
        return {"allow_nan": True}

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn from 1.6 on that NaN is welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _ids(places: Ints, model: ClusterModel) -> Ints:
    """Turn places among the clusters into ids, -1 for none."""
    return np.append(model.ids, -1)[places]
