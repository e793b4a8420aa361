"""A dialog that asks once before something that cannot be taken back."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from styletui.actions import display_key
from styletui.i18n import gettext as _
from styletui.widgets.live import Live


class ConfirmScreen(ModalScreen[bool]):
    """True when `yes_key` was pressed; Esc (and Enter, unless it is `yes_key`) says no.

    The words are callables, so that a change of language is live.
    """

    def __init__(
        self, question: Callable[[], str], details: Callable[[], str], yes: Callable[[], str], yes_key: str
    ) -> None:
        super().__init__()
        self.question, self.details, self.yes, self.yes_key = question, details, yes, yes_key
        self._bindings.bind(yes_key, "answer(True)", show=False)
        self._bindings.bind("escape,q", "answer(False)", show=False)
        self._bindings.bind("f2", "language", show=False)
        if yes_key != "enter":
            self._bindings.bind("enter", "answer(False)", show=False)

    def compose(self) -> ComposeResult:
        """A small panel."""
        with Vertical(classes="dialog small"):
            yield Live(lambda: Content.styled(self.question(), "bold"), classes="dialog-title")
            yield Live(self.details)
            yield Live(self._keys, classes="dialog-foot")

    def _keys(self) -> Content:
        no = "Esc" if self.yes_key == "enter" else "Enter"
        return Content.assemble(
            (display_key(self.yes_key), "bold $accent"),
            f" {self.yes()}    ",
            (no, "bold $accent"),
            f" {_('Go on as it is')}",
        )

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)

    def action_language(self) -> None:
        """The other language, here too."""
        self.app.action_language()  # type: ignore[attr-defined]
