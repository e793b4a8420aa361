"""What a blind test compares and asks, as fingerprints: sealed with the plan, compared before anything is added to it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from styletui_prep.errors import EXIT_NO_INPUT, EXIT_UNKNOWN, UserError
from styletui_train.files import sha256_of

from styletui_eval.blind.protocol import canonical

_DATA: Final = ("sft_test", "sft_val", "sft_train")
_MODEL: Final = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "styletui.json",
)


def fingerprints(adapter: Path, dataset: Path, model: Path) -> dict[str, str]:
    """name -> SHA-256 of the adapter and its settings, of the three parts of the dataset ("" where one is missing),
    and of the model: its configuration, tokenizer and template whole, its weights by size (hashing gigabytes each time
    would make people wait). A model folder that is gone is left out; loading says so better.

    Raises UserError("no_adapter", 3).
    """
    weights = adapter / "adapter_model.safetensors"
    if not weights.is_file():
        raise UserError("no_adapter", exit_code=EXIT_NO_INPUT, path=str(adapter))
    found = {"adapter": sha256_of(weights), "adapter_config": _file(adapter / "adapter_config.json")}
    found |= {part: _file(dataset / f"{part}.jsonl") for part in _DATA}
    if model.is_dir():
        parts = {name: _file(model / name) for name in _MODEL}
        parts |= {p.name: str(p.stat().st_size) for p in model.glob("*.safetensors")}
        found["model"] = hashlib.sha256(canonical(parts).encode()).hexdigest()
    return found


def _file(path: Path) -> str:
    return sha256_of(path) if path.is_file() else ""


def check_same(sealed: dict[str, str], now: dict[str, str], name: str) -> None:
    """Raise "test_of_other_adapter", "test_of_other_model" or "test_of_other_dataset" (1) where a sealed fingerprint
    is another one now. What an older seal does not hold is not compared.
    """
    other = {what for what, value in sealed.items() if what in now and now[what] != value}
    if other & {"adapter", "adapter_config"}:
        raise UserError("test_of_other_adapter", exit_code=EXIT_UNKNOWN, name=name)
    if "model" in other:
        raise UserError("test_of_other_model", exit_code=EXIT_UNKNOWN, name=name)
    if other:
        raise UserError("test_of_other_dataset", exit_code=EXIT_UNKNOWN, name=name)
