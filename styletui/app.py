"""The terminal program: one app, six steps, each imported when it is first shown."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import App
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.screen import Screen
from textual.theme import Theme

from styletui import actions
from styletui.i18n import gettext as _
from styletui.i18n import language, pick_language, set_language
from styletui.palette import ActionCommands
from styletui.screens.base import BaseScreen
from styletui.screens.help import HelpScreen, LeaveScreen
from styletui.text import ascii_only
from styletui.widgets.step_header import StepHeader, step_name

if TYPE_CHECKING:
    from styletui.jobs.job import Job
    from styletui.project import Project

# Which module and class shows a step; imported only when the step is first opened.
SCREENS: Final = {
    "source": ("styletui.screens.source", "SourceScreen"),
    "preview": ("styletui.screens.preview", "PreviewScreen"),
    "setup": ("styletui.screens.setup", "SetupScreen"),
    "train": ("styletui.screens.train", "TrainScreen"),
    "rate": ("styletui.screens.rate", "RateScreen"),
    "report": ("styletui.screens.report", "ReportScreen"),
}

THEME: Final = Theme(
    name="styletui",
    primary="#7fa8c9",
    secondary="#8f9bb3",
    accent="#e6b673",
    foreground="#d5d9e0",
    background="#14171d",
    surface="#191d24",
    panel="#20252e",
    success="#8fbf8f",
    warning="#e0a458",
    error="#e07a7a",
    dark=True,
    variables={
        "quiet": "#8d96a5",
        "faint": "#596273",
        "input-selection-background": "#e6b673 30%",
        "block-cursor-text-style": "bold",
    },
)


def _make_screen(step: str) -> Screen[Any]:
    module, name = SCREENS[step]
    screen: Screen[Any] = getattr(importlib.import_module(module), name)()
    return screen


class StyleApp(App[None]):
    """Shows a project. `source` opens it on that backup; without one, on the first unfinished step."""

    TITLE = "styletui"
    CSS_PATH = "theme.tcss"
    COMMANDS: ClassVar[set[Any]] = {ActionCommands}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = actions.app_bindings()
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        s: partial(_make_screen, s) for s in SCREENS
    }

    def __init__(
        self, project: Project | None = None, source: Path | None = None, lang: str | None = None
    ) -> None:
        self.project = project
        self.source = source
        self._blocked: dict[str, int] = {}
        first = "source"
        if source is None and project is not None:
            first = project.step()
        # Mounting the first step directly spares an empty default screen.
        self.DEFAULT_MODE = first  # type: ignore[misc]
        set_language(_first_language(lang))
        super().__init__()
        self.register_theme(THEME)
        self.theme = "styletui"

    def on_mount(self) -> None:
        """Borders and signs in ASCII where that was asked for."""
        self.set_class(ascii_only(), "-ascii")

    # --- moving about -----------------------------------------------------------------------------
    def go(self, step: str) -> None:
        """Show a step; its screen is made at the first visit and kept from then on."""
        if self.current_mode != step:
            self.switch_mode(step)

    def can_go(self, step: str) -> bool:
        """Whether what a step needs is there."""
        if step == "source":
            return True
        if self.project is None:
            return False
        if step == "preview":
            return True
        if step in ("setup", "train"):
            return (self.project.dataset / "manifest.json").exists()
        return bool(self.project.runs())

    def open_project(self, project: Project) -> None:
        """Work on another project from now on; screens notice when they are shown."""
        self.project = project
        self.refresh_steps()

    def refresh_steps(self) -> None:
        """Tell the header which steps are done."""
        done: frozenset[str] = frozenset()
        if self.project is not None:
            done = frozenset(actions.STEPS[: actions.STEPS.index(self.project.step())])
        for header in self.screen.query(StepHeader):
            header.done = done
            header.blocked = sum(self._blocked.values())

    def note_blocked(self, job: str, count: int) -> None:
        """A job reported how many attempts to reach the network were refused."""
        if self._blocked.get(job, 0) != count:
            self._blocked[job] = count
            self.refresh_steps()

    # --- what works everywhere --------------------------------------------------------------------
    def action_help(self) -> None:
        """F1: the keys of this step."""
        if isinstance(self.screen, BaseScreen):
            step = self.screen.step
            self.push_screen(HelpScreen(step, lambda: _("Keys: {step}").format(step=step_name(step))))

    def action_language(self) -> None:
        """F2: the other language, at once and for the next time."""
        from styletui import settings

        set_language("en" if language() == "zh" else "zh")
        stored = settings.load()
        stored.lang = language()
        with contextlib.suppress(OSError):  # a full disk must not stop anyone from reading
            settings.save(stored)
        for screen in [s for stack in self._screen_stacks.values() for s in stack]:
            if isinstance(screen, BaseScreen):
                screen.repaint()
            else:
                for widget in screen.query("Live"):
                    widget.refresh(layout=True)

    def action_command_palette(self) -> None:
        """Ctrl+P: every command by name."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder=_("Type to search commands"), id="--command-palette"))

    def running(self) -> list[Job]:
        """Jobs of this project that are alive."""
        if self.project is None:
            return []
        from styletui.jobs import supervisor
        from styletui.jobs.job import Job

        folders = [self.project.jobs_dir, *(run.jobs_dir for run in self.project.runs())]
        return [job for folder in folders for job in Job.all(folder) if supervisor.alive(job)]

    def action_leave(self) -> None:
        """Q: leave at once, or say first what goes on without this window."""
        running = self.running()
        if not running:
            self.exit()
            return
        training = any(job.kind == "train" for job in running)

        def words() -> str:
            return _("Training goes on without you.") if training else _("Work goes on without you.")

        def answered(leave: bool | None) -> None:
            if leave:
                lines = [words(), _("To see it again, type: styletui"), *_follow_lines(running)]
                self.exit(message="\n".join(lines))

        self.push_screen(LeaveScreen(words), answered)


def _follow_lines(jobs: list[Job]) -> list[str]:
    """How to follow the training among `jobs` without the screen."""
    from styletui import service
    from styletui.project import Run

    runs = [Run(job.path.parents[1]) for job in jobs if job.kind == "train"]
    return [_("Without the screen: {}").format(service.attach_command(run)) for run in runs[:1]]


def _first_language(asked: str | None) -> str:
    import os

    from styletui import settings

    return pick_language(asked, settings.load().lang, os.environ)
