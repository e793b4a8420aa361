"""Rows of a name, a value and how the value came about: learning rate, gradient norm, tokens a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from styletui.text import ascii_only
from styletui.widgets.braille import sparkline

MOST = 200
"""Values a sparkline looks back on."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A row. `history`: values for the sparkline; `share` (0-1): a bar in its place."""

    name: str
    value: str
    history: Sequence[float] = ()
    share: float | None = None
    style: str = ""


class FigureRows(Widget):
    """Shows what `make()` returns, in columns that fit the widget."""

    DEFAULT_CSS = """
    FigureRows { height: auto; width: 1fr; }
    """

    def __init__(self, make: Callable[[], list[Figure]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.make = make

    def render(self) -> Content:
        """All rows."""
        return rows(self.make(), self.content_size.width or 30)


def share_bar(share: float, width: int, style: str = "$accent") -> Content:
    """A bar that is legible without colour."""
    full = round(width * min(1.0, max(0.0, share)))
    on, off = ("#", "-") if ascii_only() else ("━", "╌")
    return Content.assemble((on * full, style), (off * (width - full), "$faint"))


def rows(figures: list[Figure], width: int) -> Content:
    """`figures` in `width` cells: names left, values right-aligned in one column, pictures in what is left."""
    names = max((Content(f.name).cell_length for f in figures), default=0)
    values = max((Content(f.value).cell_length for f in figures), default=0)
    room = width - names - values - 4
    lines = []
    for figure in figures:
        name = Content.styled(figure.name, "$quiet")
        value = Content.styled(figure.value, figure.style or "bold")
        gap = " " * (names - name.cell_length + 2 + values - value.cell_length)
        picture = Content.assemble("  ", _picture(figure, room)) if room >= 4 else Content("")
        lines.append(Content.assemble(name, gap, value, picture))
    return Content("\n").join(lines)


def _picture(figure: Figure, room: int) -> Content:
    if figure.share is not None:
        return share_bar(figure.share, min(room, 20), "$secondary")
    return Content.styled(sparkline(list(figure.history[-MOST:]), min(room, 20), ascii_only()), "$primary")
