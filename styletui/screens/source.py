"""Source: where the writing is; says at once what it recognises there."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from styletui_prep.errors import UserError
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.timer import Timer
from textual.widgets import Input

from styletui import actions, nearby, settings
from styletui.actions import Action
from styletui.i18n import N_
from styletui.i18n import gettext as _
from styletui.jobs.fold import JobState
from styletui.screens.base import BaseScreen, JobWatch
from styletui.screens.source_words import Found, found_words
from styletui.widgets.live import Live
from styletui.widgets.offers import OfferList
from styletui.widgets.path_input import PathInput

DEBOUNCE_SECONDS = 0.3
FORGET_SECONDS = 60.0

actions.register(
    Action(
        "complete", ("tab",), N_("Complete"), N_("Complete the path as far as it is clear."), ("source",), 10
    ),
    Action(
        "choose(1)", ("down",), N_("Choose"), N_("Walk through the paths of the list."), ("source",), 20, "↑↓"
    ),
    Action("choose(-1)", ("up",), "", "", ("source",), 0),
    Action(
        "author",
        ("f3",),
        N_("Author"),
        N_("Whose texts to learn from, where there are several people."),
        ("source",),
        30,
    ),
)


class SourceScreen(BaseScreen):
    """A path, offers below it, and what the scan of the path found."""

    step = "source"
    CSS_PATH = "source.tcss"
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("source")
    AUTO_FOCUS = "#path"

    def __init__(self) -> None:
        super().__init__()
        self.found = Found()
        self._authors: Found | None = None
        self._watch: JobWatch | None = None
        self._debounce: Timer | None = None

    def body(self) -> ComposeResult:
        """The path with its offers, and the panel that answers."""
        with Container(id="columns"):
            with Vertical(id="where"):
                yield Live(lambda: _("Where is your writing?"), classes="title")
                yield PathInput(id="path", select_on_focus=False)
                yield OfferList(id="offers")
            yield Live(
                lambda: found_words(self.found, self.query_one("#found").content_size.width),
                id="found",
                classes="boxed",
            )

    # --- coming -----------------------------------------------------------------------------------
    def on_mount(self) -> None:
        """Begin on what was asked for, else on the last project, else on the sample."""
        self.relabel()
        app = self.style_app
        if app.source is not None:
            self._set_path(nearby.tilde(app.source.expanduser().absolute()))
        elif app.project is not None:
            self._set_path(nearby.tilde(app.project.source))
        self.in_background(self._look_around, "offers")
        self.in_background(partial(asyncio.to_thread, _forget_old_scans), "old-scans")

    def relabel(self) -> None:
        """The placeholder lives in the field."""
        self.query_one("#path", Input).placeholder = _("A folder or a file")
        self.query_one("#found").border_title = _("What is there")
        self.query_one(OfferList).refresh()

    async def _look_around(self) -> None:
        """Find offers off the event loop: a home folder on a network disk can take its time."""
        try:
            recent = settings.load().recent
            found = await asyncio.to_thread(nearby.offers, recent, Path.cwd())
        except OSError:
            return
        self.query_one(OfferList).offers = found
        if not self.path_text and found:
            recents = [o for o in found if o.why == "recent"]
            self._set_path((recents or found[-1:])[0].shown())

    # --- the path ---------------------------------------------------------------------------------
    @property
    def path_text(self) -> str:
        """What stands in the field."""
        return self.query_one("#path", Input).value.strip()

    @property
    def path(self) -> Path:
        """The path that is meant."""
        return Path(self.path_text).expanduser()

    def _set_path(self, text: str) -> None:
        field = self.query_one("#path", Input)
        field.value = text
        field.cursor_position = len(text)

    @on(Input.Changed, "#path")
    def _path_changed(self) -> None:
        self._let_go()
        self._authors = None
        self.query_one(OfferList).select(self.path_text)
        if self._debounce is not None:
            self._debounce.stop()
        if not self.path_text:
            self._show(Found())
            return
        self._show(Found("looking"))
        self._debounce = self.set_timer(DEBOUNCE_SECONDS, self._look)

    def action_complete(self) -> None:
        """Tab."""
        text, candidates = nearby.complete(self.path_text)
        if text != self.path_text:
            self._set_path(text)
        if len(candidates) > 1:
            self.query_one(OfferList).complete(candidates)

    def action_choose(self, step: int) -> None:
        """Up and down walk through the offers; the field follows."""
        offer = self.query_one(OfferList).move(step)
        if offer is not None:
            self._set_path(offer.shown())

    # --- the scan ---------------------------------------------------------------------------------
    def _look(self, author: str | None = None) -> None:
        """Start a scan of the path in a process of its own."""
        from styletui import service

        try:
            exists = self.path.exists()
        except OSError:
            exists = False
        if not exists:
            self._show(Found("missing", path=self.path_text))
            return
        try:
            job = service.start_scan([self.path], author=author)
        except (OSError, UserError) as error:
            code = error.code if isinstance(error, UserError) else "internal"
            self._show(Found("failed", code=code, params=getattr(error, "params", {})))
            return
        self._watch = self.watch_job(job, self._scan_changed)

    def _scan_changed(self, state: JobState) -> None:
        if state.status == "done":
            found = Found.from_result(state.result | (self._watch.job.private() if self._watch else {}))
            if self._authors is not None:  # who is there is told by the scan that asked for nobody
                found = replace(found, author=self._authors.author, authors=self._authors.authors)
            self._show(found)
        elif state.ended:
            error = state.error
            self._show(Found("failed", code=error.code, params=error.params) if error else Found())
        else:
            done = state.progress[0] if state.progress else 0
            self._show(replace(self._authors or Found(), status="looking", files=done))
        if state.ended:
            self._let_go()

    def _let_go(self) -> None:
        """End the scan; its folder goes, because a scan is nothing to come back to."""
        from styletui.jobs import supervisor

        watch, self._watch = self._watch, None
        if watch is None:
            return
        watch.stop()
        if watch.ended:
            shutil.rmtree(watch.job.path, ignore_errors=True)
        else:
            supervisor.request(watch.job, "stop", keep=False)

    def _show(self, found: Found) -> None:
        self.found = found
        panel = self.query_one("#found")
        panel.set_class(found.status in ("missing", "failed"), "-bad")
        panel.refresh(layout=True)
        self.refresh_footer()

    # --- going on ---------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Choosing an author makes sense only where there are several."""
        if action == "author":
            return len(self.found.authors) > 1
        return super().check_action(action, parameters)

    def action_author(self) -> None:
        """F3: the next of the people found, or everybody; the counts follow."""
        chosen = self.found.next_author()
        self._authors = chosen
        self._let_go()
        self._look(chosen.author)

    def can_forward(self) -> bool:
        """There must be something to learn from."""
        return self.found.status == "found" and self.found.documents > 0

    def forward_label(self) -> str:
        """Enter."""
        return _("Look at the samples")

    def forward(self) -> None:
        """Make or open the project of this path and go to its samples."""
        from styletui.project import Project

        path = self.path.absolute()
        project = Project.for_source(path)
        stored = settings.load()
        stored.remember_source(os.fspath(path))
        settings.save(stored)
        project.save_settings(author=self.found.author)
        self.style_app.open_project(project)
        self.style_app.go("preview")


def _forget_old_scans() -> None:
    """Remove scans that a closed terminal left behind: their results name people, and nobody comes back to them."""
    from styletui.jobs import supervisor
    from styletui.jobs.job import Job
    from styletui.project import loose_jobs_dir

    for job in Job.all(loose_jobs_dir(), "scan"):
        try:
            old = time.time() - job.path.stat().st_mtime > FORGET_SECONDS
        except OSError:
            continue
        if old and not supervisor.alive(job):
            shutil.rmtree(job.path, ignore_errors=True)
