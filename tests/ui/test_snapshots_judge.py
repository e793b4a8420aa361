"""Pictures of the last three steps, in both languages and both sizes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from styletui_eval.blind.ballot import Ballot, reveal
from textual.pilot import Pilot

from styletui import machine
from styletui.app import StyleApp
from styletui.project import Project, Run
from styletui.screens import report, report_words, train_words
from styletui.screens.rate import RateScreen
from styletui.screens.report import ReportScreen
from styletui.screens.train import TrainScreen
from tests.ui import runs

MakeApp = Callable[..., StyleApp]
Size = tuple[int, int]

pytestmark = [
    pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"]),
    pytest.mark.parametrize("lang", ["zh", "en"]),
]

NOW = 1790000210.0


@pytest.fixture(autouse=True)
def no_machine_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same processor, memory and folders everywhere."""

    class Still(machine.Sampler):
        def start(self) -> None:
            self._latest = runs.MACHINE

    def short(path: Path) -> str:
        return "~/styletui/letters/" + "/".join(path.parts[path.parts.index("runs") :])

    monkeypatch.setattr(machine, "shared", Still)
    for module in (train_words, report_words):
        monkeypatch.setattr(module, "tilde", short)
    monkeypatch.setattr(report, "tilde", short)


@pytest.fixture
def project(own_home: Path) -> Project:
    made = runs.make_project(own_home)
    made.save_settings(preview_seen=True)
    return made


@pytest.fixture
def run(project: Project) -> Run:
    made = runs.make_run(project, adapter=False)
    for step in (0, 30, 60, 90, 120):
        runs.write_sample(made, step, runs.LEFT)
    return made


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def still(step: str, *keys: str) -> Callable[..., Awaitable[None]]:
    """Go to `step`, hold the clock, press `keys`."""

    async def prepare(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, StyleApp)
        app.go(step)
        await pilot.pause(0.4)
        screen = app.screen
        assert isinstance(screen, (TrainScreen, RateScreen, ReportScreen))
        screen.clock = lambda: NOW
        for progress in screen.query("JobProgress"):
            progress.refresh(layout=True)
        screen.repaint()
        await pilot.press(*keys)
        await pilot.pause(0.3)

    return prepare


def until_device(record: runs.Record) -> bool:
    return record["type"] == "stage" and record["name"] == "load_model"


def test_train_getting_ready(
    snap_compare: Any, app: MakeApp, project: Project, run: Run, held: ExitStack, lang: str, size: Size
) -> None:
    records = runs.recorded("train", until_device)
    job = runs.add_job(run, "train", records)
    held.enter_context(runs.alive(job))
    assert snap_compare(app(project, None, lang), terminal_size=size, run_before=still("train"))


def test_train_running(
    snap_compare: Any, app: MakeApp, project: Project, run: Run, held: ExitStack, lang: str, size: Size
) -> None:
    job = runs.add_job(run, "train", runs.recorded("train", runs.at_step(70)))
    held.enter_context(runs.alive(job))
    assert snap_compare(app(project, None, lang), terminal_size=size, run_before=still("train"))


def test_train_done(
    snap_compare: Any, app: MakeApp, project: Project, run: Run, lang: str, size: Size
) -> None:
    runs.add_job(run, "train", runs.recorded("train"))
    runs.give_adapter(run)
    assert snap_compare(app(project, None, lang), terminal_size=size, run_before=still("train"))


def test_train_crashed(
    snap_compare: Any, app: MakeApp, project: Project, run: Run, lang: str, size: Size
) -> None:
    stderr = "Traceback (most recent call last):\n  in train\n    loss.backward()\nKilled\n"
    runs.add_job(run, "train", runs.recorded("train", runs.at_step(70)), stderr=stderr)
    assert snap_compare(app(project, None, lang), terminal_size=size, run_before=still("train"))


def half_written(run: Run, held: ExitStack, pairs: int) -> None:
    runs.give_adapter(run)
    sealed = runs.make_blind(run, main=30, zero=6)
    runs.fill_blind(run, sealed, pairs)
    job = runs.add_job(run, "pairs", runs.recorded("pairs"))
    held.enter_context(runs.alive(job))


def test_rate_seal(
    snap_compare: Any, app: MakeApp, project: Project, run: Run, held: ExitStack, lang: str, size: Size
) -> None:
    half_written(run, held, 4)
    assert snap_compare(app(project, None, lang), terminal_size=size, run_before=still("rate"))


def test_rate_pair(
    snap_compare: Any, app: MakeApp, project: Project, run: Run, held: ExitStack, lang: str, size: Size
) -> None:
    half_written(run, held, 4)
    ready = still("rate", "enter", "1")
    assert snap_compare(app(project, None, lang), terminal_size=size, run_before=ready)


def judged(run: Run, share: int) -> None:
    """A revealed test: of every ten main votes `share` for the adapter."""
    runs.give_adapter(run)
    sealed = runs.make_blind(run, main=30, zero=6)
    runs.fill_blind(run, sealed, loops={7: "left", 9: "right"})
    runs.finish_blind(run, 36)
    ballot = Ballot(run.blind_dir / "main")
    for n, plan in enumerate(sealed.pairs):
        side = runs.adapter_side(plan)
        other = "right" if side == "left" else "left"
        ballot.vote(plan.id, "tie" if n % 11 == 5 else side if n % 10 < share else other)
    reveal(run.blind_dir / "main")


def test_rate_opened(
    snap_compare: Any, app: MakeApp, project: Project, run: Run, lang: str, size: Size
) -> None:
    judged(run, 9)
    assert snap_compare(app(project, None, lang), terminal_size=size, run_before=still("rate"))


def test_report(snap_compare: Any, app: MakeApp, project: Project, run: Run, lang: str, size: Size) -> None:
    judged(run, 6)
    data = json.loads((runs.RECORDED / "report.json").read_text("utf-8"))
    data["created"] = 4e9
    (run.path / "report.json").write_text(json.dumps(data))
    assert snap_compare(app(project, None, lang), terminal_size=size, run_before=still("report"))
