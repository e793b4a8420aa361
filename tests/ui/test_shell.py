"""The shell: header, footer, help, palette, language, leaving, what the terminal process imports."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from styletui import settings
from styletui.app import SCREENS, StyleApp
from styletui.jobs import supervisor
from styletui.jobs.job import Job
from styletui.project import Project
from styletui.screens.help import HelpScreen, LeaveScreen
from styletui.widgets.key_footer import KeyFooter
from styletui.widgets.step_header import StepHeader

MakeApp = Callable[..., StyleApp]
HEAVY = ("torch", "transformers", "peft", "trl", "datasets", "jieba")


def header(app: StyleApp) -> str:
    return app.screen.query_one(StepHeader).render().plain


def footer(app: StyleApp) -> str:
    return app.screen.query_one(KeyFooter).render().plain


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_header_and_footer_fit(app: MakeApp, project: Project, width: int, lang: str) -> None:
    made = app(project, None, lang)
    async with made.run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        for text in (header(made), footer(made)):
            assert made.screen.query_one(StepHeader).render().cell_length <= width - 2
            assert text.strip()
        assert "F1" in footer(made)


async def test_language_switches_live_and_keeps_what_is_typed(app: MakeApp, source: Path) -> None:
    made = app(None, source)
    async with made.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        field = made.screen.query_one("#path", Input)
        field.value = "/tmp/half-typ"
        before = made.screen
        assert "Source" in header(made)
        await pilot.press("f2")
        assert "来源" in header(made) and "帮助" in footer(made)
        assert made.screen is before and field.value == "/tmp/half-typ" and field.has_focus
        assert settings.load().lang == "zh"
        await pilot.press("f2")
        assert "Source" in header(made)


async def test_help_lists_the_keys_and_closes(app: MakeApp, project: Project) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("question_mark")
        assert isinstance(made.screen, HelpScreen)
        words = made.screen.query_one("#keys").render().plain  # type: ignore[union-attr]
        assert "Enter" in words and "F2" in words
        await pilot.press("escape")
        assert not isinstance(made.screen, HelpScreen)


async def test_palette_offers_actions_and_steps_in_the_current_language(
    app: MakeApp, project: Project
) -> None:
    made = app(project, None, "zh")
    async with made.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        made.go("setup")
        await pilot.pause()
        await pilot.press("ctrl+p")
        await pilot.pause(0.3)
        assert isinstance(made.screen, CommandPalette)
        await pilot.press(*"预览")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert made.current_mode == "preview"


async def test_nothing_running_leaves_at_once(app: MakeApp, project: Project) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause()
    assert made.return_code == 0


async def test_leaving_says_what_goes_on(app: MakeApp, project: Project) -> None:
    job = Job.create(project.jobs_dir, "train", {})
    lock = supervisor._take_lock(job)  # as a living worker holds it
    try:
        made = app(project)
        async with made.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await pilot.press("q")
            assert isinstance(made.screen, LeaveScreen)
            assert "Training goes on" in made.screen.what()
            await pilot.press("escape")
            assert not isinstance(made.screen, LeaveScreen)
            await pilot.press("q")
            await pilot.press("enter")
            await pilot.pause()
        assert made.return_code == 0
    finally:
        os.close(lock)


async def test_ascii_borders_and_signs(app: MakeApp, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STYLETUI_ASCII", "1")
    made = app(None, source)
    async with made.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert header(made).isascii()
        assert made.screen.query_one("#found").styles.border_top[0] == "ascii"


async def test_blocked_attempts_show_in_the_header(app: MakeApp, project: Project) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        made.note_blocked("a job", 2)
        made.note_blocked("another", 1)
        assert "3 blocked" in header(made)


def test_no_screen_imports_the_heavy_libraries() -> None:
    modules = ["styletui.app", *(module for module, _ in SCREENS.values())]
    code = "import sys, importlib\n" + "".join(f"importlib.import_module({m!r})\n" for m in modules)
    code += f"print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
