"""Sample files of several makes as one kind of row: a list of messages. No torch.

Taken as they are: ours and OpenAI's `messages`, ShareGPT `conversations`, Alpaca `instruction/input/output`,
`prompt/completion`, and `system/input/output`; JSON lines, or one JSON list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from styletui_prep.errors import UserError

Message = dict[str, str]
_ROLES: Final = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "bot": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "system": "system",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One training sample. `meta` is what the file said about it (doc, chunk, view, ...)."""

    messages: list[Message]
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> str:
        """The document it was cut from; rows without one count as documents of their own."""
        return str(self.meta.get("doc", ""))


def dataset_files(dataset: Path, eval_dataset: Path | None = None) -> tuple[Path, Path | None]:
    """The training file and the held-out file (None: there is none) of a dataset folder or a single file.

    Raises UserError: `dataset_missing`.
    """
    train = dataset / "sft_train.jsonl" if dataset.is_dir() else dataset
    if not train.is_file():
        raise UserError("dataset_missing", path=str(dataset))
    if eval_dataset is not None:
        held_out = eval_dataset / "sft_val.jsonl" if eval_dataset.is_dir() else eval_dataset
        if not held_out.is_file():
            raise UserError("dataset_missing", path=str(eval_dataset))
        return train, held_out
    beside = dataset / "sft_val.jsonl"
    return train, beside if dataset.is_dir() and beside.is_file() else None


def read_rows(path: Path) -> list[Row]:
    """All rows of a sample file.

    Raises UserError: `dataset_missing`, `dataset_broken` (path, line), `dataset_shape` (path, line).
    """
    return [Row(_messages(value, path, line), _meta(value)) for line, value in _values(path)]


def _values(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise UserError("dataset_missing", path=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("dataset_broken", path=str(path), line=0) from error
    if text.lstrip().startswith("["):
        try:
            yield from enumerate(json.loads(text), start=1)
        except ValueError as error:
            raise UserError("dataset_broken", path=str(path), line=getattr(error, "lineno", 0)) from error
        return
    # Not splitlines: that would also cut at the line separators people's texts hold.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise UserError("dataset_broken", path=str(path), line=number) from error


def _messages(value: Any, path: Path, line: int) -> list[Message]:
    try:
        messages = _convert(value)
    except (KeyError, TypeError, AttributeError):
        messages = []
    if not any(m["role"] == "assistant" and m["content"].strip() for m in messages):
        raise UserError("dataset_shape", path=str(path), line=line)
    return messages


def _convert(value: dict[str, Any]) -> list[Message]:
    if "messages" in value:
        return [_message(m["role"], m["content"]) for m in value["messages"]]
    if "conversations" in value:
        system = [_message("system", value["system"])] if value.get("system") else []
        return system + [_message(m["from"], m["value"]) for m in value["conversations"]]
    if "prompt" in value and "completion" in value:
        if isinstance(value["prompt"], list):
            return [_message(m["role"], m["content"]) for m in value["prompt"] + value["completion"]]
        return [_message("user", value["prompt"]), _message("assistant", value["completion"])]
    asked = "\n".join(str(value[k]) for k in ("instruction", "input") if value.get(k))
    system = [_message("system", value["system"])] if value.get("system") else []
    return [*system, _message("user", asked), _message("assistant", value["output"])]


def _message(role: str, content: str) -> Message:
    if not isinstance(content, str):
        raise TypeError
    return {"role": _ROLES[role], "content": content}


def _meta(value: dict[str, Any]) -> dict[str, Any]:
    meta = value.get("meta")
    return meta if isinstance(meta, dict) else {}
