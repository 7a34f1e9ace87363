"""Take members out of a stored model or snapshot: their ids, and what they bought and hold.

What is known of products (how many bought them, what is bought together) are sums over everybody
and stay, as do the trees; both say nothing of one member. Lists of others may change a little
where a forgotten member was among those whom they are compared with.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from siyu.datasets.bundle import read_bundle, write_bundle
from siyu.datasets.ids import ids_in, lookup
from siyu.recommend.lists.model import ids_like
from siyu.recommend.lists.terms import Offered, Terms
from siyu.recommend.market.neighbours import References
from siyu.recommend.sorted_keys import Ints
from siyu.recommend.tables.circles import Circle
from siyu.recommend.tables.purchases import Purchases
from siyu.recommend.tables.shop import Shop

from . import snapshot_store, storage
from .array_files import Packed, unpack

__all__ = ["forget_members"]


def forget_members(folder: str | Path, members: Sequence[Any] | pa.Array) -> int:
    """Take members out of a saved model, or out of a snapshot, and write it again.

    The bundle is written whole beside the old one and then takes its place: who reads it in
    between reads the old one, and a write that fails leaves that as it was. A service that is
    open holds what it read: open it again.

    Parameters
    ----------
    folder : str or Path
        As `OfferRecommender.save` or `OfferRecommender.snapshot` wrote it.
    members : sequence of member ids
        Those that the bundle does not know are passed over.

    Returns
    -------
    int
        How many of them the bundle knew. Afterwards it knows none: they are newcomers to it.

    Raises
    ------
    ModelFileError
        If the bundle is damaged, or neither a model nor a snapshot.
    ParameterError
        If the ids are of another type.
    FileError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from siyu.datasets import Community
    >>> from siyu.recommend import OfferRecommender
    >>> weeks = pd.date_range("2026-01-01", periods=8, freq="7D", tz="UTC")
    >>> orders = pd.DataFrame({"order_time": weeks, "product_id": "milk", "amount": 2.0})
    >>> c = Community(orders=orders.assign(member_id="ann"))
    >>> rec = OfferRecommender(ranker="never", random_state=0).fit(c, as_of="2026-03-01")
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> rec.save(folder)
    >>> forget_members(folder, ["ann", "bob"])
    1
    >>> OfferRecommender.load(folder).recommend().empty
    True
    """
    packed = Packed()
    if _kind(folder) == storage.KIND:
        bundle = read_bundle(folder, storage.KIND)
        model = unpack(bundle, bundle.meta["model"])
        shop, terms, n_known = _without(model.shop, model.terms, members)
        state = {"model": packed.put("model", replace(model, shop=shop, terms=terms))}
    else:
        bundle = read_bundle(folder, snapshot_store.KIND)
        parts = unpack(bundle, bundle.meta["state"])
        shop, terms, n_known = _without(parts["shop"], parts["terms"], members)
        parts = {**parts, "shop": shop, "terms": terms}
        ends = unpack(bundle, bundle.meta["offer_ends"])
        state = {
            "state": {"mapping": [[name, packed.put(name, one)] for name, one in parts.items()]},
            "offer_ends": packed.put("offers", ends),
        }
    write_bundle(folder, bundle.kind, packed.files, {**bundle.meta, **state})
    return n_known


def _kind(folder: str | Path) -> Any:
    """Read what a bundle says it is; nothing else of it is believed before it is verified."""
    try:
        return json.loads((Path(folder) / "manifest.json").read_bytes())["kind"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _without(
    shop: Shop, terms: Terms, members: Sequence[Any] | pa.Array
) -> tuple[Shop, Terms, int]:
    """Leave members out of everything that names them, or that is theirs."""
    gone = ids_like(members, "members", shop.addressed.type)
    known = ids_in(
        shop.addressed, shop.bought.members, shop.opted_out, shop.staff, shop.market.references.ids
    )
    kept = np.flatnonzero(lookup(shop.bought.members, gone) < 0)
    bought = shop.bought.of_members(kept)
    facts = shop.facts.of_members(kept)
    if shop.facts.circle is not None:
        facts = replace(facts, circle=_circle(shop.facts.circle, kept, bought))
    left = replace(
        shop,
        market=replace(shop.market, references=_references(shop.market.references, gone)),
        bought=bought,
        facts=facts,
        opted_out=_left(shop.opted_out, gone),
        staff=_left(shop.staff, gone),
        addressed=_left(shop.addressed, gone),
    )
    seen = terms.interests
    kept_terms = replace(
        terms,
        belongs=terms.belongs[:, [*kept.tolist(), -1]],
        offered=_offered(terms.offered, kept, len(shop.bought.members)),
        interests=None if seen is None else seen.of_members(kept),
    )
    return left, kept_terms, int((lookup(gone, known) >= 0).sum())


def _left(ids: pa.Array, gone: pa.Array) -> pa.Array:
    """Leave ids out."""
    return ids.take(pa.array(np.flatnonzero(lookup(ids, gone) < 0))) if len(ids) else ids


def _references(references: References, gone: pa.Array) -> References:
    """Leave members out of those whom everyone is compared with."""
    kept = np.flatnonzero(lookup(references.ids, gone) < 0)
    return replace(
        references,
        ids=references.ids.take(pa.array(kept)),
        by_product=references.by_product[:, kept],
        bought={name: matrix[kept] for name, matrix in references.bought.items()},
    )


def _circle(circle: Circle, kept: Ints, bought: Purchases) -> Circle:
    """Leave members out of all circles; what is left of a circle adds up to 1 again."""
    near = csr_array(circle.near[kept][:, kept])
    total = np.asarray(near.sum(axis=1)).ravel()
    owner = np.repeat(np.arange(len(kept)), np.diff(near.indptr))
    shares = (near.data / total[owner]).astype(np.float32)
    near = csr_array((shares, near.indices, near.indptr), shape=near.shape)
    return Circle(near, bought, None if circle.leads is None else circle.leads[kept])


def _offered(offers: Offered, kept: Ints, n_members: int) -> Offered:
    """Leave out who holds what."""
    offer, member = np.divmod(offers.held, max(n_members, 1))
    place = np.full(n_members, -1, np.int64)
    place[kept] = np.arange(len(kept))
    stays = place[member] >= 0
    return replace(offers, held=offer[stays] * len(kept) + place[member[stays]])
