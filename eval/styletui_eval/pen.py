"""A loaded model with its adapter, and what it writes to a list of questions. The only maker of texts in this room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from styletui_prep.events import Emit, Event, Progress, ShouldStop
from styletui_train.rows import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Sampling:
    """How every arm is sampled. `max_new_tokens` caps a text; the penalty keeps small models from repeating."""

    max_new_tokens: int = 160
    temperature: float = 0.8
    top_p: float = 0.95
    repetition_penalty: float = 1.15


class Written(Protocol):
    """A text as it came, and whether the model ended it by itself."""

    @property
    def text(self) -> str: ...
    @property
    def ended(self) -> bool: ...


class Writes(Protocol):
    """Writes one text to each question; `adapter` False asks the base model underneath."""

    def write(
        self, questions: Sequence[Sequence[Message]], *, adapter: bool, sampling: Sampling, seed: int
    ) -> Sequence[Written]: ...


class Pen:
    """`Writes` with a real model."""

    def __init__(
        self,
        model: Any,
        tokenizer: PreTrainedTokenizerBase,
        *,
        base: bool,
        emit: Emit,
        should_stop: ShouldStop,
    ) -> None:
        self.model, self.tokenizer, self.base = model, tokenizer, base
        self._emit, self._should_stop = emit, should_stop

    def write(
        self, questions: Sequence[Sequence[Message]], *, adapter: bool, sampling: Sampling, seed: int
    ) -> Sequence[Written]:
        """One text for each question, all in one batch."""
        from styletui_train.generate import generate_batch
        from styletui_train.prompting import end_ids, prompt_ids

        if not questions:
            return []
        return generate_batch(
            self.model,
            self.tokenizer,
            [prompt_ids(self.tokenizer, q, self.base) for q in questions],
            max_new_tokens=sampling.max_new_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            repetition_penalty=sampling.repetition_penalty,
            seed=seed,
            adapter=adapter,
            ends=end_ids(self.tokenizer, self.base),
            emit=_now_and_then(self._emit),
            should_stop=self._should_stop,
        )


def _now_and_then(emit: Emit) -> Emit:
    """Every tenth report of progress is enough for a log that is kept."""

    def seldom(event: Event) -> None:
        if not isinstance(event, Progress) or event.done % 10 == 0:
            emit(event)

    return seldom


@dataclass(frozen=True, slots=True)
class Setup:
    """How the model is held and asked, best as in its training; None leaves it to the model's folder and the device.

    `base`: plain text to continue (True) or the chat template (False). `quantize`: held in 4 bits of `quant_type`
    (nf4 or fp4), their scales packed too with `double_quant`. `dtype`: bfloat16, float16 or float32.
    """

    device: str | None = None
    base: bool | None = None
    quantize: bool = False
    quant_type: str = "nf4"
    double_quant: bool = True
    dtype: str | None = None


def open_pen(model: Path, adapter: Path, setup: Setup, *, emit: Emit, should_stop: ShouldStop) -> Pen:
    """Load `model` with `adapter` on top; what this machine cannot do is replaced, and a warning says so.

    Raises UserError as `styletui_train.load` does.
    """
    from styletui_train.load import is_base, load_for_inference

    loaded, tokenizer = load_for_inference(
        model,
        adapter,
        device=setup.device,
        dtype=setup.dtype,
        quantize=setup.quantize,
        quant_type=setup.quant_type,
        double_quant=setup.double_quant,
        emit=emit,
    )
    base = is_base(model) if setup.base is None else setup.base
    return Pen(loaded, tokenizer, base=base, emit=emit, should_stop=should_stop)
