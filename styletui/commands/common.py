"""What all commands share: follow a job on stderr, print a result on stdout, say an error in words."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from styletui_prep.errors import EXIT_DETACHED, EXIT_STOPPED, EXIT_UNKNOWN, Param, UserError
from styletui_prep.files import json_text, private_folder, write_whole

from styletui import messages
from styletui.i18n import gettext as _
from styletui.jobs.fold import JobState
from styletui.jobs.follow import Follower
from styletui.jobs.job import Job
from styletui.jobs.supervisor import crash_tail
from styletui.project import home
from styletui.service import attach_to
from styletui.visible import plain, plain_line

POLL_SECONDS = 0.2


class Detached(KeyboardInterrupt):
    """Ctrl-C while following: the job goes on."""


def say(text: str) -> None:
    """One line for a person, on stderr."""
    sys.stderr.write(plain(text) + "\n")
    sys.stderr.flush()


def say_error(code: str, params: Mapping[str, Param]) -> None:
    """What happened, why, what to do, each on a line of its own."""
    words = messages.explain(code, dict(params))
    say(words.what)
    for line in (words.why, words.todo):
        if line:
            say("  " + line)


def say_mistake(error: Exception) -> None:
    """A programmer's error in words; its traceback goes into a file, without messages that could quote a text."""
    path = home() / "mistake.log"
    lines = [*traceback.format_tb(error.__traceback__), f"{type(error).__name__}\n"]
    with contextlib.suppress(OSError):
        write_whole(private_folder(home()) / path.name, "".join(lines).encode("utf-8", "replace"))
    say_error("mistake", {"exception": type(error).__name__, "path": str(path)})


def print_json(value: Any) -> None:
    """One JSON object on stdout, in ASCII where the terminal knows no more."""
    wide = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    sys.stdout.write((json_text(value, indent=2) if wide else json.dumps(value, indent=2)) + "\n")


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`, which every command that has a result takes."""
    parser.add_argument(
        "--json", action="store_true", help=_("print one JSON object to stdout and nothing else")
    )


def absolute(path: str) -> Path:
    """An absolute path. It need not exist: the engine says what is wrong with it, in words."""
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:  # "~somebody" who has no account here
        return Path(path).absolute()


def at_least_one(text: str) -> int:
    """An argument that counts something."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def follow(job: Job, attach: str, on_change: Callable[[JobState], None] | None = None) -> JobState:
    """Follow `job` to its end, printing stages and warnings on stderr.

    Ctrl-C leaves the job alone, prints how to come back and raises `Detached`.
    """
    follower, printer = Follower(job), Printer()
    try:
        while True:
            state = follower.poll()
            printer.show(state)
            if on_change is not None:
                on_change(state)
            if state.ended:
                return state
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        say("")
        say(_("Detached. The work goes on; come back with: {}").format(attach))
        raise Detached from None


class Printer:
    """Prints what is new in a state, as lines; a progress line is rewritten in place on a terminal."""

    def __init__(self) -> None:
        self._stage: str | None = None
        self._warnings = 0
        self._step = 0
        self._evals = 0
        self._others = 0
        self._live = sys.stderr.isatty()
        self._open_line = False

    def show(self, state: JobState) -> None:
        """Print the difference to what was printed before."""
        if state.stage is not None and state.stage != self._stage:
            self._stage = state.stage
            self._line("· " + messages.label("stage", state.stage))
        for warning in state.warnings[self._warnings :]:
            words = messages.explain(warning.code, warning.params)
            self._line("! " + " ".join(w for w in (words.what, words.why, words.todo) if w))
        self._warnings = len(state.warnings)
        for record in state.others[self._others :]:
            self._announce(record)
        self._others = len(state.others)
        self._evaluations(state)
        self._progress(state)

    def _announce(self, record: dict[str, Any]) -> None:
        if record["type"] == "download_planned":
            megabytes = int(record["bytes"]) / 1e6
            self._line(
                _("Will be downloaded once from the package index: {files} files, {size:.0f} MB.").format(
                    files=record["files"], size=megabytes
                )
            )
        elif record["type"] == "licence":
            self._line(_("Licence: {name}, {url}").format(name=record["name"], url=record["url"]))

    def _evaluations(self, state: JobState) -> None:
        for record in state.train.evals[self._evals :]:
            self._line(
                _("  step {step}: held-out loss {loss:.4f}").format(step=record["step"], loss=record["loss"])
            )
        self._evals = len(state.train.evals)
        step = state.train.last_step
        if step is None or step["step"] == self._step:
            return
        self._step = step["step"]
        if self._live or self._step % 10 == 0:
            self._same_line(
                _("  step {step}: loss {loss:.4f}, {rate:.0f} tokens/s, {left:.0f} s left").format(
                    step=self._step,
                    loss=step.get("loss") or float("nan"),
                    rate=step.get("tokens_per_s") or 0,
                    left=step.get("eta_s") or 0,
                )
            )

    def _progress(self, state: JobState) -> None:
        if state.progress is None or not self._live or state.ended:
            return
        done, total = state.progress
        self._same_line(f"  {done}/{total}" if total else f"  {done}")

    def _line(self, text: str) -> None:
        if self._open_line:
            sys.stderr.write("\n")
            self._open_line = False
        say(text)

    def _same_line(self, text: str) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[K" + text)
            sys.stderr.flush()
            self._open_line = True
        else:
            say(text)


def finish(job: Job, attach: str) -> tuple[int, JobState | None]:
    """Follow to the end. (0, state) when done, else the exit code, the reason having been said."""
    try:
        state = follow(job, attach)
    except Detached:
        return EXIT_DETACHED, None
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if state.blocked:
        say(_("{} attempts to use the network were refused.").format(state.blocked))
    if state.status == "done":
        return 0, state
    if state.status == "stopped":
        say(_("Stopped; what there was is kept.") if state.kept else _("Stopped; nothing was kept."))
        return EXIT_STOPPED, state
    error = state.error
    say_error(error.code if error else "internal", error.params if error else {})
    if error is not None and error.code == "crashed":  # nobody caught it, so the last lines are all there is
        for line in crash_tail(job):
            say("  | " + plain_line(line))
    if error is None or error.code in ("crashed", "internal"):
        say("  " + _("The full log: {}").format(job.stderr_path))
    return (error.exit_code if error else EXIT_UNKNOWN), state


def conclude(job: Job, as_json: bool, show: Callable[[dict[str, Any]], None]) -> int:
    """Follow `job` to its end and print its result, as JSON or by `show`. Returns the exit code."""
    code, state = finish(job, attach_to(job.path))
    if code or state is None:
        return code
    if as_json:
        print_json(state.result)
    else:
        show(state.result)
    return 0


def usage_error(code: str, **params: Param) -> NoReturn:
    """Wrong usage, exit 2."""
    raise UserError(code, exit_code=2, **params)
