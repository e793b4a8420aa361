"""The notebook runs over a real report; the parts that screens use stay free of torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from styletui_eval.blind.ballot import Ballot, reveal

from .blind_tests import make_test, side_of_adapter
from .test_report import _evaluation

NOTEBOOK = Path(__file__).parents[3] / "eval" / "style_eval.ipynb"

# Draws nothing, but takes only what the real library takes: sequences of numbers of one length.
_PLOTTER = """
def _check(*columns):
    sizes = {len(list(c)) for c in columns if not isinstance(c, (int, float, str))}
    assert len(sizes) <= 1, sizes
class _Axis:
    def __getattr__(self, name): return lambda *a, **k: _check(*a)
    def set_xticks(self, places, labels, rotation=0): _check(places, labels)
def subplots(rows=1, columns=1, figsize=None):
    return None, _Axis() if columns == 1 else [_Axis() for _ in range(columns)]
def show(): print("shown")
"""


def _cells() -> list[dict[str, Any]]:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    found: list[dict[str, Any]] = notebook["cells"]
    return found


def test_the_notebook_is_committed_without_outputs() -> None:
    for cell in _cells():
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("parts", ["both", "evaluation", "blind"])
def test_every_cell_runs(tmp_path: Path, parts: str) -> None:
    run, library = tmp_path / "run", tmp_path / "lib" / "matplotlib"
    run.mkdir()
    library.mkdir(parents=True)
    (library / "__init__.py").write_text("")
    (library / "pyplot.py").write_text(_PLOTTER)
    if parts != "blind":
        _evaluation(run)
        data = json.loads((run / "report.json").read_text())
        data["bits_per_character"]["per_document"] = [
            {"doc": "a", "characters": 9, "base": 4.5, "adapter": 4.4}
        ]
        (run / "report.json").write_text(json.dumps(data))
        log = run / "jobs" / "001-train" / "events.jsonl"
        log.parent.mkdir(parents=True)
        log.write_text(
            '{"type": "step", "step": 1, "loss": 3.1}\n{"type": "eval", "step": 1, "loss": 3.3}\n{"type": "st'
        )
    if parts != "evaluation":
        folder = run / "blind" / "first"
        for plan in make_test(folder).pairs:
            Ballot(folder).vote(plan.id, side_of_adapter(plan))
        reveal(folder)
    program = "\n".join("".join(c["source"]) for c in _cells() if c["cell_type"] == "code")
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"STYLETUI_RUN": str(run), "PYTHONPATH": str(library.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("shown") == (0 if parts == "blind" else 3)
    assert ("first / main: 6 won" in done.stdout) is (parts != "evaluation")


def test_screens_may_import_this_room() -> None:
    code = (
        "import sys, styletui_eval.report, styletui_eval.evaluate, styletui_eval.blind.ballot, styletui_eval.blind.pairs;"
        "print([m for m in ('torch', 'transformers', 'peft', 'trl', 'datasets', 'textual', 'jieba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
