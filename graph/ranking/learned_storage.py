"""A fitted `KocModel` as a verified bundle."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from siyu.datasets.boosting import BoostedTrees
from siyu.datasets.bundle import read_bundle, write_bundle
from siyu.datasets.clock import DAY_US

from .learned_ranking import Scale
from .learned_trials import Verdict
from .learned_windows import Task

if TYPE_CHECKING:
    from .learned_koc import KocModel

__all__ = ["read_koc_model", "write_koc_model"]

_KIND = "koc-model"


def write_koc_model(folder: str | Path, model: "KocModel") -> None:
    """Write a fitted model."""
    validation = pa.Table.from_pandas(model.validation_, preserve_index=False)
    files: dict[str, str | pa.Table] = {"validation.parquet": validation}
    meta: dict[str, Any] = {
        "parameters": _parameters(model),
        "as_of": model.as_of_,
        "source": model.source_,
        "n_windows": model.n_windows_,
        "verdict": {name: _known(value) for name, value in asdict(model.verdict_).items()},
        "columns": None,
    }
    if model.trees_ is not None:
        files["trees.txt"] = model.trees_.to_text()
        meta["columns"] = list(model.trees_.columns)
    if (scale := model.scale_) is not None:
        files["scale.parquet"] = pa.table({"value": scale.values, "expected": scale.expected})
        meta["unknown"] = scale.unknown
    write_bundle(folder, _KIND, files, meta)


def read_koc_model(folder: str | Path, cls: "type[KocModel]") -> "KocModel":
    """Read a fitted model."""
    bundle = read_bundle(folder, _KIND)
    meta = bundle.meta
    model = cls(**meta["parameters"])
    model.task_ = Task(model.outcome, int(model.horizon.removesuffix("D")) * DAY_US)
    model.as_of_, model.source_ = meta["as_of"], meta["source"]
    model.n_windows_ = meta["n_windows"]
    verdict: dict[str, Any] = {
        name: np.nan if v is None else v for name, v in meta["verdict"].items()
    }
    model.verdict_ = Verdict(**verdict)
    model.validation_ = bundle.table("validation.parquet").to_pandas()
    model.trees_, model.scale_ = None, None
    if meta["columns"] is not None:
        model.trees_ = BoostedTrees.from_text(bundle.text("trees.txt"), tuple(meta["columns"]))
    if "scale.parquet" in bundle.names:
        table = bundle.table("scale.parquet")
        value, expected = (np.asarray(table[n].to_numpy(), float) for n in ("value", "expected"))
        model.scale_ = Scale(value, expected, meta["unknown"])
    return model


def _parameters(model: "KocModel") -> dict[str, Any]:
    """Give the parameters as JSON holds them: the horizon in days, numpy's numbers as plain."""
    given = model.get_params() | {"horizon": f"{model.task_.horizon // DAY_US}D"}
    return {name: v.item() if isinstance(v, np.generic) else v for name, v in given.items()}


def _known(value: Any) -> Any:
    """Put null for what was not measured: JSON has no NaN."""
    return None if isinstance(value, float) and np.isnan(value) else value
