"""A training that was killed goes on from its last checkpoint, in the same log."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from helpers.notes import write_notes
from helpers.tiny_models import make_tiny_model
from styletui_prep.errors import UserError
from styletui_prep.events import ignore, never
from styletui_prep.pipeline import PrepConfig, prepare

from styletui import service
from styletui.jobs import supervisor
from styletui.jobs.follow import Follower
from styletui.jobs.kinds import newest_checkpoint
from styletui.training import resolve_training

pytestmark = pytest.mark.timeout(240)


def wait_until(follower: Follower, seconds: float = 100, checkpoints: int | None = None) -> None:
    """Until the job ended, or has saved so many checkpoints."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = follower.poll()
        if state.ended or (checkpoints is not None and len(state.train.checkpoints) >= checkpoints):
            return
        time.sleep(0.05)
    raise AssertionError(f"still {follower.poll().status}: {supervisor.crash_tail(follower.job)}")


def test_killed_training_resumes_where_it_was_last_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    model, data = make_tiny_model(tmp_path / "model", kind="llama", chat_template=False), tmp_path / "data"
    prepare(PrepConfig(sources=(write_notes(tmp_path / "notes"),), out=data, tokenizer=model), ignore, never)
    sets = {"max_steps": 40, "save_steps": 2, "eval_steps": 2, "sample_tokens": 0, "device": "cpu"}
    resolved = resolve_training(data, model, sets=sets)
    run = service.create_run(tmp_path / "run", resolved.config.to_json(), resolved.provenance)
    job = service.start_train(run)
    follower = Follower(job)
    wait_until(follower, checkpoints=1)
    with pytest.raises(UserError, match="nothing_to_resume"):
        service.resume_train(run)  # it is alive
    pid = follower.poll().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(follower)
    before = follower.poll()
    assert before.status == "crashed" and not run.has_adapter
    whole = newest_checkpoint(run.path)
    assert whole is not None
    step = int(whole.name.split("-")[1])

    assert service.resume_train(run).path == job.path
    wait_until(follower)
    after = follower.poll()
    assert after.status == "done", supervisor.crash_tail(job)
    steps = [n for n, _ in after.train.loss]
    assert steps == list(range(1, 41)), "no step twice, none missing"
    kept = tuple(p for p in before.train.loss if p[0] <= step)
    assert after.train.loss[: len(kept)] == kept
    assert after.train.evals[0]["step"] == 0
    assert run.has_adapter
    assert len(list((run.path / "checkpoints").iterdir())) == 3
    assert Follower(job).poll() == after, "a new reader sees the same"
    with pytest.raises(UserError, match="nothing_to_resume"):
        service.resume_train(run)  # it has ended


def test_a_torn_checkpoint_is_passed_over(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path) is None
    for number, state in ((4, "{}"), (6, "{torn")):
        folder = tmp_path / "checkpoints" / f"checkpoint-{number}"
        folder.mkdir(parents=True)
        (folder / "trainer_state.json").write_text(state)
        (folder / "adapter_model.safetensors").touch()
        (folder / "optimizer.pt").touch()
    found = newest_checkpoint(tmp_path)
    assert found is not None and found.name == "checkpoint-4"
