"""Files written whole or not at all, and left alone where they are the same already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sourceenergy.errors import InputError, Unavailable


def write_tree(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write ``files`` (relative paths) below ``folder``; returns those that changed.

    Raises ``InputError`` for a path that leaves the folder and ``Unavailable`` where the disk is
    full or read-only; a file is then either as before or whole.
    """
    changed = []
    for name, data in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise InputError(
                "a path leaves its folder",
                rule="path.inside",
                field="name",
                value=name,
                remedy="use plain ids without slashes and dots",
            )
        try:
            if path.is_file() and path.read_bytes() == data:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(path.name + ".draft")
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            raise Unavailable(
                f"a file cannot be written: {error.strerror}",
                rule="disk.writable",
                field="path",
                value=path,
                remedy="free space or give write permission; what is written stays whole",
            ) from error
        changed.append(path)
    return changed
