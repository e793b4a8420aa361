"""Rate: the seal first, one key a vote, everything on disk at once, no tally before the seal is open."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from styletui_eval.blind.ballot import Ballot, reveal
from styletui_eval.blind.protocol import Sealed
from textual.pilot import Pilot

from styletui import service
from styletui.app import StyleApp
from styletui.jobs.job import Job
from styletui.project import Project, Run
from styletui.screens.confirm import ConfirmScreen
from styletui.screens.rate import RateScreen
from styletui.widgets.live import Live
from styletui.widgets.pair_view import PairView
from tests.ui import runs
from tests.ui.conftest import HOSTILE

MakeApp = Callable[..., StyleApp]


@pytest.fixture
def project(own_home: Path) -> Project:

    return runs.make_project(own_home)


@pytest.fixture
def run(project: Project) -> Run:
    return runs.make_run(project)


@pytest.fixture
def job(run: Run) -> Job:
    """A pairs job that has begun to write."""
    return runs.add_job(run, "pairs", runs.recorded("pairs"))


@pytest.fixture
def held(job: Job) -> Iterator[ExitStack]:
    """The worker of `job` lives until the test ends or closes this."""
    with ExitStack() as stack:
        stack.enter_context(runs.alive(job))
        yield stack


@pytest.fixture
def sealed(run: Run) -> Sealed:
    return runs.make_blind(run, main=4, zero=1)


def ballot(run: Run) -> Ballot:
    return Ballot(run.blind_dir / service.BLIND_NAME)


async def arrive(app: StyleApp, pilot: Pilot[None]) -> RateScreen:
    app.go("rate")
    await pilot.pause(0.4)
    assert isinstance(app.screen, RateScreen)
    return app.screen


def text(screen: RateScreen) -> str:
    """What is painted and not hidden."""
    return "\n".join(
        live.render().plain
        for live in screen.query(Live)
        if all(node.display for node in live.ancestors_with_self if node.is_attached)
    )


async def test_the_seal_is_shown_before_the_first_vote(
    app: MakeApp, project: Project, run: Run, held: ExitStack, sealed: Sealed
) -> None:
    runs.fill_blind(run, sealed, 2)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        assert screen.stage == "intro"
        shown = text(screen)
        assert ballot(run).commitment.sha256 in shown
        assert "2 pairs are ready" in shown
        await pilot.press("1")  # no vote before one has begun
        assert ballot(run).status().rated == 0
        await pilot.press("enter")
        assert screen.stage == "rating" and runs.LEFT[:10] in text(screen) and runs.RIGHT[:10] in text(screen)


async def test_before_the_first_pair_one_waits_in_words(
    app: MakeApp, project: Project, run: Run, held: ExitStack
) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        assert screen.stage == "preparing" and "sealing the sides" in text(screen)
        sealed = runs.make_blind(run)
        await pilot.pause(1.3)
        assert screen.stage == "intro" and "first pair is being written" in text(screen)
        assert not screen.can_forward()
        runs.fill_blind(run, sealed, 1)
        await pilot.pause(1.3)
        assert screen.can_forward()


@pytest.mark.parametrize(
    ("key", "choice"),
    [
        ("1", "left"), ("left", "left"), ("2", "right"), ("right", "right"),
        ("0", "tie"), ("down", "tie"), ("3", "skip"), ("up", "skip"),
    ],
)  # fmt: skip
async def test_every_key_is_a_vote_on_disk(
    app: MakeApp, project: Project, run: Run, held: ExitStack, sealed: Sealed, key: str, choice: str
) -> None:
    runs.fill_blind(run, sealed)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter", key)
        # Another reader sees it already.
        assert ballot(run).votes() == {sealed.pairs[0].id: choice}
        assert screen.pair is not None and screen.pair.n == 2
        assert "Saved." in text(screen)


async def test_backspace_takes_back_and_shows_the_pair_again(
    app: MakeApp, project: Project, run: Run, held: ExitStack, sealed: Sealed
) -> None:
    runs.fill_blind(run, sealed)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter", "1", "2", "backspace")
        assert ballot(run).votes() == {sealed.pairs[0].id: "left"}
        assert screen.pair is not None and screen.pair.n == 2
        assert "taken back" in text(screen)


async def test_leave_and_come_back_at_the_same_pair(
    app: MakeApp, project: Project, run: Run, held: ExitStack, sealed: Sealed
) -> None:
    runs.fill_blind(run, sealed)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        await arrive(made, pilot)
        await pilot.press("enter", "1", "2")
    again = app(project)
    async with again.run_test(size=(80, 24)) as pilot:
        screen = await arrive(again, pilot)
        assert screen.stage == "rating" and screen.pair is not None and screen.pair.n == 3
        assert "2 of 5 rated" in text(screen)


async def test_while_the_next_pair_is_written_one_is_told_and_it_appears(
    app: MakeApp, project: Project, run: Run, held: ExitStack, sealed: Sealed
) -> None:
    runs.fill_blind(run, sealed, 1)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter", "1")
        assert screen.stage == "waiting"
        assert "The next pair is being written" in text(screen) and "0 ready" in text(screen)
        runs.add_pair(run, sealed.pairs[1], 2, runs.PROMPT, runs.LEFT, runs.RIGHT)
        await pilot.pause(1.3)
        assert screen.stage == "rating" and screen.pair is not None and screen.pair.n == 2


async def test_nothing_tells_who_leads_or_who_wrote(
    app: MakeApp, project: Project, run: Run, held: ExitStack, sealed: Sealed
) -> None:
    runs.fill_blind(run, sealed)
    made = app(project)
    async with made.run_test(size=(120, 36)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter")
        painted = []
        for plan in sealed.pairs[:-1]:
            await pilot.press("1" if runs.adapter_side(plan) == "left" else "2")
            painted.append(text(screen))
        words = "\n".join(painted).lower()
        assert not any(word in words for word in ("adapter", "base", "wins", "e-value"))


async def test_all_rated_enter_opens_the_seal_and_goes_on(
    app: MakeApp, project: Project, run: Run, sealed: Sealed, job: Job
) -> None:
    runs.fill_blind(run, sealed)
    runs.finish_blind(run, 5)
    runs.add_job(run, "eval", [])
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter")
        for plan in sealed.pairs:
            await pilot.press("1" if runs.adapter_side(plan) == "left" else "2")
        assert screen.stage == "complete" and "All 5 pairs are rated" in text(screen)
        await pilot.press("enter")
        assert screen.stage == "revealed"
        shown = text(screen)
        # Four wins of four can be chance, and that must be said.
        assert "Not decided: 4 to 0 can be chance" in shown and "This is not a win" in shown
        assert "against the base model without examples" in shown
        result = json.loads((run.blind_dir / "main" / "reveal.json").read_text())
        assert result["main"]["wins"] == 4 and result["zero"]["wins"] == 1 and not result["early"]
        await pilot.press("backspace", "1")
        assert len(ballot(run).votes()) == 5
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert made.current_mode == "report"


async def test_revealing_early_asks_is_recorded_and_final(
    app: MakeApp, project: Project, run: Run, held: ExitStack, sealed: Sealed, job: Job
) -> None:
    runs.fill_blind(run, sealed)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter", "f5")
        assert made.screen is screen  # without a vote there is nothing to reveal
        await pilot.press("1", "f5")
        assert isinstance(made.screen, ConfirmScreen)
        await pilot.press("enter")  # the default is to go on
        assert made.screen is screen and not (run.blind_dir / "main" / "reveal.json").exists()
        await pilot.press("f5", "f5")
        await pilot.pause(0.2)
        assert screen.stage == "revealed" and "Revealed early, after 1 of 5" in text(screen)
        await pilot.press("2")
        assert len(ballot(run).votes()) == 1
        # No more pairs are needed: the worker is asked to stop.
        assert [json.loads(p.read_text())["verb"] for p in job.control_dir.glob("*.json")] == ["stop"]


async def test_a_vote_that_could_not_be_saved_is_not_passed_over(
    app: MakeApp, project: Project, run: Run, held: ExitStack, sealed: Sealed
) -> None:
    runs.fill_blind(run, sealed)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter", "1")
        votes = run.blind_dir / "main" / "votes.jsonl"
        kept = votes.rename(votes.with_name("aside"))
        votes.mkdir()
        await pilot.press("2")
        assert "NOT saved" in text(screen)
        votes.rmdir()
        kept.rename(votes)
        await pilot.press("2")
        assert screen.pair is not None and screen.pair.n == 3 and ballot(run).status().rated == 2


async def test_a_reveal_in_another_terminal_closes_this_one(
    app: MakeApp, project: Project, run: Run, held: ExitStack, sealed: Sealed
) -> None:
    runs.fill_blind(run, sealed)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter", "1")
        reveal(run.blind_dir / "main", early=True)
        await pilot.press("2")
        assert screen.stage == "revealed" and len(ballot(run).votes()) == 1


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_hostile_texts_are_shown_letter_for_letter(
    app: MakeApp, project: Project, run: Run, held: ExitStack, size: tuple[int, int]
) -> None:
    sealed = runs.make_blind(run, main=len(HOSTILE), zero=0)
    for n, (plan, hostile) in enumerate(zip(sealed.pairs, HOSTILE, strict=True), 1):
        runs.add_pair(run, plan, n, f"题目：{hostile}", f"甲{hostile}", f"乙{hostile}\n" * 40)
    made = app(project)
    async with made.run_test(size=size) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter")
        for hostile in HOSTILE:
            await pilot.press("tab", "pagedown", "pageup")
            shown = text(screen)
            visible = [part for part in hostile.split("\x1b") if part.isprintable() and part.isascii()]
            assert "甲" in shown and all(part in shown for part in visible)
            assert not any(bad in shown for bad in ("\x1b", "\x00", "\x07", "\u202e"))
            await pilot.press("1")
        assert made.is_running and ballot(run).status().rated == len(HOSTILE)


@pytest.mark.parametrize(("size", "stacked"), [((80, 24), True), ((99, 30), True), ((100, 30), False)])
async def test_side_by_side_where_there_is_room(
    app: MakeApp,
    project: Project,
    run: Run,
    held: ExitStack,
    sealed: Sealed,
    size: tuple[int, int],
    stacked: bool,
) -> None:
    runs.fill_blind(run, sealed)
    made = app(project)
    async with made.run_test(size=size) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter")
        await pilot.pause(0.2)
        first, second = screen.query_one(".first").region, screen.query_one(".second").region
        assert (first.y < second.y and first.x == second.x) == stacked
        assert min(first.height, second.height) >= 5


async def test_long_texts_scroll_together_and_start_anew(
    app: MakeApp, project: Project, run: Run, held: ExitStack, sealed: Sealed
) -> None:
    for n, plan in enumerate(sealed.pairs[:2], 1):
        runs.add_pair(run, plan, n, runs.PROMPT, runs.LEFT * 6, runs.RIGHT * 6)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter", "pagedown")
        await pilot.pause(0.2)
        areas = [screen.query_one(".first"), screen.query_one(".second")]
        assert all(area.scroll_offset.y > 0 for area in areas)
        assert "PgDn" in str(areas[0].border_subtitle)
        await pilot.press("1")
        await pilot.pause(0.2)
        assert all(area.scroll_offset.y == 0 for area in areas)


async def test_when_the_writing_has_stopped_enter_starts_it_again(
    app: MakeApp, project: Project, run: Run, sealed: Sealed, job: Job
) -> None:
    runs.fill_blind(run, sealed, 1)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter", "1")
        assert screen.stage == "stopped" and "The writing of pairs has stopped" in text(screen)
        await pilot.press("enter")
        assert len(Job.all(run.jobs_dir, "pairs")) == 2
        for _ in range(300):  # a real worker; it finds no dataset and says so
            await pilot.pause(0.1)
            if screen.stage == "stopped":
                break
        assert screen.stage == "stopped" and ballot(run).status().rated == 1


async def test_without_an_adapter_there_is_nothing_to_judge(app: MakeApp, project: Project) -> None:
    runs.make_run(project, adapter=False)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        assert "Nothing to judge yet" in text(screen) and not screen.can_forward()
        assert not Job.all(project.runs()[0].jobs_dir)


async def test_the_language_changes_in_the_middle_of_a_pair(
    app: MakeApp, project: Project, run: Run, held: ExitStack, sealed: Sealed
) -> None:
    runs.fill_blind(run, sealed)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrive(made, pilot)
        await pilot.press("enter", "1", "f2")
        await pilot.pause(0.2)
        assert "已评 1/5" in text(screen) and screen.pair is not None and screen.pair.n == 2
        assert "第一篇" in str(screen.query_one(".first").border_title)
        assert screen.query_one(PairView).pair == screen.pair
