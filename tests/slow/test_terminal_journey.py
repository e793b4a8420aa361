"""The demo model, trained in a real worker behind a real terminal whose plug is pulled, found again, and rated."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

import pytest
from helpers.terminal import Terminal, environment

from styletui.jobs import supervisor
from styletui.jobs.follow import Follower
from styletui.jobs.job import Job
from styletui.project import Project, Run, home, models_dir, sample_corpus

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ENTER, DOWN, LEFT = "\r", "\x1b[B", "\x1b[D"
STYLETUI = [sys.executable, "-m", "styletui"]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new data folder that already holds the demo model (fetched by `make test-all` before)."""
    demo = models_dir() / "gemma-3-270m"
    if not (demo / "model.safetensors").is_file():
        pytest.fail(f"the demo model is not in {models_dir()}: run `styletui models demo` first")
    folder = tmp_path / "data"
    (folder / "models").mkdir(parents=True)
    shutil.copytree(demo, folder / "models" / demo.name)
    monkeypatch.setenv("STYLETUI_HOME", str(folder))
    assert home() == folder
    return folder


def test_train_hang_up_come_back_and_rate(data: Path) -> None:
    corpus = sample_corpus()
    assert corpus is not None
    first = Terminal([*STYLETUI, "--lang", "en", str(corpus / "wechat")], environment(data))
    try:
        first.wait_for("WeChat official-account backup")
        first.press(ENTER)
        first.wait_for("outline", seconds=120)
        first.press(ENTER)
        first.wait_for("Time limit")
        first.press(DOWN * 2 + LEFT)
        first.wait_for("2 minutes")
        first.press(ENTER)
        first.wait_for("held-out", seconds=180)
        job = _wait_for_steps(first, 2)
        first.hang_up()
    finally:
        first.close()
    assert supervisor.alive(job), "the training must outlive the terminal"
    run = Run(job.path.parents[1])
    seen = Follower(job).poll().train.loss

    second = Terminal([*STYLETUI, "--lang", "en"], environment(data), columns=120, lines=36)
    try:
        second.wait_for("gemma-3-270m")
        end = time.monotonic() + 300
        while not (state := Follower(job).poll()).ended and time.monotonic() < end:
            second.text()
            time.sleep(0.5)
        assert state.status == "done", supervisor.crash_tail(job)
        assert state.train.loss[: len(seen)] == seen, "the log keeps what was shown before the hang-up"
        evals = state.train.evals
        assert evals[0]["step"] == 0 and evals[-1]["loss"] < evals[0]["loss"]
        assert state.blocked == 0
        time.sleep(1)
        second.press(ENTER)
        _rate(second, run.blind_dir / "main")
    finally:
        second.close()


def _wait_for_steps(terminal: Terminal, steps: int) -> Job:
    """The training job, once it has done so many steps."""
    end = time.monotonic() + 180
    while time.monotonic() < end:
        terminal.text()
        project = Project.last()
        job = project.runs()[0].job("train") if project and project.runs() else None
        if job is not None and len(Follower(job).poll().train.loss) >= steps:
            return job
    raise AssertionError(f"no {steps} steps within 180 s:\n{terminal.text()}")


def _rate(terminal: Terminal, blind: Path) -> None:
    """Wait for the first pair, vote by key, take it back, vote again; each is on disk at once."""
    end = time.monotonic() + 300
    while not (blind / "pairs.jsonl").is_file() and time.monotonic() < end:
        terminal.text()
        time.sleep(0.5)
    seal = json.loads((blind / "commitment.json").read_text())["sha256"]
    terminal.wait_for(seal[:12])
    terminal.press(ENTER)
    votes = blind / "votes.jsonl"
    for keys, records in (("1", 1), ("\x7f", 2), ("2", 3)):
        terminal.press(keys)
        deadline = time.monotonic() + 10
        while (
            not votes.is_file() or len(votes.read_text().splitlines()) < records
        ) and time.monotonic() < deadline:
            terminal.text()
        assert len(votes.read_text().splitlines()) == records, terminal.text()
