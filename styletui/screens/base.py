"""What every step screen shares: header, footer, arriving and leaving, following jobs, forward and back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import DescendantBlur, DescendantFocus
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from styletui.actions import STEPS
from styletui.i18n import gettext as _
from styletui.widgets.key_footer import KeyFooter
from styletui.widgets.live import Live
from styletui.widgets.step_header import StepHeader

if TYPE_CHECKING:
    from styletui.app import StyleApp
    from styletui.jobs.fold import JobState
    from styletui.jobs.job import Job

POLL_SECONDS = 0.25


class JobWatch:
    """Reads a job's events a few times a second and hands each new state to the screen.

    The first state comes at once and the last one exactly once; after the end nothing is read any more.
    One path for a job that runs, one that was left and found again, and one that ended long ago.
    """

    def __init__(self, screen: BaseScreen, job: Job, changed: Callable[[JobState], None]) -> None:
        from styletui.jobs.follow import Follower

        self.job = job
        self.state: JobState | None = None
        self._screen = screen
        self._changed = changed
        self._follower = Follower(job)
        self._timer: Timer | None = screen.set_interval(POLL_SECONDS, self.poll)
        screen.call_next(self.poll)

    @property
    def ended(self) -> bool:
        """Whether the job has come to one of its ends."""
        return self.state is not None and self.state.ended

    def poll(self) -> None:
        """Read what is new; tell the screen if something changed."""
        if self._timer is None:
            return
        state = self._follower.poll()
        if state is self.state:
            return
        self.state = state
        self._screen.style_app.note_blocked(str(self.job.path), state.blocked)
        if state.ended:
            self.stop()
        self._changed(state)

    def stop(self) -> None:
        """Stop reading; the job itself goes on."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None


class BaseScreen(Screen[None]):
    """A step of the journey.

    Subclasses set `step` and `BINDINGS = actions.bindings(step)`, yield widgets from `body()`, and may
    define `arrive()` (visible again; must be repeatable), `depart()`, `forward()` and `can_forward()`.
    """

    step: ClassVar[str] = ""

    def compose(self) -> ComposeResult:
        """Header, body, footer."""
        yield StepHeader(self.step)
        with Container(id="body"):
            yield from self.body()
        yield KeyFooter(self.step)

    def body(self) -> ComposeResult:
        """The widgets between header and footer."""
        yield from ()

    @property
    def style_app(self) -> StyleApp:
        """The app, with its type."""
        return cast("StyleApp", self.app)

    # --- coming and going -------------------------------------------------------------------------
    def on_screen_resume(self) -> None:
        """Bring the header up to date and let the screen look at what changed meanwhile."""
        self.style_app.refresh_steps()
        self.arrive()
        self.repaint()

    def on_screen_suspend(self) -> None:
        """Another screen is shown now."""
        self.depart()

    def arrive(self) -> None:
        """The screen became visible (first, again, or after a dialog): read the state anew."""

    def depart(self) -> None:
        """The screen is no longer visible."""

    # --- painting ---------------------------------------------------------------------------------
    def repaint(self) -> None:
        """Paint every text anew: after a change of state or of language."""
        for widget in self.query(Widget):
            if isinstance(widget, (Live, StepHeader, KeyFooter)):
                widget.refresh(layout=isinstance(widget, Live))
        self.relabel()

    def relabel(self) -> None:
        """Set again what is stored in widgets, not painted: placeholders, border titles."""

    def refresh_footer(self) -> None:
        """What the keys do has changed."""
        for footer in self.query(KeyFooter):
            footer.refresh()

    @on(DescendantFocus)
    @on(DescendantBlur)
    def _focus_moved(self) -> None:
        self.refresh_footer()

    # --- jobs -------------------------------------------------------------------------------------
    def watch_job(self, job: Job, changed: Callable[[JobState], None]) -> JobWatch:
        """Follow `job`: `changed(state)` is called at once and whenever something is new."""
        return JobWatch(self, job, changed)

    def in_background(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        """Run the coroutine that `work` makes; a newer one of the same group takes the place of an older.

        It runs on the event loop, so it may touch widgets; slow calls in it go through `asyncio.to_thread`.
        """
        self.run_worker(cast(Any, work), group=group, exclusive=True, exit_on_error=False)

    # --- forward and back -------------------------------------------------------------------------
    def can_forward(self) -> bool:
        """Whether Enter leads on now."""
        return True

    def forward_label(self) -> str:
        """What the footer says about Enter."""
        return _("Next")

    def forward(self) -> None:
        """What Enter does: go to the next step."""
        here = STEPS.index(self.step)
        if here + 1 < len(STEPS):
            self.style_app.go(STEPS[here + 1])

    def back(self) -> None:
        """What Esc does: go to the step before."""
        here = STEPS.index(self.step)
        if here:
            self.style_app.go(STEPS[here - 1])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out `forward` where nothing leads on and `back` on the first step."""
        if action == "forward":
            return self.can_forward()
        if action == "back":
            return STEPS.index(self.step) > 0
        return True

    def action_forward(self) -> None:
        """Enter."""
        if self.can_forward():
            self.forward()

    def action_back(self) -> None:
        """Esc."""
        self.back()

    @on(Input.Submitted)
    def _input_submitted(self) -> None:
        self.action_forward()
