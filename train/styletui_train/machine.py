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
    choice = _choice(config.device, config.bf16, emit, otherwise=config.bf16)
    cuda = choice.device == "cuda"
    kernels = _has_kernels(choice.device)
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


def fit_inference(device: str | None, dtype: str | None, quantize: bool, emit: Emit) -> tuple[str, str, bool]:
    """(device, dtype, whether in 4 bits) for a model that only reads and writes; warns for each replaced value.

    An adapter is judged in the `dtype` it was trained in, where the asked device is here and can do it.
    """
    show_one_gpu()
    bf16 = {"bfloat16": True, "float32": False}.get(dtype or "")
    choice = _choice(device, bf16, emit, otherwise=None)
    used = "float16" if dtype == "float16" and choice.device == "cuda" else choice.dtype
    if dtype is not None and used != dtype:
        reason = "bf16_missing" if dtype == "bfloat16" and device == choice.device else "device_missing"
        _replaced(emit, "dtype", dtype, used, reason)
    in_4bit = quantize and _has_kernels(choice.device)
    if quantize and not in_4bit:
        _replaced(emit, "load_in_4bit", True, False, "needs_cuda")
    return choice.device, used, in_4bit


def _has_kernels(device: str) -> bool:
    return device == "cuda" and importlib.util.find_spec("bitsandbytes") is not None


def _choice(wanted: str | None, bf16: bool | None, emit: Emit, otherwise: bool | None) -> Choice:
    """The asked device, or the best there is, with `otherwise` in place of `bf16`, and said."""
    try:
        return choose_device(wanted, bf16)
    except ValueError:
        choice = choose_device(None, otherwise)
        _replaced(emit, "device", str(wanted), choice.device, "device_missing")
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
