"""What is computed on which machine, with every kind of machine pretended."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from styletui_train import hardware, machine
from styletui_train.config import TrainConfig


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`pretend("cuda"|"mps"|"cpu", bf16=…, kernels=…)` gives this machine such a device."""

    def go(device: str, *, bf16: bool = True, kernels: bool = True) -> None:
        monkeypatch.setattr(machine, "show_one_gpu", lambda: None)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: device == "cuda")
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: bf16)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "A card")
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: device == "mps")
        monkeypatch.setattr(hardware, "probe_bf16", lambda: (2.0, 1.0) if bf16 else (1.0, 2.0))
        monkeypatch.setattr(
            machine.importlib.util,  # type: ignore[attr-defined]
            "find_spec",
            lambda name: object() if kernels and name == "bitsandbytes" else None,
        )
        if device == "mps":
            real = torch.ones

            def ones(*size: int, device: str, dtype: torch.dtype) -> torch.Tensor:
                if not bf16:
                    raise TypeError("no bf16 on this Mac")
                return real(*size, dtype=dtype)

            monkeypatch.setattr(torch, "ones", ones)

    return go


# device, can it bf16, has bitsandbytes, settings -> dtype, reason, quantize, method, optim, checkpointing
CASES = [
    ("cuda", 1, 1, {}, "bfloat16", "bf16_native", "nf4", "qlora_nf4", "paged_adamw_8bit", True),
    ("cuda", 1, 0, {}, "bfloat16", "bf16_native", None, "lora_bf16", "adamw_torch", True),
    ("cuda", 0, 1, {}, "float16", "bf16_missing", "nf4", "qlora_nf4", "paged_adamw_8bit", True),
    ("cuda", 0, 0, {"bf16": True}, "float16", "bf16_missing", None, "lora_fp16", "adamw_torch", True),
    ("cuda", 1, 0, {"bf16": False}, "float32", "asked", None, "lora_fp32", "adamw_torch", True),
    ("cuda", 0, 0, {"bf16": False}, "float32", "asked", None, "lora_fp32", "adamw_torch", True),
    (
        "cuda",
        1,
        1,
        {"load_in_4bit": False, "gradient_checkpointing": False},
        *("bfloat16", "bf16_native", None, "lora_bf16", "paged_adamw_8bit", False),
    ),
    (
        "cuda",
        1,
        1,
        {"bnb_4bit_quant_type": "fp4", "optim": "adamw_torch"},
        *("bfloat16", "bf16_native", "fp4", "qlora_fp4", "adamw_torch", True),
    ),
    ("mps", 1, 1, {}, "bfloat16", "bf16_native", None, "lora_bf16", "adamw_torch", False),
    ("mps", 0, 0, {}, "float32", "bf16_missing", None, "lora_fp32", "adamw_torch", False),
    ("mps", 1, 0, {"bf16": False}, "float32", "asked", None, "lora_fp32", "adamw_torch", False),
    ("cpu", 1, 1, {}, "bfloat16", "bf16_faster", None, "lora_bf16", "adamw_torch", False),
    ("cpu", 0, 0, {}, "float32", "fp32_faster", None, "lora_fp32", "adamw_torch", False),
    ("cpu", 0, 0, {"bf16": True}, "bfloat16", "asked", None, "lora_bf16", "adamw_torch", False),
]


@pytest.mark.parametrize(
    (
        "device",
        "bf16",
        "kernels",
        "settings",
        "dtype",
        "reason",
        "quantize",
        "method",
        "optim",
        "checkpointing",
    ),
    CASES,
)
def test_every_machine_computes_as_it_can(
    pretend: Any,
    device: str,
    bf16: int,
    kernels: int,
    settings: dict[str, Any],
    dtype: str,
    reason: str,
    quantize: str | None,
    method: str,
    optim: str,
    checkpointing: bool,
) -> None:
    pretend(device, bf16=bool(bf16), kernels=bool(kernels))
    events: list[Any] = []
    found = machine.fit(TrainConfig(**settings), events.append)
    assert (found.device, found.dtype, found.choice.reason) == (device, dtype, reason)
    assert (found.quantize, found.method, found.optim) == (quantize, method, optim)
    assert found.checkpointing is checkpointing
    assert events[-1].type == "device"
    assert events[-1].method == method
    replaced = [event.params["key"] for event in events[:-1]]
    assert replaced == (["bf16"] if settings.get("bf16") and dtype == "float16" else [])


# device here, can it bf16, has bitsandbytes; device, dtype and 4 bits asked -> used; keys replaced
READING = [
    (("cuda", 1, 1), ("cuda", "bfloat16", True), ("cuda", "bfloat16", True), []),
    (("cuda", 1, 1), ("cuda", "float16", True), ("cuda", "float16", True), []),
    (("cuda", 1, 1), ("cuda", "float32", False), ("cuda", "float32", False), []),
    (("cuda", 0, 0), ("cuda", "bfloat16", True), ("cuda", "float16", False), ["dtype", "load_in_4bit"]),
    (
        ("cpu", 0, 1),
        ("cuda", "bfloat16", True),
        ("cpu", "float32", False),
        ["device", "dtype", "load_in_4bit"],
    ),
    (("cpu", 1, 1), ("cuda", "bfloat16", False), ("cpu", "bfloat16", False), ["device"]),
    (("cpu", 1, 0), ("cuda", "float16", False), ("cpu", "bfloat16", False), ["device", "dtype"]),
    (("cpu", 0, 0), ("cpu", "bfloat16", False), ("cpu", "bfloat16", False), []),
    (("cpu", 1, 0), ("cpu", "float32", False), ("cpu", "float32", False), []),
    (("mps", 1, 0), ("cuda", "bfloat16", True), ("mps", "bfloat16", False), ["device", "load_in_4bit"]),
    (("mps", 1, 0), (None, None, False), ("mps", "bfloat16", False), []),
]


@pytest.mark.parametrize(("here", "asked", "used", "replaced"), READING)
def test_an_adapter_is_judged_on_its_base_where_that_can_be(
    pretend: Any,
    here: tuple[str, int, int],
    asked: tuple[str | None, str | None, bool],
    used: tuple[str, str, bool],
    replaced: list[str],
) -> None:
    pretend(here[0], bf16=bool(here[1]), kernels=bool(here[2]))
    events: list[Any] = []
    assert machine.fit_inference(*asked, events.append) == used
    assert [event.params["key"] for event in events] == replaced
    assert {event.code for event in events} <= {"setting_replaced"}
