"""A document as a list of blocks: Markdown through markdown-it-py's tokens, plain text by its lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from styletui_prep.html_text import html_prose
from styletui_prep.script import CJK, han_count

TEXT = "text"
HEADING = "heading"
ITEM = "item"
QUOTE = "quote"

# Stands where bold begins or ends until spaces are repaired; private-use, so no document holds it by then.
BOLD_EDGE = "\ue000"

_ADDRESS = r"(?:https?://|www\.)[^\s<>\"'，。；！？、：（）【】《》「」“”]+"
_WEB_ADDRESS = re.compile(_ADDRESS, re.IGNORECASE)
# With a space on each side one of the two goes with the address.
_ADDRESS_IN_TEXT = re.compile(rf" {_ADDRESS}(?= )|{_ADDRESS}", re.IGNORECASE)
_LOOKS_LIKE_TARGET = re.compile(r"(?:[a-z][a-z0-9+.-]*:|[/#.<?]|[\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)
# Bold that CommonMark refuses beside Chinese punctuation (`**「天心阁」**作为`) stays as asterisks.
_REFUSED_BOLD = re.compile(rf"\*\* ?([^*\n]{{0,40}}[{CJK}][^*\n]{{0,40}}?) ?\*\*")
_FORMULA = re.compile(r"\A\s*(?:\$\$.*\$\$|\\\[.*\\\])\s*\Z", re.DOTALL)


@dataclass(slots=True)
class Block:
    """A paragraph, heading (`level` 1 to 6), list item (`marker` is its own) or quotation.

    `links_only`: nothing in it but links.
    """

    kind: str
    text: str
    marker: str = ""
    links_only: bool = False
    level: int = 0


@dataclass(slots=True)
class Parsed:
    """Blocks in order; `dropped` counts what is no prose: code, table, image, html, formula, link."""

    blocks: list[Block] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def parse_markdown(text: str) -> Parsed:
    """Blocks of a Markdown text. Never raises; text that is no Markdown comes out as paragraphs."""
    parser = _parser()
    environment: dict[str, dict[str, dict[str, str]]] = {}
    tokens = parser.parse(text, environment)
    targets = [entry["href"] for entry in environment.get("references", {}).values()]
    if any(not _LOOKS_LIKE_TARGET.match(unquote(target)) for target in targets):
        # `[注]: 说明` is a person's note, not a link definition; the parser would swallow it.
        tokens = parser.disable("reference").parse(text)
    return _Builder().build(tokens)


class _Builder:
    """Walks block tokens once and keeps just enough state to know where it is."""

    def __init__(self) -> None:
        self.parsed = Parsed()
        self.quotes = 0
        self.tables = 0
        self.lists: list[int] = []
        self.marker = ""
        self.level = 0

    def build(self, tokens: Sequence[Token]) -> Parsed:
        for token in tokens:
            if self.tables:
                self.tables += {"table_open": 1, "table_close": -1}.get(token.type, 0)
            else:
                self._take(token)
        return self.parsed

    def _take(self, token: Token) -> None:
        kind = token.type
        if kind == "inline":
            self._prose(token)
        elif kind in ("blockquote_open", "blockquote_close"):
            self.quotes += 1 if kind.endswith("open") else -1
        elif kind in ("heading_open", "heading_close"):
            self.level = int(token.tag[1:]) if kind.endswith("open") else 0
        elif kind in ("bullet_list_open", "ordered_list_open"):
            self.lists.append(0)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.lists.pop()
            self.marker = ""
        elif kind == "list_item_open":
            self.marker = f"{token.info}{token.markup} " if token.info else "- "
        elif kind == "table_open":
            self.tables = 1
            self.parsed.dropped["table"] += 1
        elif kind == "fence":
            self.parsed.dropped["code"] += 1
        elif kind == "code_block":
            self._indented(token.content)
        elif kind == "html_block":
            self._html(token.content)

    def _prose(self, token: Token) -> None:
        text, links_only = _inline(token.children or [], self.parsed.dropped)
        if _FORMULA.match(text):
            self.parsed.dropped["formula"] += 1
        elif text.strip():
            self._add(text, links_only)

    def _add(self, text: str, links_only: bool = False) -> None:
        if self.quotes:
            kind, marker = QUOTE, ""
        elif self.level:
            kind, marker = HEADING, ""
        elif self.lists:
            indent = "  " * (len(self.lists) - 1)
            kind, marker = ITEM, indent + (self.marker or "  ")
            self.marker = ""
        else:
            kind, marker = TEXT, ""
        self.parsed.blocks.append(Block(kind, text, marker, links_only, self.level))

    def _indented(self, content: str) -> None:
        """Four spaces make code for Markdown; people who indent their Chinese paragraphs do not mean that."""
        if han_count(content) * 3 > len("".join(content.split())):
            for line in content.splitlines():
                if line.strip():
                    self._add(line.strip())
        else:
            self.parsed.dropped["code"] += 1

    def _html(self, content: str) -> None:
        prose = html_prose(content)
        self.parsed.dropped["html"] += 1
        for paragraph in prose:
            self._add(paragraph)


def _inline(children: Sequence[Token], dropped: Counter[str]) -> tuple[str, bool]:
    """Readable text of an inline token, and whether all of it was links. Addresses and pictures go."""
    pieces: list[str] = []
    linked = outside = 0
    link_start: int | None = None
    for child in children:
        kind = child.type
        if kind in ("text", "code_inline", "text_special"):
            pieces.append(child.content)
            if link_start is None:
                outside += len(child.content.strip())
        elif kind in ("softbreak", "hardbreak"):
            pieces.append("\n")
        elif kind == "image":
            dropped["image"] += 1
        elif kind == "link_open":
            link_start = len(pieces)
        elif kind == "link_close" and link_start is not None:
            dropped["link"] += 1
            words = "".join(pieces[link_start:])
            linked += len(words.strip())
            if _WEB_ADDRESS.fullmatch(words.strip()):
                del pieces[link_start:]
            link_start = None
        elif kind in ("strong_open", "strong_close"):
            pieces.append(BOLD_EDGE)
        elif kind == "html_inline" and re.match(r"<br\b", child.content, re.IGNORECASE):
            pieces.append("\n")
    text = _REFUSED_BOLD.sub(rf"{BOLD_EDGE}\1{BOLD_EDGE}", "".join(pieces))
    return without_addresses(text, dropped), linked > 0 and outside == 0


def without_addresses(text: str, dropped: Counter[str]) -> str:
    """Bare web addresses are nobody's prose."""
    shorter, count = _ADDRESS_IN_TEXT.subn("", text)
    dropped["link"] += count
    return shorter if count else text


def parse_plain(text: str) -> Parsed:
    """Blocks of a plain text file.

    Paragraphs end at blank lines and before indented lines; where a file has neither, every line is one.
    """
    parsed = Parsed()
    lines = text.split("\n")
    separate = not any(_starts_indented(line) for line in lines) and not _has_blank_between(lines)
    paragraph: list[str] = []

    def close() -> None:
        if paragraph:
            body = without_addresses("\n".join(paragraph), parsed.dropped)
            if body.strip():
                parsed.blocks.append(Block(TEXT, body))
            paragraph.clear()

    for line in lines:
        if not line.strip() or separate or _starts_indented(line):
            close()
        if line.strip():
            paragraph.append(line.strip())
    close()
    return parsed


def _starts_indented(line: str) -> bool:
    return bool(line.strip()) and (line.startswith(("\u3000", "  ", "\t")))


def _has_blank_between(lines: list[str]) -> bool:
    return any(not line.strip() for line in "\n".join(lines).strip().split("\n"))
