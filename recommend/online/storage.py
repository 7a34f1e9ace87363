"""A fitted model as a verified bundle: the trees as text, everything else as Parquet."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from siyu.datasets.boosting import BoostedTrees
from siyu.datasets.bundle import Bundle, read_bundle, write_bundle
from siyu.datasets.intervals import Interval
from siyu.recommend.candidates.finding import Quotas
from siyu.recommend.lists.model import Model
from siyu.recommend.market.factorisation import FactorOptions, Factors
from siyu.recommend.market.histories import GroupHistory, Histories, Segment
from siyu.recommend.market.snapshot import Snapshot, SnapshotOptions
from siyu.recommend.ranking.calibration import Calibration
from siyu.recommend.ranking.ranker import LISTS, Comparison, Ranker
from siyu.recommend.ranking.training import Recipe
from siyu.recommend.sorted_keys import Floats, Keyed
from siyu.recommend.tables.member_columns import MemberColumns
from siyu.recommend.tables.shop import Shop

__all__ = ["read_model", "write_model"]

_KIND = "offer-recommender"


def write_model(folder: str | Path, model: Model, parameters: Mapping[str, Any]) -> None:
    """Write a model and the parameters of its recommender.

    Raises
    ------
    FileError
        If the folder cannot be written.
    """
    snapshot, ranker = model.shop.snapshot, model.ranker
    files: dict[str, str | pa.Table] = {**_shop_tables(model.shop), **_history_tables(snapshot)}
    if ranker.trees is not None:
        files["trees.txt"] = ranker.trees.to_text()
    files["calibration.parquet"] = _lines(ranker)
    meta = {
        "parameters": dict(parameters),
        "as_of": snapshot.moment,
        "recipe": asdict(model.recipe),
        "features": [feature.name for feature in model.recipe.features()],
        "uses_trees": ranker.uses_trees,
        "comparisons": [_plain(asdict(one)) for one in ranker.comparisons],
    }
    write_bundle(folder, _KIND, files, meta)


def read_model(folder: str | Path) -> tuple[Model, dict[str, Any]]:
    """Read a model and the parameters of its recommender.

    Raises
    ------
    ModelFileError
        If the bundle is not whole.
    """
    bundle = read_bundle(folder, _KIND)
    meta = bundle.meta
    recipe = _recipe(meta["recipe"])
    trees = None
    if "trees.txt" in bundle.names:
        trees = BoostedTrees.from_text(bundle.text("trees.txt"), tuple(meta["features"]))
    lines = _calibrations(bundle.table("calibration.parquet"))
    ranker = Ranker(
        trees=trees,
        uses_trees=dict(meta["uses_trees"]),
        calibration=lines["trees"],
        plain_calibration={name: lines[name] for name in LISTS},
        comparisons=tuple(_comparison(one) for one in meta["comparisons"]),
        n_jobs=meta["parameters"]["n_jobs"],
    )
    return Model(recipe, ranker, _shop(bundle, recipe, meta["as_of"])), meta["parameters"]


def _shop_tables(shop: Shop) -> dict[str, pa.Table]:
    """Write who and what there is."""
    snapshot = shop.snapshot
    return {
        "members.parquet": pa.table(
            {
                "member_id": snapshot.members,
                "place": snapshot.histories.place.of_member,
                "region": snapshot.histories.region.of_member,
                "factors": _vectors(snapshot.factors.members),
                **_prefixed("of", snapshot.histories.members),
                **_prefixed("extra", snapshot.extra),
            }
        ),
        "products.parquet": pa.table({"product_id": snapshot.products, "offer_id": shop.offers}),
        "product_numbers.parquet": pa.table(
            {"offered": shop.offered, **_prefixed("of", snapshot.histories.products)}
        ),
        "head.parquet": pa.table(
            {"product": snapshot.head, "factors": _vectors(snapshot.factors.products)}
        ),
        "alike.parquet": pa.table(
            {
                "row": np.repeat(np.arange(len(snapshot.head)), np.diff(snapshot.alike.indptr)),
                "column": snapshot.alike.indices.astype(np.int64),
                "value": snapshot.alike.data,
            }
        ),
        "references.parquet": pa.table({"member": snapshot.references}),
        "opted_out.parquet": pa.table({"member_id": shop.opted_out}),
        "staff.parquet": pa.table({"member_id": shop.staff}),
        "addressed.parquet": pa.table({"member_id": shop.addressed}),
    }


def _history_tables(snapshot: Snapshot) -> dict[str, pa.Table]:
    """Write the statistics under keys."""
    histories = snapshot.histories
    tables = {"pairs.parquet": _keyed_table(histories.pairs)}
    for name, segment in (("place", histories.place), ("region", histories.region)):
        tables[f"{name}_buyers.parquet"] = _keyed_table(segment.buyers)
        tables[f"{name}_members.parquet"] = pa.table({"n_members": segment.n_members})
    for nth, group in enumerate(histories.groups.values()):
        tables[f"group_{nth}_codes.parquet"] = pa.table({"code": group.codes})
        tables[f"group_{nth}_members.parquet"] = _keyed_table(group.members)
        tables[f"group_{nth}_recent.parquet"] = pa.table({"recent": group.recent})
    return tables


def _shop(bundle: Bundle, recipe: Recipe, moment: int) -> Shop:
    """Read the state of the fit."""
    members, products = bundle.table("members.parquet"), bundle.table("products.parquet")
    numbers, head = bundle.table("product_numbers.parquet"), bundle.table("head.parquet")
    snapshot = Snapshot(
        moment=moment,
        members=members["member_id"].combine_chunks(),
        products=products["product_id"].combine_chunks(),
        histories=_histories(bundle, recipe, members, numbers),
        head=_array(head, "product"),
        factors=Factors(_matrix(members, "factors"), _matrix(head, "factors")),
        alike=_alike(bundle.table("alike.parquet"), head.num_rows),
        references=_array(bundle.table("references.parquet"), "member"),
        extra=_unprefixed("extra", members),
        options=recipe.options,
    )
    return Shop(
        snapshot=snapshot,
        opted_out=bundle.table("opted_out.parquet")["member_id"].combine_chunks(),
        staff=bundle.table("staff.parquet")["member_id"].combine_chunks(),
        addressed=bundle.table("addressed.parquet")["member_id"].combine_chunks(),
        offered=_array(numbers, "offered"),
        offers=products["offer_id"].combine_chunks(),
    )


def _histories(bundle: Bundle, recipe: Recipe, members: pa.Table, numbers: pa.Table) -> Histories:
    """Read the statistics."""
    segments = {
        name: Segment(
            of_member=_array(members, name),
            n_members=_array(bundle.table(f"{name}_members.parquet"), "n_members"),
            buyers=_keyed(bundle.table(f"{name}_buyers.parquet")),
        )
        for name in ("place", "region")
    }
    groups = {}
    for nth, name in enumerate(recipe.attributes):
        recent = _array(bundle.table(f"group_{nth}_recent.parquet"), "recent")
        codes = _array(bundle.table(f"group_{nth}_codes.parquet"), "code")
        of_members = _keyed(bundle.table(f"group_{nth}_members.parquet"))
        groups[name] = GroupHistory(codes, len(recent), of_members, recent)
    return Histories(
        n_products=numbers.num_rows,
        pairs=_keyed(bundle.table("pairs.parquet")),
        members=_unprefixed("of", members),
        products=_unprefixed("of", numbers),
        groups=groups,
        **segments,
    )


def _recipe(meta: Mapping[str, Any]) -> Recipe:
    """Read how snapshots, candidates and features are made."""
    categories = meta["columns"]["categories"]
    options = {**meta["options"], "factors": FactorOptions(**meta["options"]["factors"])}
    return Recipe(
        activity=meta["activity"],
        horizon=meta["horizon"],
        attributes=tuple(meta["attributes"]),
        columns=MemberColumns({name: tuple(found) for name, found in categories.items()}),
        quotas=Quotas(**meta["quotas"]),
        options=SnapshotOptions(**options),
        n_members=meta["n_members"],
    )


def _lines(ranker: Ranker) -> pa.Table:
    """Write all calibrations in one table."""
    lines = {"trees": ranker.calibration, **ranker.plain_calibration}
    return pa.table(
        {
            "of": np.repeat(list(lines), [len(line.scores) for line in lines.values()]).tolist(),
            "score": np.concatenate([line.scores for line in lines.values()]),
            "probability": np.concatenate([line.probabilities for line in lines.values()]),
        },
        schema=pa.schema({"of": pa.string(), "score": pa.float64(), "probability": pa.float64()}),
    )


def _calibrations(table: pa.Table) -> dict[str, Calibration]:
    """Read them."""
    of = np.array(table["of"].to_pylist(), dtype=object)
    score, probability = _array(table, "score"), _array(table, "probability")
    return {
        name: Calibration(score[of == name], probability[of == name]) for name in ("trees", *LISTS)
    }


def _plain(comparison: Mapping[str, Any]) -> dict[str, Any]:
    """Write what was not measured as null: JSON has no NaN."""
    return {
        name: _plain(value)
        if isinstance(value, dict)
        else None
        if isinstance(value, float) and np.isnan(value)
        else value
        for name, value in comparison.items()
    }


def _comparison(meta: Mapping[str, Any]) -> Comparison:
    """Read one comparison."""
    known: dict[str, Any] = {n: np.nan if v is None else v for n, v in meta.items()}
    inner = meta["difference"].items()
    interval: dict[str, Any] = {n: np.nan if v is None else v for n, v in inner}
    return Comparison(**{**known, "difference": Interval(**interval)})


def _keyed_table(keyed: Keyed) -> pa.Table:
    return pa.table({"key": keyed.keys, **_prefixed("of", keyed.columns)})


def _keyed(table: pa.Table) -> Keyed:
    return Keyed(_array(table, "key"), _unprefixed("of", table))


def _prefixed(prefix: str, columns: Mapping[str, Floats]) -> dict[str, Floats]:
    return {f"{prefix}:{name}": values for name, values in columns.items()}


def _unprefixed(prefix: str, table: pa.Table) -> dict[str, Floats]:
    length = len(prefix) + 1
    names = [name for name in table.column_names if name.startswith(f"{prefix}:")]
    return {name[length:]: _array(table, name) for name in names}


def _vectors(matrix: Floats) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])


def _matrix(table: pa.Table, name: str) -> Floats:
    column = table[name].combine_chunks()
    flat = column.flatten().to_numpy()
    return np.asarray(flat.reshape(len(column), column.type.list_size), np.float32)


def _alike(table: pa.Table, n: int) -> csr_array:
    counts = np.bincount(_array(table, "row"), minlength=n)
    starts = np.concatenate([[0], np.cumsum(counts)])
    return csr_array((_array(table, "value"), _array(table, "column"), starts), shape=(n, n))


def _array(table: pa.Table, name: str) -> Any:
    return table[name].to_numpy()
