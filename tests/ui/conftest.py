"""A home of its own, a small real dataset and finished jobs for the screens to look at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from styletui import i18n
from styletui.app import StyleApp
from styletui.jobs import events
from styletui.jobs.job import Job
from styletui.jobs.log import EventWriter
from styletui.project import Project


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """STYLETUI_HOME, HOME and the working directory are empty folders; nothing of this machine shows."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("STYLETUI_HOME", str(tmp_path / "styletui"))
    monkeypatch.setenv("HOME", str(home))
    for name in ("NO_COLOR", "STYLETUI_ASCII", "HF_HOME", "MODELSCOPE_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(home)
    yield home
    i18n.set_language("en")


@pytest.fixture
def app() -> Callable[..., StyleApp]:
    """Make an app with a steady cursor and no animation."""

    def make(project: Project | None = None, source: Path | None = None, lang: str = "en") -> StyleApp:
        made = StyleApp(project, source, lang)
        made.animation_level = "none"
        return made

    return make


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """A JSON-lines file."""
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")


def ended_job(jobs_dir: Path, kind: str, spec: dict[str, Any], happened: list[Any], end: Any) -> Job:
    """A job folder as a worker leaves it behind."""
    job = Job.create(jobs_dir, kind, spec)
    writer = EventWriter(job.events_path)
    for event in [events.Started(kind=kind, pid=1), *happened, end]:
        writer.emit(event)
    writer.close()
    return job
