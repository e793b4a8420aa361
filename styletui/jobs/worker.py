"""The process that does the work of one job. Started by the supervisor; no terminal, no network."""

from __future__ import annotations

from styletui.jobs import offline

offline.set_environment()  # before any third-party import

import errno  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402
from pathlib import Path  # noqa: E402

from styletui_prep.errors import EXIT_UNKNOWN, UserError  # noqa: E402
from styletui_prep.events import StopRequest  # noqa: E402
from styletui_prep.files import read_json, writing_failed  # noqa: E402

from styletui import __version__  # noqa: E402
from styletui.jobs.events import CommandTaken, Done, Failed, Refused, Started, Stopped  # noqa: E402
from styletui.jobs.job import Job  # noqa: E402
from styletui.jobs.log import EventWriter  # noqa: E402

_NEARLY_FULL = 1 << 20
# Exceptions whose message is about the machine, not about a person's text, may be logged in full.
_SAFE_TO_PRINT = (OSError, ImportError, MemoryError, RuntimeError, AttributeError, NameError)


class Controls:
    """Requests from `control/` and from SIGTERM, as the engine's `should_stop`."""

    def __init__(self, job: Job, writer: EventWriter) -> None:
        self._job, self._writer = job, writer
        # A resumed job must not obey what was asked of the worker before it.
        self._seen = set(job.control_dir.glob("*.json")) if job.events_path.stat().st_size else set()
        self._looked = 0.0
        self.request: StopRequest | None = None

    def on_sigterm(self, _signum: int, _frame: object) -> None:
        """A shutdown or `kill` is a request to stop and keep."""
        self.request = StopRequest(keep=True)

    def should_stop(self) -> StopRequest | None:
        """The pending stop request, if any. Looks at the folder at most ten times a second."""
        now = time.monotonic()
        if self.request is None and now - self._looked >= 0.1:
            self._looked = now
            for path in sorted(set(self._job.control_dir.glob("*.json")) - self._seen):
                self._seen.add(path)
                self._take(path)
        return self.request

    def _take(self, path: Path) -> None:
        try:
            wanted = read_json(path)
            verb = str(wanted["verb"])
        except (OSError, ValueError, KeyError, TypeError):
            self._writer.emit(CommandTaken(verb="unreadable", ok=False))
            return
        if verb == "stop":
            self.request = StopRequest(keep=bool(wanted.get("keep", True)))
        self._writer.emit(CommandTaken(verb=verb[:20], ok=verb == "stop"))


def run(job: Job) -> int:
    """Do the job and end its log with exactly one of done, stopped, failed. Returns the exit code."""
    writer = EventWriter(job.events_path)
    controls = Controls(job, writer)
    _signals(controls)
    kind = job.kind
    writer.emit(Started(kind=kind, pid=os.getpid(), version=__version__))
    if kind != "demo":
        offline.install_guard(lambda count: writer.emit(Refused(count)))
    try:
        from styletui.jobs import kinds

        result = kinds.run(job, writer.emit, controls.should_stop)
    except UserError as error:
        if controls.request is not None and error.exit_code == 4:
            writer.emit(Stopped(kept=False))
            return 4
        writer.emit(Failed(error.code, error.params, error.exit_code))
        return error.exit_code
    except BaseException as error:  # the log must have a last word, whatever happened
        _log_traceback(error)
        writer.emit(_failure(error, job))
        return EXIT_UNKNOWN
    if controls.request is not None:
        writer.emit(Stopped(kept=controls.request.keep, result=result))
        return 4
    writer.emit(Done(result))
    return 0


def _signals(controls: Controls) -> None:
    """A lost terminal or Ctrl-C in it is no reason to stop; only being asked is."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, controls.on_sigterm)


def _failure(error: BaseException, job: Job) -> Failed:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return Failed("out_of_memory", {"path": str(job.path)}, EXIT_UNKNOWN)
    if isinstance(error, OSError):
        known = writing_failed(error, Path(os.fsdecode(error.filename or job.path)))
        if known is not None and error.errno != errno.ENOENT:  # a missing file is mostly our own mistake
            return Failed(known.code, known.params, known.exit_code)
    # Libraries that write from native code name a full disk in words only.
    if "No space left" in str(error) or shutil.disk_usage(job.path).free < _NEARLY_FULL:
        return Failed("disk_full", {"path": str(job.path)}, EXIT_UNKNOWN)
    return Failed("internal", {"exception": type(error).__name__}, EXIT_UNKNOWN)


def _log_traceback(error: BaseException) -> None:
    """The traceback without messages that could quote a person's text."""
    sys.stderr.writelines(traceback.format_tb(error.__traceback__))
    message = str(error) if isinstance(error, _SAFE_TO_PRINT) else "(message left out: it may quote text)"
    sys.stderr.write(f"{type(error).__name__}: {message}\n")
    sys.stderr.flush()


def main() -> int:
    """`python -m styletui.jobs.worker JOB_DIR`; the lock's descriptor is inherited and simply kept open."""
    os.umask(0o077)
    job = Job(Path(sys.argv[1]))
    job.events_path.touch(mode=0o600)
    return run(job)


if __name__ == "__main__":
    sys.exit(main())
