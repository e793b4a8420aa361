"""How a job goes: the stages behind it, the one it is in with its progress, the time it took."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from styletui.i18n import gettext as _
from styletui.jobs.fold import JobState
from styletui.messages import explain, label
from styletui.text import ascii_only, one_line, sign

BAR_WIDTH = 28


def seconds_words(seconds: float) -> str:
    """A duration as people say it: `0.4 s`, `12 s`, `3:05`, `1:02:03`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def bar(done: int, total: int, width: int = BAR_WIDTH) -> Content:
    """A progress bar that is legible without colour."""
    full = round(width * min(1.0, done / total)) if total else 0
    on, off = ("#", "-") if ascii_only() else ("━", "╌")
    return Content.assemble((on * full, "$accent"), (off * (width - full), "$faint"))


class JobProgress(Widget):
    """Shows `state`; ticks while the job runs. `clock` gives the time in seconds (tests hold it still)."""

    DEFAULT_CSS = """
    JobProgress { height: auto; width: 1fr; }
    """

    def __init__(
        self, *, id: str | None = None, classes: str | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.state = JobState()
        self._note: Callable[[], Content] | None = None
        self.clock = clock

    def on_mount(self) -> None:
        """Tick once a second for the clock."""
        self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        if self.display and not self.state.ended:
            self.refresh(layout=True)

    def show(self, state: JobState, note: Callable[[], Content] | None = None) -> None:
        """Paint another state; `note` makes lines that stand above it."""
        self.state = state
        self._note = note
        self.refresh(layout=True)

    def render(self) -> Content:
        """Stages, warnings, and the error if it ended in one."""
        state = self.state
        lines = [
            Content.assemble(
                (f"{sign('✓')} ", "$text-success"),
                label("stage", name),
                (f"   {seconds_words(spent)}", "$quiet"),
            )
            for name, spent in state.stages
        ]
        if not state.ended:
            lines += self._now()
        lines += [
            one_line(f"{sign('⚠')} {explain(w.code, w.params)}", "$text-warning") for w in state.warnings
        ]
        if state.error is not None:
            words = explain(state.error.code, state.error.params)
            lines.append(one_line(f"{sign('✗')} {words.what}", "bold $text-error"))
            lines += [one_line(part) for part in (words.why, words.todo) if part]
        elif state.status == "stopped":
            lines.append(Content.styled(_("Stopped."), "$text-warning"))
        if self._note is not None and (note := self._note()):
            lines.insert(0, note)
        return Content("\n").join(lines)

    def _now(self) -> list[Content]:
        state = self.state
        name = label("stage", state.stage) if state.stage else _("Starting")
        since = state.stage_since or state.started
        spent = f"   {seconds_words(max(0.0, self.clock() - since))}" if since else ""
        lines = [Content.assemble((f"{sign('▸')} ", "bold $accent"), (name, "bold"), (spent, "$quiet"))]
        if state.progress is not None:
            done, total = state.progress
            if total:
                lines.append(Content.assemble("  ", bar(done, total), f"  {done:,} / {total:,}"))
            else:
                lines.append(Content(f"  {done:,}"))
        return lines
