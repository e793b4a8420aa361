"""What each kind of job does: from the spec in job.json to one call of an engine function."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from styletui_prep.errors import EXIT_UNKNOWN, UserError
from styletui_prep.events import Emit, ShouldStop
from styletui_prep.files import read_json, write_json

from styletui.jobs.events import Resumed
from styletui.jobs.job import Job
from styletui.project import Run

Result = dict[str, Any]
Kind = Callable[[dict[str, Any], Emit, ShouldStop], Result]


def run(job: Job, emit: Emit, should_stop: ShouldStop) -> Result:
    """Do `job` and return its result as JSON, fit for the event log. Raises what the engine raises.

    What a kind returns under "private" (names, titles) goes into a file of its own, never into the log.
    """
    try:
        kind = KINDS[job.kind]
    except KeyError:
        raise UserError("unknown_job", exit_code=EXIT_UNKNOWN, kind=job.kind) from None
    result = kind(job.spec, emit, should_stop)
    private = result.pop("private", None)
    if private is not None:
        write_json(job.private_path, private)
    return result


def _scan(spec: dict[str, Any], emit: Emit, should_stop: ShouldStop) -> Result:
    from styletui_prep.pipeline import scan

    sources = tuple(Path(s) for s in spec["sources"])
    result = scan(
        sources, kind=spec.get("kind"), author=spec.get("author"), emit=emit, should_stop=should_stop
    )
    found = result.to_json()
    private = {key: found.pop(key) for key in ("authors", "titles", "recognised") if key in found}
    return {**found, "private": private}


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


def _train(spec: dict[str, Any], emit: Emit, should_stop: ShouldStop) -> Result:
    from styletui_train.config import TrainConfig, check

    config = TrainConfig(**check(spec["config"]))
    _one_gpu(config.device)
    from styletui_train.trainer import train

    checkpoint = newest_checkpoint(Path(spec["run"]))
    if checkpoint is not None:  # an earlier worker of this job died: go on where it was last whole
        emit(Resumed(from_step=_step_of(checkpoint)))
    return dataclasses.asdict(train(config, emit, should_stop, resume_from=checkpoint))


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def newest_checkpoint(run: Path) -> Path | None:
    """The checkpoint of the latest step that is whole, or None. A torn one is passed over."""
    found = [p for p in (run / "checkpoints").glob("checkpoint-*") if p.name.rpartition("-")[2].isdigit()]
    for folder in sorted(found, key=_step_of, reverse=True):
        try:
            read_json(folder / "trainer_state.json")
        except (OSError, ValueError):
            continue
        if (folder / "adapter_model.safetensors").is_file() and (folder / "optimizer.pt").is_file():
            return folder
    return None


def _pairs(spec: dict[str, Any], emit: Emit, should_stop: ShouldStop) -> Result:
    config = _run_config(spec)
    _one_gpu(config.get("device"))
    from styletui_eval.blind.pairs import PairsConfig, make_pairs

    wanted = {k: spec[k] for k in ("name", "count", "zero_shot_share", "examples", "seed") if k in spec}
    return make_pairs(PairsConfig(**config, **wanted), emit, should_stop).to_json()


def _eval(spec: dict[str, Any], emit: Emit, should_stop: ShouldStop) -> Result:
    config = _run_config(spec)
    _one_gpu(config.get("device"))
    from styletui_eval.evaluate import EvalConfig, evaluate

    wanted = {k: spec[k] for k in ("max_documents", "samples") if k in spec}
    return evaluate(EvalConfig(**config, **wanted), emit, should_stop).to_json()


def _run_config(spec: dict[str, Any]) -> dict[str, Any]:
    """What pairs and eval both need: the model, the data, and the conditions the adapter was trained under.

    The adapter is judged on the base it was trained on (number format, 4 bits or not) and through the template
    it was trained with, which train.json keeps; run.json holds only what was asked for.
    """
    run = Run(Path(spec["run"]))
    config = run.info()["config"]
    was = run.trained()
    return {
        "run_dir": run.path,
        "model": Path(config["model_name"]),
        "adapter": run.adapter,
        "dataset": Path(config["dataset"]),
        "device": spec.get("device") or was.get("device") or config.get("device"),
        "dtype": was.get("dtype"),
        "quantize": str(was.get("method", "")).startswith("qlora"),
        "quant_type": was.get("bnb_4bit_quant_type") or "nf4",
        "double_quant": was.get("double_quant") is not False,
        "base": {"base": True, "chat": False}.get(str(was.get("template"))),
    }


def _one_gpu(device: str | None) -> None:
    """Make one card visible, the one with most free memory, before anything imports torch."""
    if device in ("cpu", "mps"):
        return
    from styletui_train.hardware import show_one_gpu

    show_one_gpu()


KINDS: dict[str, Kind] = {
    "scan": _scan,
    "prep": _prep,
    "demo": _demo,
    "train": _train,
    "pairs": _pairs,
    "eval": _eval,
}
