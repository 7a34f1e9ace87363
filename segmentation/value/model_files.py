"""Parts of fitted forecasts as files of a bundle, and back."""

from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.boosting import BoostedTrees
from siyu.datasets.bundle import Bundle

from .bagged_trees import Bags

__all__ = ["bags_from", "bags_to", "numbers_of", "parameters_of"]

Files = dict[str, "str | pa.Table"]


def bags_to(name: str, bags: Bags) -> Files:
    """Name the text of each model: ``<name>-0.txt`` and so on."""
    return {f"{name}-{i}.txt": one.to_text() for i, one in enumerate(bags)}


def bags_from(bundle: Bundle, name: str, n: int) -> Bags:
    """Read what `bags_to` named."""
    return tuple(BoostedTrees.from_text(bundle.text(f"{name}-{i}.txt")) for i in range(n))


def parameters_of(model: Any) -> dict[str, Any]:
    """Give the parameters of a fitted model as JSON holds them: numpy's numbers as plain ones."""
    given = model.get_params() | {"horizon": f"{model.horizon_}D"}
    return {name: v.item() if isinstance(v, np.generic) else v for name, v in given.items()}


def numbers_of(table: pa.Table) -> dict[str, Any]:
    """Give the columns of a small table as float64 arrays."""
    return {name: np.asarray(table[name].to_numpy(), float) for name in table.column_names}
