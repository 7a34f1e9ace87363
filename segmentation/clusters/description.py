"""What is told of clusters: their differences from all others, and the rules that find them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from siyu.datasets.labels import Lang

from .cluster_model import ClusterModel
from .columns import Column
from .differences import differences
from .naming import cluster_names, difference_words, rule_words, word_phrase
from .partition import canonical_order
from .tree_rules import Rule, find_rules

__all__ = ["Description", "describe_clusters"]

Ints = npt.NDArray[np.int64]

_MOST_MEMBERS = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """Figures of clusters, by place: `told` as `differences` gives it, one rule a cluster."""

    told: pa.Table
    rules: tuple[Rule, ...]
    fidelity: float

    def words(self, model: ClusterModel, lang: Lang) -> pa.Table:
        """Say it, one row a cluster; see `MemberClusters.describe`."""
        n = len(model.ids)
        rows = self.told.filter(self.told["is_telling"]).to_pylist()
        by_cluster = [[row for row in rows if row["group"] == place] for place in range(n)]
        names = cluster_names(by_cluster, lang) if n > 1 else [word_phrase("none", lang)]
        names = [
            f"{name} ({number})" if names.count(name) > 1 else name
            for name, number in zip(names, model.ids, strict=True)
        ]
        return pa.table(
            {
                "cluster": pa.array(model.ids, pa.int64()),
                "n": pa.array(model.sizes, pa.int64()),
                "share": model.sizes / max(int(model.sizes.sum()), 1),
                "name": pa.array(names, pa.string()),
                "differences": pa.array([difference_words(r, lang) for r in by_cluster]),
                "rule": pa.array(
                    [rule_words(r.conditions, lang) or None for r in self.rules], pa.string()
                ),
                "rule_precision": _floats([r.precision for r in self.rules]),
                "rule_coverage": _floats([r.coverage for r in self.rules]),
                "fidelity": _floats([self.fidelity] * n),
            }
        )


def describe_clusters(
    model: ClusterModel, columns: Sequence[Column], labels: Ints, rng: np.random.Generator
) -> Description:
    """Measure what sets clusters apart, on a draw of members: names need no more."""
    order = canonical_order([column.values for column in columns]) if columns else labels[:0]
    if len(order) > _MOST_MEMBERS:
        order = order[np.sort(rng.choice(len(order), _MOST_MEMBERS, replace=False))]
    order = order[labels[order] >= 0]
    drawn = [Column(c.name, c.kind, c.values[order], c.levels) for c in columns]
    kinds = {scale.name: scale.kind for scale in model.scales}
    flags = [Column(c.name, "flag", c.values) if kinds[c.name] == "flag" else c for c in drawn]
    told = differences(flags, labels[order], len(model.ids))
    rules, fidelity = find_rules(drawn, model.scales, labels[order], len(model.ids))
    return Description(told, tuple(rules), fidelity)


def _floats(values: list[float]) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)
