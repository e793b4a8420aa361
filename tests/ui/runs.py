"""Runs for the screens to look at: real folders, recorded event logs, locks that are really held."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from styletui import service
from styletui.jobs.job import Job
from styletui.machine import Machine
from styletui.project import Project, Run

RECORDED = Path(__file__).parent / "recorded"
Record = dict[str, Any]

MACHINE = Machine(cpu_percent=87.0, cores=2, memory_used=6 << 30, memory_total=24 << 30, gpus_asked=True)


def recorded(name: str, until: Callable[[Record], bool] = lambda _r: False) -> list[Record]:
    """The events of a recorded log, up to and with the first one for which `until` is true."""
    found = []
    for line in (RECORDED / f"{name}.jsonl").read_text("utf-8").splitlines():
        found.append(json.loads(line))
        if until(found[-1]):
            break
    return found


def at_step(step: int) -> Callable[[Record], bool]:
    """Up to optimizer step `step`."""
    return lambda record: record["type"] == "step" and record["step"] == step


def make_project(home: Path, name: str = "letters") -> Project:
    """A project of a folder under `home`."""
    source = home / name
    source.mkdir(parents=True, exist_ok=True)
    project = Project.for_source(source)
    project.dataset.mkdir(exist_ok=True)
    (project.dataset / "manifest.json").write_text("{}")
    return project


def make_run(project: Project, *, adapter: bool = True, preset: str = "quick") -> Run:
    """A run of `project`, with or without its adapter."""
    config = {
        "dataset": str(project.dataset),
        "model_name": str(project.path / "models" / "gemma-3-270m"),
        "preset": preset,
        "seed": 42,
    }
    run = service.create_run(project.runs_dir / "20261122-090000", config, {})
    if adapter:
        run.adapter.mkdir()
        (run.adapter / "adapter_config.json").write_text("{}")
    return run


def add_job(run: Run, kind: str, records: list[Record], stderr: str = "") -> Job:
    """A job folder with these events in its log; nobody holds its lock."""
    job = Job.create(run.jobs_dir, kind, {"run": str(run.path)})
    job.events_path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), "utf-8")
    job.stderr_path.write_text(stderr, "utf-8")
    return job


def append(job: Job, records: list[Record]) -> None:
    """More events, as a worker would write them."""
    with job.events_path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in records)


@contextmanager
def alive(job: Job) -> Iterator[None]:
    """Hold the lock of `job`, as its worker would."""
    fd = os.open(job.lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(fd)


def write_sample(run: Run, step: int, text: str) -> None:
    """A piece of writing as the trainer leaves it."""
    folder = run.path / "samples"
    folder.mkdir(exist_ok=True)
    (folder / f"step-{step:06d}.txt").write_text(text, "utf-8")
