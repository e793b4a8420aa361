"""Writing with a model: batches of prompts, the same sampling for whoever writes, stoppable between tokens."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from styletui_prep.events import Emit, Progress, ShouldStop, ignore, never

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Generated:
    """One text. `ended`: it came to its own end before the cap; `tokens` without the end token."""

    text: str
    ended: bool
    tokens: int


def generate_batch(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    temperature: float = 0.8,
    top_p: float = 0.95,
    repetition_penalty: float = 1.15,
    seed: int = 0,
    adapter: bool = True,
    ends: Sequence[int] | None = None,
    emit: Emit = ignore,
    should_stop: ShouldStop = never,
) -> list[Generated]:
    """Continue each prompt (token ids) by up to `max_new_tokens`; temperature 0 always takes the likeliest token.

    `adapter` False writes with the base model (the adapter is switched off meanwhile). The repetition penalty
    (arXiv 1909.05858) weighs what was written here, not the prompt: a prompt full of examples would otherwise be
    punished for its style. `ends` defaults to the tokenizer's and the model's end tokens. The global random
    state is left as it was. When asked to stop, what is written so far comes back with `ended` False.
    """
    import torch

    stops = sorted(set(ends) if ends is not None else _model_ends(model, tokenizer))
    switch = (
        model.disable_adapter()
        if not adapter and hasattr(model, "disable_adapter")
        else contextlib.nullcontext()
    )
    was_training = model.training
    model.eval()
    generator = torch.Generator(device="cpu").manual_seed(seed)
    try:
        with torch.inference_mode(), switch:
            written, finished = _write(
                model,
                [list(prompt) for prompt in prompts],
                stops,
                _Sampler(temperature, top_p, repetition_penalty, generator),
                max_new_tokens,
                tokenizer.pad_token_id or 0,
                emit,
                should_stop,
            )
    finally:
        model.train(was_training)
    return [
        Generated(str(tokenizer.decode(ids, skip_special_tokens=True)), ended, len(ids))
        for ids, ended in zip(written, finished, strict=True)
    ]


def _model_ends(model: Any, tokenizer: PreTrainedTokenizerBase) -> set[int]:
    ends: set[int] = set()
    config = getattr(model, "generation_config", None)
    for value in (tokenizer.eos_token_id, getattr(config, "eos_token_id", None)):
        ends |= {value} if isinstance(value, int) else set(value or ())
    return ends


@dataclass(frozen=True, slots=True)
class _Sampler:
    temperature: float
    top_p: float
    penalty: float
    generator: torch.Generator

    def __call__(self, logits: torch.Tensor, written: list[list[int]]) -> list[int]:
        """The next token of each row; logits [B, V] in fp32 on the CPU, changed in place."""
        import torch

        for row, ids in enumerate(written):
            if ids and self.penalty != 1:
                seen = torch.tensor(sorted(set(ids)))
                values = logits[row, seen]
                logits[row, seen] = torch.where(values > 0, values / self.penalty, values * self.penalty)
        if self.temperature <= 0:
            return [int(index) for index in logits.argmax(-1)]
        # The nucleus never needs the whole vocabulary sorted; its first thousand words hold it in practice.
        values, tokens = (logits / self.temperature).topk(min(1024, logits.shape[-1]), dim=-1)
        probabilities = values.softmax(-1)
        outside = probabilities.cumsum(-1) - probabilities >= self.top_p
        probabilities[outside] = 0
        picked = torch.multinomial(probabilities, 1, generator=self.generator)
        return [int(index) for index in tokens.gather(1, picked).squeeze(1)]


def _write(
    model: Any,
    prompts: list[list[int]],
    ends: list[int],
    sample: _Sampler,
    cap: int,
    pad: int,
    emit: Emit,
    should_stop: ShouldStop,
) -> tuple[list[list[int]], list[bool]]:
    """The loop: prompts padded on the left, one cached step a token, finished rows fed padding."""
    import torch

    device = next(model.parameters()).device
    width = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts], device=device)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    written: list[list[int]] = [[] for _ in prompts]
    finished = [False] * len(prompts)
    cache: Any = None
    for count in range(cap):
        if should_stop() is not None:
            break
        out = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = out.past_key_values
        following = sample(out.logits[:, -1].float().cpu(), written)
        for row, token in enumerate(following):
            if finished[row]:
                following[row] = pad
            elif token in ends:
                finished[row] = True
                following[row] = pad
            else:
                written[row].append(token)
        emit(Progress("generate", count + 1, cap))
        if all(finished):
            break
        ids = torch.tensor(following, device=device)[:, None]
        mask = torch.cat([mask, mask.new_ones(len(prompts), 1)], dim=1)
        positions = mask.sum(-1, keepdim=True) - 1
    return written, finished
