"""Setup: which model learns, how thoroughly, with which settings; Enter starts the training."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from styletui_prep.errors import UserError
from styletui_train.catalog import ModelInfo
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content

from styletui import actions, setup_plan
from styletui.actions import Action
from styletui.i18n import N_
from styletui.i18n import gettext as _
from styletui.jobs.fold import JobState
from styletui.jobs.job import Job
from styletui.messages import explain, label
from styletui.screens import setup_words as words
from styletui.screens.base import BaseScreen, JobWatch
from styletui.setup_plan import DeviceGuess, Plan
from styletui.text import one_line, plain, sign
from styletui.training import count_samples
from styletui.widgets.job_progress import JobProgress
from styletui.widgets.live import Live
from styletui.widgets.setting_list import Row, SettingList

HERE = ("setup",)
actions.register(
    Action("preset", ("p",), N_("Quick/standard"), N_("Switch between a quick look and the standard recipe."), HERE, 10),
    Action("model_path", ("m",), N_("Other model"), N_("Use a model folder by its path."), HERE, 12),
    Action("fetch", ("f",), N_("Fetch demo model"), N_("Fetch the small demo model; the only thing that uses the network."), HERE, 14),
    Action("arrows", (), N_("Change"), N_("Up and down choose a setting, left and right change it."), HERE, 20, "←→"),
    Action("reset", ("backspace",), N_("As recommended"), N_("Put every setting back to what is recommended."), HERE, 30),
    Action("cancel", ("x",), N_("Cancel"), N_("Stop what is going on here."), HERE, 32),
)  # fmt: skip


class SetupScreen(BaseScreen):
    """A list of settings, the sentence of the chosen one, the model and the device in words."""

    step = "setup"
    CSS_PATH = "setup.tcss"
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("setup")
    AUTO_FOCUS = "#rows"

    def __init__(self) -> None:
        super().__init__()
        self.plan = Plan(rows=1, chunks=1)
        self.models: list[ModelInfo] = []
        self.model: ModelInfo | None = None
        self.device: DeviceGuess | None = None
        self.problem: Content | None = None
        self._searched = False
        self._demo_here = True
        self._training = False
        self._watch: JobWatch | None = None
        self._project_path: Path | None = None

    def body(self) -> ComposeResult:
        """Rows, the sentence, the facts; or the job that goes on here."""
        with Container(id="columns"):
            with Vertical(id="left"):
                yield SettingList(self._rows, id="rows")
            with Vertical(id="right"):
                yield Live(self._explain, id="explain", classes="boxed")
                yield Live(self._facts, id="facts")
                yield JobProgress(id="work", classes="boxed")

    # --- coming -----------------------------------------------------------------------------------
    def arrive(self) -> None:
        """Read the dataset's size and the choices made before; look for models and a device."""
        project = self.style_app.project
        if project is None:
            self.style_app.go("source")
            return
        settings = project.settings
        if project.path != self._project_path:
            self._project_path = project.path
            self.plan = Plan.from_saved(settings)
        self.in_background(partial(self._count, project.dataset), "count")
        self.in_background(partial(self._look, settings.get("model")), "look")
        self._training = any(job.kind == "train" for job in self.style_app.running())
        self._find_job()

    async def _count(self, dataset: Path) -> None:
        """How much there is to learn from decides what is recommended."""
        try:
            self.plan.rows, self.plan.chunks = await asyncio.to_thread(count_samples, dataset)
        except UserError as error:
            self._tell(error.code, dict(error.params))
        else:
            self._changed()

    async def _look(self, wanted: str | None) -> None:
        """Models and device, off the event loop: caches can be large and drivers slow."""
        also = (Path(wanted),) if wanted else ()
        self.models = await asyncio.to_thread(setup_plan.find_all, also)
        here = {str(m.path): m for m in self.models}
        if self.model is None or str(self.model.path) not in here:
            self.model = here.get(wanted or "") or next(iter(self.models), None)
        self._demo_here = await asyncio.to_thread(setup_plan.demo_ready)
        self._searched = True
        self._changed()
        if self.device is None:
            self.device = await asyncio.to_thread(setup_plan.guess_device)
            self._changed()

    def _find_job(self) -> None:
        """A download that was left and goes on is shown again."""
        from styletui import service
        from styletui.project import loose_jobs_dir

        if self._watch is None:
            job = service.live_job(loose_jobs_dir(), "demo")
            if job is not None:
                self._follow(job)

    # --- painting ---------------------------------------------------------------------------------
    def _rows(self) -> list[Row]:
        rows = [Row("model", label("setting", "model"), self._model_name())]
        for key in self.plan.shown():
            value = words.value_words(key, self.plan.value(key))
            rows.append(
                Row(key, label("setting", key), value, self.plan.is_changed(key), gap=key == "preset")
            )
        return rows

    def _model_name(self) -> str:
        if self.model is not None:
            return plain(self.model.name).replace("\n", " ")
        if not self._searched:
            return _("looking…")
        from styletui_train.demo import DOWNLOAD_BYTES

        return words.demo_words(round(DOWNLOAD_BYTES / 1e6))

    def _explain(self) -> Content:
        if self.problem is not None:
            return self.problem
        return words.explain_words(self.plan, self.query_one(SettingList).key)

    def _facts(self) -> Content:
        if not self._searched:
            return Content("")
        lines = [words.model_words(self.model), words.device_words(self.device)]
        if self.model is None:
            lines.append(Content(_("Enter fetches the demo model; M takes a model folder you have.")))
        return Content("\n").join(lines)

    def relabel(self) -> None:
        """What is stored, not painted."""
        rows = self.query_one(SettingList)
        rows.refresh(layout=True)
        self.query_one("#explain").border_title = label("setting", rows.key)
        self.query_one(JobProgress).refresh(layout=True)

    def _changed(self) -> None:
        self.repaint()
        self.refresh_footer()

    # --- changing ---------------------------------------------------------------------------------
    @on(SettingList.Chosen)
    def _row_chosen(self) -> None:
        self.problem = None
        self._changed()

    @on(SettingList.Turned)
    def _row_turned(self, event: SettingList.Turned) -> None:
        self.problem = None
        if event.key == "model":
            self._turn_model(event.step)
        else:
            self.plan.turn(event.key, event.step)
        self._save()

    def _turn_model(self, step: int) -> None:
        if self.models:
            at = self.models.index(self.model) if self.model in self.models else 0
            self.model = self.models[(at + step) % len(self.models)]

    def _save(self) -> None:
        project = self.style_app.project
        if project is not None:
            chosen: dict[str, Any] = {"preset": self.plan.preset, "changed": self.plan.changed}
            if self.model is not None:
                chosen["model"] = str(self.model.path)
            project.save_settings(**chosen)
        self._changed()

    def action_preset(self) -> None:
        """P."""
        self.plan.turn("preset", 1)
        self._save()

    def action_reset(self) -> None:
        """Backspace."""
        self.plan.changed.clear()
        self._save()

    def action_model_path(self) -> None:
        """M: a model folder by its path."""
        from styletui.screens.model_path import ModelPathScreen

        def answered(model: ModelInfo | None) -> None:
            if model is not None:
                self.model = model
                self.models = [model, *[m for m in self.models if m.path != model.path]]
                self._save()

        self.app.push_screen(ModelPathScreen(), answered)

    # --- jobs here: the demo model, and counting anew with another tokenizer ------------------------
    def action_fetch(self) -> None:
        """F: the demo model."""
        from styletui import service

        self._follow(service.start_demo())

    def action_cancel(self) -> None:
        """X: stop the job that goes on here."""
        from styletui.jobs import supervisor

        if self._watch is not None:
            supervisor.request(self._watch.job, "stop", keep=False)

    def _follow(self, job: Job) -> None:
        self.problem = None
        self.add_class("-working")
        self._watch = self.watch_job(job, self._job_changed)

    def _job_changed(self, state: JobState) -> None:
        work = self.query_one(JobProgress)
        work.border_title = ""
        work.show(state, lambda: words.planned_words(state.others))
        if state.ended:
            self._job_ended(state)
        self.refresh_footer()

    def _job_ended(self, state: JobState) -> None:
        watch, self._watch = self._watch, None
        self.remove_class("-working")
        if state.status != "done" or watch is None:
            error = state.error
            self._tell(error.code if error else "stopped", error.params if error else {})
        elif watch.job.kind == "demo":
            self.model = None
            self._searched = False
            self.in_background(partial(self._look, str(state.result.get("model"))), "look")
        else:
            self._start_training()
        self._changed()

    def _tell(self, code: str, params: dict[str, Any]) -> None:
        said = explain(code, params)
        head = one_line(f"{sign('✗')} {said.what}", "bold $text-error")
        self.problem = Content("\n").join([head, *(one_line(part) for part in (said.why, said.todo) if part)])
        self._changed()

    # --- going on ---------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a job goes on here only cancelling it makes sense."""
        working = self.has_class("-working")
        if action == "cancel":
            return working
        if action == "fetch":
            return not working and self.model is not None and not self._demo_here
        if action == "reset":
            return not working and bool(self.plan.changed)
        if action in ("preset", "model_path", "arrows"):
            return not working
        return super().check_action(action, parameters)

    def can_forward(self) -> bool:
        """There must be a model, or one to fetch."""
        return self._searched and not self.has_class("-working")

    def forward_label(self) -> str:
        """Enter."""
        if self._training:
            return _("See the training")
        return _("Start training") if self.model is not None else _("Fetch demo model")

    def forward(self) -> None:
        """Fetch the model if there is none; count anew if it counts otherwise; then train.

        While this project trains, Enter leads to that training: two at once would only be in each other's way.
        """
        project = self.style_app.project
        if project is None:
            return
        if self._training:
            self.style_app.go("train")
            return
        if self.model is None:
            self.action_fetch()
            return
        self._save()
        prep = Job.latest(project.jobs_dir, "prep")
        spec = prep.spec if prep is not None else {}
        if spec.get("tokenizer") == str(self.model.path):
            self._start_training()
            return
        from styletui import service

        settings = {k: v for k, v in spec.items() if k not in ("sources", "out", "tokenizer")}
        job = service.start_prep(
            [project.source], project.dataset, project.jobs_dir, **{**settings, "tokenizer": self.model.path}
        )
        self._follow(job)

    def _start_training(self) -> None:
        from styletui import service

        project = self.style_app.project
        if project is None or self.model is None:
            return
        try:
            resolved = self.plan.resolve(self.model.path, project.dataset)
            run = service.create_run(project.new_run_path(), resolved.config.to_json(), resolved.provenance)
            service.start_train(run)
        except UserError as error:
            self._tell(error.code, dict(error.params))
            return
        self.style_app.go("train")
