"""Where everything is kept. The only module that knows the layout of STYLETUI_HOME."""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from platformdirs import user_data_path
from styletui_prep.errors import EXIT_UNKNOWN, UserError
from styletui_prep.files import private_folder, read_json, write_json

from styletui.jobs.job import Job

FORMAT: Final = 1
STEPS: Final = ("source", "preview", "setup", "train", "rate", "report")


def home() -> Path:
    """STYLETUI_HOME, else the XDG data folder; never the working directory."""
    override = os.environ.get("STYLETUI_HOME")
    return Path(override).expanduser().absolute() if override else user_data_path("styletui")


def models_dir() -> Path:
    """Imported and demo models."""
    return home() / "models"


def loose_jobs_dir() -> Path:
    """Jobs that belong to no project or run (the headless `prep`, `models demo`)."""
    return home() / "jobs"


def sample_corpus() -> Path | None:
    """The corpus that comes with the program: inside the wheel, or beside the checkout."""
    here = Path(__file__).resolve().parent
    for folder in (here / "data" / "sample_corpus", here.parent / "sample_corpus"):
        if folder.is_dir():
            return folder
    return None


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder: one training with its adapter, its blind tests and its report."""

    path: Path

    @property
    def jobs_dir(self) -> Path:
        """train, pairs and eval jobs of this run."""
        return self.path / "jobs"

    @property
    def adapter(self) -> Path:
        """A plain PEFT folder once training has saved it."""
        return self.path / "adapter"

    @property
    def blind_dir(self) -> Path:
        """Blind tests by name."""
        return self.path / "blind"

    @property
    def has_adapter(self) -> bool:
        """True once there is something to judge."""
        return (self.adapter / "adapter_config.json").is_file()

    def info(self) -> dict[str, Any]:
        """run.json. Raises UserError when it is missing, broken or newer than this program."""
        try:
            data: dict[str, Any] = read_json(self.path / "run.json")
            version = int(data["v"])
            if version <= FORMAT:
                config = data["config"]
                if not (isinstance(config["model_name"], str) and isinstance(config["dataset"], str)):
                    raise TypeError
                if not isinstance(data.setdefault("provenance", {}), dict):
                    raise TypeError
        except (OSError, ValueError, KeyError, TypeError):
            raise UserError("not_a_run", path=str(self.path)) from None
        if version > FORMAT:
            raise UserError("newer_run", exit_code=EXIT_UNKNOWN, path=str(self.path))
        return data

    def trained(self) -> dict[str, Any]:
        """What training really used (train.json): device, dtype, method, template. Empty before it ended."""
        try:
            data: dict[str, Any] = read_json(self.path / "train.json")
        except (OSError, ValueError):
            return {}
        return data

    def job(self, kind: str) -> Job | None:
        """The newest job of `kind` in this run."""
        return Job.latest(self.jobs_dir, kind)


@dataclass(frozen=True, slots=True)
class Project:
    """One source of writing and everything made of it."""

    path: Path

    @classmethod
    def for_source(cls, source: Path) -> Project:
        """The project of `source`, made if there is none yet. Same source, same project."""
        source = source.expanduser().resolve()
        digest = hashlib.sha256(os.fsencode(source)).hexdigest()[:6]
        stem = re.sub(r"[^\w-]+", "-", source.stem).strip("-")[:40] or "source"
        project = cls(home() / "projects" / f"{stem}-{digest}")
        if not (project.path / "project.json").is_file():
            private_folder(home())
            private_folder(project.path)
            project._write({"v": FORMAT, "source": str(source), "created": time.time(), "settings": {}})
        return project

    @classmethod
    def all(cls) -> list[Project]:
        """Every project, the one used last first."""
        folder = home() / "projects"
        found = (
            [cls(p) for p in folder.iterdir() if (p / "project.json").is_file()] if folder.is_dir() else []
        )
        return sorted(found, key=lambda p: (p.path / "project.json").stat().st_mtime, reverse=True)

    @classmethod
    def last(cls) -> Project | None:
        """The project used last, or None."""
        projects = cls.all()
        return projects[0] if projects else None

    def _read(self) -> dict[str, Any]:
        try:
            data: dict[str, Any] = read_json(self.path / "project.json")
            if int(data["v"]) > FORMAT:
                raise UserError("newer_project", exit_code=EXIT_UNKNOWN, path=str(self.path))
            if not (isinstance(data["source"], str) and isinstance(data.get("settings") or {}, dict)):
                raise TypeError
        except (OSError, ValueError, KeyError, TypeError):
            raise UserError("broken_project", exit_code=EXIT_UNKNOWN, path=str(self.path)) from None
        return data

    def _write(self, data: dict[str, Any]) -> None:
        write_json(self.path / "project.json", data)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def source(self) -> Path:
        """The backup this project was made of."""
        return Path(self._read()["source"])

    @property
    def settings(self) -> dict[str, Any]:
        """What was chosen on the Setup screen and the like."""
        return dict(self._read().get("settings") or {})

    def save_settings(self, **changes: Any) -> None:
        """Merge `changes` into the settings; also marks this project as the one used last."""
        data = self._read()
        data["settings"] = {**(data.get("settings") or {}), **changes}
        self._write(data)

    @property
    def dataset(self) -> Path:
        """documents, samples and statistics, see docs."""
        return self.path / "dataset"

    @property
    def jobs_dir(self) -> Path:
        """scan and prep jobs."""
        return self.path / "jobs"

    @property
    def runs_dir(self) -> Path:
        """One folder a training."""
        return self.path / "runs"

    def runs(self) -> list[Run]:
        """Runs, newest first."""
        if not self.runs_dir.is_dir():
            return []
        found = [Run(p) for p in self.runs_dir.iterdir() if (p / "run.json").is_file()]
        return sorted(found, key=lambda r: r.path.name, reverse=True)

    def new_run_path(self) -> Path:
        """A path for a new run, named by the time so that a listing is in order; not yet created."""
        stem = datetime.now().strftime("%Y%m%d-%H%M%S")
        path, number = self.runs_dir / stem, 2
        while path.exists():
            path, number = self.runs_dir / f"{stem}-{number}", number + 1
        return path

    def step(self) -> str:
        """The first unfinished step of the journey: one of STEPS."""
        if not (self.dataset / "manifest.json").is_file():
            return "preview" if Job.latest(self.jobs_dir, "prep") else "source"
        runs = self.runs()
        if not runs:
            return "setup" if self.settings.get("preview_seen") else "preview"
        if not runs[0].has_adapter:
            return "train"
        revealed = any(runs[0].blind_dir.glob("*/reveal.json")) if runs[0].blind_dir.is_dir() else False
        return "report" if revealed else "rate"
