"""A list that draws only the lines on screen: a hundred thousand samples cost what twenty do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from styletui.text import sign


class VirtualList(ScrollView, can_focus=True):
    """`count` lines, each made by `make_line(number)` when it is painted; one of them is selected."""

    DEFAULT_CSS = """
    VirtualList { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; height: 1fr; background: $background;
        text-wrap: nowrap; text-overflow: ellipsis; }
    VirtualList > .virtual-list--selected { background: $secondary 25%; }
    VirtualList:focus > .virtual-list--selected { background: $accent 25%; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"virtual-list--selected"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "jump(0)", show=False),
        Binding("end", "jump(-1)", show=False),
    ]

    selected: reactive[int] = reactive(0)

    @dataclass
    class Selected(Message):
        """Another line was selected."""

        list: VirtualList
        number: int

        @property
        def control(self) -> VirtualList:
            """The list, so that `@on` can choose by id."""
            return self.list

    def __init__(
        self, make_line: Callable[[int], Content], *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._make_line = make_line
        self._count = 0

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._count

    def fill(self, count: int, make_line: Callable[[int], Content] | None = None, selected: int = 0) -> None:
        """Show `count` lines from now on."""
        if make_line is not None:
            self._make_line = make_line
        self._count = count
        self.virtual_size = Size(self.size.width, count)
        self.set_reactive(VirtualList.selected, max(0, min(selected, count - 1)))
        self._show_selected()
        self.refresh()
        self.post_message(self.Selected(self, self.selected))

    def validate_selected(self, number: int) -> int:
        """Never outside the list."""
        return max(0, min(number, self._count - 1))

    def watch_selected(self, old: int, new: int) -> None:
        """Keep the line in sight and say that it changed."""
        self._show_selected()
        self.refresh()
        if old != new:
            self.post_message(self.Selected(self, new))

    def _show_selected(self) -> None:
        self.scroll_to_region(Region(0, self.selected, 1, 1), animate=False, force=True)

    def action_move(self, step: int) -> None:
        """One line up or down."""
        self.selected += step

    def action_page(self, step: int) -> None:
        """One screenful up or down."""
        self.selected += step * max(1, self.size.height - 1)

    def action_jump(self, number: int) -> None:
        """First (0) or last (-1)."""
        self.selected = number if number >= 0 else self._count - 1

    def on_click(self, event: Click) -> None:
        """Select the line under the pointer."""
        number = self.scroll_offset.y + event.y
        if number < self._count:
            self.selected = number

    def render_line(self, y: int) -> Strip:
        """Line `y` of the window."""
        number = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        chosen = number == self.selected and number < self._count
        style = self.get_visual_style("virtual-list--selected") if chosen else self.visual_style
        if number >= self._count:
            return Strip.blank(width, style.rich_style)
        # A sign as well as a colour: sixteen colours have no tint to spare.
        mark = f"{sign('▸')}" if chosen else " "
        content = Content.assemble((mark, "bold $accent"), self._make_line(number))
        strips = Visual.to_strips(self, content, width, 1, style)
        return strips[0].adjust_cell_length(width, style.rich_style) if strips else Strip.blank(width)
