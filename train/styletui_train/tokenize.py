"""Rows to scored tokens, once, with every cut and every dropped row counted."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from styletui_prep.errors import EXIT_NO_INPUT, EXIT_STOPPED, UserError
from styletui_prep.events import Emit, Progress, ShouldStop, ignore, never

from styletui_train.prompting import IGNORED, Encoded, encode
from styletui_train.rows import Row

if TYPE_CHECKING:
    import datasets
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Tokenized:
    """Encoded rows beside the rows they come from, and what had to be cut (`truncated`) or left (`dropped`)."""

    rows: list[Row]
    encoded: list[Encoded]
    truncated: int
    dropped: int

    @property
    def scored_tokens(self) -> int:
        """Scored tokens of all rows."""
        return sum(item.scored for item in self.encoded)

    @property
    def total_tokens(self) -> int:
        """All tokens of all rows."""
        return sum(len(item.ids) for item in self.encoded)


def tokenize(
    rows: Sequence[Row],
    tokenizer: PreTrainedTokenizerBase,
    *,
    base: bool,
    max_length: int,
    emit: Emit = ignore,
    should_stop: ShouldStop = never,
) -> Tokenized:
    """Encode rows; a longer one than `max_length` tokens loses its end, one left without scored tokens is dropped.

    Raises UserError: `no_scored_tokens` when nothing is left, `template_unusable`, `stopped`.
    """
    kept: list[Row] = []
    encoded: list[Encoded] = []
    truncated = 0
    for index, row in enumerate(rows):
        if index % 64 == 0:
            emit(Progress("tokenize", index, len(rows)))
            if should_stop() is not None:
                raise UserError("stopped", exit_code=EXIT_STOPPED)
        item = encode(tokenizer, row.messages, base)
        if len(item.ids) > max_length:
            truncated += 1
            item = cut(item, max_length)
        if item.scored:
            kept.append(row)
            encoded.append(item)
    emit(Progress("tokenize", len(rows), len(rows)))
    if not encoded:
        raise UserError("no_scored_tokens", exit_code=EXIT_NO_INPUT, rows=len(rows), max_length=max_length)
    return Tokenized(kept, encoded, truncated, len(rows) - len(kept))


def cut(item: Encoded, length: int) -> Encoded:
    """The first `length` tokens; the characters go down with the share of scored text that is left."""
    labels = item.labels[:length]
    ends = [position for position in item.ends if position < length]
    text_before = item.scored - len(item.ends)
    text_after = sum(label != IGNORED for label in labels) - len(ends)
    characters = round(item.characters * text_after / text_before) if text_before else 0
    return Encoded(item.ids[:length], labels, ends, characters)


def to_dataset(items: Sequence[Encoded]) -> datasets.Dataset:
    """An Arrow table with `input_ids`, `labels` and `length`, as SFTTrainer takes it unprepared."""
    import datasets

    return datasets.Dataset.from_dict(
        {
            "input_ids": [item.ids for item in items],
            "labels": [item.labels for item in items],
            "length": [len(item.ids) for item in items],
        }
    )


def choose_held_out(tokenized: Tokenized, count: int | None, seed: int) -> list[int]:
    """Which held-out rows to evaluate: all, or `count` of them spread over as many documents as possible.

    Round after round one row of each document is taken, in an order that depends on `seed` alone.
    """
    if count is None or count >= len(tokenized.rows):
        return list(range(len(tokenized.rows)))
    documents: dict[str, list[int]] = {}
    for index, row in enumerate(tokenized.rows):
        documents.setdefault(row.document or f"row {index}", []).append(index)
    order = random.Random(seed)
    queues = list(documents.values())
    order.shuffle(queues)
    for queue in queues:
        order.shuffle(queue)
    chosen: list[int] = []
    depth = 0
    while len(chosen) < count:
        chosen += [queue[depth] for queue in queues if len(queue) > depth]
        depth += 1
    return sorted(chosen[:count])
