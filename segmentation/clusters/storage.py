"""Clusters in a bundle: text and tables, no pickle and no member."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.bundle import Bundle, read_bundle, write_bundle

from .cluster_model import ClusterModel
from .description import Description
from .scaling import Scale
from .selection import Candidate
from .tree_rules import Rule

__all__ = ["KIND", "read_clusters", "write_clusters"]

KIND = "member-clusters"

Parts = tuple[ClusterModel, list[Candidate], dict[str, str], Description]


def write_clusters(folder: str | Path, parts: Parts, meta: dict[str, Any]) -> None:
    """Write clusters as a bundle."""
    model, candidates, dropped, description = parts
    centers = {f"z{i:04d}": model.centers[:, i] for i in range(model.centers.shape[1])}
    clusters = pa.table({"id": model.ids, "size": model.sizes, "spread": model.spread} | centers)
    files: dict[str, str | pa.Table] = {
        "scales.parquet": _rows(model.scales, Scale),
        "clusters.parquet": clusters,
        "selection.parquet": _rows(candidates, Candidate),
        "differences.parquet": description.told,
        "rules.txt": json.dumps([r.conditions for r in description.rules], ensure_ascii=False),
        "figures.parquet": pa.table(
            {
                "precision": [r.precision for r in description.rules],
                "coverage": [r.coverage for r in description.rules],
                "fidelity": [description.fidelity] * len(description.rules),
            }
        ),
    }
    whole = {**meta, "dropped": dropped, "next_id": model.next_id}
    write_bundle(folder, KIND, files, whole)


def read_clusters(folder: str | Path) -> tuple[Parts, dict[str, Any]]:
    """Read what `write_clusters` wrote, and the meta."""
    bundle = read_bundle(folder, KIND)
    clusters = bundle.table("clusters.parquet")
    scaled = [name for name in clusters.column_names if name.startswith("z")]
    k = clusters.num_rows
    centers = np.empty((k, len(scaled)))
    for place, name in enumerate(scaled):
        centers[:, place] = clusters[name].to_numpy()
    model = ClusterModel(
        tuple(Scale(**_tuples(row)) for row in bundle.table("scales.parquet").to_pylist()),
        centers,
        clusters["id"].to_numpy(),
        clusters["size"].to_numpy(),
        clusters["spread"].to_numpy(),
        int(bundle.meta["next_id"]),
    )
    candidates = [Candidate(**row) for row in bundle.table("selection.parquet").to_pylist()]
    parts = (model, candidates, dict(bundle.meta["dropped"]), _description(bundle))
    return parts, bundle.meta


def _description(bundle: Bundle) -> Description:
    figures = bundle.table("figures.parquet").to_pylist()
    conditions = json.loads(bundle.text("rules.txt"))
    rules = [
        Rule(tuple((c[0], c[1], c[2]) for c in said), row["precision"], row["coverage"])
        for said, row in zip(conditions, figures, strict=True)
    ]
    return Description(bundle.table("differences.parquet"), tuple(rules), figures[0]["fidelity"])


_KINDS = {
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "tuple": pa.list_(pa.string()),
}


def _rows(items: Any, kind: Any) -> pa.Table:
    """Put frozen rows of one kind in a table."""
    names = [(f.name, getattr(f.type, "__name__", "")) for f in fields(kind)]
    schema = pa.schema([(name, _KINDS.get(said, pa.string())) for name, said in names])
    return pa.Table.from_pylist([asdict(item) for item in items], schema)


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in row.items()}
