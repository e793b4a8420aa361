"""The one door through which a person's text reaches the screen.

Text from a backup, a model or a file name may hold markup, terminal escapes or control characters. `safe`
returns it as `Content` that is shown letter for letter: no markup, no action, no escape sequence.
"""

from __future__ import annotations

import os
from typing import Final

from textual.content import Content

from styletui.visible import plain as plain


def safe(text: str, style: str = "") -> Content:
    """`text` as literal `Content`; `style` (ours, never the user's) applies to all of it."""
    content = Content(plain(text))
    return content.stylize(style) if style else content


def one_line(text: str, style: str = "") -> Content:
    """`text` on one line: line ends become spaces."""
    return safe(plain(text.strip()).replace("\n", " "), style)


def hanging(head: Content, body: Content, indent: int, width: int) -> Content:
    """`head`, then `body` from column `indent` on, wrapped so that every line of it begins there."""
    lines = body.wrap(max(8, width - indent))
    gap = Content(" " * max(1, indent - head.cell_length))
    margin = Content("\n" + " " * indent)
    return Content.assemble(head, gap, margin.join(lines))


def ascii_only() -> bool:
    """Whether the person asked for plain ASCII signs (`STYLETUI_ASCII=1`)."""
    return os.environ.get("STYLETUI_ASCII", "") not in ("", "0")


_SIGNS: Final[dict[str, str]] = {
    "›": ">",
    "✓": "+",
    "✗": "x",
    "▸": ">",
    "·": "-",
    "…": "...",
    "⚠": "!",
    "│": "|",
    "─": "-",
    "↑": "^",
    "↓": "v",
    "⏎": "Enter",
    "▏": "|",
    "▶": ">",
    "━": "#",
    "╌": "-",
    "◆": "*",
    "◇": "o",
    "→": "->",
    "←": "<-",
}


def sign(character: str) -> str:
    """One of our own drawing signs, or its ASCII stand-in when plain ASCII was asked for."""
    return _SIGNS.get(character, character) if ascii_only() else character
