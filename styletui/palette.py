"""The command palette: every action of the registry that works on the current screen, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from styletui import actions
from styletui.i18n import gettext as _
from styletui.screens.base import BaseScreen
from styletui.widgets.step_header import step_name

if TYPE_CHECKING:
    from styletui.app import StyleApp


class ActionCommands(Provider):
    """Reads the registry each time the palette opens, so it speaks the current language."""

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        screen = self.screen
        app = cast("StyleApp", self.app)
        if not isinstance(screen, BaseScreen):
            return
        for action in actions.for_screen(screen.step):
            if action.id == "app.command_palette" or not (action.keys and action.help_id):
                continue
            if action.id.startswith("app.") or screen.check_action(action.id.partition("(")[0], ()):
                yield action.label(), action.help(), partial(screen.run_action, action.id)
        for step in actions.STEPS:
            if step != screen.step and app.can_go(step):
                name = step_name(step)
                yield _("Go to: {step}").format(step=name), _("Open this step."), partial(app.go, step)

    async def discover(self) -> Hits:
        """Everything, while nothing is typed."""
        for name, help_text, run in self._commands():
            yield DiscoveryHit(name, run, help=help_text)

    async def search(self, query: str) -> Hits:
        """What matches, by name or by sentence."""
        matcher = self.matcher(query)
        for name, help_text, run in self._commands():
            score = max(matcher.match(name), matcher.match(help_text) * 0.8)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=help_text)
