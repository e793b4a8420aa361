"""Settings meet the machine: what it cannot honour is replaced by what it can, and said."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any

from styletui_prep.events import Emit, Warned

from styletui_train.config import TrainConfig
from styletui_train.events import Device
from styletui_train.hardware import Choice, choose_device, show_one_gpu


@dataclass(frozen=True, slots=True)
class Machine:
    """How this run computes. `quantize`: nf4, fp4 or None; `method` as in the device event."""

    choice: Choice
    quantize: str | None
    method: str
    optim: str
    checkpointing: bool

    @property
    def device(self) -> str:
        """cuda, mps or cpu."""
        return self.choice.device

    @property
    def dtype(self) -> str:
        """bfloat16, float16 or float32."""
        return self.choice.dtype


def fit(config: TrainConfig, emit: Emit) -> Machine:
    """Choose device, precision, method and optimizer; emits `device`, and a warning for each replaced value."""
    show_one_gpu()
    choice = _choice(config, emit)
    cuda = choice.device == "cuda"
    kernels = cuda and importlib.util.find_spec("bitsandbytes") is not None
    if config.load_in_4bit and not kernels:
        _replaced(emit, "load_in_4bit", True, False, "needs_cuda")
    four_bit = kernels and config.load_in_4bit is not False
    if config.bf16 and choice.dtype != "bfloat16":
        _replaced(emit, "bf16", True, choice.dtype, "bf16_missing")
    optim = _optim(config, kernels, emit)
    short = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}[choice.dtype]
    method = f"qlora_{config.bnb_4bit_quant_type}" if four_bit else f"lora_{short}"
    machine = Machine(
        choice=choice,
        quantize=config.bnb_4bit_quant_type if four_bit else None,
        method=method,
        optim=optim,
        checkpointing=cuda if config.gradient_checkpointing is None else config.gradient_checkpointing,
    )
    emit(Device(choice.device, choice.name, choice.dtype, method, choice.reason))
    return machine


def _choice(config: TrainConfig, emit: Emit) -> Choice:
    try:
        return choose_device(config.device, config.bf16)
    except ValueError:
        choice = choose_device(None, config.bf16)
        _replaced(emit, "device", str(config.device), choice.device, "device_missing")
        return choice


def _optim(config: TrainConfig, kernels: bool, emit: Emit) -> str:
    if config.optim is None:
        return "paged_adamw_8bit" if kernels else "adamw_torch"
    if not kernels and any(word in config.optim for word in ("paged", "8bit", "bnb")):
        _replaced(emit, "optim", config.optim, "adamw_torch", "needs_cuda")
        return "adamw_torch"
    return config.optim


def _replaced(emit: Emit, key: str, asked: Any, used: Any, reason: str) -> None:
    emit(Warned("setting_replaced", {"key": key, "asked": str(asked), "used": str(used), "reason": reason}))
