"""Start a worker that outlives the terminal, see whether it lives, ask it things."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

from styletui_prep.errors import EXIT_UNKNOWN, UserError
from styletui_prep.files import write_json

from styletui.jobs.job import Job
from styletui.jobs.offline import ENVIRONMENT

LOCK_FD_VARIABLE = "STYLETUI_LOCK_FD"


def launch(job: Job) -> int:
    """Start the worker of `job` in a session of its own and return its process id.

    The lock is taken here and handed over, so there is no moment in which a starting worker looks dead.
    Output goes to a file: an undrained pipe would stop the worker. Raises UserError("job_busy") if the
    job already has a worker.
    """
    lock = _take_lock(job)
    try:
        with job.stderr_path.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "styletui.jobs.worker", str(job.path)],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
                cwd=job.path,
                env=_environment(job) | {LOCK_FD_VARIABLE: str(lock)},
            )
    finally:
        os.close(lock)
    _reap_later(process)
    return process.pid


def _environment(job: Job) -> dict[str, str]:
    # Threads that wait asleep instead of spinning leave the processor to others, the terminal among them.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", **os.environ, "PYTHONUTF8": "1"}
    # `demo` is the one kind that may use the network; it never sees a person's text.
    if job.kind != "demo":
        environment |= ENVIRONMENT
    return environment


_children: list[subprocess.Popen[bytes]] = []


def _reap_later(process: subprocess.Popen[bytes]) -> None:
    """Keep the handle and collect ended children, so that none stays behind as a zombie."""
    _children[:] = [child for child in _children if child.poll() is None]
    _children.append(process)


def _take_lock(job: Job) -> int:
    fd = os.open(job.lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(20):  # somebody asking `alive` holds it for an instant
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return _above_standard(fd)
        except BlockingIOError:
            time.sleep(0.01)
    os.close(fd)
    raise UserError("job_busy", exit_code=EXIT_UNKNOWN, path=str(job.path))


def _above_standard(fd: int) -> int:
    """The same file under a number of 3 or more: below, the child's own output would take its place."""
    if fd > 2:
        return fd
    higher = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(fd)
    return higher


def alive(job: Job) -> bool:
    """True while a worker holds the lock of `job`."""
    try:
        fd = os.open(job.lock_path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def request(job: Job, verb: str, **params: bool | int | float | str) -> Path:
    """Leave a request for the worker; it answers with a `command` event. Returns the file."""
    number = 1 + max((int(p.stem) for p in job.control_dir.glob("*.json") if p.stem.isdigit()), default=0)
    path = job.control_dir / f"{number}.json"
    write_json(path, {"verb": verb, **params})
    return path


def crash_tail(job: Job, lines: int = 12) -> list[str]:
    """The last lines of stderr.log, for a job that died without a last word."""
    try:
        text = job.stderr_path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-lines:]
