"""The help screen (every key of the step below it, in words) and the dialog that asks before leaving."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from styletui import actions
from styletui.i18n import gettext as _
from styletui.text import hanging
from styletui.widgets.live import Live

KEY_WIDTH = 14


class HelpScreen(ModalScreen[None]):
    """Keys and what they do, first those of the step, then those that work everywhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,enter,f1,question_mark,q", "dismiss", ""),
        ("f2", "language", ""),
    ]

    def __init__(self, step: str, about: Callable[[], str]) -> None:
        super().__init__()
        self.step = step
        self.about = about

    def compose(self) -> ComposeResult:
        """A panel with one scrolling text."""
        with Vertical(classes="dialog"):
            yield Live(lambda: Content.styled(self.about(), "bold"), classes="dialog-title")
            with VerticalScroll(classes="dialog-text"):
                yield Live(self._keys, id="keys")
            yield Live(lambda: Content.styled(_("Esc closes this help."), "$quiet"), classes="dialog-foot")

    def _keys(self) -> Content:
        lines: list[Content] = []
        width = self.query_one("#keys").content_size.width or 68
        found = actions.for_screen(self.step)
        for title, chosen in (
            (_("Here"), [a for a in found if a.screens]),
            (_("Everywhere"), [a for a in found if not a.screens]),
        ):
            lines.append(Content.styled(title, "bold $accent"))
            for action in (a for a in chosen if a.help_id):
                keys = "  ".join(actions.display_key(key) for key in action.keys)
                keys = action.show_key or keys
                lines.append(
                    hanging(Content.styled(f"  {keys}", "bold"), Content(action.help()), KEY_WIDTH, width)
                )
            lines.append(Content(""))
        return Content("\n").join(lines)

    def action_language(self) -> None:
        """Switch the language of the help, too."""
        self.app.action_language()  # type: ignore[attr-defined]


class LeaveScreen(ModalScreen[bool]):
    """Says what goes on after leaving and how to come back; True = leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("enter,q,ctrl+q", "answer(True)", ""),
        ("escape", "answer(False)", ""),
    ]

    def __init__(self, what: Callable[[], str]) -> None:
        super().__init__()
        self.what = what

    def compose(self) -> ComposeResult:
        """A small panel."""
        with Vertical(classes="dialog small"):
            yield Live(lambda: Content.styled(self.what(), "bold"), classes="dialog-title")
            yield Live(self._words)
            yield Live(self._keys, classes="dialog-foot")

    def _words(self) -> str:
        return _(
            "It does not need this window: you may close it, or the connection. To see it again, type: styletui"
        )

    def _keys(self) -> Content:
        return Content.assemble(
            ("Enter", "bold $accent"), " " + _("Leave") + "    ", ("Esc", "bold $accent"), " " + _("Stay")
        )

    def action_answer(self, leave: bool) -> None:
        """Close with the answer."""
        self.dismiss(leave)
