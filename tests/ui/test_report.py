"""Report: what was measured and judged; what may not be concluded is said as loudly."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from styletui_eval.blind.ballot import Ballot, reveal
from styletui_eval.report import report_data
from textual.pilot import Pilot

from styletui.app import StyleApp
from styletui.commands.report_words import print_report
from styletui.jobs.job import Job
from styletui.project import Project, Run
from styletui.screens.report import ReportScreen
from styletui.screens.report_words import report
from styletui.widgets.live import Live
from tests.ui import runs

MakeApp = Callable[..., StyleApp]
Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def project(own_home: Path) -> Project:
    return runs.make_project(own_home)


@pytest.fixture
def run(project: Project) -> Run:
    return runs.make_run(project)


def evaluated(run: Run, change: Change | None = None) -> None:
    """The recorded report.json in `run`, changed as wanted."""
    data = json.loads((runs.RECORDED / "report.json").read_text("utf-8"))
    if change is not None:
        change(data)
    (run.path / "report.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")


def judged(run: Run, adapter_votes: int, base_votes: int) -> None:
    """A revealed blind test with so many votes for each."""
    sealed = runs.make_blind(run, main=adapter_votes + base_votes, zero=0)
    runs.fill_blind(run, sealed)
    runs.finish_blind(run, adapter_votes + base_votes)
    ballot = Ballot(run.blind_dir / "main")
    for n, plan in enumerate(sealed.pairs):
        side = runs.adapter_side(plan)
        other = "right" if side == "left" else "left"
        ballot.vote(plan.id, side if n < adapter_votes else other)
    reveal(run.blind_dir / "main")


async def arrive(app: StyleApp, pilot: Pilot[None]) -> ReportScreen:
    app.go("report")
    await pilot.pause(0.4)
    assert isinstance(app.screen, ReportScreen)
    return app.screen


def text(screen: ReportScreen) -> str:
    return screen.query_one("#page Live", Live).render().plain


async def test_the_report_of_a_run(app: MakeApp, project: Project, run: Run) -> None:
    evaluated(run)
    judged(run, 20, 2)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        shown = text(screen)
        assert "The adapter wins, 20 to 2" in shown
        assert "4.298" in shown and "3.973" in shown and "-0.324 [-0.392, -0.255]" in shown
        assert "14 documents, paired" in shown
        for name in (
            "author",
            "base",
            "adapter",
            "sentence length",
            "share of stop words",
            "lexical diversity",
        ):
            assert name in shown
        assert "report.json" in shown and "PEFT" in shown
        assert not Job.all(run.jobs_dir)  # nothing is measured twice
        assert not screen.can_forward()


async def test_the_blind_test_in_full_at_a_key(app: MakeApp, project: Project, run: Run) -> None:
    evaluated(run)
    judged(run, 3, 2)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        assert "E-value" not in text(screen) and "This is not a win" in text(screen)
        await pilot.press("tab")
        assert "E-value" in text(screen)


async def test_without_a_blind_test_it_says_what_that_means(app: MakeApp, project: Project, run: Run) -> None:
    evaluated(run)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        assert "Only that one can say whether it sounds like the author" in text(screen)
        assert not screen.check_action("whole", ())


def data_of(run: Run, change: Change) -> str:
    evaluated(run, change)
    return report(report_data(run.path), run.path, 78).plain


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("interval_includes_zero", "the difference can be chance"),
        ("adapter_is_worse", "worse than the base"),
        ("too_few_documents", "Few held-out documents (14)"),
        ("base_already", "already as close to the author"),
        ("indicators_undecided", "cannot tell base and author apart"),
        ("lengths_equalised", "cuts both texts to one length"),
        ("lengths_capped", "ended at the length limit"),
    ],
)
def test_every_doubt_has_its_sentence(run: Run, code: str, said: str) -> None:
    shown = data_of(run, lambda data: data.update(notes=[code]))
    assert said in " ".join(shown.split())


def test_a_difference_that_may_be_chance_is_no_success(run: Run) -> None:
    def change(data: dict[str, Any]) -> None:
        data["bits_per_character"] |= {"difference": -0.01, "low": -0.2, "high": 0.18}
        data["notes"] = ["interval_includes_zero"]

    shown = data_of(run, change)
    assert "predicts the author's unseen texts better" not in shown
    assert "the difference can be chance" in shown


def test_few_documents_have_no_interval(run: Run) -> None:
    shown = data_of(run, lambda data: data["bits_per_character"].update(low=None, high=None, documents=1))
    assert (
        "no interval" in shown
        and "1 document, paired" in shown
        and "better" not in shown.replace("lower is better", "").replace("Closer to the author is better", "")
    )


def test_missing_values_are_a_dash(run: Run) -> None:
    def change(data: dict[str, Any]) -> None:
        data["indicators"]["base"]["diversity"] = {"value": None, "low": None, "high": None}

    row = next(line for line in data_of(run, change).splitlines() if "lexical" in line)
    assert "-" in row.split()


async def test_while_it_is_measured(app: MakeApp, project: Project, run: Run) -> None:
    job = runs.add_job(run, "eval", runs.recorded("eval"))
    with runs.alive(job):
        made = app(project)
        async with made.run_test(size=(80, 24)) as pilot:
            screen = await arrive(made, pilot)
            assert screen.measuring and "2 documents scored so far" in text(screen)
            assert not screen.can_forward()
            shutil.copy(runs.RECORDED / "report.json", run.path)
            done = {"v": 1, "seq": 9, "time": 1790001000.0, "mono": 90.0, "type": "done", "result": {}}
            runs.append(job, [done])
            await pilot.pause(0.5)
            assert not screen.measuring and "4.298" in text(screen)


async def test_a_failed_measurement_says_why_and_enter_repeats_it(
    app: MakeApp, project: Project, run: Run
) -> None:
    failed = {"code": "no_held_out", "params": {"path": "x"}, "exit_code": 3, "type": "failed"}
    runs.add_job(
        run, "eval", [*runs.recorded("eval"), {"v": 1, "seq": 9, "time": 1.0, "mono": 1.0, **failed}]
    )
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        assert "There is no report yet" in text(screen) and screen.can_forward()
        await pilot.press("enter")
        assert len(Job.all(run.jobs_dir, "eval")) == 2
        for _ in range(300):  # a real worker; it finds no dataset and says so
            await pilot.pause(0.1)
            if not screen.measuring:
                break
        assert "There is no report yet" in text(screen)


async def test_a_broken_report_is_no_crash(app: MakeApp, project: Project, run: Run) -> None:
    (run.path / "report.json").write_text("{[/]")
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        assert "There is no report yet" in text(screen) and screen.can_forward()


async def test_a_measurement_older_than_the_reveal_is_told(app: MakeApp, project: Project, run: Run) -> None:
    evaluated(run, lambda data: data.update(created=1.0))
    judged(run, 1, 1)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        assert "opened after this measurement" in text(screen) and screen.check_action("again", ())


def test_the_command_prints_the_same_sentences(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    evaluated(run)
    judged(run, 20, 2)
    print_report(run.path)
    out = capsys.readouterr().out
    assert "The adapter wins, 20 to 2" in out and "E-value" in out and "4.298" in out and "\x1b" not in out
