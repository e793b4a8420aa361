"""Prepare, train and evaluate where there is no network at all, and see that nothing even tried."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.notes import write_notes
from helpers.tiny_models import make_tiny_model

from styletui.jobs.follow import Follower
from styletui.jobs.job import Job

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def can_unshare() -> bool:
    """Whether this system lets us take the network away from a process."""
    tool = shutil.which("unshare")
    return (
        bool(tool) and subprocess.run([tool, "-rn", "true"], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not can_unshare(), reason="this system does not allow unshare -rn")
def test_prepare_train_evaluate_without_a_network(tmp_path: Path) -> None:
    write_notes(tmp_path / "notes")
    model = make_tiny_model(tmp_path / "model", kind="qwen2", chat_template=True)
    environment = os.environ | {"STYLETUI_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}

    def run(*args: object) -> dict[str, object]:
        command = [
            "unshare",
            "-rn",
            sys.executable,
            "-m",
            "styletui",
            "--lang",
            "en",
            *map(str, args),
            "--json",
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    run("prep", tmp_path / "notes", "--model", model, "--out", tmp_path / "data")
    run(
        "train", tmp_path / "data", "--model", model, "--out", tmp_path / "run", "--device", "cpu",
        "--set", "max_steps=3", "--set", "learning_rate=0.01", "--set", "sample_tokens=8",
    )  # fmt: skip
    run("eval", tmp_path / "run", "--max-documents", "2")
    run("ab", "make", tmp_path / "run", "--count", "2")
    jobs = [*Job.all(tmp_path / "home" / "jobs"), *Job.all(tmp_path / "run" / "jobs")]
    assert {job.kind for job in jobs} == {"prep", "train", "eval", "pairs"}
    assert [Follower(job).poll().blocked for job in jobs] == [0] * len(jobs)
