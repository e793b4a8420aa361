"""What the training rooms need of the disk beyond `styletui_prep.files`: whole folders, sums, free space."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from styletui_prep.errors import EXIT_UNKNOWN, UserError
from styletui_prep.files import sync_folder


def replace_folder(temporary: Path, target: Path) -> None:
    """Put a finished folder in `target`'s place.

    Everything in it is flushed first; the old folder (if any) is moved aside and removed last, so that a
    crash leaves one of the two whole.
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
    """Hex SHA-256 of a file, read in blocks."""
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
