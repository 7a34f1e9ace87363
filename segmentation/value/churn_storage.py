"""A fitted `ChurnModel` as a verified bundle."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from siyu.datasets.bundle import Bundle, read_bundle, write_bundle

from .btyd_forecasts import BtydForecast
from .churn_learners import Calibration, ChurnLearners
from .logistic_line import LogisticLine
from .model_files import bags_from, bags_to, parameters_of
from .visit_features import GapNorm

if TYPE_CHECKING:
    from .churn_models import ChurnModel

__all__ = ["read_churn_model", "write_churn_model"]

_KIND = "churn-model"


def write_churn_model(folder: str | Path, model: "ChurnModel") -> None:
    """Write a fitted model."""
    files: dict[str, str | pa.Table] = {"snapshot.parquet": model.snapshot_}
    if (learned := model.learners_) is not None:
        files |= bags_to("churn", learned.churn)
        files |= bags_to("mean", learned.mean) | bags_to("median", learned.median)
        files["line.parquet"] = learned.line.to_table()
    calibration, btyd = model.calibration_, model.btyd_
    meta = {
        "parameters": parameters_of(model),
        "as_of": model.as_of_,
        "source": model.source_,
        "cuts": model.cuts_,
        "kind": model.kind_,
        "gap_days": model.norm_.gap_days,
        "calibration": calibration and [calibration.slope, calibration.intercept],
        "btyd": btyd and btyd.params,
        "has_learners": learned is not None,
    }
    write_bundle(folder, _KIND, files, meta)


def read_churn_model(folder: str | Path, cls: "type[ChurnModel]") -> "ChurnModel":
    """Read a fitted model."""
    bundle = read_bundle(folder, _KIND)
    meta = bundle.meta
    model = cls(**meta["parameters"])
    model.horizon_ = int(model.horizon.removesuffix("D"))
    model.as_of_, model.source_, model.kind_ = meta["as_of"], meta["source"], meta["kind"]
    model.cuts_ = list(meta["cuts"])
    model.norm_ = GapNorm(meta["gap_days"])
    model.calibration_ = Calibration(*meta["calibration"]) if meta["calibration"] else None
    model.btyd_ = BtydForecast.of("MBGNBD", meta["btyd"]) if meta["btyd"] else None
    model.learners_ = _learners(bundle, meta) if meta["has_learners"] else None
    model.snapshot_ = bundle.table("snapshot.parquet")
    return model


def _learners(bundle: Bundle, meta: dict[str, Any]) -> ChurnLearners:
    n = meta["parameters"]["n_bags"]
    return ChurnLearners(
        churn=bags_from(bundle, "churn", n),
        line=LogisticLine.from_table(bundle.table("line.parquet")),
        mean=bags_from(bundle, "mean", n),
        median=bags_from(bundle, "median", n),
    )
