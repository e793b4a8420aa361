"""Held-out text during training: its loss, its bits a character, and a fresh piece of writing."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from styletui_prep.files import private_folder, write_json, write_whole

from styletui_train import loss as losses
from styletui_train.events import SampleWritten
from styletui_train.generate import generate_batch
from styletui_train.loops import loops
from styletui_train.prompting import IGNORED, Encoded, end_ids, prompt_ids
from styletui_train.rows import Row

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


@contextlib.contextmanager
def precision(model: Any, device: str, dtype: str) -> Iterator[None]:
    """The context in which training and held-out passes run: fp32 adapter weights, used in `dtype`.

    PEFT would widen every layer's input to fp32 for them; under autocast the weights are narrowed once instead,
    which made a step 12 % faster without dropout (measured on a CPU; fp32 dropout costs far more).
    """
    import torch
    from peft.helpers import disable_input_dtype_casting

    if dtype == "float32":
        yield
        return
    # With checkpointing the backward pass computes layers again outside this context: both must be alike.
    narrow = hasattr(model, "peft_config") and not getattr(model, "is_activation_checkpointing", False)
    casting = disable_input_dtype_casting(model) if narrow else contextlib.nullcontext()
    with torch.autocast(device_type=device, dtype=getattr(torch, dtype)), casting:
        yield


def row_nats(model: Any, item: Encoded, device: str) -> torch.Tensor:
    """Nats of each scored token of one row [N], end tokens among them, in reading order; fp64, on the CPU.

    Through the head alone where that gives the model's own numbers (see `loss.plain_logits`), else from its logits.
    """
    import torch

    extra = -len(item.ids) % losses.LENGTH_STEP if device == "cpu" else 0
    ids = torch.tensor([item.ids + [0] * extra], device=device)
    labels = torch.tensor([item.labels + [IGNORED] * extra], device=device)
    with torch.no_grad():
        if losses.plain_logits(model):
            _, _, head, softcap = losses.parts(model)
            nats = losses.token_nats(losses.last_hidden(model, ids, None), labels, head, softcap=softcap)
        else:
            logits = model(input_ids=ids, use_cache=False).logits
            states, targets = losses.gather_scored(logits, labels)
            pieces = zip(torch.split(states, losses.CHUNK), torch.split(targets, losses.CHUNK), strict=True)
            cross = torch.nn.functional.cross_entropy
            nats = torch.cat([cross(piece.float(), wanted, reduction="none") for piece, wanted in pieces])
    return nats.cpu().double()  # in this order: MPS has no fp64


def text_nats(model: Any, item: Encoded, device: str) -> float:
    """Nats of one row's scored text, its end tokens left out."""
    return float(row_nats(model, item, device)[_is_text(item)].sum())


def _is_text(item: Encoded) -> torch.Tensor:
    """For each token of `row_nats`, whether it is text. The first token of a row is predicted by nothing."""
    import torch

    scored = [place for place, label in enumerate(item.labels) if label != IGNORED and place > 0]
    return torch.tensor([place not in item.ends for place in scored], dtype=torch.bool)


@dataclass(frozen=True, slots=True)
class Measured:
    """`loss`: nats a scored token; `bits_per_char`: end tokens left out; `seconds` it took."""

    loss: float
    bits_per_char: float
    seconds: float


def measure(model: Any, items: Sequence[Encoded], device: str, dtype: str) -> Measured:
    """Loss and bits per character over `items`, each row by itself, so that no padding is computed."""
    start = time.perf_counter()
    training = model.training
    model.eval()
    nats, tokens, of_text, characters = 0.0, 0, 0.0, 0
    try:
        for item in items:
            with precision(model, device, dtype):
                each = row_nats(model, item, device)
            nats += float(each.sum())
            tokens += len(each)
            of_text += float(each[_is_text(item)].sum())
            characters += item.characters
    finally:
        model.train(training)
    bits = of_text / math.log(2) / max(characters, 1)
    return Measured(nats / max(tokens, 1), bits, time.perf_counter() - start)


@dataclass(frozen=True, slots=True)
class SampleWriter:
    """Writes with the model at hand, always from the same prompt and the same random numbers."""

    tokenizer: PreTrainedTokenizerBase
    row: Row
    base: bool
    folder: Path
    seed: int

    def write(self, model: Any, step: int, tokens: int) -> SampleWritten:
        """Write up to `tokens` tokens into `samples/step-NNNNNN.txt`, with a JSON beside it that names the prompt."""
        private_folder(self.folder)
        start = time.perf_counter()
        (text,) = generate_batch(
            model,
            self.tokenizer,
            [prompt_ids(self.tokenizer, self.row.messages, self.base)],
            max_new_tokens=tokens,
            seed=self.seed,
            ends=end_ids(self.tokenizer, self.base),
        )
        name = f"step-{step:06d}"
        write_whole(self.folder / f"{name}.txt", text.text.encode())
        meta = {key: self.row.meta.get(key) for key in ("doc", "chunk", "view")}
        around = loops(text.text)
        write_json(
            self.folder / f"{name}.json",
            {
                "step": step,
                "prompt": meta,
                "tokens": text.tokens,
                "ended": text.ended,
                "loops": around,
                "seconds": round(time.perf_counter() - start, 3),
            },
        )
        return SampleWritten(step, f"{self.folder.name}/{name}.txt", around, text.ended, text.tokens)
