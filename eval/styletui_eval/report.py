"""What a finished run has to say, as plain JSON values: the measurement and every revealed blind test.

The sentences over it are the terminal's (`styletui.verdict`); the notebook plots the same values.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from styletui_prep.errors import EXIT_NO_INPUT, EXIT_UNKNOWN, UserError

from styletui_eval.blind.reveal import RevealResult, read_reveal
from styletui_eval.evaluate import FORMAT, REPORT
from styletui_eval.stylometry import NAMES


def report_data(run_dir: Path) -> dict[str, Any]:
    """The evaluation and every revealed blind test of a run, as JSON values: {"evaluation": ...|None, "blind": [...]}.

    A sealed test is not mentioned. Raises UserError: "nothing_to_report" (3) when there is neither, "broken_report" or
    "newer_report" (1), and what `read_reveal` raises.
    """
    evaluation = _evaluation(run_dir)
    verdicts = _verdicts(run_dir)
    if evaluation is None and not verdicts:
        raise UserError("nothing_to_report", exit_code=EXIT_NO_INPUT)
    return {"evaluation": evaluation, "blind": [v.to_json() for v in verdicts]}


def _evaluation(run_dir: Path) -> dict[str, Any] | None:
    try:
        data = json.loads((run_dir / REPORT).read_bytes())
        version = int(data["v"])
        if version > FORMAT:
            raise UserError("newer_report", exit_code=EXIT_UNKNOWN, found=version, known=FORMAT)
        _check_parts(data)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError("broken_report", exit_code=EXIT_UNKNOWN) from None
    return dict(data)


def _check_parts(data: dict[str, Any]) -> None:
    """Raise KeyError, TypeError or ValueError where a part that readers rely on is missing or no number."""
    bits = data["bits_per_character"]
    if bits.get("base") is not None:  # absent where no document could be scored
        for name in ("base", "adapter", "difference", "documents"):
            float(bits[name])
        _check_ends(bits)
    for arm in ("author", "base", "adapter"):
        found = data["indicators"][arm]
        int(found["texts"]), int(found["characters"])
        for name in NAMES:
            float(found[name]["value"] or 0)
            _check_ends(found[name])
    looping = data["texts"]["looping"]
    int(looping["base"]), int(looping["adapter"])
    if not all(isinstance(code, str) for code in data["notes"]):
        raise ValueError("notes are codes")


def _check_ends(found: dict[str, Any]) -> None:
    float(found["low"] or 0), float(found["high"] or 0)


def _verdicts(run_dir: Path) -> list[RevealResult]:
    """Revealed blind tests, oldest first."""
    found = (read_reveal(folder) for folder in sorted((run_dir / "blind").glob("*")) if folder.is_dir())
    return sorted((v for v in found if v is not None), key=lambda v: v.time)
