"""Real workers in real processes: they start, end, stop, crash, and outlive what started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from styletui_prep.errors import UserError

from styletui.jobs import supervisor
from styletui.jobs.follow import Follower
from styletui.jobs.job import Job
from styletui.jobs.log import EventReader


def wait(job: Job, until: str | None = None, seconds: float = 30) -> Follower:
    """Poll until the job ended (or reached status `until`)."""
    follower = Follower(job)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = follower.poll()
        if state.ended or state.status == until:
            return follower
        time.sleep(0.05)
    raise AssertionError(f"{job.path.name} did not get there: {follower.poll()}")


def scan_job(tmp_path: Path, text: str = "# Hello\n\nA few words of my own.\n") -> Job:
    source = tmp_path / "notes"
    source.mkdir(exist_ok=True)
    (source / "2024-05-01 note.md").write_text(text, encoding="utf-8")
    return Job.create(tmp_path / "jobs", "scan", {"sources": [str(source)]})


def sleeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Job:
    """A job of a kind that only this test knows, in a real worker: its module is put on the path."""
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (plugin / "sitecustomize.py").write_text(
        "import sys\n"
        "if any('styletui.jobs.worker' in a for a in sys.orig_argv):\n"
        "    from styletui.jobs import kinds\n"
        "    def work(spec, emit, should_stop):\n"
        "        import os, socket, time\n"
        "        from styletui_prep.events import Progress, Stage\n"
        + body
        + "    kinds.KINDS['nap'] = work\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(plugin))
    return Job.create(tmp_path / "jobs", "nap", {})


NAP = (
    "        emit(Stage('nap'))\n"
    "        for i in range(400):\n"
    "            if should_stop():\n"
    "                return {'naps': i}\n"
    "            time.sleep(0.05)\n"
    "        return {'naps': 400}\n"
)


def test_scan_runs_to_done(tmp_path: Path) -> None:
    job = scan_job(tmp_path)
    supervisor.launch(job)
    state = wait(job).poll()
    assert state.status == "done", supervisor.crash_tail(job)
    assert state.result["documents"] == 1
    assert state.blocked == 0
    gone = time.monotonic() + 10
    while supervisor.alive(job):  # the last event comes before the end of the process
        assert time.monotonic() < gone
        time.sleep(0.02)


def test_worker_survives_hangup_and_interrupt_and_its_launcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = sleeper(tmp_path, monkeypatch, NAP)
    code = (
        "import sys, pathlib\n"
        "from styletui.jobs.job import Job\n"
        "from styletui.jobs.supervisor import launch\n"
        "print(launch(Job(pathlib.Path(sys.argv[1]))))\n"
    )
    launcher = subprocess.run(
        [sys.executable, "-c", code, str(job.path)], capture_output=True, text=True, check=True
    )
    pid = int(launcher.stdout)
    wait(job, until="running")
    time.sleep(0.3)  # signals are set up right before `started`
    os.kill(pid, signal.SIGHUP)
    os.kill(pid, signal.SIGINT)
    time.sleep(0.3)
    assert supervisor.alive(job)
    assert os.getsid(pid) == pid
    with pytest.raises(UserError, match="job_busy"):
        supervisor.launch(job)
    supervisor.request(job, "stop", keep=True)
    state = wait(job).poll()
    assert (state.status, state.kept) == ("stopped", True)
    assert state.commands == ("stop",)
    assert 0 < state.result["naps"] < 400


def test_sigterm_is_a_request_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = sleeper(tmp_path, monkeypatch, NAP)
    pid = supervisor.launch(job)
    wait(job, until="running")
    os.kill(pid, signal.SIGTERM)
    assert wait(job).poll().status == "stopped"


def test_killed_worker_is_seen_as_crashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = sleeper(tmp_path, monkeypatch, NAP)
    pid = supervisor.launch(job)
    wait(job, until="running")
    os.kill(pid, signal.SIGKILL)
    state = wait(job).poll()
    assert state.status == "crashed"
    assert state.error is not None and state.error.code == "crashed"


def test_programmers_error_keeps_its_traceback_but_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = sleeper(tmp_path, monkeypatch, "        raise ValueError('dear ' + 'yraid'[::-1] + ', a secret')\n")
    supervisor.launch(job)
    state = wait(job).poll()
    assert state.error is not None
    assert (state.status, state.error.code, state.error.params) == (
        "failed",
        "internal",
        {"exception": "ValueError"},
    )
    tail = "\n".join(supervisor.crash_tail(job, 50))
    assert "ValueError" in tail and "line" in tail
    assert "diary" not in tail and "diary" not in job.events_path.read_text()


def test_guard_refuses_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = (
        "        refused = 0\n"
        "        for call in (\n"
        "            lambda: socket.create_connection(('192.0.2.1', 80), 1),\n"
        "            lambda: socket.getaddrinfo('example.invalid', 80),\n"
        "            lambda: socket.getnameinfo(('192.0.2.1', 80), 0),\n"
        "            lambda: socket.socket().connect_ex(('192.0.2.1', 80)),\n"
        "            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9)),\n"
        "        ):\n"
        "            try:\n"
        "                call()\n"
        "            except ConnectionError:\n"
        "                refused += 1\n"
        "        server = socket.create_server(('127.0.0.1', 0))\n"
        "        socket.create_connection(server.getsockname(), 2).close()\n"
        "        return {'refused': refused}\n"
    )
    job = sleeper(tmp_path, monkeypatch, body)
    supervisor.launch(job)
    state = wait(job).poll()
    assert state.status == "done", supervisor.crash_tail(job)
    assert state.result == {"refused": 5}
    assert state.blocked == 5


def test_private_modes(tmp_path: Path) -> None:
    job = scan_job(tmp_path)
    supervisor.launch(job)
    wait(job)
    assert job.path.stat().st_mode & 0o777 == 0o700
    for file in (job.events_path, job.lock_path):
        assert file.stat().st_mode & 0o077 == 0, file
    assert EventReader(job.events_path).poll()[0]["type"] == "started"


def test_names_and_titles_stay_out_of_the_log(tmp_path: Path) -> None:
    job = scan_job(
        tmp_path, "---\ntitle: My secret garden\nauthor: Somebody Real\n---\n\nA few words of my own.\n"
    )
    supervisor.launch(job)
    state = wait(job).poll()
    assert state.status == "done" and "authors" not in state.result
    assert "Somebody Real" in job.private()["authors"]
    assert "Somebody" not in job.events_path.read_text() and "garden" not in job.events_path.read_text()
    assert job.private_path.stat().st_mode & 0o077 == 0
