"""Train: one path for a training that runs, one that was left and found again, and one that has ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from textual.pilot import Pilot

from styletui import machine
from styletui.app import StyleApp
from styletui.jobs.job import Job
from styletui.project import Project, Run
from styletui.screens import train_words
from styletui.screens.confirm import ConfirmScreen
from styletui.screens.help import LeaveScreen
from styletui.screens.train import TrainScreen
from styletui.widgets.live import Live
from styletui.widgets.loss_chart import LossChart
from tests.ui import runs
from tests.ui.conftest import HOSTILE

MakeApp = Callable[..., StyleApp]


@pytest.fixture(autouse=True)
def steady_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No data of this machine on screen."""

    class Still(machine.Sampler):
        def start(self) -> None:
            self._latest = runs.MACHINE

    monkeypatch.setattr(machine, "shared", Still)


@pytest.fixture
def project(own_home: Path) -> Project:
    return runs.make_project(own_home)


@pytest.fixture
def run(project: Project) -> Run:
    return runs.make_run(project, adapter=False)


@pytest.fixture
def held() -> Iterator[ExitStack]:
    """Locks that are let go at the end of the test."""
    with ExitStack() as stack:
        yield stack


async def arrive(app: StyleApp, pilot: Pilot[None]) -> TrainScreen:
    app.go("train")
    await pilot.pause(0.4)
    assert isinstance(app.screen, TrainScreen)
    return app.screen


def text(screen: TrainScreen) -> str:
    """Everything that is painted as text and not hidden."""
    parts = []
    for widget in screen.query("Live, JobProgress, FigureRows, GpuPanel"):
        if widget.display and all(
            parent.display for parent in widget.ancestors_with_self if parent.is_attached
        ):
            parts.append(widget.render().plain)  # type: ignore[union-attr]
    return "\n".join(parts)


def cut(record: runs.Record) -> bool:
    return record["type"] == "stage" and record["name"] == "load_model"


async def test_before_the_first_step_every_stage_is_named_with_its_time(
    app: MakeApp, project: Project, run: Run, held: ExitStack
) -> None:
    job = runs.add_job(run, "train", runs.recorded("train", cut))
    held.enter_context(runs.alive(job))
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        shown = text(screen)
        assert "6.2 s" in shown
        assert "Loading the model" in shown
        assert "quick look: shows the journey, not the quality" in shown
        assert "Getting ready" in shown
        assert not screen.query_one(LossChart).parent.display  # type: ignore[union-attr]


async def test_live_figures_grow_with_the_log(
    app: MakeApp, project: Project, run: Run, held: ExitStack
) -> None:
    first, later = runs.recorded("train", runs.at_step(40)), runs.recorded("train", runs.at_step(70))
    job = runs.add_job(run, "train", first)
    held.enter_context(runs.alive(job))
    made = app(project)
    async with made.run_test(size=(120, 36)) as pilot:
        screen = await arrive(made, pilot)
        assert len(screen.query_one(LossChart).train) == 40
        runs.append(job, later[len(first) :])
        await pilot.pause(0.5)
        chart = screen.query_one(LossChart)
        assert len(chart.train) == 70 and [s for s, _v in chart.held] == [0, 30, 60]
        shown = text(screen)
        assert "step 70 / 120" in shown and "1:45 left" in shown
        for name in ("learning rate", "gradient norm", "tokens/s", "CPU", "no NVIDIA GPU", "LoRA in bf16"):
            assert name in shown
        assert "87 %" in shown and "6.0 / 24.0 GB" in shown
        assert "3 of 184 samples" in shown
        assert "It goes on when you close this window" in shown


async def test_found_again_it_shows_the_same_as_before(
    app: MakeApp, project: Project, run: Run, held: ExitStack
) -> None:
    job = runs.add_job(run, "train", runs.recorded("train", runs.at_step(70)))
    held.enter_context(runs.alive(job))
    seen = []
    for _ in range(2):
        made = app(project)
        async with made.run_test(size=(80, 24)) as pilot:
            screen = await arrive(made, pilot)
            screen.clock = lambda: 1790000300.0
            screen.repaint()
            seen.append((screen.query_one(LossChart).render().plain, text(screen)))
    assert seen[0] == seen[1]


async def test_what_it_writes_is_shown_letter_for_letter(
    app: MakeApp, project: Project, run: Run, held: ExitStack
) -> None:
    runs.write_sample(run, 0, "甲".join(HOSTILE))
    runs.write_sample(run, 60, "甲" + "乙".join(HOSTILE) + "丙")
    job = runs.add_job(run, "train", runs.recorded("train", runs.at_step(70)))
    held.enter_context(runs.alive(job))
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        shown = screen.query_one("#sample Live", Live).render().plain
        assert shown.startswith("甲[/]乙[@click=app.quit]跑[/]乙␛[31mred") and shown.endswith("[bold丙")
        assert not any(bad in shown for bad in ("\x1b", "\x00", "\x07", "\u202e"))
        await pilot.press("left", "left", "space", "up")
        assert made.is_running


async def test_leafing_through_what_it_wrote(
    app: MakeApp, project: Project, run: Run, held: ExitStack
) -> None:
    runs.write_sample(run, 0, "头一篇")
    runs.write_sample(run, 60, "第三篇")
    job = runs.add_job(run, "train", runs.recorded("train", runs.at_step(70)))
    held.enter_context(runs.alive(job))
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("left", "left", "left")
        assert screen.query_one("#sample Live", Live).render().plain == "头一篇"
        assert "repeats itself" in str(screen.query_one("#sample").border_title)
        await pilot.press("right", "right")
        assert screen.query_one("#sample Live", Live).render().plain == "第三篇"


def test_a_sample_outside_the_run_is_not_read(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("private")
    (run.path / "samples").mkdir()
    (run.path / "samples" / "link.txt").symlink_to(secret)
    for named in ("../../secret.txt", str(secret), "samples/link.txt", "run.json", ""):
        assert train_words.read_sample(run.path, {"file": named}) is None


async def test_stop_and_keep_asks_first(app: MakeApp, project: Project, run: Run, held: ExitStack) -> None:
    job = runs.add_job(run, "train", runs.recorded("train", runs.at_step(70)))
    held.enter_context(runs.alive(job))
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("s")
        assert isinstance(made.screen, ConfirmScreen)
        await pilot.press("escape")
        assert not list(job.control_dir.iterdir()) and made.screen is screen
        await pilot.press("s", "enter")
        await pilot.pause(0.2)
        requests = [json.loads(p.read_text()) for p in job.control_dir.glob("*.json")]
        assert requests == [{"verb": "stop", "keep": True}]
        assert "Asked to stop" in text(screen)
        await pilot.press("s")  # once is enough
        assert made.screen is screen and len(list(job.control_dir.glob("*.json"))) == 1


async def test_q_says_that_it_goes_on(app: MakeApp, project: Project, run: Run, held: ExitStack) -> None:
    job = runs.add_job(run, "train", runs.recorded("train", runs.at_step(70)))
    held.enter_context(runs.alive(job))
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        await arrive(made, pilot)
        await pilot.press("q")
        assert isinstance(made.screen, LeaveScreen)
        words = "\n".join(live.render().plain for live in made.screen.query(Live))
        assert "goes on without you" in words and "styletui" in words
        await pilot.press("escape")
        assert made.is_running


def test_enter_leads_nowhere_while_it_runs(run: Run) -> None:
    screen = TrainScreen()
    screen.run_shown = run
    assert not screen.can_forward()


async def test_a_crash_shows_the_last_lines_and_what_to_do(app: MakeApp, project: Project, run: Run) -> None:
    lines = "Traceback\n  [/] in train\n\x1b[31mKilled\n"
    runs.add_job(run, "train", runs.recorded("train", runs.at_step(70)), stderr=lines)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        shown = text(screen)
        assert "The training broke off." in shown
        assert "[/] in train" in shown and "␛[31mKilled" in shown
        assert "Esc goes back to Setup" in shown and "The checkpoint of step 60" in shown
        assert not screen.can_forward()


async def test_the_end_tells_time_memory_and_what_it_learned(
    app: MakeApp, project: Project, run: Run
) -> None:
    runs.add_job(run, "train", runs.recorded("train"))
    runs.give_adapter(run)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        shown = text(screen)
        assert "120 steps in 302 seconds" in shown and "612 MB" in shown and "1,893 MB" in shown
        assert "no GPU in use" in shown and "4.212 to 3.218" in shown
        assert "It shows the journey, not the quality" in shown.replace("it shows", "It shows")
        assert screen.can_forward() and not screen.check_action("stop_keep", ())


async def test_enter_goes_on_to_rate(app: MakeApp, project: Project, run: Run) -> None:
    runs.add_job(run, "train", runs.recorded("train"))
    runs.give_adapter(run)
    runs.add_job(run, "pairs", [])  # somebody has begun to make pairs already
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        await arrive(made, pilot)
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert made.current_mode == "rate"


async def test_the_language_changes_at_once(app: MakeApp, project: Project, run: Run) -> None:
    runs.add_job(run, "train", runs.recorded("train"))
    runs.give_adapter(run)
    made = app(project)
    async with made.run_test(size=(120, 36)) as pilot:
        screen = await arrive(made, pilot)
        points = screen.query_one(LossChart).train
        await pilot.press("f2")
        await pilot.pause(0.2)
        shown = text(screen)
        assert "训练完成" in shown and "学习率" in shown and "Memory" not in shown
        assert "结果" in str(screen.query_one("#ending").border_title)
        assert screen.query_one(LossChart).train == points


async def test_without_a_training_it_says_so(app: MakeApp, project: Project) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        assert "No training yet" in text(screen) and not screen.can_forward()


def ended(status: str, **more: object) -> train_words.JobState:
    return train_words.JobState(status=status, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (4.0, 3.5, "lower is better"),
        (4.0, 4.0, "did not fall"),
        (4.0, 4.2, "did not fall"),
        (None, None, "no held-out"),
    ],
)
def test_what_the_held_out_loss_says(first: float | None, last: float | None, said: str) -> None:
    assert said in train_words.learned({"first_eval": first, "last_eval": last}).plain


def test_share_of_the_card_is_told(run: Run) -> None:
    records = runs.recorded("train")
    for record in records:
        if record["type"] == "summary":
            record["card_share"] = 0.337
    from styletui.jobs.fold import fold

    assert "34 % of the card" in train_words.ending(fold(records), run.path, [], True).plain


def test_refused_attempts_are_counted_and_shown() -> None:
    rows = train_words.figures(ended("running", blocked=3))
    assert any("3 refused" in row.value for row in rows)


def test_follow_again_after_another_training_began(project: Project) -> None:
    """The newest job of the newest run is the one that counts."""
    run = runs.make_run(project)
    runs.add_job(run, "train", [])
    second = runs.add_job(run, "train", [])
    assert run.job("train") == Job(second.path)
