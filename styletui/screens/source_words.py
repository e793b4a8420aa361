"""What the Source screen says about a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from textual.content import Content

from styletui.i18n import gettext as _
from styletui.i18n import ngettext
from styletui.messages import explain, label
from styletui.text import hanging, one_line, sign

SURE = 0.3  # plain Markdown without any further sign is 0.4
SHOWN_AUTHORS = 4
SHOWN_REASONS = 5
SHOWN_TITLES = 3


@dataclass(frozen=True, slots=True)
class Found:
    """What is known about the path in the field.

    `status`: empty, missing, looking, found or failed. `author`: whose texts are taken, None = the reader's choice.
    """

    status: str = "empty"
    path: str = ""
    code: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    files: int = 0
    kind: str = ""
    confidence: float = 0.0
    documents: int = 0
    chars: int = 0
    authors: Mapping[str, int] = field(default_factory=dict)
    author: str | None = None
    first: str | None = None
    last: str | None = None
    skipped: Mapping[str, int] = field(default_factory=dict)
    titles: tuple[str, ...] = ()

    @classmethod
    def from_result(cls, result: Mapping[str, Any]) -> Found:
        """From the result of a scan job."""
        return cls(
            "found",
            files=int(result.get("files", 0)),
            kind=str(result.get("kind") or ""),
            confidence=float(result.get("confidence") or 0.0),
            documents=int(result.get("documents", 0)),
            chars=int(result.get("chars", 0)),
            authors=dict(result.get("authors") or {}),
            first=result.get("first_date"),
            last=result.get("last_date"),
            skipped=dict(result.get("skipped") or {}),
            titles=tuple(result.get("titles") or ()),
        )

    def next_author(self) -> Found:
        """The next choice: everybody, then each person by how much they wrote."""
        choices = self.choices()
        here = choices.index(self.author) if self.author in choices else 0
        return replace(self, author=choices[(here + 1) % len(choices)])

    @property
    def usual(self) -> str | None:
        """Who wrote more than half, and is therefore meant when nobody is named."""
        name = max(self.authors, key=lambda a: self.authors[a], default=None)
        return name if name is not None and 2 * self.authors[name] > sum(self.authors.values()) else None

    def choices(self) -> list[str | None]:
        """None (the usual author, or everybody where there is none), the others, then all of them together."""
        others = [a for a in sorted(self.authors, key=lambda a: -self.authors[a]) if a != self.usual]
        everybody = [",".join(self.authors)] if self.usual is not None and others else []
        return [None, *others, *everybody]

    def author_words(self) -> str:
        """Whose texts are learned from."""
        if self.author is None:
            return self.usual or _("everybody")
        return _("everybody") if self.author == ",".join(self.authors) else self.author


def found_words(found: Found, width: int = 0) -> Content:
    """The panel's text for a panel `width` cells wide (0: not known yet)."""
    if found.status == "found" and found.documents:
        return _recognised(found)
    if found.status == "looking":
        line = _("Looking…")
        if found.files:
            line += " " + ngettext("{n} file so far", "{n} files so far", found.files).format(
                n=f"{found.files:,}"
            )
        return Content.styled(line, "$quiet")
    lines: list[Content] = []
    if found.status == "missing":
        lines.append(
            Content.styled(f"{sign('✗')} " + _("There is nothing at this path."), "bold $text-error")
        )
    elif found.status == "failed":
        words = explain(found.code, found.params)
        lines.append(one_line(f"{sign('✗')} {words.what}", "bold $text-error"))
        lines += [one_line(part) for part in (words.why, words.todo) if part]
    elif found.status == "found":
        lines.append(Content.styled(f"{sign('✗')} " + _("Nothing to learn from here."), "bold $text-error"))
        lines += _skipped(found)
    return Content("\n").join([*lines, *_shapes(width or 70)])


def _recognised(found: Found) -> Content:
    sure = "" if found.confidence >= SURE else "  " + _("(a guess)")
    lines = [
        Content.assemble((f"{sign('✓')} ", "bold $text-success"), (label("kind", found.kind), "bold"), sure)
    ]
    counts = ngettext("{n} document", "{n} documents", found.documents).format(n=f"{found.documents:,}")
    chars = ngettext("{n} character", "{n} characters", found.chars).format(n=f"{found.chars:,}")
    lines.append(Content.assemble((counts, "bold"), f" {sign('·')} ", chars))
    if found.first:
        span = (
            found.first[:10]
            if found.last == found.first
            else f"{found.first[:10]} – {(found.last or '')[:10]}"
        )
        lines.append(Content.assemble((_("Dates") + "   ", "$quiet"), span))
    if found.authors:
        lines.append(_authors(found))
    if found.titles:
        titles = Content(f" {sign('·')} ").join(one_line(title) for title in found.titles[:SHOWN_TITLES])
        lines.append(Content.assemble((_("Such as") + "   ", "$quiet"), titles))
    lines += _skipped(found)
    return Content("\n").join(lines)


def _authors(found: Found) -> Content:
    ordered = sorted(found.authors.items(), key=lambda pair: -pair[1])
    parts = [
        one_line(f"{name} {count:,}", "bold" if name == found.author_words() else "")
        for name, count in ordered[:SHOWN_AUTHORS]
    ]
    if len(ordered) > SHOWN_AUTHORS:
        more = len(ordered) - SHOWN_AUTHORS
        parts.append(Content(ngettext("and {n} more", "and {n} more", more).format(n=more)))
    line = Content.assemble((_("By") + "   ", "$quiet"), Content(f" {sign('·')} ").join(parts))
    if len(ordered) > 1:
        chosen = one_line(found.author_words(), "bold")
        line = Content.assemble(
            line, "\n", (_("Learn from") + "   ", "$quiet"), chosen, ("   F3", "bold $accent")
        )
    return line


def _skipped(found: Found) -> list[Content]:
    total = sum(found.skipped.values())
    if not total:
        return []
    reasons = sorted(found.skipped.items(), key=lambda pair: -pair[1])
    words = f" {sign('·')} ".join(
        f"{label('skip', reason)} {count:,}" for reason, count in reasons[:SHOWN_REASONS]
    )
    head = ngettext("{n} will be skipped: ", "{n} will be skipped: ", total).format(n=f"{total:,}")
    return [Content.assemble((head, "$text-warning"), words)]


def _shapes(width: int) -> list[Content]:
    """What a usable path looks like."""
    rows = (
        ("~/wechat_backup/", _("folders of articles, each with its meta.json")),
        ("~/notes/", _("a folder of Markdown files, subfolders too")),
        ("~/essay.md", _("one Markdown file")),
    )
    lines = [Content(""), Content.styled(_("A usable path looks like this:"), "$quiet")]
    lines += [
        hanging(Content.styled(f"  {path}", "$accent"), Content(words), 20, width) for path, words in rows
    ]
    return lines
