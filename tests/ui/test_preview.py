"""Preview: makes the samples in a real worker, shows them, what was scored, what was dropped."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot

from styletui.app import StyleApp
from styletui.jobs import events
from styletui.jobs.job import Job
from styletui.project import Project
from styletui.screens.preview import PreviewScreen
from styletui.widgets.job_progress import JobProgress
from styletui.widgets.live import Live
from styletui.widgets.sample_list import VirtualList
from tests.ui.conftest import ended_job

MakeApp = Callable[..., StyleApp]


def shown(app: StyleApp, selector: str) -> str:
    return app.screen.query_one(selector, Live).render().plain


async def opened(app: StyleApp, pilot: Pilot[None]) -> PreviewScreen:
    """Wait until the samples are on screen."""
    app.go("preview")
    for _ in range(400):
        await pilot.pause(0.05)
        screen = app.screen
        if isinstance(screen, PreviewScreen) and screen.data is not None and not screen.has_class("-working"):
            return screen
    raise AssertionError("no samples came")


async def test_samples_with_prompt_target_and_what_is_scored(app: MakeApp, project: Project) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await opened(made, pilot)
        assert screen.query_one(VirtualList).count == 120
        assert "题目：渡口记事 0" in shown(made, ".given .part-text")
        assert "第0天" in shown(made, ".scored .part-text")
        assert "not scored" in shown(made, ".given .part-title")
        assert "every token scored" in shown(made, ".scored .part-title")
        assert "40 scored tokens" in shown(made, "#facts")
        assert "60 documents" in shown(made, "#head") and "Thin" in shown(made, "#head")


async def test_hostile_titles_and_texts_do_no_harm(app: MakeApp, project: Project) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await opened(made, pilot)
        for _ in range(14):
            await pilot.press("down")
            screen.query_one(VirtualList).render_line(0)
        await pilot.press("home", "down", "down")
        assert "[@click=app.quit]跑[/]" in shown(made, "#facts")
        assert made.is_running


async def test_original_beside_cleaned(app: MakeApp, project: Project) -> None:
    made = app(project)
    async with made.run_test(size=(120, 36)) as pilot:
        screen = await opened(made, pilot)
        await pilot.press("o")
        await pilot.pause()
        assert "点击上方蓝字关注" in shown(made, ".raw .part-text")
        assert screen.query_one(".raw").display and screen.query_one(".scored").display
        assert not screen.query_one(".given").display
        await pilot.press("o")
        await pilot.pause()
        assert not screen.query_one(".raw").display


async def test_dropped_list_tells_why(app: MakeApp, project: Project) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await opened(made, pilot)
        await pilot.press("d")
        assert screen.query_one(VirtualList).count == 2
        assert "no text in it" in shown(made, "#facts") and "a/[/].md" in shown(made, "#facts")
        await pilot.press("d")
        assert screen.query_one(VirtualList).count == 120


async def test_view_filter_and_language_keep_the_selection(app: MakeApp, project: Project) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await opened(made, pilot)
        await pilot.press("v", "down", "down")
        listed = screen.query_one(VirtualList)
        assert listed.count == 60 and listed.selected == 2
        await pilot.press("f2")
        assert listed.count == 60 and listed.selected == 2
        assert "计分" in shown(made, "#facts")


async def test_enter_goes_to_setup_and_the_step_is_remembered(app: MakeApp, project: Project) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        await opened(made, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert made.current_mode == "setup"
        assert project.step() == "setup"


async def test_a_real_preparation_of_a_real_backup(app: MakeApp, source: Path) -> None:
    made = app(Project.for_source(source))
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await opened(made, pilot)
        assert screen.data is not None and screen.data.rows
        head = shown(made, "#head")
        assert "Very little to learn from" in head
        job = Job.latest(Project.for_source(source).jobs_dir, "prep")
        assert job is not None and "石阶" not in job.events_path.read_text("utf-8")


async def test_a_failed_preparation_says_what_why_and_what_to_do(app: MakeApp, source: Path) -> None:
    project = Project.for_source(source)
    failed = events.Failed("nothing_usable", {"path": "[/]", "reason": "empty", "count": 3, "files": 3}, 3)
    ended_job(project.jobs_dir, "prep", {"author": None}, [], failed)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        made.go("preview")
        await pilot.pause(0.4)
        words = made.screen.query_one(JobProgress).render().plain
        assert "[/] holds files, but none to learn from" in words and "most often: empty (3)" in words
        assert not made.screen.can_forward()  # type: ignore[attr-defined]
        await pilot.press("escape")
        assert made.current_mode == "source"


class Big(App[None]):
    def compose(self) -> ComposeResult:
        yield VirtualList(lambda number: Content(f"line {number} 中文[/]"), id="list")


async def test_a_hundred_thousand_lines_cost_what_twenty_do() -> None:
    big = Big()
    async with big.run_test(size=(80, 24)) as pilot:
        started = time.perf_counter()
        listed = big.query_one(VirtualList)
        listed.fill(100_000)
        await pilot.pause()
        await pilot.press("end")
        assert listed.selected == 99_999
        assert "line 99999" in "".join(s.text for s in listed.render_line(listed.size.height - 1))
        assert time.perf_counter() - started < 2
        await pilot.press("pageup", "down", "home")
        assert listed.selected == 0


@pytest.mark.parametrize("count", [0, 1])
async def test_short_lists_have_no_line_outside(count: int) -> None:
    big = Big()
    async with big.run_test(size=(40, 6)) as pilot:
        listed = big.query_one(VirtualList)
        listed.fill(count)
        await pilot.press("down", "up", "pagedown", "end", "home")
        assert listed.selected == 0
