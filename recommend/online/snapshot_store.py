"""Snapshots: the shop at one moment, apart from the model that ranks, as a verified bundle.

A model is trained rarely, a snapshot is taken every night. Both say how they look at a shop; a
model is joined with a snapshot only if they look the same way.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from siyu.datasets.bundle import read_bundle, write_bundle
from siyu.datasets.community import Community
from siyu.datasets.errors import ModelFileError
from siyu.datasets.ids import lookup
from siyu.recommend.lists.model import Model
from siyu.recommend.market.pair_rows import HALF_LIVES, MAIN_HALF_LIFE
from siyu.recommend.ranking.ranker import Ranker
from siyu.recommend.ranking.training import Recipe
from siyu.recommend.sorted_keys import Ints

from .array_files import Packed, unpack

__all__ = ["KIND", "Snapshot", "offer_ends", "pack_state", "read_snapshot", "write_snapshot"]

KIND = "offer-snapshot"
_LASTING = ("recipe", "ranker")  # parts of a model that no moment changes
_FREE = ("quotas", "n_members")  # parts of a recipe that a snapshot does not depend on
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A snapshot as it was read.

    Attributes
    ----------
    folder : str
    state : mapping of name to the parts of a `Model` that belong to the moment
    offer_ends : int64 array, one an offer of the terms, microseconds
    tz : str
        The shop's zone.
    look : mapping
        How the shop was looked at.
    version : str, of siyu
    """

    folder: str
    state: Mapping[str, Any]
    offer_ends: Ints
    tz: str
    look: Mapping[str, Any]
    version: str

    def joined(self, recipe: Recipe, ranker: Ranker, version: str) -> Model:
        """Join it with what ranks.

        Parameters
        ----------
        recipe, ranker
            Of the model.
        version : str
            The siyu that wrote the model.

        Raises
        ------
        ModelFileError
            If the two do not fit together; it says in what they differ.
        """
        if self.version != version:
            raise ModelFileError(
                self.folder,
                f"the snapshot was written by siyu {self.version}, the model by {version}; "
                "write the snapshot again with the model",
            )
        wanted = _look(recipe)
        odd = sorted(n for n in {*wanted, *self.look} if wanted.get(n) != self.look.get(n))
        if odd:
            raise ModelFileError(
                self.folder,
                f"the snapshot and the model do not belong together: they differ in "
                f"{', '.join(odd)}; write the snapshot with the snapshot() of this model",
            )
        return Model(recipe=recipe, ranker=ranker, **self.state)


def write_snapshot(folder: str | Path, model: Model, ends: Ints, tz: str) -> None:
    """Write the state of a model's shop.

    Parameters
    ----------
    folder : str or Path
        Made, or replaced if it is a bundle.
    model : Model
        As it looks at the moment.
    ends : int64 array
        See `offer_ends`.
    tz : str
        The shop's zone.

    Raises
    ------
    FileError
        If the folder cannot be written; an old snapshot then stays as it was.
    """
    packed, state = pack_state(model)
    meta = {
        "tz": tz,
        "look": _look(model.recipe),
        "as_of": model.shop.market.moment,
        "state": state,
        "offer_ends": packed.put("offers", {"ends": ends}),
    }
    write_bundle(folder, KIND, packed.files, meta)


def pack_state(model: Model) -> tuple[Packed, dict[str, Any]]:
    """Take apart what belongs to the moment."""
    packed = Packed()
    names = [one.name for one in fields(model) if one.name not in _LASTING]
    return packed, {"mapping": [[name, packed.put(name, getattr(model, name))] for name in names]}


def read_snapshot(folder: str | Path) -> Snapshot:
    """Read a snapshot.

    Raises
    ------
    ModelFileError
        If a file is missing, added or damaged, or it was written by another siyu.
    """
    bundle = read_bundle(folder, KIND)
    meta = bundle.meta
    return Snapshot(
        folder=bundle.folder,
        state=unpack(bundle, meta["state"]),
        offer_ends=unpack(bundle, meta["offer_ends"])["ends"],
        tz=meta["tz"],
        look=meta["look"],
        version=bundle.versions["siyu"],
    )


def offer_ends(c: Community, model: Model) -> Ints:
    """Read when each offer of the terms ends; the end of time where nothing says it."""
    ids = model.terms.offered.ids
    rows = c.arrow("offers")
    ends = np.full(len(ids), _NEVER, np.int64)
    if rows is None or "ends_at" not in rows.column_names or not len(ids):
        return ends
    at = lookup(ids, rows["offer_id"].combine_chunks())
    told = rows["ends_at"].cast(pa.int64()).fill_null(_NEVER).to_numpy()
    return np.where(at >= 0, np.append(told, _NEVER)[at], _NEVER)


def _look(recipe: Recipe) -> dict[str, Any]:
    """Say how a shop is looked at, in words of JSON."""
    parts = {name: part for name, part in asdict(recipe).items() if name not in _FREE}
    parts["half_lives"] = [*HALF_LIVES, MAIN_HALF_LIFE]
    parts["features"] = [feature.name for feature in recipe.features()]
    look: dict[str, Any] = _listed(parts)
    return look


def _listed(value: Any) -> Any:
    """Write tuples as lists, as JSON gives them back."""
    if isinstance(value, Mapping):
        return {name: _listed(one) for name, one in value.items()}
    return [_listed(one) for one in value] if isinstance(value, list | tuple) else value
