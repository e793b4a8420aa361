"""Walking a backup folder without being caught by links, devices or folders that cannot be read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from styletui_prep.document import Skip
from styletui_prep.script import writable

# Folders that programs keep for themselves beside a person's texts.
_PROGRAM_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".obsidian", ".trash", ".logseq", "logseq", "node_modules", "__MACOSX", "@eaDir"}
    | {"__pycache__", ".venv", ".idea", ".vscode", "$RECYCLE.BIN", "System Volume Information", ".Trash"}
)
MAX_TEXT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file: where it is, and how it is called in the dataset."""

    path: Path
    source: str
    size: int


def shown_path(path: Path, root: Path) -> str:
    """`path` below `root` with the root's own name in front, always writable as UTF-8."""
    name = root.name or root.resolve().name or "."
    try:
        relative = path.relative_to(root)
    except ValueError:
        return writable(os.fsencode(path.name).decode("utf-8", "replace"))
    full = Path(name) / relative if root != path else Path(name)
    return writable(os.fsencode(full.as_posix()).decode("utf-8", "replace"))


def walk(root: Path, wanted: Callable[[str], bool]) -> Iterator[Found | Skip]:
    """Every regular file below `root` (or `root` itself), sorted, folder by folder.

    Links to folders are never followed: one that points back into the tree would go round, one that points
    out of it would read what was not offered. Both are reported. Reports about single files are only made
    for names that are `wanted`. Hidden files and the folders of programs are left out silently.
    """
    if not root.is_dir():
        yield from _one_file(root, root)
        return
    inside = root.resolve()
    problems: list[Path] = []

    def remember(error: OSError) -> None:
        problems.append(Path(error.filename))

    for folder, names, files in os.walk(root, followlinks=False, onerror=remember):
        here = Path(folder)
        kept = []
        for name in sorted(names):
            path = here / name
            if name in _PROGRAM_FOLDERS or name.startswith("."):
                continue
            if path.is_symlink():
                yield Skip(shown_path(path, root), _link_reason(path, inside))
            else:
                kept.append(name)
        names[:] = kept
        for name in sorted(files):
            if name.startswith("."):
                continue
            path = here / name
            for found in _one_file(path, root):
                if isinstance(found, Found) or wanted(name):
                    yield found
    for path in problems:
        yield Skip(shown_path(path, root), "unreadable_folder")


def _link_reason(path: Path, inside: Path) -> str:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return "link_loop"
    return (
        "link_loop"
        if target == inside or target.is_relative_to(inside) or inside.is_relative_to(target)
        else "link_outside"
    )


def _one_file(path: Path, root: Path) -> Iterator[Found | Skip]:
    source = shown_path(path, root)
    try:
        status = path.stat()
    except FileNotFoundError:
        yield Skip(source, "broken_link")
    except OSError as error:
        yield Skip(
            source, "link_loop" if path.is_symlink() else "unreadable", detail=error.__class__.__name__
        )
    else:
        if stat.S_ISREG(status.st_mode):
            yield Found(path, source, status.st_size)
        else:
            # A pipe or a device would be waited on for ever.
            yield Skip(source, "not_a_file")


def read_bytes(found: Found) -> bytes | Skip:
    """The file's bytes, or why not: `too_large` (over 64 MiB), `unreadable`."""
    if found.size > MAX_TEXT_BYTES:
        return Skip(found.source, "too_large", detail=str(found.size))
    try:
        return found.path.read_bytes()
    except OSError as error:
        return Skip(found.source, "unreadable", detail=error.__class__.__name__)
