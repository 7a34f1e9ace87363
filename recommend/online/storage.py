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
from siyu.recommend.market.market import Market, MarketOptions, ProductGroups
from siyu.recommend.market.neighbours import References
from siyu.recommend.market.segments import Segment
from siyu.recommend.ranking.calibration import Calibration
from siyu.recommend.ranking.ranker import LISTS, Comparison, Ranker
from siyu.recommend.ranking.training import Recipe
from siyu.recommend.sorted_keys import Floats, Keyed
from siyu.recommend.tables.circles import Circle
from siyu.recommend.tables.member_columns import MemberColumns
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.setting import MemberFacts
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
    market, ranker = model.shop.market, model.ranker
    files: dict[str, str | pa.Table] = {**_shop_tables(model.shop), **_market_tables(market)}
    if ranker.trees is not None:
        files["trees.txt"] = ranker.trees.to_text()
    files["calibration.parquet"] = _lines(ranker)
    meta = {
        "parameters": dict(parameters),
        "as_of": market.moment,
        "n_members": market.n_members,
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
    shop = _shop(bundle, recipe, meta["as_of"], meta["n_members"])
    return Model(recipe, ranker, shop), meta["parameters"]


def _shop_tables(shop: Shop) -> dict[str, pa.Table]:
    """Write who and what there is."""
    bought, facts = shop.bought, shop.facts
    tables = {
        "members.parquet": pa.table(
            {
                "member_id": bought.members,
                "registered": facts.registered,
                "region": facts.region,
                **_prefixed("extra", facts.extra),
            }
        ),
        "baskets.parquet": pa.table(
            {
                "member": bought.basket_member,
                "time": bought.basket_time,
                "place": bought.basket_place,
            }
        ),
        "lines.parquet": pa.table(
            {
                "basket": bought.line_basket,
                "product": bought.line_product,
                "quantity": bought.quantity,
                "amount": bought.amount,
                "discount": bought.discount,
            }
        ),
        "places.parquet": pa.table({"store_id": bought.places}),
        "offered.parquet": pa.table({"offered": shop.offered}),
        "offers.parquet": pa.table({"offer_id": shop.offers}),
        "opted_out.parquet": pa.table({"member_id": shop.opted_out}),
        "staff.parquet": pa.table({"member_id": shop.staff}),
        "addressed.parquet": pa.table({"member_id": shop.addressed}),
    }
    if facts.circle is not None:
        tables["circle.parquet"] = _sparse_table(facts.circle.near)
        if facts.circle.leads is not None:
            tables["leaders.parquet"] = pa.table({"leads": facts.circle.leads})
    return tables


def _market_tables(market: Market) -> dict[str, pa.Table]:
    """Write what is known of products and of everybody."""
    references = market.references
    tables = {
        "products.parquet": pa.table({"product_id": market.products}),
        "product_numbers.parquet": pa.table(_prefixed("of", market.numbers)),
        "head.parquet": pa.table(
            {
                "product": market.head,
                "factors": _vectors(market.factors.products),
                "scale": market.factors.scale,
                "fold": _vectors(market.factors.fold),
            }
        ),
        "alike.parquet": _sparse_table(market.alike),
        "references.parquet": pa.table({"member_id": references.ids}),
        "reference_vectors.parquet": _sparse_table(references.by_product),
        "reference_bought.parquet": _sparse_table(references.bought),
        "popular.parquet": pa.table({"product": market.popular}),
        "place_products.parquet": pa.table({"product": market.place_products}),
        "place_starts.parquet": pa.table({"start": market.place_starts}),
    }
    for name, segment in (("place", market.place), ("region", market.region)):
        tables[f"{name}_buyers.parquet"] = _keyed_table(segment.buyers)
        tables[f"{name}_members.parquet"] = pa.table({"n_members": segment.n_members})
        tables[f"{name}_share.parquet"] = pa.table({"share": segment.share})
    for nth, group in enumerate(market.groups.values()):
        tables[f"group_{nth}_codes.parquet"] = pa.table({"code": group.codes})
        tables[f"group_{nth}_recent.parquet"] = pa.table({"recent": group.recent})
    return tables


def _shop(bundle: Bundle, recipe: Recipe, moment: int, n_members: int) -> Shop:
    """Read the state of the fit."""
    members, baskets = bundle.table("members.parquet"), bundle.table("baskets.parquet")
    lines = bundle.table("lines.parquet")
    bought = Purchases(
        members=members["member_id"].combine_chunks(),
        products=bundle.table("products.parquet")["product_id"].combine_chunks(),
        places=bundle.table("places.parquet")["store_id"].combine_chunks(),
        basket_member=_array(baskets, "member"),
        basket_time=_array(baskets, "time"),
        basket_place=_array(baskets, "place"),
        line_basket=_array(lines, "basket"),
        line_product=_array(lines, "product"),
        quantity=_array(lines, "quantity"),
        amount=_array(lines, "amount"),
        discount=_array(lines, "discount"),
    )
    facts = MemberFacts(
        _array(members, "registered"),
        _array(members, "region"),
        _unprefixed("extra", members),
        _circle(bundle, bought),
    )
    return Shop(
        market=_market(bundle, recipe, bought.products, moment, n_members),
        bought=bought,
        facts=facts,
        opted_out=bundle.table("opted_out.parquet")["member_id"].combine_chunks(),
        staff=bundle.table("staff.parquet")["member_id"].combine_chunks(),
        addressed=bundle.table("addressed.parquet")["member_id"].combine_chunks(),
        offered=_array(bundle.table("offered.parquet"), "offered"),
        offers=bundle.table("offers.parquet")["offer_id"].combine_chunks(),
    )


def _market(
    bundle: Bundle, recipe: Recipe, products: pa.Array, moment: int, n_members: int
) -> Market:
    """Read what is known of products and of everybody."""
    head = bundle.table("head.parquet")
    numbers = _unprefixed("of", bundle.table("product_numbers.parquet"))
    n_products, n_head = len(numbers["buyers"]), head.num_rows
    position = np.full(n_products, -1, np.int64)
    position[_array(head, "product")] = np.arange(n_head)
    ids = bundle.table("references.parquet")["member_id"].combine_chunks()
    references = References(
        ids=ids,
        by_product=_sparse(bundle.table("reference_vectors.parquet"), (n_products, len(ids))),
        bought=_sparse(bundle.table("reference_bought.parquet"), (len(ids), n_head)),
        n_nearest=recipe.options.n_nearest,
    )
    return Market(
        moment=moment,
        n_members=n_members,
        products=products,
        numbers=numbers,
        groups={name: _groups(bundle, nth) for nth, name in enumerate(recipe.attributes)},
        place=_segment(bundle, "place"),
        region=_segment(bundle, "region"),
        head=_array(head, "product"),
        position=position,
        factors=Factors(_matrix(head, "factors"), _array(head, "scale"), _matrix(head, "fold")),
        alike=_sparse(bundle.table("alike.parquet"), (n_head, n_head)),
        references=references,
        popular=_array(bundle.table("popular.parquet"), "product"),
        place_starts=_array(bundle.table("place_starts.parquet"), "start"),
        place_products=_array(bundle.table("place_products.parquet"), "product"),
    )


def _circle(bundle: Bundle, bought: Purchases) -> Circle | None:
    """Read who is near whom."""
    if "circle.parquet" not in bundle.names:
        return None
    leads = None
    if "leaders.parquet" in bundle.names:
        leads = _array(bundle.table("leaders.parquet"), "leads")
    n = len(bought.members)
    return Circle(_sparse(bundle.table("circle.parquet"), (n, n)), bought, leads)


def _segment(bundle: Bundle, name: str) -> Segment:
    """Read what is bought in stores, or regions."""
    return Segment(
        n_members=_array(bundle.table(f"{name}_members.parquet"), "n_members"),
        buyers=_keyed(bundle.table(f"{name}_buyers.parquet")),
        share=_array(bundle.table(f"{name}_share.parquet"), "share"),
    )


def _groups(bundle: Bundle, nth: int) -> ProductGroups:
    """Read the groups of one attribute."""
    recent = _array(bundle.table(f"group_{nth}_recent.parquet"), "recent")
    return ProductGroups(
        _array(bundle.table(f"group_{nth}_codes.parquet"), "code"), len(recent), recent
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
        circles=meta["circles"],
        quotas=Quotas(**meta["quotas"]),
        options=MarketOptions(**options),
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


def _sparse_table(matrix: csr_array) -> pa.Table:
    """Write the entries of a sparse matrix."""
    return pa.table(
        {
            "row": np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)),
            "column": matrix.indices.astype(np.int64),
            "value": matrix.data,
        }
    )


def _sparse(table: pa.Table, shape: tuple[int, int]) -> csr_array:
    counts = np.bincount(_array(table, "row"), minlength=shape[0])
    starts = np.concatenate([[0], np.cumsum(counts)])
    return csr_array((_array(table, "value"), _array(table, "column"), starts), shape=shape)


def _array(table: pa.Table, name: str) -> Any:
    return table[name].to_numpy()
