"""Held-out bits per character: how surprised a model is by text of the author that it has never seen.

Per document, over the author's characters alone; prompts and end tokens are left out. Bits per character, not
perplexity per token, because it can be compared between tokenizers.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from styletui_prep.errors import EXIT_UNKNOWN, UserError
from styletui_prep.events import Emit, Progress, ShouldStop
from styletui_prep.prompts import VIEWS
from styletui_train.rows import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

STAGE: Final = "score_documents"
ENOUGH_DOCUMENTS: Final = 5
"""Below this no interval is given: a bootstrap over three or four documents pretends."""
_DRAWS: Final = 2000


@dataclass(frozen=True, slots=True)
class DocumentBits:
    """Bits that a model needs for one document's `characters`."""

    doc: str
    bits: float
    characters: int

    @property
    def per_character(self) -> float:
        """Bits per character."""
        return self.bits / self.characters


@dataclass(frozen=True, slots=True)
class Paired:
    """Adapter minus base over the same documents, each document counting alike; negative is better.

    `low` and `high` bound the mean difference with 95 %, None with fewer than 5 documents.
    """

    documents: int
    characters: int
    base: float
    adapter: float
    difference: float
    low: float | None
    high: float | None

    def to_json(self) -> dict[str, Any]:
        """For report.json."""
        return asdict(self)


def one_view_each(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """document -> its rows, each chunk once: as outline if there is one, else title, else continuation."""

    def rank(row: Row) -> int:
        view = row.meta.get("view")
        return VIEWS.index(view) if view in VIEWS else len(VIEWS)

    chosen: dict[tuple[str, str], Row] = {}
    for number, row in enumerate(rows):
        chunk = (row.document or f"row {number}", str(row.meta.get("chunk", number)))
        if chunk not in chosen or rank(row) < rank(chosen[chunk]):
            chosen[chunk] = row
    documents: dict[str, list[Row]] = {}
    for (document, _), row in chosen.items():
        documents.setdefault(document, []).append(row)
    return documents


def bits_per_character(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    *,
    base: bool,
    adapter: bool,
    emit: Emit,
    should_stop: ShouldStop,
) -> list[DocumentBits]:
    """Bits of every document in `rows`, in their order; documents after a stop are left out.

    `base`: plain text for a base model, else the chat template. `adapter` False switches the adapter off for the
    measurement. Documents without a scored character are left out. Raises UserError("nan_score").
    """
    found = []
    documents = one_view_each(rows)
    for done, (document, own) in enumerate(documents.items()):
        if should_stop() is not None:
            break
        scored = [_bits_of(model, tokenizer, row, base=base, adapter=adapter) for row in own]
        bits, characters = (sum(column) for column in zip(*scored, strict=True))
        if characters:
            found.append(DocumentBits(document, bits, int(characters)))
        emit(Progress(STAGE, done + 1, len(documents)))
    return found


def _bits_of(
    model: Any, tokenizer: PreTrainedTokenizerBase, row: Row, *, base: bool, adapter: bool
) -> tuple[float, int]:
    """(bits, characters) of the author's text in one row."""
    import torch
    from styletui_train.held_out import precision, text_nats
    from styletui_train.prompting import encode

    sample = encode(tokenizer, row.messages, base)
    weight = next(model.parameters())
    switch = model.disable_adapter() if not adapter and hasattr(model, "disable_adapter") else nullcontext()
    # The same precision as in training, so that its held-out numbers and these can be compared.
    same = precision(model, weight.device.type, str(weight.dtype).removeprefix("torch."))
    with torch.no_grad(), switch, same:
        nats = text_nats(model, sample, weight.device.type)
    if not math.isfinite(nats):
        raise UserError("nan_score", exit_code=EXIT_UNKNOWN)
    return nats / math.log(2), sample.characters


def paired(base: Sequence[DocumentBits], adapter: Sequence[DocumentBits], *, seed: int = 42) -> Paired | None:
    """The mean difference over documents that both have, with a 95 % bootstrap interval over documents.

    2,000 draws, percentiles. None when they share no document.
    """
    before = {d.doc: d for d in base}
    both = [(before[d.doc], d) for d in adapter if d.doc in before]
    if not both:
        return None
    differences = [after.per_character - first.per_character for first, after in both]
    low, high = _interval(differences, seed) if len(both) >= ENOUGH_DOCUMENTS else (None, None)
    return Paired(
        documents=len(both),
        characters=sum(first.characters for first, _ in both),
        base=fmean(first.per_character for first, _ in both),
        adapter=fmean(after.per_character for _, after in both),
        difference=fmean(differences),
        low=low,
        high=high,
    )


def _interval(values: Sequence[float], seed: int) -> tuple[float, float]:
    means = sorted(_means(values, seed))
    return means[int(0.025 * _DRAWS)], means[int(0.975 * _DRAWS)]


def _means(values: Sequence[float], seed: int) -> Iterator[float]:
    draw = random.Random(seed)
    for _ in range(_DRAWS):
        yield fmean(draw.choices(values, k=len(values)))
