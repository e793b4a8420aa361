"""The Setup step."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from styletui import actions
from styletui.i18n import gettext as _
from styletui.screens.base import BaseScreen
from styletui.widgets.live import Live


class SetupScreen(BaseScreen):
    """Setup."""

    step = "setup"
    CSS_PATH = "setup.tcss"
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("setup")

    def body(self) -> ComposeResult:
        """Widgets."""
        yield Live(lambda: _("Setup"))
