"""What scikit-learn expects of an input, in its versions from 1.5 on."""

from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.frames import to_arrow

from .columns import Column, MemberTable, read_members

__all__ = ["is_members_frame", "read_input"]

MEMBER_ID = "member_id"


def is_members_frame(X: Any) -> bool:
    """Tell a frame with a column of member ids from everything else."""
    names = X.column_names if isinstance(X, pa.Table) else getattr(X, "columns", ())
    return MEMBER_ID in list(names)


def read_input(
    estimator: Any, X: Any, *, reset: bool, names: list[str] | None = None
) -> MemberTable:
    """Read a matrix or frame for an estimator, and keep or compare its names of columns.

    A frame with member ids is read by names (`names`, if given), in any order; every other input
    is held to scikit-learn's rules.
    """
    if is_members_frame(X):
        table, _ = to_arrow(X)
        found = [name for name in table.column_names if name != MEMBER_ID]
        if reset:
            estimator.feature_names_in_ = np.array(found, dtype=object)
            estimator.n_features_in_ = len(found)
        wanted = [MEMBER_ID, *(n for n in found if names is None or n in names)]
        return read_members(table.select(wanted), MEMBER_ID)
    if hasattr(X, "columns") or isinstance(X, pa.Table):
        _validated(estimator, X, reset=reset, is_frame=True)
        return read_members(to_arrow(X)[0])
    values = _validated(estimator, X, reset=reset, is_frame=False)
    width = values.shape[1]
    given = list(getattr(estimator, "feature_names_in_", [f"x{i}" for i in range(width)]))
    columns = [
        Column(name, "number", np.array(values[:, place], dtype=np.float64))
        for place, name in enumerate(given)
    ]
    unknown = {c.name: "no_values" for c in columns if np.isnan(c.values).all() and len(c.values)}
    kept = tuple(c for c in columns if c.name not in unknown)
    return MemberTable(pa.array(np.arange(len(values))), kept, unknown)


def _validated(estimator: Any, X: Any, *, reset: bool, is_frame: bool) -> Any:
    """Run scikit-learn's own checks; its names for them changed in 1.6."""
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:
        if is_frame:
            return estimator._validate_data(X, reset=reset, cast_to_ndarray=False)  # noqa: SLF001
        return estimator._validate_data(  # noqa: SLF001
            X, reset=reset, dtype=np.float64, force_all_finite="allow-nan"
        )
    if is_frame:
        return validate_data(estimator, X, reset=reset, skip_check_array=True)
    return validate_data(estimator, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
