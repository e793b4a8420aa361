"""Train: how the training goes, whether it runs in this moment, was left and found again, or ended long ago."""

from __future__ import annotations

import time
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content

from styletui import actions, machine, service
from styletui.actions import Action
from styletui.i18n import N_
from styletui.i18n import gettext as _
from styletui.jobs import supervisor
from styletui.jobs.fold import JobState
from styletui.jobs.log import Record
from styletui.project import Run
from styletui.screens import train_words as words
from styletui.screens.base import BaseScreen, JobWatch
from styletui.screens.confirm import ConfirmScreen
from styletui.widgets.figure_rows import FigureRows
from styletui.widgets.gpu_panel import GpuPanel
from styletui.widgets.job_progress import JobProgress
from styletui.widgets.live import Live
from styletui.widgets.loss_chart import LossChart

HERE = ("train",)
actions.register(
    Action("stop_keep", ("s", "f8"), N_("Stop and keep"), N_("Stop now and keep what was learned; asks first."), HERE, 10),
    Action("resume", ("r",), N_("Resume"), N_("Go on from the last checkpoint."), HERE, 12),
    Action("sample(-1)", ("left",), N_("Earlier writing"), N_("Show the piece it wrote before this one."), HERE, 20, "←→"),
    Action("sample(1)", ("right",), N_("Later writing"), N_("Show the piece it wrote after this one."), HERE, 0),
    Action("scroll_sample(1)", ("space", "down"), N_("Scroll"), N_("Scroll the piece of writing."), HERE, 0),
    Action("scroll_sample(-1)", ("up",), N_("Scroll up"), N_("Scroll the piece of writing back."), HERE, 0),
)  # fmt: skip

CRASH_LINES = 6


class TrainScreen(BaseScreen):
    """The newest run of the project: stages until the first step, then charts, at the end a summary."""

    step = "train"
    CSS_PATH = "train.tcss"
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("train")
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.run_shown: Run | None = None
        self.state = JobState()
        self.config: dict[str, object] = {}
        self.stopping = False
        self.clock = time.time
        self._watch: JobWatch | None = None
        self._tail: list[str] = []
        self._resumable = False
        self._back = 0  # how many samples before the newest one is shown
        self._machine = machine.shared()

    def body(self) -> ComposeResult:
        """Title, stages, chart with figures, ending, sample."""
        yield Live(lambda: words.title(self.config, self.state, self.size.width - 4), id="title")
        yield Live(self._status, id="status")
        yield JobProgress(id="work", clock=lambda: self.clock())
        with Horizontal(id="charts"):
            yield LossChart(id="loss")
            with Vertical(id="numbers"):
                yield FigureRows(lambda: words.figures(self.state, self._tight()), id="figures")
                yield GpuPanel(lambda: self._machine.latest(), id="machine")
        yield Live(lambda: words.warnings(self.state, 3 if self.size.height > 30 else 1), id="warnings")
        with Horizontal(id="below"):
            with VerticalScroll(id="ending"):
                yield Live(self._ending)
            with VerticalScroll(id="sample"):
                yield Live(lambda: words.sample_text(self._path, self._sample))
        yield Live(self._hint, id="hint")

    def on_mount(self) -> None:
        """A clock for elapsed time and the machine."""
        self.set_interval(1.0, self._tick)

    # --- coming and going -------------------------------------------------------------------------
    def arrive(self) -> None:
        """Follow the training of the newest run; the same path for live, left and ended ones."""
        self._machine.start()
        project = self.style_app.project
        runs = project.runs() if project is not None else []
        run = runs[0] if runs else None
        job = run.job("train") if run is not None else None
        if run is None or job is None:
            self._forget(run)
        elif self._watch is None or self._watch.job.path != job.path:
            self._forget(run)
            self._read_config(run)
            self._watch = self.watch_job(job, self._changed)
        self._arrange()

    def depart(self) -> None:
        """Nobody looks at the machine now."""
        self._machine.stop()

    def _forget(self, run: Run | None) -> None:
        if self._watch is not None:
            self._watch.stop()
        self._watch, self.state, self.run_shown = None, JobState(), run
        self.config, self.stopping, self._tail, self._back = {}, False, [], 0
        self._resumable = False

    def _read_config(self, run: Run) -> None:
        from styletui_prep.errors import UserError

        try:
            self.config = dict(run.info().get("config") or {})
        except UserError:
            self.config = {}

    def _changed(self, state: JobState) -> None:
        self.state = state
        self.stopping = self.stopping or "stop" in state.commands
        if state.status in ("crashed", "failed") and self._watch is not None:
            self._tail = supervisor.crash_tail(self._watch.job, CRASH_LINES)
            self._resumable = self.run_shown is not None and service.can_resume(self.run_shown)
        self.query_one(JobProgress).show(state)
        self.query_one(LossChart).show(state.train.loss, words.held_out(state))
        device = state.train.device or {}
        self.query_one(GpuPanel).torch_says = (str(device.get("device", "")), str(device.get("name", "")))
        self._arrange()
        self.repaint()
        if state.ended:
            self.style_app.refresh_steps()
        self.refresh_footer()

    def _tick(self) -> None:
        if not self.is_current:
            return
        for name in ("#status", "#figures", "#machine"):
            self.query_one(name).refresh()

    # --- what is shown ----------------------------------------------------------------------------
    @property
    def _path(self) -> Path | None:
        return self.run_shown.path if self.run_shown else None

    @property
    def _sample(self) -> Record | None:
        samples = self.state.train.samples
        return samples[max(0, len(samples) - 1 - self._back)] if samples else None

    def _arrange(self) -> None:
        """One of: nothing yet, getting ready, running, ended."""
        stepped = bool(self.state.train.loss or self.state.train.evals)
        ended = self._watch is not None and self.state.ended
        self.set_class(self._watch is None, "-empty")
        self.set_class(self._watch is not None and not stepped, "-preparing")
        self.set_class(ended, "-ended")
        self.set_class(ended and self.state.status in ("crashed", "failed"), "-broken")
        self.set_class(bool(self.state.warnings), "-warned")
        self.relabel()

    def relabel(self) -> None:
        """The border titles live in the widgets."""
        self.query_one("#sample").border_title = words.sample_title(self._sample)
        self.query_one("#ending").border_title = _("How it ended")
        for name in ("#loss", "#figures", "#machine"):
            self.query_one(name).refresh(layout=name != "#loss")

    def _tight(self) -> bool:
        """Little room, and cards that want some of it."""
        return self.size.width < 100 and bool(self._machine.latest().gpus)

    def _status(self) -> Content:
        if self._watch is None:
            return Content.styled(_("No training yet. Go back to Setup (Esc) and start one."), "bold")
        return words.status_line(self.state, self.clock(), self.size.width - 4, self.stopping)

    def _ending(self) -> Content:
        if self._path is None or not self.state.ended:
            return Content("")
        return words.ending(
            self.state, self._path, self._tail, full=self.size.width >= 100, resumable=self._resumable
        )

    def _hint(self) -> Content:
        if self.run_shown is None or self._watch is None or self.state.ended:
            return Content("")
        return words.hint(self.size.width)

    # --- keys -------------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Stopping needs something that runs, leafing needs more than one piece."""
        if action == "stop_keep":
            return self._watch is not None and not self.state.ended and not self.stopping
        if action == "resume":
            return self._resumable
        if action == "sample":
            hidden = self.state.ended and self.size.width < 100
            return len(self.state.train.samples) > 1 and not hidden
        return super().check_action(action, parameters)

    def can_forward(self) -> bool:
        """An ended training with something to judge leads on."""
        return self.state.ended and self.run_shown is not None and self.run_shown.has_adapter

    def action_stop_keep(self) -> None:
        """S: ask, then leave a request for the worker."""

        def answered(yes: bool | None) -> None:
            if yes and self._watch is not None and not self.state.ended:
                supervisor.request(self._watch.job, "stop", keep=True)
                self.stopping = True
                self.repaint()
                self.refresh_footer()

        self.app.push_screen(
            ConfirmScreen(
                lambda: _("Stop the training now?"),
                lambda: _(
                    "What it has learned so far is saved and can be judged. It cannot go on from here later."
                ),
                lambda: _("Stop and keep"),
                "enter",
            ),
            answered,
        )

    def action_resume(self) -> None:
        """R: the same job goes on from its last checkpoint; the charts keep what they had."""
        from styletui_prep.errors import UserError

        run = self.run_shown
        if run is None or not self._resumable:
            return
        try:
            service.resume_train(run)
        except (UserError, OSError) as error:
            self.notify(str(getattr(error, "code", error)), severity="error", markup=False)
            return
        self._forget(None)
        self.arrive()

    def action_sample(self, step: int) -> None:
        """Left and right leaf through what it wrote."""
        most = max(0, len(self.state.train.samples) - 1)
        self._back = max(0, min(most, self._back - step))
        self.query_one("#sample", VerticalScroll).scroll_home(animate=False)
        self.repaint()

    def action_scroll_sample(self, direction: int) -> None:
        """Space and the arrows move the text."""
        area = self.query_one("#ending" if self._ending_long() else "#sample", VerticalScroll)
        area.scroll_relative(y=direction * max(1, area.size.height - 1), animate=False)

    def _ending_long(self) -> bool:
        ending = self.query_one("#ending", VerticalScroll)
        return self.state.ended and ending.max_scroll_y > 0
