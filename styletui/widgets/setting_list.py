"""Settings one below the other: up and down choose one, left and right change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from styletui.text import ascii_only, sign


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as shown: `changed` by hand, `gap` = an empty line above it."""

    key: str
    name: str
    value: str
    changed: bool = False
    gap: bool = False


class SettingList(Widget, can_focus=True):
    """Paints `make_rows()`; says which row is chosen and when it is to be changed."""

    DEFAULT_CSS = """
    SettingList { height: auto; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("left", "turn(-1)", show=False),
        Binding("right,space", "turn(1)", show=False),
    ]

    chosen: reactive[int] = reactive(0)

    @dataclass
    class Chosen(Message):
        """Another row is chosen."""

        key: str

    @dataclass
    class Turned(Message):
        """The row is to take its next (1) or previous (-1) value."""

        key: str
        step: int

    def __init__(self, make_rows: Callable[[], list[Row]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._make_rows = make_rows

    @property
    def key(self) -> str:
        """The key of the chosen row."""
        rows = self._make_rows()
        return rows[min(self.chosen, len(rows) - 1)].key

    def action_move(self, step: int) -> None:
        """Up or down."""
        self.chosen = max(0, min(len(self._make_rows()) - 1, self.chosen + step))
        self.post_message(self.Chosen(self.key))

    def action_turn(self, step: int) -> None:
        """Left or right."""
        self.post_message(self.Turned(self.key, step))

    def render(self) -> Content:
        """Name, value between arrows on the chosen row, a mark where a person changed it."""
        rows = self._make_rows()
        width = max(Content(row.name).cell_length for row in rows) + 3
        less, more = ("<", ">") if ascii_only() else ("‹", "›")
        lines: list[Content] = []
        for number, row in enumerate(rows):
            here = number == min(self.chosen, len(rows) - 1)
            name = row.name + " " * (width - Content(row.name).cell_length)
            if row.gap:
                lines.append(Content(""))
            if here:
                line = Content.assemble(
                    (f"{sign('▸')} ", "bold $accent"),
                    (name, "bold"),
                    (f"{less} ", "bold $accent"),
                    Content.styled(row.value, "bold"),
                    (f" {more}", "bold $accent"),
                )
            else:
                line = Content.assemble("  ", (name, "$quiet"), "  ", Content(row.value))
            lines.append(Content.assemble(line, (" *", "bold $accent")) if row.changed else line)
        return Content("\n").join(lines)
