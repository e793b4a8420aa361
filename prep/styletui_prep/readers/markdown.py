"""Any folder or file of Markdown or plain text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from styletui_prep.decode import decode
from styletui_prep.document import (
    NOTE_BAD_FRONT_MATTER,
    NOTE_DAMAGED,
    PROFILE_MARKDOWN,
    PROFILE_PLAIN,
    Document,
    Skip,
    Tally,
    document_id,
)
from styletui_prep.frontmatter import iso_date, split_front_matter, without_date
from styletui_prep.readers.base import Detection
from styletui_prep.script import one_kind_of_line_break, writable
from styletui_prep.walk import Found, read_bytes, walk

MARKDOWN_ENDINGS = frozenset({".md", ".markdown", ".mdown", ".mkd"})
PLAIN_ENDINGS = frozenset({".txt", ".text"})
_LOOK_AT = 20000


class MarkdownReader:
    """Reads every `.md`, `.markdown` and `.txt`; title and date from front matter, heading or file name."""

    kind = "markdown"

    def detect(self, root: Path) -> Detection | None:
        """Confidence 0.4 (0.45 for a single file): any other reader that knows the place goes first."""
        found = 0
        for seen, item in enumerate(walk(root, _wanted)):
            if seen >= _LOOK_AT:
                break
            found += isinstance(item, Found) and _wanted(item.path.name)
        if not found:
            return None
        return Detection(self.kind, 0.4 if root.is_dir() else 0.45, "text_files", found)

    def read(self, root: Path, tally: Tally) -> Iterator[Document | Skip]:
        """One document a file, in the order of their paths."""
        for item in walk(root, _wanted):
            if isinstance(item, Skip):
                yield item
                continue
            tally.files += 1
            if _wanted(item.path.name):
                yield read_text_file(item)
            else:
                tally.companion(item.path.suffix.lower() or "none")


def _wanted(name: str) -> bool:
    return Path(name).suffix.lower() in MARKDOWN_ENDINGS | PLAIN_ENDINGS


def read_text_file(found: Found) -> Document | Skip:
    """One file as a document, or why it is none."""
    data = read_bytes(found)
    if isinstance(data, Skip):
        return data
    decoded = decode(data)
    if isinstance(decoded, str):
        return Skip(found.source, decoded)
    identity = document_id(found.source, data)
    if decoded.garbled:
        return Skip(found.source, "looks_garbled", doc=identity, detail=decoded.encoding)
    text = one_kind_of_line_break(decoded.text)
    plain = found.path.suffix.lower() in PLAIN_ENDINGS
    front = split_front_matter(text)
    notes = [NOTE_DAMAGED] * decoded.damaged + [NOTE_BAD_FRONT_MATTER] * front.broken
    return Document(
        id=identity,
        title=front.title or _title_from_name(found.path),
        author=front.author,
        date=front.date or _date_from_name(found.path),
        kind="note",
        source=found.source,
        raw=text,
        profile=PROFILE_PLAIN if plain else PROFILE_MARKDOWN,
        sha256=hashlib.sha256(data).hexdigest(),
        encoding=decoded.encoding,
        notes=tuple(notes),
    )


def _title_from_name(path: Path) -> str:
    """The file's name without date; for `index.md` and the like the folder's; empty when nothing is left."""
    name = path.stem
    if name.lower() in ("index", "readme", "article", "text", "content"):
        name = path.parent.name
    return " ".join(without_date(writable(name)).splitlines()).strip()


def _date_from_name(path: Path) -> str | None:
    """A date in the file's name, else in its folder's (`2017-07-31-title/index.md`), else in `2017/07/31/`."""
    for name in (path.stem, path.parent.name, "/".join(path.parts[-4:-1])):
        date = iso_date(name)
        if date:
            return date
    return None
