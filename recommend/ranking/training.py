"""Training windows: the shop as it stood at earlier moments, and what was bought next."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from siyu.datasets.boosting import FeatureMatrix
from siyu.datasets.community import Community
from siyu.datasets.windows import training_cuts
from siyu.recommend.candidates.finding import Candidates, Quotas, find_candidates
from siyu.recommend.features.declared import Feature, feature_list, feature_matrix
from siyu.recommend.market.neighbours import sample_rows
from siyu.recommend.market.snapshot import Snapshot, SnapshotOptions
from siyu.recommend.sorted_keys import Bools, Floats, Ints
from siyu.recommend.tables.member_columns import MemberColumns, MemberFeatures, compute_columns
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import Setting

__all__ = ["Recipe", "Window", "build_windows", "earlier_moments"]

_ROWS = 65_536  # pairs whose features are read at once: bounds the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How snapshots, candidates and features are made: the same at every moment.

    Parameters
    ----------
    activity : {"orders", "events"}
    horizon : int, microseconds
    attributes : product attributes that group products
    columns : MemberColumns
        What the caller's columns are.
    quotas : Quotas
    options : SnapshotOptions
    n_members : int
        Members a training window learns from, drawn at random if there are more.
    """

    activity: str
    horizon: int
    attributes: tuple[str, ...]
    columns: MemberColumns
    quotas: Quotas = field(default_factory=Quotas)
    options: SnapshotOptions = field(default_factory=SnapshotOptions)
    n_members: int = 10_000

    def features(self) -> tuple[Feature, ...]:
        """List the features."""
        return feature_list(self.attributes, self.columns.names)

    def categorical(self) -> tuple[str, ...]:
        """Name the features that hold categories."""
        return tuple(f"extra:{name}" for name in self.columns.categorical())

    def snapshot(
        self, c: Community, bought: Purchases, moment: int, extra: pa.Table | None
    ) -> Snapshot:
        """Build the state at a moment from the purchases before it."""
        setting = Setting.of(c, bought, self.attributes, self.horizon)
        columns = self.columns.read(extra, bought.members, moment)
        return Snapshot.of(bought, moment, setting, columns, self.options)

    def matrix(self, snapshot: Snapshot, pairs: Candidates) -> FeatureMatrix:
        """Read all features, a bounded number of pairs at a time."""
        features = self.features()
        values = np.empty((len(pairs), len(features)), np.float32)
        for start in range(0, len(pairs), _ROWS):
            part = slice(start, start + _ROWS)
            values[part] = feature_matrix(snapshot, pairs.take(part), features).values
        return FeatureMatrix(values, tuple(feature.name for feature in features))


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Candidates at an earlier moment, and what the members bought next.

    Attributes
    ----------
    moment : int, microseconds since 1970 UTC
    pairs : Candidates, n_pairs
    matrix : FeatureMatrix, n_pairs rows
    is_new : bool array, n_pairs
        The member had never bought the product.
    buyers : float32 array, n_pairs
        Members who bought the product lately.
    bought : bool array, n_pairs
        Within the horizon.
    n_relevant, n_relevant_new : int64 arrays, n_members
        Products that each member bought within the horizon, candidates or not, of those sold
        before the moment; and those among them that were new to the member. 0 for members that
        the window does not cover.
    """

    moment: int
    pairs: Candidates
    matrix: FeatureMatrix
    is_new: Bools
    buyers: Floats
    bought: Bools
    n_relevant: Ints
    n_relevant_new: Ints

    @classmethod
    def of(cls, recipe: Recipe, snapshot: Snapshot, later: Purchases) -> "Window":
        """Put the candidates of a snapshot beside the purchases that followed."""
        histories, n_products = snapshot.histories, snapshot.histories.n_products
        seed = recipe.options.factors.random_state
        members = sample_rows(snapshot.buyers(), recipe.n_members, seed)
        pairs = find_candidates(snapshot.reader(), members, recipe.quotas)
        next_keys = later.pair_keys()
        was_sold = histories.products["buyers"][next_keys % n_products] > 0
        next_keys = next_keys[was_sold & np.isin(next_keys // n_products, members)]
        new_keys = next_keys[~histories.pairs.find(next_keys)[1]]
        keys = pairs.member * n_products + pairs.product
        n_members = len(snapshot.members)
        return cls(
            moment=snapshot.moment,
            pairs=pairs,
            matrix=recipe.matrix(snapshot, pairs),
            is_new=~histories.pairs.find(keys)[1],
            buyers=histories.products["buyers_lately"][pairs.product],
            bought=np.isin(keys, next_keys),
            n_relevant=np.bincount(next_keys // n_products, minlength=n_members),
            n_relevant_new=np.bincount(new_keys // n_products, minlength=n_members),
        )


def earlier_moments(bought: Purchases, until: int, horizon: int, n: int) -> Ints:
    """Give the moments of the training windows, oldest first.

    Each has at least one horizon of history before it, and its window ends at or before `until`.
    """
    if not len(bought.basket_time):
        return np.zeros(0, np.int64)
    return training_cuts(int(bought.basket_time.min()) + horizon, until, horizon, n)


def build_windows(
    c: Community,
    bought: Purchases,
    moments: Ints,
    recipe: Recipe,
    member_features: MemberFeatures | None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Window], Recipe]:
    """Build the training windows.

    Parameters
    ----------
    c : Community
        Cut at the moment of the fit.
    bought : Purchases
        Of `c`.
    moments : int64 array, ascending
    recipe : Recipe
        Its columns are learned here.
    member_features : callable, optional
        Asked once for every moment, with the community cut there.
    progress : callable (windows done, windows and one in all), optional

    Returns
    -------
    (windows, recipe)
        Without windows in which nothing was bought.
    """
    tables = [_columns_at(c, int(moment), member_features) for moment in moments]
    recipe = replace(
        recipe, columns=MemberColumns.learn([one for one in tables if one is not None])
    )
    windows = []
    for moment, table in zip(moments.tolist(), tables, strict=True):
        snapshot = recipe.snapshot(c, bought.before(moment), moment, table)
        later = bought.between(moment, moment + recipe.horizon)
        windows.append(Window.of(recipe, snapshot, later))
        if progress is not None:
            progress(len(windows), len(moments) + 1)
    return [window for window in windows if window.n_relevant.any()], recipe


def _columns_at(
    c: Community, moment: int, member_features: MemberFeatures | None
) -> pa.Table | None:
    """Ask the caller for the columns at one moment."""
    if member_features is None:
        return None
    import pandas as pd

    cut = c.before(pd.Timestamp(moment, unit="us", tz="UTC"))
    return compute_columns(member_features, cut, moment)
