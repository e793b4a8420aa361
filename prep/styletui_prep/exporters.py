"""One sample in the shapes that other trainers read, and back again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from styletui_prep.views import Sample

Row = dict[str, Any]


def _messages(prompt: str, text: str) -> Row:
    return {"messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": text}]}


def _alpaca(prompt: str, text: str) -> Row:
    return {"instruction": prompt, "input": "", "output": text}


def _sharegpt(prompt: str, text: str) -> Row:
    return {"conversations": [{"from": "human", "value": prompt}, {"from": "gpt", "value": text}]}


def _prompt_completion(prompt: str, text: str) -> Row:
    return {"prompt": prompt, "completion": text}


def _founding(prompt: str, text: str) -> Row:
    return {"system": "", "input": prompt, "output": text}


FORMATS: Final[dict[str, Callable[[str, str], Row]]] = {
    "messages": _messages,
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
    "prompt-completion": _prompt_completion,
    "founding": _founding,
}


def to_row(sample: Sample, form: str) -> Row:
    """A line of an sft file: the pair in the chosen format, and under `meta` where it comes from."""
    return {**FORMATS[form](sample.prompt, sample.text), "meta": sample.meta()}


def pair_of(row: Row) -> tuple[str, str]:
    """Prompt and text of a row in any of the formats. Raises ValueError for anything else."""
    try:
        if "messages" in row:
            turns = [(turn["role"], turn["content"]) for turn in row["messages"]]
            return "\n".join(text for role, text in turns[:-1] if role != "system"), turns[-1][1]
        if "conversations" in row:
            said = [turn["value"] for turn in row["conversations"]]
            return "\n".join(said[:-1]), said[-1]
        if "completion" in row:
            return row["prompt"], row["completion"]
        if "instruction" in row:
            return "\n".join(part for part in (row["instruction"], row.get("input")) if part), row["output"]
        return row["input"], row["output"]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError("not a training row") from error
