"""What each kind of job does: from the spec in job.json to one call of an engine function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from styletui_prep.errors import EXIT_UNKNOWN, UserError
from styletui_prep.events import Emit, ShouldStop

from styletui.jobs.job import Job

Result = dict[str, Any]
Kind = Callable[[dict[str, Any], Emit, ShouldStop], Result]


def run(job: Job, emit: Emit, should_stop: ShouldStop) -> Result:
    """Do `job` and return its result as JSON. Raises what the engine raises."""
    try:
        kind = KINDS[job.kind]
    except KeyError:
        raise UserError("unknown_job", exit_code=EXIT_UNKNOWN, kind=job.kind) from None
    return kind(job.spec, emit, should_stop)


def _scan(spec: dict[str, Any], emit: Emit, should_stop: ShouldStop) -> Result:
    from styletui_prep.pipeline import scan

    sources = tuple(Path(s) for s in spec["sources"])
    result = scan(
        sources, kind=spec.get("kind"), author=spec.get("author"), emit=emit, should_stop=should_stop
    )
    return result.to_json()


def _prep(spec: dict[str, Any], emit: Emit, should_stop: ShouldStop) -> Result:
    from styletui_prep.pipeline import PrepConfig, prepare

    values = {k: v for k, v in spec.items() if v is not None}
    values["sources"] = tuple(Path(s) for s in spec["sources"])
    values["out"] = Path(spec["out"])
    if values.get("tokenizer"):
        values["tokenizer"] = Path(values["tokenizer"])
    if values.get("views"):
        values["views"] = tuple(values["views"])
    return prepare(PrepConfig(**values), emit, should_stop).to_json()


def _demo(spec: dict[str, Any], emit: Emit, should_stop: ShouldStop) -> Result:
    from styletui_train.demo import fetch_demo

    return {"model": str(fetch_demo(Path(spec["models_dir"]), emit, should_stop))}


KINDS: dict[str, Kind] = {"scan": _scan, "prep": _prep, "demo": _demo}
