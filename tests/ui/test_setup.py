"""Setup: models found, presets, plain sentences, a model by its path, what Enter starts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from styletui import service, setup_plan
from styletui.app import StyleApp
from styletui.jobs.job import Job
from styletui.project import Project, Run, models_dir
from styletui.screens.model_path import ModelPathScreen
from styletui.screens.setup import SetupScreen
from styletui.screens.setup_words import device_words, value_words
from styletui.setup_plan import DeviceGuess, Plan
from styletui.widgets.key_footer import KeyFooter
from styletui.widgets.live import Live
from styletui.widgets.setting_list import SettingList
from tests.ui.conftest import make_model

MakeApp = Callable[..., StyleApp]


def shown(app: StyleApp, selector: str) -> str:
    return app.screen.query_one(selector, Live).render().plain


async def arrived(app: StyleApp, pilot: Pilot[None]) -> SetupScreen:
    """Wait until models and device are known."""
    app.go("setup")
    for _ in range(100):
        await pilot.pause(0.05)
        screen = app.screen
        if isinstance(screen, SetupScreen) and screen.device is not None and screen.plan.rows > 1:
            return screen
    raise AssertionError("setup never answered")


@pytest.fixture
def model(own_home: Path) -> Path:
    return make_model(models_dir() / "tiny [x]")


async def test_model_settings_and_device_in_words(app: MakeApp, project: Project, model: Path) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrived(made, pilot)
        rows = screen.query_one(SettingList).render().plain
        assert "tiny [x]" in rows and "Quick look" in rows and "5 minutes" in rows and "6e-4" in rows
        assert "journey, not the quality" in shown(made, "#facts")
        assert screen.device is not None
        assert ("NVIDIA" in shown(made, "#facts")) and "base model" in shown(made, "#facts")


async def test_each_setting_has_its_sentence(app: MakeApp, project: Project, model: Path) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrived(made, pilot)
        said = set()
        for _ in range(1 + len(screen.plan.shown())):
            said.add(shown(made, "#explain").splitlines()[0])
            await pilot.press("down")
            await pilot.pause()
        assert len(said) == 1 + len(screen.plan.shown())


async def test_arrows_change_and_backspace_restores(app: MakeApp, project: Project, model: Path) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrived(made, pilot)
        await pilot.press("down", "down", "right")
        await pilot.pause()
        assert screen.plan.value("time_budget_s") == 600
        assert "You changed it; recommended: 5 minutes" in shown(made, "#explain")
        assert project.settings["changed"] == {"time_budget_s": 600.0}
        await pilot.press("backspace")
        assert screen.plan.value("time_budget_s") == 300 and not screen.plan.changed


async def test_one_key_switches_the_preset(app: MakeApp, project: Project, model: Path) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrived(made, pilot)
        await pilot.press("p")
        await pilot.pause()
        rows = screen.query_one(SettingList).render().plain
        assert "Standard" in rows and "Passes" in rows and "Time limit" not in rows
        assert project.settings["preset"] == "standard"


async def test_without_a_model_enter_offers_the_demo(app: MakeApp, project: Project) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        await arrived(made, pilot)
        assert "No model on this machine yet" in shown(made, "#facts")
        assert "Enter Fetch demo model" in made.screen.query_one(KeyFooter).render().plain
        assert "238 MB" in made.screen.query_one(SettingList).render().plain


async def test_enter_starts_a_run_with_these_settings(
    app: MakeApp, project: Project, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prep = Job.latest(project.jobs_dir, "prep")
    assert prep is not None
    job_file = prep.path / "job.json"
    data = json.loads(job_file.read_text())
    data["spec"]["tokenizer"] = str(model)
    job_file.write_text(json.dumps(data))
    started: list[Run] = []
    # The worker would load torch; that a run really trains is shown by the slow test of the whole way.
    monkeypatch.setattr(service, "start_train", lambda run: started.append(run))
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrived(made, pilot)
        await pilot.press("down", "down", "right")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert started, screen.problem
        info = started[0].info()
        assert info["config"]["time_budget_s"] == 600 and info["provenance"]["time_budget_s"] == "set"
        assert info["config"]["preset"] == "quick" and info["provenance"]["learning_rate"] == "recommended"
        assert info["config"]["model_name"] == str(model)
        assert made.current_mode == "train"


async def test_another_tokenizer_counts_anew_and_its_failure_is_told(
    app: MakeApp, project: Project, model: Path
) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrived(made, pilot)
        await pilot.press("enter")  # the model's tokenizer.json is an empty object
        for _ in range(200):
            await pilot.pause(0.05)
            if screen.problem is not None:
                break
        assert made.current_mode == "setup" and not project.runs()
        assert "tokenizer" in shown(made, "#explain") and "cannot be read" in shown(made, "#explain")


async def test_a_model_folder_by_its_path(app: MakeApp, project: Project, own_home: Path) -> None:
    folder = make_model(own_home / "my-model", template=True)
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrived(made, pilot)
        await pilot.press("m")
        assert isinstance(made.screen, ModelPathScreen)
        field = made.screen.query_one(Input)
        field.value = str(own_home)
        await pilot.pause()
        assert "no config.json" in made.screen._answer().plain
        field.value = "~/my-m"
        await pilot.press("tab")
        await pilot.pause()
        assert field.value == "~/my-model/" and "chat model" in made.screen._answer().plain
        await pilot.press("enter")
        await pilot.pause()
        assert screen.model is not None and screen.model.path == folder
        assert project.settings["model"] == str(folder)


async def test_language_keeps_row_and_changes(app: MakeApp, project: Project, model: Path) -> None:
    made = app(project)
    async with made.run_test(size=(80, 24)) as pilot:
        screen = await arrived(made, pilot)
        await pilot.press("down", "down", "down", "left", "f2")
        await pilot.pause()
        assert screen.query_one(SettingList).key == "learning_rate"
        assert "学习率" in screen.query_one(SettingList).render().plain
        assert "learning_rate" in screen.plan.changed


def test_plan_ignores_unknown_saved_choices() -> None:
    plan = Plan.from_saved({"preset": "strange", "changed": {"no_such": 1, "seed": 3}})
    assert plan.preset == "quick" and plan.changed == {"seed": 3}


def test_turning_stops_at_the_ends_and_forgets_what_is_recommended() -> None:
    plan = Plan(rows=100, chunks=50)
    for _ in range(20):
        plan.turn("lora_r", 1)
    assert plan.value("lora_r") == max(setup_plan.CHOICES["lora_r"])
    while plan.value("lora_r") != 16:
        plan.turn("lora_r", -1)
    assert not plan.changed


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("learning_rate", 0.0006, "6e-4"),
        ("learning_rate", 0.00015, "1.5e-4"),
        ("time_budget_s", 60.0, "1 minute"),
        ("seed", 42, "42"),
    ],
)
def test_values_in_words(key: str, value: float, wanted: str) -> None:
    assert value_words(key, value) == wanted


def test_devices_in_words() -> None:
    card = device_words(DeviceGuess("cuda", "H100 [/]", 70_000_000_000, 80_000_000_000)).plain
    assert "H100 [/]" in card and "70 of 80 GB" in card and "4 bits" in card
    assert "MPS" in device_words(DeviceGuess("mps", "Apple GPU")).plain
