"""A run is judged by what it was trained on, whatever happens to the dataset afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.notes import write_notes
from styletui_prep.errors import UserError
from styletui_prep.events import ignore, never
from styletui_prep.pipeline import PrepConfig, prepare

from styletui import i18n, service
from styletui.app import _follow_lines
from styletui.jobs.job import Job


def test_preparing_again_does_not_change_an_older_run(tmp_path: Path) -> None:
    notes, data = write_notes(tmp_path / "notes"), tmp_path / "data"
    prepare(PrepConfig(sources=(notes,), out=data), ignore, never)
    run = service.create_run(tmp_path / "run", {"dataset": str(data), "model_name": "m", "seed": 1}, {})
    pinned = Path(run.info()["config"]["dataset"])
    before = {p.name: p.read_bytes() for p in pinned.iterdir()}
    assert "sft_train.jsonl" in before and pinned.parent == run.path
    (notes / "bread.md").unlink()
    prepare(PrepConfig(sources=(notes,), out=data, seed=7), ignore, never)
    assert (data / "documents.jsonl").read_bytes() != before["documents.jsonl"]
    assert {p.name: p.read_bytes() for p in pinned.iterdir()} == before
    assert pinned.stat().st_mode & 0o777 == 0o700


def test_a_run_folder_is_never_written_over(tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text("")
    run = service.create_run(tmp_path / "run", {"dataset": str(data), "model_name": "m", "seed": 1}, {})
    assert run.info()["config"]["dataset"] == str(data)
    with pytest.raises(UserError, match="run_exists"):
        service.create_run(tmp_path / "run", {"dataset": str(data), "model_name": "m", "seed": 1}, {})


def test_a_dataset_whose_preparation_broke_off_is_refused(tmp_path: Path) -> None:
    notes, data = write_notes(tmp_path / "notes"), tmp_path / "data"
    prepare(PrepConfig(sources=(notes,), out=data), ignore, never)
    (data / "manifest.json").unlink()
    with pytest.raises(UserError, match="dataset_unfinished"):
        service.create_run(tmp_path / "run", {"dataset": str(data), "model_name": "m", "seed": 1}, {})
    assert not (tmp_path / "run").exists()


def test_leaving_during_training_names_the_way_back_without_the_screen(tmp_path: Path) -> None:
    i18n.set_language("en")
    job = Job.create(tmp_path / "run" / "jobs", "train", {})
    assert _follow_lines([job]) == [f"Without the screen: styletui runs attach {tmp_path / 'run'}"]
    assert _follow_lines([Job.create(tmp_path / "jobs", "prep", {})]) == []
