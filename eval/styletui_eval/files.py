"""Lines that are on disk when the call returns, and how they are read back."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from styletui_prep.files import sync_folder


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[int]:
    """Open `path` for appending, made if missing, and hold it alone until the block ends; a dead process lets go.

    Yields the descriptor. Another process that votes or reveals waits here for a moment; without `wait` BlockingIOError
    is raised instead.
    """
    new = not path.exists()
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        if new:
            sync_folder(path.parent)
        yield fd
    finally:
        os.close(fd)  # gives the lock back


def append_line(fd: int, line: str) -> None:
    """Append one line and fsync. A torn line before it (somebody died while writing) is ended first."""
    size = os.fstat(fd).st_size
    torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
    data = (b"\n" if torn else b"") + line.encode() + b"\n"
    while data:
        data = data[os.write(fd, data) :]
    os.fsync(fd)


def read_objects(path: Path) -> tuple[list[dict[str, Any]], int]:
    """All JSON objects in `path`, a line each, and how many lines are none (torn).

    A last line without its newline counts when it is whole: no prefix of an object is an object.
    A missing file is an empty one.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return [], 0
    objects, torn = [], 0
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if isinstance(value, dict):
            objects.append(value)
        else:
            torn += 1
    return objects, torn
