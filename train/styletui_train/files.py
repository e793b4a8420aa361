"""What the training rooms need of the disk beyond `styletui_prep.files`: whole folders, sums, free space."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from styletui_prep.errors import EXIT_UNKNOWN, UserError
from styletui_prep.files import sync_folder, writing_failed

# How native writers (torch's archives, safetensors) tell of a full disk: in words.
_FULL_IN_WORDS: Final = (
    "No space left",
    "os error 28",
    "Disk quota exceeded",
    "PytorchStreamWriter failed",
    "inline_container",
    "iostream error",
)


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


@contextlib.contextmanager
def full_disk_told(target: Path, partial: Path) -> Iterator[None]:
    """Inside, `partial` is written; when that fails, for whatever reason, it is removed.

    Raises UserError `disk_full` or `not_writable` (path: `target`) where that was the reason.
    """
    try:
        yield
    except Exception as error:
        shutil.rmtree(partial, ignore_errors=True)
        known = writing_failed(error, target) if isinstance(error, OSError) else None
        if known is None and any(words in str(error) for words in _FULL_IN_WORDS):
            known = UserError("disk_full", exit_code=EXIT_UNKNOWN, path=str(target))
        if known is None:
            raise
        raise known from error
