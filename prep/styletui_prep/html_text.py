"""Prose out of the HTML that stands inside Markdown files."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

# What these hold is not the author's running text.
_DROPPED: Final = frozenset(
    {"script", "style", "template", "svg", "math", "pre", "code", "table", "iframe", "object", "blockquote"}
    | {"audio", "video", "canvas", "select", "button", "textarea", "noscript", "figcaption", "head", "title"}
)
_BREAKING: Final = frozenset(
    {
        "p",
        "div",
        "section",
        "article",
        "center",
        "li",
        "ul",
        "ol",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "details",
    }
    | {"summary", "aside", "header", "footer", "figure", "hr", "address", "main", "dd", "dt"}
)


class _Prose(HTMLParser):
    """Collects text; paragraphs break at block elements, lines at `<br>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[str] = [""]
        self.depth: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self.depth.append(tag)
        elif tag in _BREAKING:
            self.paragraphs.append("")
        elif tag == "br" and not self.depth:
            self.paragraphs[-1] += "\n"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _DROPPED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.depth:
            while self.depth.pop() != tag:
                pass
        elif tag in _BREAKING:
            self.paragraphs.append("")

    def handle_data(self, data: str) -> None:
        if not self.depth:
            self.paragraphs[-1] += data


def html_prose(content: str) -> list[str]:
    """Paragraphs of running text in a piece of HTML; scripts, tables, code and quotations left out.

    HTML may be cut off anywhere; what cannot be parsed gives fewer paragraphs, never an error.
    """
    parser = _Prose()
    try:
        parser.feed(content)
        parser.close()
    except (AssertionError, ValueError):
        # html.parser gives up on a few malformed declarations; what was read so far stands.
        pass
    lines = (
        "\n".join(line.strip() for line in paragraph.split("\n")).strip() for paragraph in parser.paragraphs
    )
    return [line for line in lines if line]
