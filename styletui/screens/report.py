"""Report: what was measured and what was judged, with what may not be concluded said as loudly."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from styletui_eval.report import report_data
from styletui_prep.errors import UserError
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from styletui import actions, service
from styletui.actions import Action
from styletui.i18n import N_
from styletui.i18n import gettext as _
from styletui.jobs.fold import JobState
from styletui.jobs.job import Job
from styletui.messages import explain
from styletui.nearby import tilde
from styletui.project import Run
from styletui.screens import report_words as words
from styletui.screens.base import BaseScreen, JobWatch
from styletui.text import one_line
from styletui.widgets.job_progress import JobProgress
from styletui.widgets.live import Live

HERE = ("report",)
actions.register(
    Action("scroll_report(1)", ("space", "pagedown", "down"), N_("Scroll"), N_("Scroll the report."), HERE, 10),
    Action("scroll_report(-1)", ("pageup", "up"), N_("Scroll up"), N_("Scroll the report back."), HERE, 0),
    Action("whole", ("tab",), N_("Blind test in full"), N_("Show every line of the blind test, or only its verdict."), HERE, 20),
    Action("again", ("r",), N_("Measure again"), N_("Measure once more, with the texts of the opened blind test."), HERE, 30),
)  # fmt: skip


class ReportScreen(BaseScreen):
    """The newest run that has an adapter; measures when there is no report.json."""

    step = "report"
    CSS_PATH = "report.tcss"
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("report")
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.run_shown: Run | None = None
        self.data: dict[str, Any] | None = None
        self.reason: list[str] = []
        self.whole = False
        self.clock = time.time
        self._watch: JobWatch | None = None

    def body(self) -> ComposeResult:
        """Progress while measuring, then the report."""
        with VerticalScroll(id="page", can_focus=False):
            yield Live(self._page)
            yield JobProgress(id="work", clock=lambda: self.clock())

    # --- coming and going -------------------------------------------------------------------------
    def arrive(self) -> None:
        """Show the report of the newest run; measure if nobody has."""
        project = self.style_app.project
        run = next((r for r in project.runs() if r.has_adapter), None) if project is not None else None
        if run is None or self.run_shown is None or run.path != self.run_shown.path:
            if self._watch is not None:
                self._watch.stop()
            self._watch, self.run_shown, self.data, self.reason = None, run, None, []
        if run is not None:
            self._find_job(run)
        self.look()

    def _find_job(self, run: Run) -> None:
        job = run.job("eval")
        if job is None and not (run.path / "report.json").exists():
            self._start()
        elif job is not None and (self._watch is None or self._watch.job.path != job.path):
            self._follow(job)

    def _start(self) -> None:
        if self.run_shown is None:
            return
        try:
            self._follow(service.start_eval(self.run_shown))
            self.reason = []
        except UserError as error:
            self.reason = explain(error.code, error.params).lines()
        except OSError:
            self.reason = explain("disk_full").lines()

    def _follow(self, job: Job) -> None:
        if self._watch is not None:
            self._watch.stop()
        self._watch = self.watch_job(job, self._job_changed)

    def _job_changed(self, state: JobState) -> None:
        self.query_one(JobProgress).show(state)
        if state.error is not None:
            self.reason = explain(state.error.code, state.error.params).lines()
        self.look()

    # --- what is shown ----------------------------------------------------------------------------
    @property
    def measuring(self) -> bool:
        """Whether a measurement is going on."""
        return self._watch is not None and not self._watch.ended

    @property
    def measured(self) -> bool:
        """Whether there is something to read."""
        return self.data is not None and self.data["evaluation"] is not None

    def look(self) -> None:
        """Read what lies in the run."""
        if self.run_shown is not None:
            try:
                self.data = report_data(self.run_shown.path)
            except UserError as error:
                self.data = None
                if error.code != "nothing_to_report":
                    self.reason = explain(error.code, error.params).lines()
        self.set_class(self.measuring, "-measuring")
        self.repaint()
        self.refresh_footer()

    def _page(self) -> Content:
        if self.run_shown is None:
            return Content.styled(_("Nothing to report yet. Train an adapter first."), "bold")
        width = self.query_one("#page").scrollable_content_region.width or self.size.width - 6
        parts: list[Content] = []
        if self.measuring:
            state = self._watch.state if self._watch is not None else None
            scored = sum(r["type"] == "eval_document" for r in state.others) if state is not None else 0
            parts += [words.measuring(scored), Content("")]
        if self.data is not None and not (self.measuring and not self.data["blind"]):
            parts.append(words.report(self.data, self.run_shown.path, width, whole=self.whole))
        if not self.measuring and not self.measured:
            log = self._watch.job.stderr_path if self._watch is not None else None
            parts += [*([Content("")] if parts else []), words.no_report(self.reason, log)]
        elif not self.measuring:
            parts += [Content(""), *self._end()]
        return Content("\n").join(parts)

    def _end(self) -> list[Content]:
        """What can be done with it now."""
        lines = []
        if self._older_than_reveal():
            lines.append(
                Content.styled(
                    _("The blind test was opened after this measurement; r measures again with its texts."),
                    "$warning",
                )
            )
        if self.run_shown is not None:
            adapter = one_line(tilde(self.run_shown.adapter))
            lines.append(Content.assemble((f"{_('The adapter, a plain PEFT folder:')} ", "$quiet"), adapter))
        return lines

    def _older_than_reveal(self) -> bool:
        if self.data is None or not self.measured:
            return False
        created = float(self.data["evaluation"].get("created", 0))
        return any(float(result["time"]) > created for result in self.data["blind"])

    # --- keys -------------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now."""
        if action == "again":
            return self.measured and not self.measuring
        if action == "whole":
            return bool(self.data and self.data["blind"])
        return super().check_action(action, parameters)

    def action_scroll_report(self, direction: int) -> None:
        """Space and the page keys."""
        area = self.query_one("#page", VerticalScroll)
        area.scroll_relative(y=direction * max(1, area.size.height - 2), animate=False)

    def action_whole(self) -> None:
        """Tab."""
        self.whole = not self.whole
        self.query_one("#page", VerticalScroll).scroll_home(animate=False)
        self.repaint()

    def action_again(self) -> None:
        """R."""
        self._start()
        self.look()

    def can_forward(self) -> bool:
        """The journey ends here; Enter only repeats a measurement that failed."""
        return self.run_shown is not None and not self.measuring and not self.measured

    def forward(self) -> None:
        """Enter."""
        self._start()
        self.look()
