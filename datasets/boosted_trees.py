"""A trained model of boosted trees: apply it, explain it, write it as text.

LightGBM scores columns by position, without looking at their names; here they are matched by
name, always.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from .errors import ModelFileError, ParameterError
from .training_rows import FeatureMatrix, Features

__all__ = ["BoostedTrees"]


@dataclass(frozen=True, slots=True, eq=False)
class BoostedTrees:
    """A trained model: made by `train`, or read from its text.

    Attributes
    ----------
    columns : names of the features, in the model's order
    text : LightGBM's own text form, the same for the same training rows and options
    n_trees : int, trees kept (after early stopping)

    Examples
    --------
    >>> import numpy as np
    >>> from siyu.datasets.boosting import BoostingOptions, TrainingRows, train
    >>> days = np.arange(100.0)
    >>> rows = TrainingRows.of({"days": days, "flat": np.zeros(100)}, labels=days > 60)
    >>> trees = train(rows, BoostingOptions(objective="binary", n_trees=20))
    >>> again = BoostedTrees.from_text(trees.to_text(), ("days", "flat"))
    >>> (again.predict({"flat": [0.0, 0.0], "days": [10.0, 90.0]}) > 0.5).tolist()
    [False, True]
    >>> again.contributions({"flat": [0.0], "days": [10.0]}).shape
    (1, 3)
    >>> again.importance()
    {'days': 1.0, 'flat': 0.0}
    """

    columns: tuple[str, ...]
    text: str = field(repr=False)
    _booster: Any = field(repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return BoostedTrees.from_text, (self.text, self.columns)

    @property
    def n_trees(self) -> int:
        """Trees that the model holds."""
        return int(self._booster.num_trees())

    def predict(
        self, features: Features, *, num_threads: int = 1, raw: bool = False
    ) -> NDArray[np.float64]:
        """Predict every row: a score, a probability or a number, as the objective says.

        Parameters
        ----------
        features : FeatureMatrix, mapping of name to array, or any eager frame, n_rows rows
            Columns are matched by name, in any order; further columns are not looked at. NaN is
            unknown; in a column that had no NaN in training LightGBM takes it for 0.
        num_threads : int >= 1
            Changes the time, never the result.
        raw : bool
            Give the sum of the trees, before it is turned into a probability or a count.

        Returns
        -------
        float64 array, n_rows values

        Raises
        ------
        DataError
            If a column of the model is missing, or a column is not numeric.
        """
        return self._apply(features, num_threads, raw_score=raw)

    def contributions(self, features: Features, *, num_threads: int = 1) -> NDArray[np.float64]:
        """Split every row's raw prediction over the columns (TreeSHAP).

        Parameters
        ----------
        features, num_threads
            As in `predict`.

        Returns
        -------
        float64 array, n_rows rows and n_columns + 1 columns
            In the order of `columns`; the last is the expected value. A row sums to its raw
            prediction.

        References
        ----------
        Lundberg et al. (2020), "From local explanations to global understanding with explainable
        AI for trees", Nature Machine Intelligence 2, 56-67.
        """
        split = self._apply(features, num_threads, pred_contrib=True)
        return split.reshape(-1, len(self.columns) + 1)

    def importance(self) -> dict[str, float]:
        """Tell each column's share of the total gain of all splits: 0 to 1, summing to 1.

        A model without a split gives zeros.
        """
        gain = self._booster.feature_importance(importance_type="gain")
        total = float(gain.sum()) or 1.0
        return {name: float(part) / total for name, part in zip(self.columns, gain, strict=True)}

    def to_text(self) -> str:
        """Give the model as text, for `from_text` and for bundles."""
        return self.text

    @classmethod
    def from_text(cls, text: str, columns: tuple[str, ...] | None = None) -> "BoostedTrees":
        """Read a model from its text.

        LightGBM may crash the process on damaged text: give only text whose checksum was
        verified, such as `siyu.datasets.bundle` reads it.

        Parameters
        ----------
        text : str
            As `to_text` wrote it.
        columns : names, optional
            If given, they must be the model's, in the model's order.

        Raises
        ------
        ModelFileError
            If the text is no model, or the model has other columns.
        """
        if not text.startswith("tree\n") or "\nend of trees\n" not in text:
            raise ModelFileError("model text", "this is not the text of a LightGBM model")
        import lightgbm

        try:
            booster = lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError as error:
            raise ModelFileError("model text", f"LightGBM cannot read it: {error}") from error
        names = tuple(unquote(name) for name in booster.feature_name())
        if columns is not None and tuple(columns) != names:
            message = f"the model was trained on {list(names)}, not on {list(columns)}"
            raise ModelFileError("model text", message)
        return cls(names, text, booster)

    def _apply(self, features: Features, num_threads: int, **how: bool) -> NDArray[np.float64]:
        """Run the model over the named columns in its own order."""
        if num_threads < 1:
            raise ParameterError("num_threads", f"num_threads must be 1 or more, got {num_threads}")
        values = FeatureMatrix.of(features).select(self.columns).values
        if not len(values):
            return np.zeros(0)
        found = self._booster.predict(values, num_threads=num_threads, **how)
        return np.asarray(found, np.float64)
