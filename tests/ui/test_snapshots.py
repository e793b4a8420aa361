"""Pictures of the first three steps, in both languages and both sizes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from styletui import nearby, setup_plan
from styletui.app import StyleApp
from styletui.project import Project, models_dir
from styletui.screens import source_words
from styletui.screens.source import SourceScreen
from tests.ui.conftest import make_model

SIZES = [(80, 24), (120, 36)]
FOUND = source_words.Found(
    "found",
    kind="wechat",
    confidence=0.9,
    documents=73,
    chars=63_210,
    authors={"林晚": 71, "何青": 2},
    first="2016-03-02",
    last="2024-11-20",
    titles=("开张，第二回", "[b]雨天[/b]", "工具箱里空着的一格"),
    skipped={"other_author": 2, "duplicate": 1, "stub_page": 1},
)

pytestmark = [
    pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x36"]),
    pytest.mark.parametrize("lang", ["zh", "en"]),
]


@pytest.fixture(autouse=True)
def no_machine_data(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    """The same offers and the same processor everywhere."""
    monkeypatch.setattr(nearby, "sample_source", lambda: None)
    guess = setup_plan.DeviceGuess("cpu", "A processor", 8 * 10**9, 16 * 10**9)
    monkeypatch.setattr(setup_plan, "guess_device", lambda: guess)


def steady(
    keys: tuple[str, ...] = (), step: str = "", more: Callable[[StyleApp], Any] | None = None
) -> Callable[..., Awaitable[None]]:
    """Go to `step`, press `keys`, stop the cursor from blinking."""

    async def run(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, StyleApp)
        if step:
            app.go(step)
        await pilot.pause(0.5)
        while isinstance(app.screen, SourceScreen) and app.screen.found.status in ("empty", "looking"):
            await pilot.pause(0.05)
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await pilot.press(*keys)
        if more is not None:
            more(app)
        await pilot.pause(0.3)

    return run


def test_source(
    snap_compare: Any, app: Callable[..., StyleApp], source: Path, lang: str, size: tuple[int, int]
) -> None:
    assert snap_compare(
        app(None, source, lang), terminal_size=size, run_before=steady(more=lambda a: a.screen._show(FOUND))
    )


def test_source_none(
    snap_compare: Any, app: Callable[..., StyleApp], own_home: Path, lang: str, size: tuple[int, int]
) -> None:
    assert snap_compare(app(None, own_home / "nothing", lang), terminal_size=size, run_before=steady())


def test_preview(
    snap_compare: Any, app: Callable[..., StyleApp], project: Project, lang: str, size: tuple[int, int]
) -> None:
    assert snap_compare(
        app(project, None, lang), terminal_size=size, run_before=steady(("down", "down"), "preview")
    )


def test_preview_original(
    snap_compare: Any, app: Callable[..., StyleApp], project: Project, lang: str, size: tuple[int, int]
) -> None:
    assert snap_compare(app(project, None, lang), terminal_size=size, run_before=steady(("o",), "preview"))


def test_preview_dropped(
    snap_compare: Any, app: Callable[..., StyleApp], project: Project, lang: str, size: tuple[int, int]
) -> None:
    assert snap_compare(app(project, None, lang), terminal_size=size, run_before=steady(("d",), "preview"))


def test_setup(
    snap_compare: Any, app: Callable[..., StyleApp], project: Project, lang: str, size: tuple[int, int]
) -> None:
    make_model(models_dir() / "tiny")
    assert snap_compare(
        app(project, None, lang), terminal_size=size, run_before=steady(("down", "down", "right"), "setup")
    )


def test_help(
    snap_compare: Any, app: Callable[..., StyleApp], project: Project, lang: str, size: tuple[int, int]
) -> None:
    assert snap_compare(app(project, None, lang), terminal_size=size, run_before=steady(("f1",), "preview"))
