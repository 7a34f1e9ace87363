"""A folder is replaced whole or stays as it was."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from siyu.datasets import staging as module
from siyu.datasets.errors import FileError
from siyu.datasets.files import describe_files, write_json, write_text
from siyu.datasets.staging import staged_folder

WRITER = """
import sys
from siyu.datasets.files import describe_files, write_json, write_text
from siyu.datasets.staging import staged_folder
def run(word):
    with staged_folder(sys.argv[1]) as folder:
        for number in range(5):
            write_text(folder / f"{number}.txt", word)
        write_json(folder / "manifest.json", {"files": describe_files(folder)})
run("old")
print("ready", flush=True)
while True:
    run("new")
    run("old")
"""


def fill(out: Path, word: str) -> None:
    with staged_folder(out) as folder:
        write_text(folder / f"{word}.txt", word)
        write_json(folder / "manifest.json", {"files": describe_files(folder)})


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_job_leaves_the_old_folder_or_the_new_one(tmp_path: Path, seed: int) -> None:
    out = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(out)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(random.Random(seed).uniform(0.005, 0.08))
        child.send_signal(signal.SIGKILL)
    words = {path.read_text() for path in out.glob("*.txt")}
    assert words in ({"old"}, {"new"})
    assert len(names(out)) == 6


def test_a_new_folder_appears_with_its_parents(tmp_path: Path) -> None:
    fill(tmp_path / "a" / "b", "new")
    assert names(tmp_path) == ["a", "a/b", "a/b/manifest.json", "a/b/new.txt"]


def test_an_old_folder_is_replaced_whole(tmp_path: Path) -> None:
    fill(tmp_path / "out", "old")
    fill(tmp_path / "out", "new")
    assert names(tmp_path) == ["out", "out/manifest.json", "out/new.txt"]


def test_nothing_is_seen_before_the_end(tmp_path: Path) -> None:
    fill(tmp_path / "out", "old")
    with staged_folder(tmp_path / "out") as folder:
        write_text(folder / "new.txt", "new")
        assert names(tmp_path / "out") == ["manifest.json", "old.txt"]


def test_a_failing_job_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    fill(tmp_path / "out", "old")

    def fail_half_way() -> None:
        with staged_folder(tmp_path / "out") as folder:
            write_text(folder / "new.txt", "new")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert names(tmp_path) == ["out", "out/manifest.json", "out/old.txt"]


def test_where_folders_cannot_be_exchanged_they_are_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_exchange", lambda *_: False)
    fill(tmp_path / "out", "old")
    fill(tmp_path / "out", "new")
    assert names(tmp_path) == ["out", "out/manifest.json", "out/new.txt"]


def test_a_failed_move_puts_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "out", "old")
    monkeypatch.setattr(module, "_exchange", lambda *_: False)
    rename = Path.rename

    def failing(self: Path, goal: Path) -> Path:
        if ".staging-" in self.name and not self.name.endswith("-old"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, goal)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(FileError, match="Input/output error"):
        fill(tmp_path / "out", "new")
    assert names(tmp_path) == ["out", "out/manifest.json", "out/old.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is a call of Linux")
def test_an_exchange_without_a_partner_fails_loudly(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        module._exchange(tmp_path / "a", tmp_path / "b")


def test_an_empty_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "out" / "empty").mkdir(parents=True)
    fill(tmp_path / "out", "new")
    assert names(tmp_path / "out") == ["manifest.json", "new.txt"]


def test_files_of_others_are_not_deleted(tmp_path: Path) -> None:
    fill(tmp_path / "out", "old")
    write_text(tmp_path / "out" / "notes.txt", "mine")
    with pytest.raises(FileError, match=r"holds 1 files that siyu did not write \(first: 'notes"):
        fill(tmp_path / "out", "new")
    assert names(tmp_path / "out") == ["manifest.json", "notes.txt", "old.txt"]


@pytest.mark.parametrize("manifest", ["{}", "[]", "no json", '{"files": ["a.txt"]}', "[" * 10**5])
def test_a_manifest_of_others_gives_no_right_to_delete(tmp_path: Path, manifest: str) -> None:
    write_text(tmp_path / "manifest.json", manifest)
    with pytest.raises(FileError, match="holds 1 files"):
        fill(tmp_path, "new")


def test_a_link_to_a_folder_inside_is_not_deleted(tmp_path: Path) -> None:
    fill(tmp_path / "out", "old")
    (tmp_path / "out" / "link").symlink_to(tmp_path)
    with pytest.raises(FileError, match="first: 'link'"):
        fill(tmp_path / "out", "new")


def test_a_link_to_the_folder_is_followed(tmp_path: Path) -> None:
    fill(tmp_path / "real", "old")
    (tmp_path / "out").symlink_to(tmp_path / "real")
    fill(tmp_path / "out", "new")
    assert (tmp_path / "out").is_symlink()
    assert names(tmp_path / "real") == ["manifest.json", "new.txt"]


def test_a_file_of_that_name_is_refused(tmp_path: Path) -> None:
    write_text(tmp_path / "out", "x")
    with pytest.raises(FileError, match="is a file; choose a folder"):
        fill(tmp_path / "out", "new")


def test_the_current_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileError, match="is the current folder"):
        fill(Path(), "new")


@pytest.mark.parametrize("path", ["a\0b", "/proc/nowhere/out"])
def test_a_place_that_cannot_be_written_is_told(path: str) -> None:
    with pytest.raises(FileError, match=r"cannot be written: .* \[E501\]"):
        fill(Path(path), "new")
