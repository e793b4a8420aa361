"""Whole files or none: write beside the target, flush to disk, rename, flush the folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from styletui_prep.errors import EXIT_UNKNOWN, UserError


def private_folder(folder: Path) -> Path:
    """Make `folder` and its missing parents, each readable by its owner alone (0700)."""
    missing = [folder] + [parent for parent in folder.parents if not parent.exists()]
    for path in reversed([p for p in missing if not p.exists()]):
        path.mkdir(mode=0o700, exist_ok=True)
    return folder


def sync_folder(folder: Path) -> None:
    """Flush the folder's own entries, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network file systems refuse to sync a folder; the rename itself stands
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 so that `path` is either the old file or the whole new one."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """`value` as readable JSON, written whole."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def replace_folder(temporary: Path, target: Path) -> None:
    """Put a finished folder in `target`'s place.

    The old folder (if any) is moved aside first and removed last, so that a crash leaves one of the two.
    """
    for file in temporary.rglob("*"):
        if file.is_file():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
    old = target.with_name(f".{target.name}.old")
    if old.exists():
        shutil.rmtree(old)
    if target.exists():
        target.rename(old)
    temporary.rename(target)
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file, read in megabytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def need_space(folder: Path, needed: int) -> None:
    """Raise `disk_space` (bytes in the parameters) when less than `needed` bytes are free for us."""
    existing = folder
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise UserError(
            "disk_space", exit_code=EXIT_UNKNOWN, path=str(folder), needed_bytes=needed, free_bytes=free
        )
