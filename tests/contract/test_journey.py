"""The whole thread through the needle, by command, on a tiny random model in real workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.notes import TOPICS, write_notes
from helpers.tiny_models import make_tiny_model
from safetensors import safe_open

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def styletui(home: Path, *args: str | Path, code: int = 0) -> str:
    """Run the command as a person would, in a process of its own; returns stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "styletui", "--lang", "en", *map(str, args)],
        capture_output=True,
        text=True,
        env=os.environ | {"STYLETUI_HOME": str(home), "OMP_NUM_THREADS": "1"},
        timeout=300,
        check=False,
    )
    assert done.returncode == code, f"{done.returncode}: {done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def run(home: Path) -> Path:
    """A finished training: notes -> dataset -> adapter."""
    notes = write_notes(home / "notes")
    model = make_tiny_model(home / "tiny", kind="llama", chat_template=False)
    scanned = json.loads(styletui(home, "scan", notes, "--json"))
    assert scanned["documents"] == len(TOPICS)
    made = json.loads(styletui(home, "prep", notes, "--model", model, "--out", home / "data", "--json"))
    assert made["funnel"]
    folder = home / "run"
    result = json.loads(
        styletui(
            home, "train", home / "data", "--model", model, "--out", folder, "--json", "--device", "cpu",
            "--set", "max_steps=4", "--set", "learning_rate=0.01", "--set", "sample_tokens=8",
            "--set", "lora_dropout=0",
        )
    )  # fmt: skip
    assert result["status"] == "done"
    return folder


def test_the_adapter_is_plain_peft_and_changed(run: Path) -> None:
    names = {p.name for p in (run / "adapter").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json"} <= names
    assert not [n for n in names if n.endswith((".bin", ".pt", ".pkl"))]
    with safe_open(run / "adapter" / "adapter_model.safetensors", "pt") as weights:
        ups = [weights.get_tensor(k) for k in weights.keys() if "lora_B" in k]  # noqa: SIM118
    assert ups and all(bool(u.abs().sum() > 0) for u in ups)


def test_run_json_says_where_each_value_came_from(run: Path) -> None:
    info = json.loads((run / "run.json").read_text())
    assert info["provenance"]["max_steps"] == "set"
    assert info["provenance"]["device"] == "flag"
    assert info["provenance"]["lora_r"] == "recommended"
    assert info["config"]["seed"] == info["seed"]
    assert (run / "run.json").stat().st_mode & 0o077 == 0 and run.stat().st_mode & 0o777 == 0o700


def test_held_out_loss_from_step_zero_and_attach_replays(home: Path, run: Path) -> None:
    shown = json.loads(styletui(home, "runs", "show", run, "--json"))
    assert shown["held_out"][0]["step"] == 0
    assert shown["held_out"][-1]["step"] == 4
    assert next(j["status"] for j in shown["jobs"]) == "done"
    assert all(j["blocked"] == 0 for j in shown["jobs"])
    assert json.loads(styletui(home, "runs", "attach", run, "--json"))["status"] == "done"


def test_no_text_in_logs(run: Path) -> None:
    for log in [*run.glob("jobs/*/events.jsonl"), *run.glob("jobs/*/stderr.log")]:
        content = log.read_text()
        assert not [t for t in TOPICS if f"{t}0" in content], log


def test_evaluate(home: Path, run: Path) -> None:
    report = json.loads(styletui(home, "eval", run, "--json", "--max-documents", "2"))
    on_disk = json.loads((run / "report.json").read_text())
    assert report == on_disk
    assert report["bits_per_character"]["base"] > 0


def test_blind_test_made_voted_revealed(home: Path, run: Path) -> None:
    styletui(home, "ab", "make", run, "--count", "3")
    before = json.loads(styletui(home, "ab", "status", run, "--json"))
    assert before["rated"] == 0 and len(before["sha256"]) == 64
    for _ in range(before["made"]):
        styletui(home, "ab", "vote", run, "next", "1")
    styletui(home, "ab", "vote", run, "next", "undo")
    styletui(home, "ab", "reveal", run, code=5)
    result = json.loads(styletui(home, "ab", "reveal", run, "--early", "--json"))
    assert result["early"] is True and result["rated"] == before["made"] - 1
    styletui(home, "ab", "vote", run, "next", "1", code=5)
    assert json.loads(styletui(home, "ab", "verify", run, "--json"))["ok"] is True


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["nonsense-option", "--nonsense"], 2),
        (["prep", "nowhere", "--out", "x"], 3),
        (["train", "nowhere", "--model", "nowhere", "--out", "x"], 3),
        (["train", "nowhere", "--model", "m", "--out", "x", "--set", "lora_rank=3"], 2),
        (["train", "nowhere", "--model", "m", "--out", "x", "--config", "none.yaml"], 2),
        (["eval", "nowhere"], 3),
        (["ab", "status", "nowhere"], 3),
        (["runs", "stop", "nowhere"], 3),
    ],
)
def test_exit_codes(home: Path, args: list[str], code: int) -> None:
    styletui(home, *args, code=code)
