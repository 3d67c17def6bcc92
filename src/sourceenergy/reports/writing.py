"""Files on disk: all or nothing as far as a disk allows, and never twice the same."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from sourceenergy.errors import InputError, Unavailable

_DRAFT = ".draft"
_REMEDIES = {
    errno.ENOSPC: "free space on the disk and run it again",
    errno.EDQUOT: "free space in your quota and run it again",
    errno.EROFS: "choose a directory on a disk that can be written",
    errno.EACCES: "choose a directory you may write to, or change its permissions",
    errno.EPERM: "choose a directory you may write to, or change its permissions",
    errno.ENAMETOOLONG: "use shorter ids or a shorter directory",
}


def write_tree(directory: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Write files (names with ``/``) below ``directory``; returns the names that changed, sorted.

    Each file is drafted beside its place and synced; only when all drafts are on disk are they
    renamed into place, so a full disk changes nothing. Files with the same bytes are not touched.
    Raises ``InputError`` (``path.escape``, before anything is written) for a name that leaves the
    directory, and ``Unavailable`` (``disk.writable``) where the disk refuses.
    """
    root = directory.resolve()
    places = {name: _place(root, name) for name in sorted(files)}
    drafts: dict[str, Path] = {}
    current = str(directory)
    try:
        for current, place in places.items():
            if _holds(place, files[current]):
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            drafts[current] = place.with_name(f".{place.name}{_DRAFT}")
            with drafts[current].open("wb") as file:
                file.write(files[current])
                file.flush()
                os.fsync(file.fileno())
        for current, draft in drafts.items():
            draft.replace(places[current])
    except OSError as error:
        raise Unavailable(
            f"cannot write {current}: {error.strerror or error}",
            rule="disk.writable",
            field=current,
            value=str(directory),
            remedy=_REMEDIES.get(error.errno or 0, "mend the cause and run it again"),
        ) from error
    finally:
        for draft in drafts.values():
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
    return tuple(drafts)


def _holds(place: Path, data: bytes) -> bool:
    if place.is_symlink() or not place.is_file() or place.stat().st_size != len(data):
        return False
    return place.read_bytes() == data


def _place(root: Path, name: str) -> Path:
    """Where a name lies below ``root``; links that lead elsewhere are followed and refused."""
    path = PurePosixPath(name)
    plain = name and not path.is_absolute() and "\\" not in name and "\0" not in name
    if plain and ".." not in path.parts and path.parts:
        place = root.joinpath(*path.parts)
        if place.parent.resolve().is_relative_to(root) and not place.is_dir():
            return place
    raise InputError(
        "a file's name leads out of its directory or names none",
        rule="path.escape",
        field="name",
        value=name,
        remedy="use plain relative names",
    )
