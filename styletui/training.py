"""From a dataset, a model and a person's wishes to a resolved config. Screens and commands share it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from styletui_prep.errors import UserError
from styletui_train import catalog, recommend
from styletui_train.config import Resolved, resolve
from styletui_train.rows import dataset_files, read_rows


def count_samples(dataset: Path) -> tuple[int, int]:
    """(training rows, different chunks among them) of a dataset folder or a file of samples.

    Raises UserError: `dataset_missing`, `dataset_broken`, `dataset_shape`.
    """
    file, _ = dataset_files(dataset)
    rows = read_rows(file)
    chunks = {(row.meta.get("doc", n), row.meta.get("chunk", n)) for n, row in enumerate(rows)}
    return len(rows), len(chunks)


def check_model(model: Path) -> catalog.ModelInfo:
    """What is known of a model folder; raises UserError when it cannot be trained."""
    info = catalog.inspect(model)
    if info.problem:
        raise UserError(info.problem, path=str(model), model=model.name)
    return info


def resolve_training(
    dataset: Path,
    model: Path,
    *,
    preset: str = "standard",
    flags: Mapping[str, Any] | None = None,
    sets: Mapping[str, Any] | None = None,
    file: Mapping[str, Any] | None = None,
) -> Resolved:
    """Every setting of the run and where its value came from: flag, set, config, recommended, default."""
    rows, chunks = count_samples(dataset)
    advice = recommend.values(recommend.recommend(rows, chunks, preset))
    named = {"dataset": str(dataset), "model_name": str(model), "preset": preset}
    return resolve(flags={**named, **(flags or {})}, sets=sets, file=file, recommended=advice)
