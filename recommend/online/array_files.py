"""Frozen dataclasses of arrays as tables and one JSON tree, and back again, bit for bit.

A market, the purchases, a ranker: all are dataclasses whose fields are arrays, sparse matrices,
ids, plain values, trees, or further such dataclasses. So they are taken apart by what they are,
and a new field is stored without another word. Only dataclasses of siyu are ever built from a
tree; nothing in a file is run.
"""

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from siyu.datasets.boosting import BoostedTrees
from siyu.datasets.bundle import Bundle
from siyu.datasets.errors import ModelFileError

__all__ = ["Packed", "unpack"]

_PACKAGE = "siyu."


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """What was taken apart: tables, texts, and the tree that says how they belong together.

    Arrays of one length in one dataclass are columns of one table.

    Examples
    --------
    >>> from siyu.recommend.sorted_keys import Keyed
    >>> packed = Packed()
    >>> tree = packed.put("n", Keyed(np.array([3, 7]), {"n": np.array([1, 2], np.float32)}))
    >>> {name: table.column_names for name, table in packed.files.items()}
    {'n-1.parquet': ['keys', 'columns:n']}
    """

    files: dict[str, Any] = field(default_factory=dict)
    _met: dict[int, str] = field(default_factory=dict)
    _kept: list[object] = field(default_factory=list)

    def put(self, path: str, value: object) -> Any:
        """Take a value apart, and give its tree.

        Parameters
        ----------
        path : str
            Lower-case letters, digits and ``-``: the names of the files begin with it.
        value : object
            See above; anything else is refused.

        Raises
        ------
        TypeError
            If it is of a kind that is not stored.
        """
        if isinstance(value, BoostedTrees):
            self.files[f"{path}.txt"] = value.to_text()
            return {"trees": f"{path}.txt", "columns": list(value.columns)}
        if not is_dataclass(value) or isinstance(value, type):
            return self._part(path, "value", value)
        if id(value) in self._met:
            return {"same": self._met[id(value)]}
        self._met[id(value)] = path
        self._kept.append(value)  # or another object might get its id
        # What a class derives from its other fields is derived again.
        given = [one.name for one in fields(value) if one.init]
        # Pairs, not a mapping: JSON is written with sorted names, and the order matters.
        found = [[one, self._part(path, one, getattr(value, one))] for one in given]
        kind = type(value)
        return {"class": f"{kind.__module__}:{kind.__name__}", "path": path, "fields": found}

    def _part(self, path: str, name: str, value: object) -> Any:
        """Take one field apart."""
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, np.ndarray | pa.Array | pa.Table | csr_array):
            return self._arrays(path, name, value)
        if isinstance(value, Mapping):
            pairs = enumerate(value.items())
            return {
                "mapping": [[n, self._item(path, name, nth, n, one)] for nth, (n, one) in pairs]
            }
        if isinstance(value, tuple):
            listed = enumerate(value)
            return {"tuple": [self._item(path, name, nth, str(nth), one) for nth, one in listed]}
        if is_dataclass(value):
            return self.put(_joined(path, name), value)
        if isinstance(value, float) and not math.isfinite(value):
            return {"float": str(value)}
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise TypeError(f"{path}: the field {name} is a {type(value).__name__}: it is not stored")

    def _item(self, path: str, name: str, nth: int, key: str, value: object) -> Any:
        """Take one entry of a mapping or a tuple apart; entries may bear any names."""
        if is_dataclass(value):
            return self.put(_joined(path, f"{name}-{nth}"), value)
        return self._part(path, f"{name}:{key}", value)

    def _arrays(self, path: str, name: str, value: Any) -> Any:
        """Take apart what consists of columns."""
        if isinstance(value, pa.Table):
            parts = {n: value[n].combine_chunks() for n in value.column_names}
            return {"table": [[n, self._column(path, f"{name}:{n}", c)] for n, c in parts.items()]}
        if isinstance(value, csr_array):
            parts = {one: getattr(value, one) for one in ("data", "indices", "indptr")}
            found = {n: self._column(path, f"{name}:{n}", part) for n, part in parts.items()}
            return {"sparse": found, "shape": [int(length) for length in value.shape]}
        return self._column(path, name, value)

    def _column(self, path: str, name: str, value: Any) -> Any:
        """Put an array into the table of its owner that has as many rows."""
        is_ids = isinstance(value, pa.Array)
        column = value if is_ids else pa.array(value.ravel())
        nth = 1
        while len(self.files.get(f"{path}-{nth}.parquet", column)) != len(column):
            nth += 1
        file = f"{path}-{nth}.parquet"
        if file in self.files:
            self.files[file] = self.files[file].append_column(name, column)
        else:
            self.files[file] = pa.table({name: column})
        if is_ids:
            return {"ids": file, "column": name}
        return {"array": file, "column": name, "shape": list(value.shape)}


def unpack(bundle: Bundle, tree: Any) -> Any:
    """Build the value of a tree again.

    Parameters
    ----------
    bundle : Bundle
        With the files.
    tree : as `Packed.put` gave it, back from JSON

    Raises
    ------
    ModelFileError
        If it was written by a siyu whose classes were others.
    """
    try:
        return _Reader(bundle).value(tree)
    except (AttributeError, ImportError, KeyError, TypeError) as error:
        raise ModelFileError(
            bundle.folder,
            f"was written by siyu {bundle.versions.get('siyu')} in another form ({error}); "
            "train the model, or write the snapshot, again",
        ) from error


class _Reader:
    """Builds values; tables are parsed once, objects that were one stay one."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.tables: dict[str, pa.Table] = {}
        self.built: dict[str, object] = {}

    def value(self, tree: Any) -> Any:
        """Build one value."""
        if not isinstance(tree, dict):
            return tree
        readers: dict[str, Callable[[Any], Any]] = {
            "class": self._object,
            "same": lambda one: self.built[one["same"]],
            "trees": lambda one: BoostedTrees.from_text(
                self.bundle.text(one["trees"]), tuple(one["columns"])
            ),
            "array": lambda one: self._array(one["array"], one),
            "ids": lambda one: self._table(one["ids"])[one["column"]].combine_chunks(),
            "sparse": self._sparse,
            "table": lambda one: pa.table({n: self.value(c) for n, c in one["table"]}),
            "mapping": lambda one: {name: self.value(part) for name, part in one["mapping"]},
            "tuple": lambda one: tuple(self.value(part) for part in one["tuple"]),
            "float": lambda one: float(one["float"]),
        }
        kind = next(name for name in readers if name in tree)
        return readers[kind](tree)

    def _object(self, tree: Mapping[str, Any]) -> object:
        """Build a dataclass of siyu."""
        module, name = tree["class"].split(":")
        if not module.startswith(_PACKAGE):
            raise TypeError(f"{module} is no part of siyu")
        kind = getattr(importlib.import_module(module), name)
        if not is_dataclass(kind) or not isinstance(kind, type):
            raise TypeError(f"{name} is no dataclass")
        found = kind(**{one: self.value(part) for one, part in tree["fields"]})
        self.built[tree["path"]] = found
        return found

    def _table(self, name: str) -> pa.Table:
        """Read a table once."""
        if name not in self.tables:
            self.tables[name] = self.bundle.table(name)
        return self.tables[name]

    def _array(self, file: str, tree: Mapping[str, Any]) -> Any:
        """Read an array."""
        flat = self._table(file)[tree["column"]].to_numpy()
        return flat.reshape(tree["shape"])

    def _sparse(self, tree: Mapping[str, Any]) -> csr_array:
        """Read a sparse matrix."""
        parts = [self.value(tree["sparse"][name]) for name in ("data", "indices", "indptr")]
        return csr_array(tuple(parts), shape=tuple(tree["shape"]))


def _joined(path: str, name: str) -> str:
    """Name what belongs to a field; file names have few letters to choose from."""
    return f"{path}-{name.strip('_').lower().replace('_', '-')}"
