"""The shape of the project: public names, light imports, guards, packaging."""

import importlib
import importlib.util
import json
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import siyu

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("datasets", "segmentation", "graph", "recommend")
WITH_NAMES = (
    *PACKAGES,
    "graph.community",
    "graph.fission",
    "graph.groups",
    "graph.seeding",
    "recommend.candidates",
    "recommend.coupons",
    "recommend.evaluation",
    "recommend.offers",
    "recommend.online",
    "segmentation.journey",
)
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def modules() -> list[str]:
    """List every module of siyu by its full name."""
    found = ["siyu", *(i.name for i in pkgutil.walk_packages(siyu.__path__, "siyu."))]
    for package in PACKAGES:
        home = importlib.import_module(f"siyu.{package}")
        found.append(home.__name__)
        found += [i.name for i in pkgutil.walk_packages(home.__path__, f"siyu.{package}.")]
    return sorted(set(found) - {"siyu.__main__"})


def loaded_by(statement: str) -> set[str]:
    """Tell which libraries a fresh process has loaded after a statement."""
    code = f"import sys; {statement}; print(' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("package", ["siyu", *(f"siyu.{p}" for p in WITH_NAMES)])
def test_public_names_stay_what_they_are_after_every_module_is_loaded(package: str) -> None:
    for name in modules():
        importlib.import_module(name)
    home = importlib.import_module(package)
    for name in home.__all__:
        assert not isinstance(getattr(home, name), type(sys)), name


@pytest.mark.parametrize("name", modules())
def test_every_module_says_what_is_public(name: str) -> None:
    module = importlib.import_module(name)
    missing = [n for n in module.__all__ if not hasattr(module, n)]
    assert missing == []


@pytest.mark.parametrize("package", WITH_NAMES)
def test_no_module_bears_the_name_of_a_public_name(package: str) -> None:
    home = importlib.import_module(f"siyu.{package}")
    stems = {info.name for info in pkgutil.iter_modules(home.__path__)}
    assert stems & set(home.__all__) == set()


@pytest.mark.parametrize("package", WITH_NAMES)
def test_a_package_has_at_most_thirty_public_names(package: str) -> None:
    assert len(importlib.import_module(f"siyu.{package}").__all__) <= 30


@pytest.mark.parametrize("package", PACKAGES)
def test_a_root_folder_cannot_be_imported_beside_the_package(package: str) -> None:
    spec = importlib.util.spec_from_file_location(package, ROOT / package / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.raises(ImportError, match=f"this folder installs as siyu.{package}"):
        spec.loader.exec_module(module)


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import siyu.segmentation", {"sklearn", "lightgbm", "sknetwork", "networkx"}),
        ("import siyu.graph", {"sklearn", "lightgbm", "networkx"}),
        ("import siyu.recommend", {"lightgbm"}),
        ("import siyu.report", {"plotly", "jinja2"}),
        ("import siyu.cli", {"pandas", "pyarrow", "sklearn", "lightgbm", "networkx"}),
        ("import siyu", {"numpy", "pandas", "pyarrow"}),
        ("from siyu.segmentation import rfm, lifecycle, tag", {"sklearn", "lightgbm"}),
    ],
)
def test_an_import_loads_nothing_heavy(statement: str, heavy: set[str]) -> None:
    assert loaded_by(statement) & heavy == set()


def test_every_package_folder_is_listed_for_the_wheel() -> None:
    listed = set(SETTINGS["tool"]["setuptools"]["package-dir"].values())
    tops = ("app", *PACKAGES)
    there = {
        str(init.parent.relative_to(ROOT))
        for top in tops
        for init in (ROOT / top).rglob("__init__.py")
    }
    assert there == listed


def test_the_public_names_are_these() -> None:
    names = {p: sorted(importlib.import_module(f"siyu.{p}").__all__) for p in WITH_NAMES}
    listed = json.loads((ROOT / "tests" / "public_names.json").read_text("utf-8"))
    assert {**names, "siyu": sorted(siyu.__all__)} == listed


def test_the_version_is_that_of_the_project() -> None:
    assert siyu.__version__ == SETTINGS["project"]["version"]


def test_nothing_is_ever_unpickled() -> None:
    tops = ("app", *PACKAGES)
    sources = [p for top in tops for p in (ROOT / top).rglob("*.py")]
    banned = ("pickle.load", "joblib.load", "import pickle", "import joblib", "cloudpickle")
    bad = [p.name for p in sources if any(word in p.read_text("utf-8") for word in banned)]
    assert bad == []
