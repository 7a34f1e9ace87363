"""A fitted `ValueModel` as a verified bundle."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from siyu.datasets.bundle import Bundle, read_bundle, write_bundle

from .btyd_forecasts import BtydForecast
from .model_files import bags_from, bags_to, numbers_of, parameters_of
from .money_forecasts import MoneyPerVisit, ValueBands, WorthTrees
from .value_learners import ValueLearners
from .visit_features import GapNorm
from .visit_forecasts import Silence, VisitForecasts

if TYPE_CHECKING:
    from .value_models import ValueModel

__all__ = ["read_value_model", "write_value_model"]

_KIND = "value-model"


def write_value_model(folder: str | Path, model: "ValueModel") -> None:
    """Write a fitted model."""
    files: dict[str, str | pa.Table] = {"snapshot.parquet": model.snapshot_}
    meta = {
        "parameters": parameters_of(model),
        "as_of": model.as_of_,
        "source": model.source_,
        "value_source": model.value_source_,
        "trial_window": model.trial_window_,
        "kind": model.kind_,
        "learners": None,
    }
    if model.learners_ is not None:
        files |= _files(model.learners_)
        meta["learners"] = _numbers(model.learners_)
    write_bundle(folder, _KIND, files, meta)


def read_value_model(folder: str | Path, cls: "type[ValueModel]") -> "ValueModel":
    """Read a fitted model."""
    bundle = read_bundle(folder, _KIND)
    meta = bundle.meta
    model = cls(**meta["parameters"])
    model.horizon_ = int(model.horizon.removesuffix("D"))
    model.as_of_, model.source_, model.kind_ = meta["as_of"], meta["source"], meta["kind"]
    model.value_source_, model.trial_window_ = meta["value_source"], meta["trial_window"]
    model.learners_ = _learners(bundle, meta["learners"]) if meta["learners"] else None
    model.snapshot_ = bundle.table("snapshot.parquet")
    return model


def _files(learned: ValueLearners) -> dict[str, "str | pa.Table"]:
    forecasts = learned.forecasts
    files = bags_to("direct", forecasts.direct) | bags_to("factor", forecasts.factor)
    if forecasts.silence is not None:
        files["silence.parquet"] = pa.table({"daily": forecasts.silence.daily})
        files["silence-limits.parquet"] = pa.table({"limit": forecasts.silence.limits})
    if learned.worth is not None:
        files |= bags_to("worth", learned.worth.bags)
    if (bands := learned.bands) is not None:
        columns = {"middle": bands.middle, "low": bands.low, "high": bands.high}
        files["bands.parquet"] = pa.table(columns)
    return files


def _numbers(learned: ValueLearners) -> dict[str, Any]:
    forecasts, money = learned.forecasts, learned.money
    return {
        "method": learned.method,
        "mean_value": learned.mean_value,
        "horizon": forecasts.horizon,
        "window": forecasts.window,
        "gap_days": forecasts.norm.gap_days,
        "btyd": {one.name: one.params for one in forecasts.btyd},
        "rescale": forecasts.rescale,
        "n_bags": len(forecasts.direct),
        "money": {"params": money.params, "typical": money.typical, "kept": money.kept},
        "worth": learned.worth and [learned.worth.unit, len(learned.worth.bags)],
    }


def _learners(bundle: Bundle, known: dict[str, Any]) -> ValueLearners:
    silence, bands, worth = None, None, None
    if "silence.parquet" in bundle.names:
        limits = numbers_of(bundle.table("silence-limits.parquet"))["limit"]
        silence = Silence(limits, numbers_of(bundle.table("silence.parquet"))["daily"])
    if "bands.parquet" in bundle.names:
        bands = ValueBands(**numbers_of(bundle.table("bands.parquet")))
    if known["worth"]:
        worth = WorthTrees(known["worth"][0], bags_from(bundle, "worth", known["worth"][1]))
    forecasts = VisitForecasts(
        horizon=known["horizon"],
        window=known["window"],
        norm=GapNorm(known["gap_days"]),
        btyd=tuple(BtydForecast.of(name, params) for name, params in sorted(known["btyd"].items())),
        silence=silence,
        direct=bags_from(bundle, "direct", known["n_bags"]),
        factor=bags_from(bundle, "factor", known["n_bags"]),
        rescale=known["rescale"],
    )
    money = MoneyPerVisit(**known["money"])
    return ValueLearners(known["method"], forecasts, money, worth, bands, known["mean_value"])
