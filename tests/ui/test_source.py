"""Source: offers, completion, the live scan in a real worker, going on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from styletui import nearby, settings
from styletui.app import StyleApp
from styletui.jobs import supervisor
from styletui.jobs.job import Job
from styletui.project import Project, loose_jobs_dir
from styletui.screens.source import SourceScreen
from styletui.screens.source_words import Found, found_words
from styletui.widgets.offers import OfferList

MakeApp = Callable[..., StyleApp]


def panel(app: StyleApp) -> str:
    assert isinstance(app.screen, SourceScreen)
    return found_words(app.screen.found, 70).plain


async def looked(app: StyleApp, pilot: Pilot[None]) -> Found:
    """Wait until the scan has answered."""
    for _ in range(200):
        await pilot.pause(0.05)
        found = app.screen.found if isinstance(app.screen, SourceScreen) else Found()
        if found.status not in ("empty", "looking"):
            return found
    raise AssertionError("the scan never answered")


async def test_says_what_it_recognised_and_leaves_no_scan_behind(app: MakeApp, source: Path) -> None:
    made = app(None, source)
    async with made.run_test(size=(80, 24)) as pilot:
        found = await looked(made, pilot)
        assert found.status == "found" and found.kind == "markdown"
        assert "Markdown" in panel(made) and str(found.documents) in panel(made)
        assert made.screen.can_forward()  # type: ignore[attr-defined]
        assert not list(loose_jobs_dir().iterdir())


async def test_enter_opens_the_project_and_remembers_the_source(app: MakeApp, source: Path) -> None:
    made = app(None, source)
    async with made.run_test(size=(80, 24)) as pilot:
        await looked(made, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert made.current_mode == "preview"
        assert made.project is not None and made.project.source == source.resolve()
        assert settings.load().recent == [str(source)]


async def test_a_path_that_is_none_shows_what_one_looks_like(app: MakeApp, own_home: Path) -> None:
    made = app(None, own_home / "nowhere")
    async with made.run_test(size=(80, 24)) as pilot:
        await looked(made, pilot)
        assert "nothing at this path" in panel(made) and "~/wechat_backup/" in panel(made)
        await pilot.press("enter")
        assert made.current_mode == "source"


async def test_an_empty_folder_is_explained(app: MakeApp, own_home: Path) -> None:
    (own_home / "empty").mkdir()
    made = app(None, own_home / "empty")
    async with made.run_test(size=(80, 24)) as pilot:
        found = await looked(made, pilot)
        assert found.status == "failed" and "empty" in panel(made)


async def test_hostile_names_are_shown_letter_for_letter(app: MakeApp, own_home: Path) -> None:
    folder = own_home / "[@click=app.quit]notes[x]"
    folder.mkdir()
    (folder / "[b].md").write_text(
        "---\nauthor: '[/]'\n---\n\n" + "海边的雨下了一夜，我听着它。" * 40, "utf-8"
    )
    made = app(None, folder)
    async with made.run_test(size=(80, 24)) as pilot:
        found = await looked(made, pilot)
        assert found.status == "found"
        assert "[@click=app.quit]notes[x]" in made.screen.query_one("#path", Input).value
        await pilot.press("f2")


async def test_tab_completes_and_arrows_choose(app: MakeApp, own_home: Path) -> None:
    for name in ("diary_a", "diary_b", "other"):
        (own_home / name).mkdir()
    made = app(None, own_home / "di")
    async with made.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        field = made.screen.query_one("#path", Input)
        field.value = "~/di"
        await pilot.press("tab")
        assert field.value == "~/diary_"
        offers = made.screen.query_one(OfferList)
        assert [o.path.name for o in offers.shown] == ["diary_a", "diary_b"]
        await pilot.press("down", "down")
        assert field.value == "~/diary_b/"
        await pilot.press("tab")
        assert field.value == "~/diary_b/"


async def test_offers_recent_nearby_and_sample(app: MakeApp, source: Path, own_home: Path) -> None:
    recent = own_home / "old"
    recent.mkdir()
    settings.save(settings.Settings(recent=[str(recent), str(own_home / "gone")]))
    made = app(None)
    async with made.run_test(size=(80, 24)) as pilot:
        for _ in range(40):
            await pilot.pause(0.05)
            offers = made.screen.query_one(OfferList).offers
            if offers:
                break
        assert [(o.path.name, o.why) for o in offers][:2] == [("old", "recent"), ("my_notes", "nearby")]
        assert made.screen.query_one("#path", Input).value == "~/old/"


async def test_author_choice_goes_into_the_project(app: MakeApp, own_home: Path) -> None:
    folder = own_home / "two"
    folder.mkdir()
    texts = {"一": "山路很长，走着走着天就黑了。", "二": "河水很慢，看着看着人就老了。"}
    for number in range(6):
        name = "一" if number < 4 else "二"
        body = "\n\n".join(
            f"第{number}-{k}段。{texts[name] * (3 + number)}{chr(0x4E00 + 37 * number + k) * 9}"
            for k in range(8)
        )
        (folder / f"{number}.md").write_text(f"---\nauthor: {name}\n---\n\n{body}", "utf-8")
    made = app(None, folder)
    async with made.run_test(size=(80, 24)) as pilot:
        found = await looked(made, pilot)
        assert dict(found.authors) == {"一": 4, "二": 2}
        assert "一" in found.author_words()
        await pilot.press("f3")
        await asyncio.sleep(0)
        found = await looked(made, pilot)
        assert found.author == "二" and "二" in panel(made)
        await pilot.press("enter")
        await pilot.pause()
        assert made.project is not None and made.project.settings["author"] == "二"


@pytest.mark.parametrize(("text", "wanted"), [("", ""), ("~", "~/"), ("/no/such/dir/x", "/no/such/dir/x")])
def test_complete_leaves_the_hopeless_alone(text: str, wanted: str, own_home: Path) -> None:
    assert nearby.complete(text)[0] == wanted


def test_complete_one_folder_adds_a_slash_and_hides_dotfiles(own_home: Path) -> None:
    (own_home / "alpha").mkdir()
    (own_home / ".hidden").mkdir()
    assert nearby.complete("~/") == ("~/alpha/", [nearby.Offer(own_home / "alpha", "completion")])
    assert nearby.complete("~/.h")[0] == "~/.hidden/"


def test_project_source_is_offered_again(app: MakeApp, project: Project) -> None:
    assert nearby.tilde(project.source) == "~/my_notes"


async def test_scans_left_behind_are_forgotten_unless_they_live(app: MakeApp, source: Path) -> None:
    dead, living = (Job.create(loose_jobs_dir(), "scan", {}) for _ in range(2))
    lock = supervisor._take_lock(living)
    for job in (dead, living):
        os.utime(job.path, (1, 1))
    try:
        made = app(None, source)
        async with made.run_test(size=(80, 24)) as pilot:
            await looked(made, pilot)
            await pilot.pause(0.2)
            assert not dead.path.exists() and living.path.exists()
    finally:
        os.close(lock)
