"""A bundle is read only if every byte is what was written."""

import json
import os
import pickle
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from siyu.datasets import bundle as module
from siyu.datasets.boosting import BoostedTrees, BoostingOptions, TrainingRows, train
from siyu.datasets.bundle import Bundle, read_bundle, write_bundle
from siyu.datasets.errors import FileError, ModelFileError, ParameterError

ITEMS = pa.table({"product_id": [2, 1], "name": ["茶", None]})
FILES = {"trees.txt": "tree\n1.25\n", "items.parquet": ITEMS}
META = {"columns": ["price", "age"], "as_of": "2026-05-01T00:00:00+00:00", "half_life": 30.5}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "model", "demo", FILES, META)
    return tmp_path / "model"


def reseal(folder: Path, **changes: object) -> None:
    """Forge a manifest: change it, and make its own checksum right again."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    del manifest["sha256"]
    (folder / "manifest.json").write_bytes(module._sealed({**manifest, **changes}))


def test_what_was_written_is_read(folder: Path) -> None:
    bundle = read_bundle(folder, "demo")
    assert bundle.meta == META
    assert bundle.names == ("items.parquet", "trees.txt")
    assert bundle.text("trees.txt") == FILES["trees.txt"]
    assert bundle.table("items.parquet").equals(ITEMS)


def test_the_versions_that_wrote_it_are_told(folder: Path) -> None:
    versions = read_bundle(folder, "demo").versions
    assert sorted(versions) == ["lightgbm", "numpy", "pyarrow", "python", "siyu"]


def test_a_bundle_of_nothing_is_legal(tmp_path: Path) -> None:
    write_bundle(tmp_path / "model", "demo", {}, {})
    assert read_bundle(tmp_path / "model", "demo").names == ()


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    pieces = pa.concat_tables([ITEMS.slice(0, 1), ITEMS.slice(1)]).replace_schema_metadata(
        {"a": "b"}
    )
    turned = dict(reversed(META.items()))
    write_bundle(tmp_path / "a", "demo", FILES, META)
    write_bundle(tmp_path / "b", "demo", {"items.parquet": pieces, **FILES}, turned)
    write_bundle(tmp_path / "c", "demo", {**FILES, "items.parquet": pieces}, turned)
    bytes_of = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "abc"
    ]
    assert bytes_of[0] == bytes_of[1] == bytes_of[2]


def test_a_bundle_is_replaced_whole(folder: Path) -> None:
    write_bundle(folder, "demo", {"other.txt": "x"}, {})
    assert read_bundle(folder, "demo").names == ("other.txt",)


def test_a_folder_of_others_is_not_replaced(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(FileError, match="siyu did not write"):
        write_bundle(folder, "demo", FILES, META)


def test_later_changes_of_the_files_do_not_reach_a_read_bundle(folder: Path) -> None:
    bundle = read_bundle(folder, "demo")
    (folder / "trees.txt").write_text("changed")
    assert bundle.text("trees.txt") == FILES["trees.txt"]


@pytest.mark.parametrize("ask", [lambda b: b.text("x.txt"), lambda b: b.text("items.parquet")])
def test_a_text_that_is_not_there_is_named(folder: Path, ask: Callable[[Bundle], str]) -> None:
    bundle = read_bundle(folder, "demo")
    with pytest.raises(ModelFileError, match=r"holds no text '\w+\.\w+', only \['items"):
        ask(bundle)


def test_a_table_that_is_not_there_is_named(folder: Path) -> None:
    bundle = read_bundle(folder, "demo")
    with pytest.raises(ModelFileError, match=r"holds no table 'trees.txt'"):
        bundle.table("trees.txt")


@pytest.mark.parametrize(
    "name",
    ["a", "a.pkl", "../a.txt", "a/b.txt", "/a.txt", "A.txt", ".txt", "a\0.txt", "manifest.json"],
)
def test_names_that_are_not_plain_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match="must be a plain lower-case name"):
        write_bundle(tmp_path / "model", "demo", {name: "x"}, {})
    assert not list(tmp_path.iterdir())


def test_a_table_must_not_be_called_text(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"ends in \.parquet"):
        write_bundle(tmp_path / "model", "demo", {"a.txt": ITEMS}, {})


@pytest.mark.parametrize("wrong", [np.int64(1), float("inf"), {1: 1, "a": 2}, "\ud800"])
def test_meta_that_json_cannot_say_is_refused(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(ParameterError, match="meta cannot be written as JSON"):
        write_bundle(tmp_path / "model", "demo", {}, {"x": wrong})


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="there is no such folder"):
        read_bundle(tmp_path / "nowhere", "demo")


def test_another_kind_is_refused(folder: Path) -> None:
    with pytest.raises(ModelFileError, match="is a bundle of kind 'demo', expected 'churn'"):
        read_bundle(folder, "churn")


def test_a_newer_format_asks_for_an_upgrade(folder: Path) -> None:
    reseal(folder, format_version=2)
    with pytest.raises(ModelFileError, match=r"newer siyu \(format 2\); upgrade siyu"):
        read_bundle(folder, "demo")


@pytest.mark.parametrize("name", ["manifest.json", "trees.txt", "items.parquet"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelFileError, match=rf"{name}: is missing; fetch the whole bundle"):
        read_bundle(folder, "demo")


def test_an_added_pickle_is_refused(folder: Path) -> None:
    (folder / "extra.pkl").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ModelFileError, match=r"extra.pkl: is no part of the bundle; remove it"):
        read_bundle(folder, "demo")


def test_a_pickle_in_place_of_the_manifest_is_refused(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(pickle.dumps({"format": "siyu-bundle"}))
    with pytest.raises(ModelFileError, match=r"manifest\.json: is damaged"):
        read_bundle(folder, "demo")


def test_a_link_is_refused_even_to_the_right_bytes(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "trees.txt", tmp_path / "trees.txt")
    (folder / "trees.txt").symlink_to(tmp_path / "trees.txt")
    with pytest.raises(ModelFileError, match=r"trees.txt: is no regular file"):
        read_bundle(folder, "demo")


def test_a_pipe_is_refused_without_waiting(folder: Path) -> None:
    (folder / "trees.txt").unlink()
    os.mkfifo(folder / "trees.txt")
    with pytest.raises(ModelFileError, match="is no regular file"):
        read_bundle(folder, "demo")


def test_a_forged_name_does_not_lead_elsewhere(folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("abc")
    reseal(folder, files={"../secret.txt": {"bytes": 3, "sha256": ""}})
    (folder / "trees.txt").unlink()
    (folder / "items.parquet").unlink()
    with pytest.raises(ModelFileError, match=r"lists '../secret.txt', which is no name"):
        read_bundle(folder, "demo")


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"format": "other"}', '"siyu-bundle"'])
def test_another_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ModelFileError, match="is not the manifest of a siyu bundle"):
        read_bundle(folder, "demo")


@pytest.mark.parametrize("text", ["", "{", "[" * 10**5, '{"a": NaN', "\0"])
def test_a_manifest_that_is_no_json_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ModelFileError, match="is damaged"):
        read_bundle(folder, "demo")


def test_a_sealed_manifest_without_its_parts_is_refused(folder: Path) -> None:
    reseal(folder, files=[])
    with pytest.raises(ModelFileError, match="is damaged"):
        read_bundle(folder, "demo")


def test_a_huge_manifest_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST_MANIFEST", 100)
    with pytest.raises(ModelFileError, match="has more than 100 bytes"):
        read_bundle(folder, "demo")


def test_a_longer_file_is_refused_without_reading_it_all(folder: Path) -> None:
    (folder / "trees.txt").write_text("tree\n1.25\nmore")
    with pytest.raises(ModelFileError, match="has more than 10 bytes"):
        read_bundle(folder, "demo")


def test_a_file_that_cannot_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(ModelFileError, match=r"manifest.json: cannot be read: Permission denied"):
        read_bundle(folder, "demo")


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def flip(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]


def drop_line(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    del lines[rng.randrange(len(lines))]
    return b"".join(lines)


def change_digit(data: bytes, rng: random.Random) -> bytes:
    places = [place for place, byte in enumerate(data) if 48 <= byte <= 57]
    place = rng.choice(places)
    digit = 48 + (data[place] - 48 + rng.randrange(1, 10)) % 10
    return data[:place] + bytes([digit]) + data[place + 1 :]


@pytest.mark.parametrize("name", ["manifest.json", "trees.txt", "items.parquet"])
@pytest.mark.parametrize("damage", [cut, flip, drop_line, change_digit])
def test_every_damage_is_refused(
    tmp_path: Path, name: str, damage: Callable[[bytes, random.Random], bytes]
) -> None:
    x = np.linspace(-1, 1, 200)
    trees = train(TrainingRows.of({"x": x}, x > 0), BoostingOptions(objective="binary", n_trees=3))
    write_bundle(tmp_path / "model", "demo", {**FILES, "trees.txt": trees.to_text()}, META)
    whole = (tmp_path / "model" / name).read_bytes()
    rng = random.Random(name + damage.__name__)
    refused = 0
    for _ in range(40):
        (tmp_path / "model" / name).write_bytes(damage(whole, rng))
        try:
            read_bundle(tmp_path / "model", "demo")
        except ModelFileError as error:
            refused += name in error.path
    assert refused == 40


def test_a_model_comes_back_from_its_bundle(tmp_path: Path) -> None:
    x = np.linspace(-1, 1, 200)
    trees = train(TrainingRows.of({"x": x}, x > 0), BoostingOptions(objective="binary", n_trees=3))
    write_bundle(tmp_path / "m", "demo", {"trees.txt": trees.to_text()}, {"columns": ["x"]})
    bundle = read_bundle(tmp_path / "m", "demo")
    again = BoostedTrees.from_text(bundle.text("trees.txt"), tuple(bundle.meta["columns"]))
    assert again.predict({"x": x}).tolist() == trees.predict({"x": x}).tolist()
