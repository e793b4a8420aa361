"""The founding layout: `<account>/<YYYY>/<YYYY-MM-DD>_<title>/{<same>.md, meta.json, images/}`."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from styletui_prep.decode import Decoded, decode
from styletui_prep.document import (
    NOTE_BAD_META,
    NOTE_DAMAGED,
    PROFILE_WECHAT,
    Document,
    Skip,
    Tally,
    document_id,
)
from styletui_prep.frontmatter import iso_date, without_date
from styletui_prep.readers.base import Detection
from styletui_prep.script import one_kind_of_line_break, writable
from styletui_prep.walk import Found, read_bytes, shown_path, walk

_DATED = re.compile(r"(?:19|20)\d\d-\d\d-\d\d_")
_YEAR = re.compile(r"(?:19|20)\d\d")
_META = "meta.json"
_MARKDOWN = ".md"
_OLD_NAME = "article.md"
_LOOK_AT = 20000
_CHINA = datetime.timezone(datetime.timedelta(hours=8))


@dataclass(slots=True)
class _Folder:
    """The files of one folder, as far as they matter here."""

    path: Path
    texts: list[Found] = field(default_factory=list)
    meta: Found | None = None
    pages: int = 0

    @property
    def is_article(self) -> bool:
        return self.meta is not None or bool(_DATED.match(self.path.name))


@dataclass(frozen=True, slots=True)
class _Meta:
    title: str | None = None
    date: str | None = None
    broken: bool = False


class WechatReader:
    """Backups of a WeChat official account as the founding project wrote them."""

    kind = "wechat"

    def detect(self, root: Path) -> Detection | None:
        """Confidence is 0.95 times the share of the Markdown files that lie in article folders."""
        inside = outside = 0
        for seen, item in enumerate(walk(root, _is_markdown)):
            if seen >= _LOOK_AT:
                break
            if isinstance(item, Found) and _is_markdown(item.path.name):
                folder = item.path.resolve().parent
                article = _DATED.match(folder.name) and (
                    (folder / _META).exists() or item.path.stem == folder.name
                )
                inside, outside = inside + bool(article), outside + (not article)
        if not inside:
            return None
        return Detection(self.kind, round(0.95 * inside / (inside + outside), 3), "article_folders", inside)

    def read(self, root: Path, tally: Tally) -> Iterator[Document | Skip]:
        """One document an article folder; a second Markdown file beside the first is a `twin_file`."""
        folder: _Folder | None = None
        for item in walk(root, _is_markdown):
            if isinstance(item, Skip):
                yield item
                continue
            tally.files += 1
            if folder is None or item.path.parent != folder.path:
                if folder is not None:
                    yield from _read_folder(folder, root)
                folder = _Folder(item.path.parent)
            _sort_in(item, folder, tally)
        if folder is not None:
            yield from _read_folder(folder, root)


def _is_markdown(name: str) -> bool:
    return name.lower().endswith(_MARKDOWN)


def _sort_in(item: Found, folder: _Folder, tally: Tally) -> None:
    if _is_markdown(item.path.name):
        folder.texts.append(item)
    elif item.path.name == _META:
        folder.meta = item
        tally.companion(_META)
    else:
        folder.pages += item.path.suffix.lower() in (".html", ".htm")
        tally.companion(item.path.suffix.lower() or "none")


def _read_folder(folder: _Folder, root: Path) -> Iterator[Document | Skip]:
    resolved = folder.path.resolve()
    if folder.meta is None and root.is_file():
        beside = resolved / _META
        if beside.is_file():
            folder.meta = Found(beside, shown_path(beside, root), beside.stat().st_size)
    if not folder.is_article and not _DATED.match(resolved.name):
        for text in folder.texts:
            yield Skip(text.source, "outside_layout")
        return
    if not folder.texts:
        if folder.meta is not None or folder.pages:
            yield Skip(shown_path(folder.path, root), "no_text_file")
        return
    meta = _read_meta(folder.meta)
    done: Document | None = None
    for text in sorted(folder.texts, key=lambda found: _preference(found, resolved.name)):
        if done is not None:
            yield Skip(text.source, "twin_file", detail=done.id)
            continue
        result = _read_article(text, resolved, meta)
        if isinstance(result, Document):
            done = result
        yield result


def _preference(found: Found, folder_name: str) -> tuple[int, str]:
    """The name of newer runs first, then the old `article.md`, then any."""
    if found.path.stem == folder_name:
        return 0, found.source
    return (1 if found.path.name == _OLD_NAME else 2), found.source


def _read_article(found: Found, folder: Path, meta: _Meta) -> Document | Skip:
    data = read_bytes(found)
    if isinstance(data, Skip):
        return data
    decoded = decode(data)
    if not isinstance(decoded, Decoded):
        return Skip(found.source, decoded)
    identity = document_id(found.source, data)
    if decoded.garbled:
        return Skip(found.source, "looks_garbled", doc=identity, detail=decoded.encoding)
    return Document(
        id=identity,
        title=meta.title or " ".join(without_date(writable(folder.name)).splitlines()).strip(),
        author=None,
        date=meta.date or iso_date(folder.name),
        kind="article",
        source=found.source,
        raw=one_kind_of_line_break(decoded.text),
        profile=PROFILE_WECHAT,
        sha256=hashlib.sha256(data).hexdigest(),
        account=_account(folder),
        encoding=decoded.encoding,
        notes=tuple([NOTE_DAMAGED] * decoded.damaged + [NOTE_BAD_META] * meta.broken),
    )


def _account(folder: Path) -> str | None:
    """`<account>/<YYYY>/<article>` or `<account>/<article>`."""
    above = folder.parent
    name = above.parent.name if _YEAR.fullmatch(above.name) else above.name
    return writable(name) or None


def _read_meta(found: Found | None) -> _Meta:
    """meta.json; `date` is local time and goes before `publish_time`, which is read as China's clock."""
    if found is None:
        return _Meta()
    data = read_bytes(found)
    decoded = decode(data) if isinstance(data, bytes) else ""
    if not isinstance(decoded, Decoded):
        return _Meta(broken=True)
    try:
        value = json.loads(decoded.text)
    except (ValueError, RecursionError):
        return _Meta(broken=True)
    if not isinstance(value, dict):
        return _Meta(broken=True)
    title = value.get("title")
    words = " ".join(writable(title).splitlines()).strip() if isinstance(title, str) else ""
    return _Meta(words or None, iso_date(value.get("date")) or _from_epoch(value.get("publish_time")))


def _from_epoch(value: object) -> str | None:
    if isinstance(value, str) and value.isdecimal():
        value = int(value[:14])
    if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
        return None
    try:
        moment = datetime.datetime.fromtimestamp(value, _CHINA)
    except (OverflowError, OSError, ValueError):
        return None
    return iso_date(moment.date())
