"""What the training rooms report. Numbers, codes and file names; never a word of anybody's text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Device:
    """Where and how it computes. `method`: qlora_nf4, lora_bf16, lora_fp16 or lora_fp32; `reason`: a code."""

    type: ClassVar[str] = "device"
    device: str
    name: str
    dtype: str
    method: str
    reason: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """What is trained on. Tokens are counted over the training rows; `val_used` rows are evaluated."""

    type: ClassVar[str] = "dataset"
    train_samples: int
    val_samples: int
    val_used: int
    scored_tokens: int
    total_tokens: int
    truncated: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How long it will go. Sent again when measured speed changes it; `tokens_per_s` is then measured."""

    type: ClassVar[str] = "plan"
    max_steps: int
    time_budget_s: float | None
    batch: int
    accumulation: int
    lr: float
    preset: str
    tokens_per_s: float | None
    epochs: float
    eval_every: int
    eval_rows: int


@dataclass(frozen=True, slots=True)
class Step:
    """One optimizer step. `loss` in nats a scored token, None where it was not a number."""

    type: ClassVar[str] = "step"
    step: int
    loss: float | None
    lr: float
    grad_norm: float | None
    tokens_per_s: float
    scored_tokens_per_s: float
    rss_mb: float
    gpu_mb: float | None
    elapsed_s: float
    eta_s: float
    epoch: float


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Held-out rows: mean nats a scored token, and bits a character with the end tokens left out."""

    type: ClassVar[str] = "eval"
    step: int
    loss: float
    bits_per_char: float
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SampleWritten:
    """A fresh piece of writing lies in `file` (relative to the run); the text itself stays there."""

    type: ClassVar[str] = "sample"
    step: int
    file: str
    loops: bool
    ended: bool
    tokens: int


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """A checkpoint with optimizer state lies in `path` (relative to the run)."""

    type: ClassVar[str] = "checkpoint"
    step: int
    path: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The end. Memory in MiB: the process's own on a CPU, the card's where there is one (`card_share` 0-1)."""

    type: ClassVar[str] = "summary"
    seconds: float
    steps: int
    start_mb: float
    peak_mb: float
    card_share: float | None
    first_eval: float | None
    last_eval: float | None
    ended_by: str
