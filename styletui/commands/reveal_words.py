"""Prints a revealed blind test on stdout, in the sentences of the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from styletui.text import sign
from styletui.verdict import Line, reveal_lines

_MARKS = {"won": "✓", "lost": "✗", "warn": "⚠", "open": "·"}


def as_text(lines: Iterable[Line]) -> str:
    """The lines as plain text: what colour says on screen, a mark says here."""
    out = []
    for line in lines:
        if line.kind == "title":
            out += ["", line.text]
        else:
            mark = _MARKS.get(line.kind)
            out.append(f"{sign(mark)} {line.text}" if mark else f"  {line.text}")
    return "\n".join(out)


def print_reveal(result: Mapping[str, Any]) -> None:
    """`result` is `RevealResult.to_json()`."""
    print(as_text(reveal_lines(result)))
