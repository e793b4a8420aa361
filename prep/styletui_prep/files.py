"""Private folders and files that are whole or not there."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Final

from styletui_prep.errors import EXIT_UNKNOWN, UserError

PRIVATE = 0o700
_NO_SPACE: Final = {errno.ENOSPC, errno.EDQUOT}
_REFUSED: Final = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
}


def writing_failed(error: OSError, path: Path) -> UserError | None:
    """The `disk_full` or `not_writable` (exit code 1) that `error` means; None for any other fault."""
    if error.errno in _NO_SPACE:
        return UserError("disk_full", exit_code=EXIT_UNKNOWN, path=str(path))
    if error.errno in _REFUSED:
        return UserError("not_writable", exit_code=EXIT_UNKNOWN, path=str(path))
    return None


def private_folder(path: Path) -> Path:
    """Make `path` (and what is missing above it) readable by its owner only; an existing folder is tightened."""
    missing = [p for p in (path, *path.parents) if not p.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=PRIVATE, exist_ok=True)
    if not path.is_dir():  # a file's rights are not ours to change
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    path.chmod(PRIVATE)
    return path


def write_whole(path: Path, data: bytes) -> None:
    """Write so that a crash leaves the old file or the new one, never half of one."""
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_json(path: Path, value: Any) -> None:
    """`value` as readable JSON, written whole."""
    write_whole(path, (json_text(value, indent=2) + "\n").encode())


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON that can be written as UTF-8 and read back unchanged, whatever a file name brought with it.

    A name that is not UTF-8 reaches Python with lone surrogates; then everything beyond ASCII is escaped.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent)
    return text


def read_json(path: Path) -> Any:
    """The JSON in `path`. Raises OSError or ValueError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:  # thousands of brackets
        raise ValueError("nested too deeply") from error
