"""What a run read, did and wrote: the same input gives the same manifest."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import siyu
from siyu.datasets import Community

__all__ = ["input_summary", "sha256_of", "versions"]

_LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "scikit-network", "lightgbm")


def versions() -> dict[str, str]:
    """Give the versions of siyu, Python and the libraries that decide the numbers."""
    found = {name: version(name) for name in _LIBRARIES}
    return {"siyu": siyu.__version__, "python": platform.python_version(), **found}


def input_summary(c: Community) -> dict[str, Any]:
    """Give the rows of every input table, the shop's zone and what was observed."""
    rows = {}
    for name in c.tables():
        table = c.arrow(name)
        rows[name] = 0 if table is None else table.num_rows
    return {"tz": c.tz, "rows": rows, "observed": dict(c.observed)}


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file's bytes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     sha256_of(Path(file.name))[:8]
    'e3b0c442'
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
