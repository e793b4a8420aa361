"""A job folder: what is to be done, what happened, and where requests go."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from styletui_prep.errors import EXIT_UNKNOWN, UserError
from styletui_prep.files import private_folder, read_json, write_json

FORMAT: Final = 1
_NUMBERED = re.compile(r"(\d{3,})-[a-z]+")


@dataclass(frozen=True, slots=True)
class Job:
    """A handle on a job folder; holds no state of its own."""

    path: Path

    @classmethod
    def create(cls, jobs_dir: Path, kind: str, spec: dict[str, Any]) -> Job:
        """A new numbered folder `NNN-<kind>` under `jobs_dir` with its `job.json`."""
        private_folder(jobs_dir)
        number = 1 + max((_number(p) for p in jobs_dir.iterdir()), default=0)
        while True:
            path = jobs_dir / f"{number:03d}-{kind}"
            try:
                path.mkdir(mode=0o700)
                break
            except FileExistsError:  # another terminal was quicker
                number += 1
        private_folder(path / "control")
        write_json(path / "job.json", {"v": FORMAT, "kind": kind, "spec": spec, "created": time.time()})
        return cls(path)

    @classmethod
    def all(cls, jobs_dir: Path, kind: str | None = None) -> list[Job]:
        """Jobs under `jobs_dir`, oldest first; only those of `kind` if given."""
        if not jobs_dir.is_dir():
            return []
        paths = sorted((p for p in jobs_dir.iterdir() if (p / "job.json").is_file()), key=_number)
        return [cls(p) for p in paths if kind is None or p.name.split("-", 1)[1] == kind]

    @classmethod
    def latest(cls, jobs_dir: Path, kind: str) -> Job | None:
        """The newest job of `kind`, or None."""
        jobs = cls.all(jobs_dir, kind)
        return jobs[-1] if jobs else None

    def read(self) -> dict[str, Any]:
        """The contents of job.json. Raises UserError when it is broken or of a newer format."""
        try:
            data: dict[str, Any] = read_json(self.path / "job.json")
            version = int(data["v"])
            if version <= FORMAT and not (isinstance(data["kind"], str) and isinstance(data["spec"], dict)):
                raise TypeError
        except (OSError, ValueError, KeyError, TypeError):
            raise UserError("broken_job", exit_code=EXIT_UNKNOWN, path=str(self.path)) from None
        if version > FORMAT:
            raise UserError("newer_job", exit_code=EXIT_UNKNOWN, path=str(self.path))
        return data

    @property
    def kind(self) -> str:
        """scan, prep, demo, train, pairs or eval."""
        return str(self.read()["kind"])

    @property
    def spec(self) -> dict[str, Any]:
        """What the worker was asked to do."""
        spec: dict[str, Any] = self.read()["spec"]
        return spec

    @property
    def events_path(self) -> Path:
        """The event log, docs/events.md."""
        return self.path / "events.jsonl"

    @property
    def stderr_path(self) -> Path:
        """What libraries print, and the traceback of a programmer's error."""
        return self.path / "stderr.log"

    @property
    def lock_path(self) -> Path:
        """Locked for as long as a worker lives."""
        return self.path / "worker.lock"

    @property
    def private_path(self) -> Path:
        """Names and titles that a scan found; readable by the owner alone."""
        return self.path / "private.json"

    def private(self) -> dict[str, Any]:
        """The contents of `private_path`; empty when there is none."""
        try:
            found: dict[str, Any] = read_json(self.private_path)
        except (OSError, ValueError):
            return {}
        return found

    @property
    def control_dir(self) -> Path:
        """Requests to the worker, `<n>.json`."""
        return self.path / "control"


def _number(path: Path) -> int:
    match = _NUMBERED.fullmatch(path.name)
    return int(match.group(1)) if match else 0
