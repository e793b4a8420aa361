"""Runs for the screens to look at: real folders, recorded event logs, locks that are really held."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from styletui_eval.blind.protocol import FINISHED, PAIRS, Plan, Sealed, Wish, seal, write_sealed
from styletui_eval.files import append_line, locked

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
        give_adapter(run)
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


SECRET = "5c" * 32


def make_blind(run: Run, main: int = 4, zero: int = 1, *, created: float = 1790000900.0) -> Sealed:
    """A sealed plan without pairs; the secret is fixed, so that the same sides fall in every test."""
    wishes = [Wish(f"test:{i}", "main") for i in range(main)] + [
        Wish(f"test:{i}", "zero") for i in range(zero)
    ]
    sealed = seal(service.BLIND_NAME, wishes, settings={"count": main}, hashes={}, secret=SECRET)
    sealed = dataclasses.replace(sealed, created=created)
    write_sealed(run.blind_dir / service.BLIND_NAME, sealed)
    return sealed


def add_pair(run: Run, plan: Plan, n: int, prompt: str, left: str, right: str, loops: str = "") -> None:
    """One pair, appended as the job does; `loops` names the side that repeats itself."""
    row = {
        "id": plan.id,
        "n": n,
        "prompt": prompt,
        "left": left,
        "right": right,
        "left_loops": loops == "left",
        "right_loops": loops == "right",
        "cut": "sentence",
    }
    with locked(run.blind_dir / service.BLIND_NAME / PAIRS) as fd:
        append_line(fd, json.dumps(row, ensure_ascii=False))


def finish_blind(run: Run, made: int) -> None:
    """No more pairs will come."""
    done = {"v": 1, "made": made, "dropped": {}}
    (run.blind_dir / service.BLIND_NAME / FINISHED).write_text(json.dumps(done))


def adapter_side(plan: Plan) -> str:
    """The side on which the adapter stands."""
    return "left" if plan.left == "adapter" else "right"


PROMPT = "题目：旧书店的下午\n要点：\n- 老板认得每一本书\n- 雨下到傍晚才停\n- 一本没有封面的诗集\n关键词：书店，下午，雨"
LEFT = (
    "雨是午后下起来的，先是一滴，后来就数不清了。书店里没有别人，老板在柜台后面包书皮，牛皮纸一折一压，"
    "声音很轻。我问他那本没有封面的诗集还在不在，他头也不抬，说：第三排，靠窗，你上回放错了地方。\n\n"
    "我去看，果然在。页角卷着，像是有人一直舍不得翻完。"
)
RIGHT = (
    "在一个下雨的下午，我走进了一家旧书店。这家书店有着悠久的历史，里面摆满了各种各样的书籍。老板是一位和蔼可亲的老人，"
    "他认得每一本书。首先，他向我介绍了书店的历史；其次，他带我参观了书架。总之，这是一个令人难忘的下午。"
)


def fill_blind(
    run: Run, sealed: Sealed, count: int | None = None, loops: dict[int, str] | None = None
) -> None:
    """Write the first `count` pairs (all of them by default); the author's voice is always on the adapter's side."""
    for n, plan in enumerate(sealed.pairs[:count], 1):
        texts = (LEFT, RIGHT) if adapter_side(plan) == "left" else (RIGHT, LEFT)
        add_pair(run, plan, n, PROMPT, *texts, loops=(loops or {}).get(n, ""))


def give_adapter(run: Run) -> None:
    """The folder a finished training leaves behind, as far as screens look at it."""
    run.adapter.mkdir(exist_ok=True)
    (run.adapter / "adapter_config.json").write_text("{}")
