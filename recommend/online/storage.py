"""A fitted model as a verified bundle: the trees as text, everything else as Parquet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from siyu.datasets.bundle import Bundle, read_bundle, write_bundle
from siyu.datasets.errors import ModelFileError
from siyu.recommend.lists.model import Model
from siyu.recommend.ranking.ranker import Ranker
from siyu.recommend.ranking.training import Recipe

from .array_files import Packed, unpack

__all__ = ["KIND", "read_model", "read_ranking", "refuse_other_features", "write_model"]

KIND = "offer-recommender"


def write_model(folder: str | Path, model: Model, parameters: Mapping[str, Any]) -> None:
    """Write a model and the parameters of its recommender.

    Raises
    ------
    FileError
        If the folder cannot be written.
    """
    packed = Packed()
    meta = {
        "parameters": dict(parameters),
        "features": _names(model.recipe),
        "model": packed.put("model", model),
    }
    write_bundle(folder, KIND, packed.files, meta)


def read_model(folder: str | Path) -> tuple[Model, dict[str, Any]]:
    """Read a model and the parameters of its recommender.

    Raises
    ------
    ModelFileError
        If the bundle is not whole, or of a siyu with other features.
    """
    bundle = read_bundle(folder, KIND)
    model: Model = unpack(bundle, bundle.meta["model"])
    refuse_other_features(bundle, _names(model.recipe))
    return model, bundle.meta["parameters"]


def read_ranking(folder: str | Path) -> tuple[Recipe, Ranker, str]:
    """Read how a model looks and ranks, without the members' purchases; and who wrote it.

    Returns
    -------
    (recipe, ranker, version)
        The version of siyu that wrote the bundle.

    Raises
    ------
    ModelFileError
        As `read_model`.
    """
    bundle = read_bundle(folder, KIND)
    parts = dict(bundle.meta["model"]["fields"])
    recipe: Recipe = unpack(bundle, parts["recipe"])
    ranker: Ranker = unpack(bundle, parts["ranker"])
    refuse_other_features(bundle, _names(recipe))
    return recipe, ranker, bundle.versions["siyu"]


def refuse_other_features(bundle: Bundle, now: list[str]) -> None:
    """Refuse a model whose features this siyu would read otherwise.

    Raises
    ------
    ModelFileError
        Naming those that are gone and those that are new.
    """
    trained = bundle.meta["features"]
    if trained != now:
        gone, new = sorted(set(trained) - set(now)), sorted(set(now) - set(trained))
        raise ModelFileError(
            bundle.folder,
            f"was trained by siyu {bundle.versions['siyu']} on other features (gone: {gone}, "
            f"new: {new}, or in another order); train the model again",
        )


def _names(recipe: Recipe) -> list[str]:
    """Name the features, in order."""
    return [feature.name for feature in recipe.features()]
