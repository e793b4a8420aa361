"""A piece of text that is made anew each time it is painted, so that its language is always the current one."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget


class Live(Widget):
    """Shows what `make()` returns; call `refresh(layout=True)` when that has changed.

    A plain `str` is taken literally (no markup), so a path or a title may pass through; text from a backup
    must still come through `styletui.text.safe`, which makes control characters visible.
    """

    DEFAULT_CSS = """
    Live { height: auto; width: 1fr; }
    """

    def __init__(
        self, make: Callable[[], Content | str], *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.make = make

    def render(self) -> Content:
        """The text as it stands now."""
        made = self.make()
        return Content(made) if isinstance(made, str) else made
