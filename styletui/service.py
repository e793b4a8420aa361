"""The things a person can start. Screens and commands call these, so that both do the same work."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from styletui_prep.dataset import writing_errors
from styletui_prep.errors import EXIT_USAGE, UserError
from styletui_prep.files import private_folder, write_json

from styletui import __version__
from styletui.jobs import supervisor
from styletui.jobs.follow import Follower
from styletui.jobs.job import Job
from styletui.jobs.kinds import newest_checkpoint
from styletui.project import FORMAT, Run, loose_jobs_dir, models_dir

BLIND_NAME = "main"


def start(jobs_dir: Path, kind: str, spec: dict[str, Any]) -> Job:
    """Create the job folder and launch its worker."""
    private_folder(jobs_dir)
    job = Job.create(jobs_dir, kind, spec)
    supervisor.launch(job)
    return job


def start_scan(sources: list[Path], *, kind: str | None = None, author: str | None = None) -> Job:
    """Look at `sources`; the result says what was recognised."""
    spec = {"sources": [str(s.expanduser().absolute()) for s in sources], "kind": kind, "author": author}
    return start(loose_jobs_dir(), "scan", spec)


def start_prep(sources: list[Path], out: Path, jobs_dir: Path | None = None, **settings: Any) -> Job:
    """Make a dataset. `settings`: author, kind, tokenizer, views, min_tokens, max_tokens, split, seed,
    train_ratio, format (see `styletui_prep.pipeline.PrepConfig`)."""
    spec = {
        "sources": [str(s.expanduser().absolute()) for s in sources],
        "out": str(out.expanduser().absolute()),
        **{k: str(v) if isinstance(v, Path) else v for k, v in settings.items()},
    }
    return start(jobs_dir or loose_jobs_dir(), "prep", spec)


def start_demo(models: Path | None = None) -> Job:
    """Fetch the demo model: the only job that may use the network."""
    return start(loose_jobs_dir(), "demo", {"models_dir": str(models or models_dir())})


def create_run(path: Path, config: dict[str, Any], provenance: dict[str, str]) -> Run:
    """A new run folder with its `run.json`: every value and where it came from, seed, versions.

    `config` holds the keys of TrainConfig; `output_dir` is set to the run folder. A dataset folder is pinned
    into the run: preparing again later must not change what an older run is judged by.
    """
    _check_finished(Path(str(config["dataset"])))
    path = path.expanduser().absolute()
    with writing_errors(path):
        _claim(path)
    try:
        with writing_errors(path):
            return _fill_run(path, config, provenance)
    except BaseException:  # a full disk, say: leave nothing behind that looks like a run
        for part in ("dataset", "jobs"):
            shutil.rmtree(path / part, ignore_errors=True)
        with contextlib.suppress(OSError):
            path.rmdir()
        raise


def _claim(path: Path) -> None:
    """Make the run folder ours: of two that try at once one gets it.

    It is new or empty: a folder of a person's own is neither closed to others nor mixed with our files.
    """
    if (path / "run.json").exists():
        raise UserError("run_exists", exit_code=EXIT_USAGE, path=str(path))
    if path.is_dir() and any(not p.name.startswith(".") for p in path.iterdir()):
        raise UserError("out_not_empty", exit_code=EXIT_USAGE, path=str(path))
    try:
        (private_folder(path) / "jobs").mkdir(mode=0o700)
    except FileExistsError:
        raise UserError("run_exists", exit_code=EXIT_USAGE, path=str(path)) from None


def _fill_run(path: Path, config: dict[str, Any], provenance: dict[str, str]) -> Run:
    source = Path(str(config["dataset"]))
    config = {**config, "output_dir": str(path), "dataset": str(_pin_dataset(source, path / "dataset"))}
    write_json(
        path / "run.json",
        {
            "v": FORMAT,
            "id": secrets.token_hex(4),
            "created": time.time(),
            "config": config,
            "provenance": provenance,
            "seed": config.get("seed"),
            "dataset_source": str(source),
            "dataset_manifest": _digest(source / "manifest.json"),
            "versions": _versions(),
        },
    )
    return Run(path)


def _check_finished(source: Path) -> None:
    """The manifest is written last: without it the files may be of two different cuts of the documents."""
    if (source / "documents.jsonl").is_file() and not (source / "manifest.json").is_file():
        raise UserError("dataset_unfinished", path=str(source))


def _pin_dataset(source: Path, target: Path) -> Path:
    """Link (else copy) the files of a dataset folder into the run. A single file of samples stays where it is."""
    if not source.is_dir():
        return source
    private_folder(target)
    for file in source.iterdir():
        if file.is_file():
            try:
                # Datasets are replaced file by file, never written in place, so a link keeps the old contents.
                os.link(file, target / file.name)
            except OSError:
                shutil.copy2(file, target / file.name)
    return target


def start_train(run: Run) -> Job:
    """Train what `run.json` says."""
    return start(run.jobs_dir, "train", {"config": run.info()["config"], "run": str(run.path)})


def can_resume(run: Run) -> bool:
    """True when the run's training died or failed and left a whole checkpoint."""
    job = run.job("train")
    if job is None or supervisor.alive(job):
        return False
    return Follower(job).poll().status in ("crashed", "failed") and newest_checkpoint(run.path) is not None


def resume_train(run: Run) -> Job:
    """Go on from the newest whole checkpoint, in the same job: its log grows, the charts keep what they had.

    Raises UserError("nothing_to_resume") where there is no such checkpoint or the training is not broken off.
    """
    job = run.job("train")
    if job is None or not can_resume(run):
        raise UserError("nothing_to_resume", path=str(run.path))
    supervisor.launch(job)
    return job


def start_pairs(run: Run, *, name: str = BLIND_NAME, count: int = 30, **more: Any) -> Job:
    """Make (or go on making) the pairs of a blind test."""
    return start(run.jobs_dir, "pairs", {"run": str(run.path), "name": name, "count": count, **more})


def start_eval(run: Run, **more: Any) -> Job:
    """Measure held-out bits per character and the style indicators."""
    return start(run.jobs_dir, "eval", {"run": str(run.path), **more})


def live_job(jobs_dir: Path, kind: str) -> Job | None:
    """The newest job of `kind` if its worker lives."""
    job = Job.latest(jobs_dir, kind)
    return job if job is not None and supervisor.alive(job) else None


def attach_command(run: Run) -> str:
    """What to type to see a run again."""
    return attach_to(run.path)


def attach_to(path: Path) -> str:
    """What to type to follow the run or job in `path`, fit for a shell."""
    return f"styletui runs attach {shlex.quote(str(path))}"


def _digest(path: Path) -> str | None:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _versions() -> dict[str, str]:
    """Versions of what decides the result, read from metadata so that nothing heavy is imported."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"styletui": __version__, "python": sys.version.split()[0], "system": os.uname().sysname}
    for name in ("torch", "transformers", "peft", "trl", "bitsandbytes", "tokenizers", "jieba"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
