"""The line at the bottom: what each key does here, read from the action registry at every paint."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, TextArea

from styletui import actions


class KeyFooter(Widget):
    """Keys and words of the actions that work now; what does not fit is left to the help screen."""

    DEFAULT_CSS = """
    KeyFooter { dock: bottom; height: 1; background: $panel; padding: 0 1; }
    """

    def __init__(self, screen_name: str) -> None:
        super().__init__()
        self.screen_name = screen_name

    def render(self) -> Content:
        """As many keys as fit, help and quit always among them."""
        width = self.content_size.width or self.app.size.width - 2
        typing = isinstance(self.screen.focused, (Input, TextArea))
        always: list[Content] = []
        parts: list[Content] = []
        for action in actions.for_screen(self.screen_name):
            key = action.key_name(typing)
            if not action.order or not key or not self._works(action.id):
                continue
            part = Content.assemble((key, "bold $accent"), (f" {self._label(action)}", "$foreground"))
            (always if action.id in ("app.help", "app.leave") else parts).append(part)
        gap = Content("  ")
        room = width - sum(p.cell_length + 2 for p in always)
        shown: list[Content] = []
        for part in parts:
            if part.cell_length + 2 > room:
                continue
            room -= part.cell_length + 2
            shown.append(part)
        return gap.join([*shown, *always])

    def _label(self, action: actions.Action) -> str:
        """A screen may say more exactly what Enter does there."""
        own = getattr(self.screen, "forward_label", None)
        return str(own()) if action.id == "forward" and own is not None else action.label()

    def _works(self, action_id: str) -> bool:
        if action_id.startswith("app."):
            return True
        return bool(self.screen.check_action(action_id.partition("(")[0], ()))
