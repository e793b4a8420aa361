"""The Preview step."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from styletui import actions
from styletui.i18n import gettext as _
from styletui.screens.base import BaseScreen
from styletui.widgets.live import Live


class PreviewScreen(BaseScreen):
    """Preview."""

    step = "preview"
    CSS_PATH = "preview.tcss"
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("preview")

    def body(self) -> ComposeResult:
        """Widgets."""
        yield Live(lambda: _("Preview"))
