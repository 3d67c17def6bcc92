"""Writing files: names that escape, disks that refuse, and nothing touched in vain."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sourceenergy.errors import InputError, Unavailable
from sourceenergy.reports.writing import write_tree


@pytest.mark.parametrize(
    "name",
    [
        "../out.txt",
        "/out.txt",
        "a/../../out.txt",
        "",
        ".",
        "a\\..\\b",
        "nul\0",
        "folder",
        "link/out.txt",
    ],
)
def test_a_name_that_leaves_the_directory_is_refused(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    (inside / "folder").mkdir(parents=True)
    (inside / "link").symlink_to(tmp_path)
    with pytest.raises(InputError) as caught:
        write_tree(inside, {"good.txt": b"1", name: b"2"})
    assert caught.value.rule == "path.escape"
    assert not (inside / "good.txt").exists()


@pytest.mark.parametrize(
    ("code", "remedy"), [(errno.ENOSPC, "free space"), (errno.EROFS, "disk that can be written")]
)
def test_a_disk_that_refuses_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, remedy: str
) -> None:
    write_tree(tmp_path, {"a.txt": b"old"})
    synced: list[int] = []

    def full(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) == 2:
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable) as caught:
        write_tree(tmp_path, {"a.txt": b"new", "b.txt": b"new"})
    assert caught.value.field == "b.txt"
    assert remedy in caught.value.remedy
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() == b"old"


def test_a_file_where_a_folder_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "members").write_bytes(b"")
    with pytest.raises(Unavailable, match=r"members/one\.csv"):
        write_tree(tmp_path, {"members/one.csv": b"1"})


def test_files_are_written_below_the_directory(tmp_path: Path) -> None:
    changed = write_tree(tmp_path / "new", {"members/one.csv": b"1", "report.json": b"{}"})
    assert changed == ("members/one.csv", "report.json")
    assert (tmp_path / "new/members/one.csv").read_bytes() == b"1"
    names = {path.name for path in (tmp_path / "new").rglob("*")}
    assert names == {"members", "one.csv", "report.json"}


def test_identical_files_are_not_touched(tmp_path: Path) -> None:
    write_tree(tmp_path, {"same.txt": b"same", "other.txt": b"one"})
    os.utime(tmp_path / "same.txt", (1, 1))
    before = (tmp_path / "same.txt").stat()
    assert write_tree(tmp_path, {"same.txt": b"same", "other.txt": b"two"}) == ("other.txt",)
    after = (tmp_path / "same.txt").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert (tmp_path / "other.txt").read_bytes() == b"two"
    assert write_tree(tmp_path, {"same.txt": b"same", "other.txt": b"two"}) == ()


def test_a_link_in_the_place_of_a_file_is_replaced_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"keep")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "a.txt").symlink_to(outside)
    write_tree(inside, {"a.txt": b"new"})
    assert outside.read_bytes() == b"keep"
    assert (inside / "a.txt").read_bytes() == b"new"
