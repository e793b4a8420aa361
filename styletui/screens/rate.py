"""Rate: two texts, one key a decision, everything on disk at once; who wrote what stays sealed until the end."""

from __future__ import annotations

import time
from typing import ClassVar, Literal

from styletui_eval.blind.ballot import Ballot, RevealResult, Status, read_reveal, reveal
from styletui_eval.blind.protocol import Pair
from styletui_prep.errors import UserError
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize

from styletui import actions, service
from styletui.actions import Action
from styletui.i18n import N_
from styletui.i18n import gettext as _
from styletui.jobs.fold import JobState
from styletui.jobs.job import Job
from styletui.messages import explain
from styletui.project import Run
from styletui.screens import rate_words as words
from styletui.screens.base import BaseScreen, JobWatch
from styletui.screens.confirm import ConfirmScreen
from styletui.text import one_line, sign
from styletui.widgets.job_progress import JobProgress
from styletui.widgets.live import Live
from styletui.widgets.pair_view import PairView

HERE = ("rate",)
actions.register(
    Action("vote('left')", ("1", "left"), N_("First"), N_("The first text sounds more like the author."), HERE, 2),
    Action("vote('right')", ("2", "right"), N_("Second"), N_("The second text sounds more like the author."), HERE, 3),
    Action("vote('tie')", ("0", "down"), N_("Alike"), N_("Both sound alike; it counts as half."), HERE, 4),
    Action("vote('skip')", ("3", "up"), N_("Skip"), N_("No vote on this pair."), HERE, 5),
    Action("undo", ("backspace",), N_("Undo"), N_("Take the last vote back and see that pair again."), HERE, 6),
    Action("scroll_texts(1)", ("pagedown", "space"), N_("Scroll"), N_("Scroll both texts."), HERE, 20),
    Action("scroll_texts(-1)", ("pageup",), N_("Scroll up"), N_("Scroll both texts back."), HERE, 0),
    Action("prompt", ("tab",), N_("Prompt"), N_("Show the whole prompt, or only its first lines."), HERE, 30),
    Action("reveal_early", ("f5",), N_("Reveal now"), N_("Open the seal before all pairs are rated; recorded and final, asks first."), HERE, 40),
)  # fmt: skip

Stage = Literal["nothing", "preparing", "intro", "rating", "waiting", "stopped", "complete", "revealed"]
STAGES: tuple[Stage, ...] = ("nothing", "preparing", "intro", "rating", "waiting", "stopped", "complete", "revealed")  # fmt: skip


class RateScreen(BaseScreen):
    """The blind test of the newest run that has an adapter."""

    step = "rate"
    CSS_PATH = "rate.tcss"
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings("rate")
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.run_shown: Run | None = None
        self.ballot: Ballot | None = None
        self.status: Status | None = None
        self.pair: Pair | None = None
        self.result: RevealResult | None = None
        self.begun = False
        self.notice = Content("")
        self.trouble: UserError | None = None
        self.clock = time.time
        self._watch: JobWatch | None = None

    def body(self) -> ComposeResult:
        """One line of progress, then what the stage asks for."""
        yield Live(self._progress, id="progress")
        yield Live(lambda: self.notice, id="notice")
        yield PairView(id="pair")
        with VerticalScroll(id="words", can_focus=False):
            yield Live(self._words)
            yield JobProgress(id="work", clock=lambda: self.clock())

    def on_mount(self) -> None:
        """Look for new pairs even when no event told of them."""
        self.set_interval(1.0, self._tick)

    # --- coming and going -------------------------------------------------------------------------
    def arrive(self) -> None:
        """Open the blind test of the newest run; start writing pairs when there is none."""
        project = self.style_app.project
        run = next((r for r in project.runs() if r.has_adapter), None) if project is not None else None
        if run is None:
            self._forget(None)
        elif self.run_shown is None or self.run_shown.path != run.path:
            self._forget(run)
        if run is not None:
            self._find_job(run)
        self.look()

    def _forget(self, run: Run | None) -> None:
        if self._watch is not None:
            self._watch.stop()
        self._watch, self.run_shown, self.ballot, self.status = None, run, None, None
        self.pair, self.result, self.begun, self.trouble = None, None, False, None
        self.notice = Content("")

    def _find_job(self, run: Run) -> None:
        """Follow the newest pairs job; start one only where there never was one."""
        job = run.job("pairs")
        if job is None and not (run.blind_dir / service.BLIND_NAME / "reveal.json").exists():
            self._start()
        elif job is not None and (self._watch is None or self._watch.job.path != job.path):
            self._follow(job)

    def _start(self) -> None:
        if self.run_shown is None:
            return
        try:
            self._follow(service.start_pairs(self.run_shown))
            self.trouble = None
        except UserError as error:
            self.trouble = error
        except OSError:
            self.trouble = UserError("disk_full")

    def _follow(self, job: Job) -> None:
        if self._watch is not None:
            self._watch.stop()
        self._watch = self.watch_job(job, self._job_changed)

    def _job_changed(self, state: JobState) -> None:
        self.query_one(JobProgress).show(state)
        self.look()

    def _tick(self) -> None:
        if self.is_current and self.stage in ("preparing", "intro", "waiting", "rating"):
            self.look()

    # --- where we are -----------------------------------------------------------------------------
    def look(self) -> None:
        """Read the test from disk and show what is to be done now."""
        before = (self.stage, self.status, self.pair)
        self._read()
        self.query_one(PairView).show(self.pair if self.stage == "rating" else None)
        stage = self.stage
        for name in STAGES:
            self.set_class(name == stage, f"-{name}")
        if (stage, self.status, self.pair) != before:
            self.repaint()
            self.refresh_footer()
            self.style_app.refresh_steps()

    def _read(self) -> None:
        run = self.run_shown
        if run is None:
            return
        folder = run.blind_dir / service.BLIND_NAME
        try:
            if self.ballot is None and (folder / "commitment.json").exists():
                self.ballot = Ballot(folder)
            if self.ballot is None:
                return
            self.result = read_reveal(folder)
            self.status = self.ballot.status()
            self.pair = self.ballot.next_unrated()
            nothing = self.status.finished and not self.status.made
            self.begun = self.begun or self.status.rated > 0 or nothing
        except UserError as error:
            self.trouble = error
        except OSError as error:
            # What was known stays on screen; a vote would fail, and say so.
            if not self.notice.plain:
                self.notice = one_line(f"{sign('✗')} {error.strerror}", "bold $error")

    @property
    def writing(self) -> bool:
        """Whether pairs are being written now."""
        return self._watch is not None and not self._watch.ended

    @property
    def stage(self) -> Stage:
        """What the screen is about now."""
        if self.run_shown is None:
            return "nothing"
        if self.result is not None:
            return "revealed"
        if self.status is None:
            return "preparing" if self.writing else "stopped"
        if not self.begun:
            return "intro" if self.writing or self.status.made or self.status.finished else "stopped"
        if self.pair is not None:
            return "rating"
        if self.status.finished:
            return "complete"
        return "waiting" if self.writing else "stopped"

    # --- what is shown ----------------------------------------------------------------------------
    def _progress(self) -> Content:
        if self.stage in ("rating", "waiting", "complete", "stopped"):
            return words.progress(self.status, self.size.width - 4, self.writing)
        return Content.styled(_("Blind test"), "bold $primary")

    def _words(self) -> Content:
        stage = self.stage
        if self.trouble is not None and stage != "revealed":
            lines = explain(self.trouble.code, self.trouble.params).lines()
            return Content("\n").join(
                [one_line(f"{sign('✗')} {lines[0]}", "bold $error"), *map(one_line, lines[1:])]
            )
        if stage == "nothing":
            return Content.styled(_("Nothing to judge yet. Train an adapter first (Esc)."), "bold")
        if stage == "preparing":
            return Content(_("Planning the pairs and sealing the sides, before a single word is written."))
        if stage == "stopped":
            state = self._watch.state if self._watch is not None else None
            log = self._watch.job.stderr_path if self._watch is not None else None
            return words.stopped(state, bool(self.status and self.status.made), log)
        if stage == "revealed" and self.result is not None:
            return words.verdict(self.result.to_json())
        if self.status is None:
            return Content("")
        if stage == "intro":
            return words.intro(self.status, self.size.height > 24)
        if stage == "waiting":
            return words.waiting()
        return words.complete(self.status) if stage == "complete" else Content("")

    def relabel(self) -> None:
        """Titles of the two texts."""
        view = self.query_one(PairView)
        view.set_class(self.size.width < 100, "-stacked")
        view.relabel()

    @on(Resize)
    def _resized(self) -> None:
        self.call_after_refresh(self.relabel)

    # --- keys -------------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense at this stage."""
        name, stage = action.partition("(")[0], self.stage
        if name in ("vote", "prompt"):
            return stage == "rating"
        if name == "scroll_texts":
            return stage in ("rating", "revealed", "intro")
        if name == "undo":
            return stage in ("rating", "waiting", "stopped", "complete") and bool(
                self.status and self.status.rated
            )
        if name == "reveal_early":
            return stage in ("rating", "waiting", "stopped") and bool(self.status and self.status.rated)
        return super().check_action(action, parameters)

    def action_vote(self, choice: str) -> None:
        """1, 2, 0, 3 and the arrows: on disk before the next pair is shown."""
        if self.stage != "rating" or self.pair is None or self.ballot is None:
            return
        pair = self.pair
        try:
            self.ballot.vote(pair.id, choice)
        except (OSError, UserError) as error:
            self._not_saved(error)
            return
        self.notice = words.saved(choice, pair.n)
        self.look()
        self.repaint()

    def action_undo(self) -> None:
        """Backspace."""
        if self.ballot is None:
            return
        try:
            undone = self.ballot.undo()
        except (OSError, UserError) as error:
            self._not_saved(error)
            return
        pair = next((p for p in self.ballot.pairs() if p.id == undone), None)
        if pair is not None:
            self.notice = words.saved("undo", pair.n)
        self.look()
        self.repaint()

    def _not_saved(self, error: OSError | UserError) -> None:
        """The pair stays where it is until its vote is on disk."""
        why = (
            explain(error.code, error.params).what if isinstance(error, UserError) else (error.strerror or "")
        )
        self.notice = one_line(f"{sign('✗')} {_('This was NOT saved:')} {why}", "bold $error")
        self.look()
        self.repaint()

    def action_scroll_texts(self, direction: int) -> None:
        """Space and the page keys."""
        if self.stage == "rating":
            self.query_one(PairView).scroll_texts(direction)
        else:
            area = self.query_one("#words", VerticalScroll)
            area.scroll_relative(y=direction * max(1, area.size.height - 1), animate=False)

    def action_prompt(self) -> None:
        """Tab."""
        self.query_one(PairView).toggle_prompt()

    def action_reveal_early(self) -> None:
        """F5: ask, then open the seal although pairs are left."""
        if self.status is None:
            return
        rated, of = self.status.rated, words.total(self.status)

        def answered(yes: bool | None) -> None:
            if yes:
                self._reveal(early=True)

        self.app.push_screen(
            ConfirmScreen(
                lambda: _("Open the seal now, after {n} of {of} pairs?").format(n=rated, of=of),
                lambda: _(
                    "This is final: no further vote is taken, and the result says for ever that it was revealed early."
                ),
                lambda: _("Reveal now"),
                "f5",
            ),
            answered,
        )

    def _reveal(self, early: bool) -> None:
        if self.ballot is None:
            return
        try:
            self.result = reveal(self.ballot.folder, early)
        except (OSError, UserError) as error:
            self._not_saved(error)
            return
        if self.writing and self._watch is not None:
            from styletui.jobs import supervisor

            supervisor.request(self._watch.job, "stop", keep=True)
        self.notice = Content("")
        self.query_one("#words", VerticalScroll).scroll_home(animate=False)
        self.look()
        self.repaint()
        self.refresh_footer()

    def can_forward(self) -> bool:
        """Enter begins, starts the writing again, opens the seal, or goes on to the report."""
        if self.stage == "intro":
            return bool(self.status and self.status.made)
        return self.stage in ("stopped", "complete", "revealed")

    def forward_label(self) -> str:
        """Enter, named by what it does now: one of these cannot be taken back."""
        names = {"intro": _("Begin"), "stopped": _("Go on writing"), "complete": _("Open the seal")}
        return names.get(self.stage, _("Next"))

    def forward(self) -> None:
        """What Enter means at this stage."""
        if self.stage == "intro":
            self.begun = True
            self.look()
            self.repaint()
            self.refresh_footer()
        elif self.stage == "stopped":
            self._start()
            self.look()
            self.repaint()
        elif self.stage == "complete" and self.status is not None and self.status.made:
            self._reveal(early=False)
        else:
            super().forward()
