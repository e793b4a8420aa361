"""Preview: makes the dataset if there is none, then shows every sample as it will be trained on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from styletui_prep.dataset import SampleIndex, SampleRow, SampleText, load_samples
from styletui_prep.errors import UserError
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content

from styletui import actions
from styletui.actions import Action
from styletui.i18n import N_
from styletui.i18n import gettext as _
from styletui.jobs.fold import JobError, JobState
from styletui.jobs.job import Job
from styletui.messages import explain, label
from styletui.screens import preview_words as words
from styletui.screens.base import BaseScreen, JobWatch
from styletui.text import safe
from styletui.widgets.job_progress import JobProgress
from styletui.widgets.live import Live
from styletui.widgets.sample_list import VirtualList

HERE = ("preview",)
actions.register(
    Action("original", ("o",), N_("Original"), N_("Show the text before cleaning beside the cleaned one."), HERE, 10),
    Action("dropped", ("d",), N_("Dropped"), N_("Show what was left out, and why."), HERE, 12),
    Action("view_filter", ("v",), N_("View"), N_("Show only one kind of sample: outline, instruct, continue."), HERE, 14),
    Action("scroll_text(1)", ("space", "right"), N_("Scroll"), N_("Scroll the text on the right."), HERE, 16),
    Action("scroll_text(-1)", ("left",), "", "", HERE, 0),
    Action("again", ("r",), N_("Redo"), N_("Read the source again and make the samples anew."), HERE, 40),
)  # fmt: skip


class PreviewScreen(BaseScreen):
    """Progress while the samples are made; then the list on the left and the chosen sample on the right."""

    step = "preview"
    CSS_PATH = "preview.tcss"
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("preview")
    AUTO_FOCUS = "#list"

    def __init__(self) -> None:
        super().__init__()
        self.data: SampleIndex | None = None
        self.dropped = False
        self.view: str | None = None
        self.numbers: range | list[int] = range(0)
        self._watch: JobWatch | None = None
        self._last: JobState | None = None

    def body(self) -> ComposeResult:
        """The work, the two panes."""
        yield JobProgress(id="work", classes="boxed")
        yield Live(lambda: words.head(self.data, self._last), id="head")
        with Container(id="panes"):
            yield VirtualList(self._line, id="list", classes="boxed")
            with VerticalScroll(id="detail", classes="boxed"):
                yield Live(self._facts, id="facts")
                with Container(id="parts"):
                    yield from self._part("raw", self._raw)
                    yield from self._part("given", lambda: safe(self._text.prompt.rstrip()))
                    yield from self._part("scored", lambda: safe(self._text.text))

    def _part(self, name: str, make: Callable[[], Content]) -> ComposeResult:
        """A heading and a text under it; `name` is raw, given or scored."""
        with Vertical(classes=f"part {name}"):
            yield Live(lambda: words.part_title(name), classes="part-title")
            yield Live(make, classes="part-text")

    # --- coming -----------------------------------------------------------------------------------
    def arrive(self) -> None:
        """Show the dataset, follow the job that makes it, or start one."""
        project = self.style_app.project
        if project is None:
            self.style_app.go("source")
            return
        job = Job.latest(project.jobs_dir, "prep")
        if self._watch is not None and job is not None and self._watch.job.path == job.path:
            return
        if job is None or job.spec.get("author") != project.settings.get("author"):
            self._start()
        else:
            self._follow(job)

    def _start(self) -> None:
        from styletui import service

        project = self.style_app.project
        if project is None:
            return
        settings = project.settings
        self._follow(
            service.start_prep(
                [project.source],
                project.dataset,
                project.jobs_dir,
                author=settings.get("author"),
                tokenizer=Path(settings["model"]) if settings.get("model") else _a_tokenizer(),
            )
        )

    def _follow(self, job: Job) -> None:
        if self._watch is not None:
            self._watch.stop()
        self.dropped, self.view = False, None
        self.add_class("-working")
        self._watch = self.watch_job(job, self._prep_changed)

    def _prep_changed(self, state: JobState) -> None:
        self._last = state
        self.query_one(JobProgress).show(state)
        if state.status == "done":
            self.in_background(self._open, "open")
        self.refresh_footer()

    async def _open(self) -> None:
        """Index the dataset off the event loop, then show it."""
        project = self.style_app.project
        if project is None:
            return
        try:
            self.data = await asyncio.to_thread(load_samples, project.dataset)
        except UserError as error:
            broken = JobError(error.code, dict(error.params))
            self.query_one(JobProgress).show(replace(self._last or JobState(), status="failed", error=broken))
            return
        project.save_settings(preview_seen=True)
        self.style_app.refresh_steps()
        self.remove_class("-working")
        self._fill()
        self.query_one("#list").focus()
        self.repaint()

    # --- the list ---------------------------------------------------------------------------------
    def _fill(self) -> None:
        """What the list shows now: the samples (of one view) or what was dropped."""
        self.set_class(self.dropped, "-dropped")
        data = self.data
        if data is None:
            return
        if self.dropped:
            self.numbers = range(len(data.skipped))
        elif self.view is None:
            self.numbers = range(len(data.rows))
        else:
            self.numbers = [n for n, row in enumerate(data.rows) if row.view == self.view]
        self.query_one(VirtualList).fill(len(self.numbers))
        self.relabel()

    def relabel(self) -> None:
        """Border titles."""
        count = f"{len(self.numbers):,}"
        if self.dropped:
            title = _("Left out") + f" {count}"
        else:
            name = label("view", self.view) if self.view else _("Samples")
            title = f"{name} {count}"
        self.query_one("#list").border_title = title

    def _line(self, number: int) -> Content:
        data = self.data
        if data is None:
            return Content("")
        if self.dropped:
            return words.dropped_line(data.skipped[self.numbers[number]])
        return words.sample_line(data.rows[self.numbers[number]])

    @property
    def _sample(self) -> SampleRow | None:
        number = self.query_one(VirtualList).selected
        if self.data is None or self.dropped or number >= len(self.numbers):
            return None
        return self.data.rows[self.numbers[number]]

    @property
    def _text(self) -> SampleText:
        """The chosen sample's two sides, read from the file when it is looked at."""
        row = self._sample
        if row is None or self.data is None:
            return SampleText("", "")
        try:
            return self.data.sample(row)
        except UserError as error:
            return SampleText("", str(explain(error.code, error.params)))

    def _facts(self) -> Content:
        data, number = self.data, self.query_one(VirtualList).selected
        if data is None or number >= len(self.numbers):
            return Content(_("Nothing was left out.") if self.dropped else "")
        if self.dropped:
            return words.dropped_facts(data.skipped[self.numbers[number]])
        return words.sample_facts(data.rows[self.numbers[number]])

    def _raw(self) -> Content:
        sample = self._sample
        if sample is None or self.data is None or not self.has_class("-original"):
            return Content("")
        raw = self.data.original(sample.doc)
        return safe(raw) if raw is not None else Content(_("The original was not kept."))

    @on(VirtualList.Selected)
    def _selected(self) -> None:
        detail = self.query_one("#detail", VerticalScroll)
        detail.scroll_home(animate=False)
        for live in detail.query(Live):
            live.refresh(layout=True)

    # --- keys -------------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the samples are made there is nothing to show; afterwards nothing to wait for."""
        if action in ("original", "dropped", "view_filter", "scroll_text"):
            return self.data is not None and not self.has_class("-working")
        if action == "again":
            return self._watch is None or self._watch.ended
        return super().check_action(action, parameters)

    def action_original(self) -> None:
        """O: the text before cleaning."""
        if self.dropped:
            self.action_dropped()
        self.toggle_class("-original")
        self.repaint()

    def back(self) -> None:
        """Esc closes the list of what was left out first, then goes back."""
        if self.dropped:
            self.action_dropped()
        else:
            super().back()

    def action_dropped(self) -> None:
        """D: what was left out."""
        self.dropped = not self.dropped
        if self.dropped:
            self.remove_class("-original")
        self._fill()
        self.repaint()

    def action_view_filter(self) -> None:
        """V: the next view."""
        views: list[Any] = [None, *words.views_of(self.data)]
        self.view = views[(views.index(self.view) + 1) % len(views)] if self.view in views else None
        self.dropped = False
        self._fill()
        self.repaint()

    def action_scroll_text(self, step: int) -> None:
        """Space: the text goes on."""
        detail = self.query_one("#detail", VerticalScroll)
        detail.scroll_relative(y=step * max(1, detail.size.height - 2), animate=False)

    def action_again(self) -> None:
        """R: make the samples anew."""
        self._start()

    def can_forward(self) -> bool:
        """There must be samples to learn from."""
        return self.data is not None and not self.has_class("-working") and bool(self.data.rows)


def _a_tokenizer() -> Path | None:
    """The folder of a model that is there already, so that tokens are counted as it will count them."""
    from styletui_train.catalog import find_models

    from styletui.project import models_dir

    usable = [m for m in find_models([models_dir()]) if m.problem is None]
    return Path(usable[0].path) if usable else None
