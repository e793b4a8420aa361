"""A line for a path, shown safely: a file name may hold escapes, line ends and bytes that are no text."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Input

from styletui.visible import one_for_one


class PathInput(Input):
    """An `Input` whose value stays as it is and whose every character is shown as one that a terminal can take."""

    @property
    def _value(self) -> Text:
        # Textual paints this and measures the cursor's place in it, so each character stands for one.
        return Text(one_for_one(self.value), no_wrap=True, overflow="ignore", end="")
