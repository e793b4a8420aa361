"""What a reader yields: a document, or why there is none."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

# How a document's raw text is to be cleaned.
PROFILE_WECHAT: Final = "wechat"
PROFILE_MARKDOWN: Final = "markdown"
PROFILE_PLAIN: Final = "plain"

# Every reason that may stand in skipped.jsonl. The words for people are made at the top of the house.
SKIP_REASONS: Final = (
    "binary",
    "broken_link",
    "duplicate",
    "duplicate_chunk",
    "empty",
    "link_loop",
    "link_outside",
    "looks_garbled",
    "near_duplicate",
    "near_duplicate_chunk",
    "no_prose",
    "no_text_file",
    "not_a_file",
    "not_text",
    "other_author",
    "outside_layout",
    "prompt_repeats_text",
    "stub_page",
    "too_large",
    "too_short",
    "twin_file",
    "unreadable",
    "unreadable_folder",
)

# Things a reader could work around, reported as a count: the document is kept.
NOTE_BAD_META: Final = "bad_meta_json"
NOTE_BAD_FRONT_MATTER: Final = "bad_front_matter"
NOTE_DAMAGED: Final = "damaged_bytes"


@dataclass(frozen=True, slots=True)
class Document:
    """One piece of writing.

    `raw` is the decoded file as it was, `text` the cleaned prose (paragraphs apart by a blank line; empty
    until cleaned). `date` is ISO-8601 or None. `source` is the path below the folder that was given, with
    that folder's name. `profile` says how `raw` is to be cleaned, `account` where it was published; `notes` are
    things worked around.
    """

    id: str
    title: str
    author: str | None
    date: str | None
    kind: str
    source: str
    raw: str
    profile: str
    sha256: str
    text: str = ""
    account: str | None = None
    encoding: str = "utf-8"
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A line of documents.jsonl; `chars` counts the cleaned text's characters that are not white space."""
        return {
            "id": self.id,
            "title": self.title,
            "author": self.author,
            "date": self.date,
            "kind": self.kind,
            "source": self.source,
            "chars": count_chars(self.text),
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Skip:
    """Something that will not be trained on, and why. `detail` may hold an id, a view or a count, no prose."""

    source: str
    reason: str
    doc: str | None = None
    chunk: int | None = None
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """A line of skipped.jsonl."""
        return {
            "source": self.source,
            "doc": self.doc,
            "chunk": self.chunk,
            "reason": self.reason,
            "detail": self.detail,
        }


@dataclass(slots=True)
class Tally:
    """Counts a reader keeps while it walks: everything it saw, not only what it yielded."""

    files: int = 0
    companions: dict[str, int] = field(default_factory=dict)

    def companion(self, kind: str) -> None:
        """Count a file that belongs to a document without being one (picture, page, metadata)."""
        self.companions[kind] = self.companions.get(kind, 0) + 1


def count_chars(text: str) -> int:
    """Characters that are not white space."""
    return len("".join(text.split()))


def document_id(source: str, data: bytes) -> str:
    """Twelve hexadecimal digits from where the document lies and what it holds; the same on every run."""
    digest = hashlib.sha256(source.encode("utf-8", "replace") + b"\0" + data)
    return digest.hexdigest()[:12]
