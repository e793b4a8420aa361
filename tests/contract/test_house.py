"""What import-linter cannot see: what really gets imported by a process."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "peft", "trl", "datasets", "accelerate", "bitsandbytes")

SCREENS = [f"styletui.screens.{name}" for name in ("source", "preview", "setup", "train", "rate", "report")]
COMMANDS = [
    f"styletui.commands.{name}_command"
    for name in ("scan", "prep", "models", "train", "runs", "eval", "ab", "config", "paths")
]
LIGHT = [
    "styletui_train.config",
    "styletui_train.catalog",
    "styletui_train.recommend",
    "styletui_train.events",
    "styletui_train.rows",
    "styletui_train.loops",
    "styletui_eval.blind.ballot",
    "styletui_eval.blind.statistics",
    "styletui_eval.report",
    "styletui_eval.stylometry",
]


def imported_by(*modules: str) -> set[str]:
    """Top-level modules in `sys.modules` of a fresh interpreter that imports `modules`."""
    code = "import sys, importlib\nfor m in sys.argv[1:]: importlib.import_module(m)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *modules], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    "modules",
    [["styletui.app", *SCREENS], ["styletui.cli", *COMMANDS], LIGHT],
    ids=["screens", "commands", "light"],
)
def test_the_terminal_imports_nothing_heavy(modules: list[str]) -> None:
    assert not imported_by(*modules) & set(HEAVY)


def test_prep_knows_neither_torch_nor_textual() -> None:
    loaded = imported_by("styletui_prep.pipeline", "styletui_prep.dataset")
    assert not loaded & {*HEAVY, "textual", "styletui", "styletui_train"}


def test_engines_do_not_know_the_terminal() -> None:
    loaded = imported_by("styletui_train.trainer", "styletui_eval.evaluate", "styletui_eval.blind.pairs")
    assert not loaded & {"textual", "styletui"}


def test_commands_that_only_ask_do_not_start_textual_apps() -> None:
    assert "textual" not in imported_by("styletui.cli", "styletui.commands.paths_command")
