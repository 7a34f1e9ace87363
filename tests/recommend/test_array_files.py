"""Dataclasses of arrays as files: what comes back is what went in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from siyu.datasets import ModelFileError
from siyu.datasets.bundle import read_bundle, write_bundle
from siyu.recommend.market.market import ProductGroups
from siyu.recommend.online.array_files import Packed, unpack
from siyu.recommend.sorted_keys import Keyed


def trip(value: object, folder: Path) -> Any:
    """Write a value and read it again."""
    packed = Packed()
    tree = packed.put("value", value)
    write_bundle(folder / "b", "test", packed.files, {"tree": tree})
    bundle = read_bundle(folder / "b", "test")
    return unpack(bundle, bundle.meta["tree"])


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, np.int32, np.bool_])
def test_arrays_keep_type_and_bits(tmp_path: Path, kind: type) -> None:
    values: NDArray[Any] = np.array([0, 1, 3]).astype(kind)
    found = trip(Keyed(np.arange(3), {"n": values}), tmp_path).columns["n"]
    assert found.dtype == values.dtype
    assert found.tobytes() == values.tobytes()


def test_unknown_numbers_stay_unknown(tmp_path: Path) -> None:
    found = trip(Keyed(np.arange(2), {"n": np.array([np.nan, 1], np.float32)}), tmp_path)
    assert np.isnan(found.columns["n"]).tolist() == [True, False]


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (0, 4), (4, 0)])
def test_matrices_keep_their_shape(tmp_path: Path, shape: tuple[int, int]) -> None:
    numbers = np.arange(shape[0] * shape[1], dtype=np.float32)
    values = numbers.reshape(shape)
    found = trip({"matrix": values}, tmp_path)["matrix"]
    assert found.shape == shape
    assert found.tolist() == values.tolist()


def test_sparse_matrices_keep_their_entries(tmp_path: Path) -> None:
    values = csr_array(np.array([[0, 2, 0], [1, 0, 3]], np.float32))
    found = trip({"sparse": values}, tmp_path)["sparse"]
    assert found.dtype == np.float32
    assert found.toarray().tolist() == values.toarray().tolist()


@pytest.mark.parametrize(
    "ids", [pa.array([3, 7]), pa.array(["a", "文"], pa.large_string()), pa.array([], pa.int64())]
)
def test_ids_keep_their_type(tmp_path: Path, ids: pa.Array) -> None:
    assert trip({"ids": ids}, tmp_path)["ids"].equals(ids)


def test_tables_are_kept(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2], "b": pa.array(["x", None], pa.large_string())})
    assert trip({"table": table}, tmp_path)["table"].equals(table)


def test_plain_values_are_kept(tmp_path: Path) -> None:
    values = {"n": 3, "share": 0.1, "none": None, "yes": True, "far": float("inf"), "all": (1, "a")}
    assert trip(values, tmp_path) == values


def test_names_of_any_script_are_kept(tmp_path: Path) -> None:
    groups = {"产品 Größe/1": ProductGroups(np.array([0, -1]), 1, np.zeros(1, np.float32))}
    assert list(trip(groups, tmp_path)) == ["产品 Größe/1"]


def test_an_object_that_is_held_twice_is_stored_once(tmp_path: Path) -> None:
    one = Keyed(np.arange(2), {})
    first, second = trip({"a": one, "b": one}, tmp_path).values()
    assert first is second


def test_fields_that_share_an_object_may_have_any_names(tmp_path: Path) -> None:
    one = Keyed(np.arange(2), {})
    first, second = trip({"z": one, "a": one}, tmp_path).values()
    assert first is second


def test_what_cannot_be_stored_is_named() -> None:
    with pytest.raises(TypeError, match="odd is a set: it is not stored"):
        Packed().put("value", {"odd": set()})


@dataclass(frozen=True)
class Foreign:
    n: int


def test_a_class_from_elsewhere_is_never_built(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is no part of siyu"):
        trip(Foreign(1), tmp_path)


def test_a_field_that_is_gone_is_told(tmp_path: Path) -> None:
    packed = Packed()
    tree = packed.put("value", Keyed(np.arange(2), {}))
    tree["fields"].append(["gone", 1])
    write_bundle(tmp_path / "b", "test", packed.files, {"tree": tree})
    bundle = read_bundle(tmp_path / "b", "test")
    with pytest.raises(ModelFileError, match="in another form"):
        unpack(bundle, bundle.meta["tree"])
