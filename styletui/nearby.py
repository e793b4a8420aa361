"""Paths worth offering: where a backup may lie, and how a half-typed path may go on. Looks at names only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from styletui.project import sample_corpus

LOOK_AT: Final = 300  # entries of one folder; a home folder may hold a hundred thousand
OFFERED: Final = 8

_TELLING_NAME: Final = re.compile(
    r"wechat|weixin|backup|takeout|export|notes?$|blog|posts?$|diary|journal|essays?|writings?|articles?|obsidian|logseq|vault"
    r"|微信|公众号|备份|日记|博客|笔记|随笔|文章|写作",
    re.IGNORECASE,
)
_HOME_FOLDERS: Final = ("Documents", "Downloads", "Desktop", "文档", "下载", "桌面")


@dataclass(frozen=True, slots=True)
class Offer:
    """A path that may be meant; `why` is "recent", "nearby", "sample" or "completion"."""

    path: Path
    why: str

    def shown(self) -> str:
        """The path as one would type it, with `~` for the home folder and a slash after a folder."""
        return tilde(self.path) + ("/" if self.path.is_dir() else "")


def tilde(path: Path) -> str:
    """`path` with the home folder written as `~`."""
    home = str(Path.home())
    text = str(path)
    if text == home:
        return "~"
    return "~" + text[len(home) :] if text.startswith(home + os.sep) and home != os.sep else text


def offers(recent: list[str], cwd: Path) -> list[Offer]:
    """Recent sources that still exist, backups found near `cwd` and the home folder, the sample corpus."""
    found: dict[str, Offer] = {}
    sample = sample_source()
    for text in recent:
        path = Path(text)
        if path.exists() and path != sample:
            found.setdefault(str(path), Offer(path, "recent"))
    for path in islice(_near(cwd), OFFERED):
        found.setdefault(str(path), Offer(path, "nearby"))
    chosen = list(found.values())[: OFFERED - 1]
    if sample is not None:
        chosen = [o for o in chosen if o.path != sample]
        chosen.append(Offer(sample, "sample"))
    return chosen


def sample_source() -> Path | None:
    """The sample backup itself, inside the sample corpus."""
    corpus = sample_corpus()
    if corpus is None:
        return None
    inner = corpus / "wechat"
    return inner if inner.is_dir() else corpus


def _near(cwd: Path) -> Iterator[Path]:
    """Folders and archives whose names say that they hold writing; at most two levels below the usual places."""
    seen: set[Path] = set()
    home = Path.home()
    corpus = sample_corpus()
    for base in (cwd, home, *(home / name for name in _HOME_FOLDERS)):
        for path in _entries(base):
            if path in seen or path == corpus or not _TELLING_NAME.search(path.stem):
                continue
            seen.add(path)
            if path.is_dir() and any(not p.name.startswith(".") for p in _entries(path)):
                yield path


def _entries(folder: Path) -> list[Path]:
    """Some entries of `folder`, hidden ones left out; nothing if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            names = [e.name for e in islice(entries, LOOK_AT) if not e.name.startswith(".")]
    except OSError:
        return []
    return [folder / name for name in sorted(names)]


def complete(text: str) -> tuple[str, list[Offer]]:
    """What Tab makes of `text`: the longest common continuation, and all the paths it may become.

    Folders end in a slash. A hidden entry is offered only when its dot was typed.
    """
    if text == "~":
        return "~/", []
    base_text, _, stem = text.rpartition("/")
    typed_base = base_text + "/" if "/" in text else ""
    base = Path(typed_base or ".").expanduser()
    try:
        with os.scandir(base) as entries:
            found = sorted((e.name, e.is_dir()) for e in entries if e.name.startswith(stem))
    except (OSError, ValueError):
        return text, []
    found = [(n, d) for n, d in found if stem.startswith(".") or not n.startswith(".")]
    if not found:
        return text, []
    names = [name for name, _is_dir in found]
    common = _shared_start(names)
    if len(found) == 1 and found[0][1]:
        common += "/"
    return typed_base + common, [Offer(base / name, "completion") for name in names]


def _shared_start(names: list[str]) -> str:
    """The longest start that all of `names` have."""
    # What the first and the last in order share, all share.
    first, last = min(names), max(names)
    length = 0
    while length < min(len(first), len(last)) and first[length] == last[length]:
        length += 1
    return first[:length]
