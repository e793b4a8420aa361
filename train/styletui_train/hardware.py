"""What this machine has: NVIDIA cards through pynvml (no torch), memory, and the choice of a device."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class GpuSample:
    """One NVIDIA card now. Memory in bytes, temperature in Celsius, power in watts; None: it does not say."""

    index: int
    uuid: str
    name: str
    use_percent: int | None
    memory_used: int
    memory_total: int
    temperature_c: int | None
    power_w: float | None


class NvidiaMonitor:
    """Opens NVML once and samples all cards; without a driver it samples nothing. Never raises."""

    def __init__(self) -> None:
        self._handles: list[Any] = []
        self._names: dict[int, tuple[str, str]] = {}
        self._nvml: Any = None
        try:
            import pynvml

            pynvml.nvmlInit()
            self._nvml = pynvml
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        except Exception:  # a missing or broken driver is an ordinary machine to us
            self._nvml = None

    def sample(self) -> tuple[GpuSample, ...]:
        """All cards now; empty without any."""
        if self._nvml is None:
            return ()
        found = []
        for index, handle in enumerate(self._handles):
            memory = self._ask("nvmlDeviceGetMemoryInfo", handle)
            if memory is None:
                continue
            rates = self._ask("nvmlDeviceGetUtilizationRates", handle)
            power = self._ask("nvmlDeviceGetPowerUsage", handle)
            uuid, name = self._identity(index, handle)
            found.append(
                GpuSample(
                    index=index,
                    uuid=uuid,
                    name=name,
                    use_percent=None if rates is None else int(rates.gpu),
                    memory_used=int(memory.used),
                    memory_total=int(memory.total),
                    temperature_c=self._ask("nvmlDeviceGetTemperature", handle, 0),
                    power_w=None if power is None else float(power) / 1000,
                )
            )
        return tuple(found)

    def _identity(self, index: int, handle: Any) -> tuple[str, str]:
        """(UUID, name) of a card, asked once: they do not change while it is there."""
        if index not in self._names:
            uuid = _text(self._ask("nvmlDeviceGetUUID", handle))
            self._names[index] = uuid, _text(self._ask("nvmlDeviceGetName", handle))
        return self._names[index]

    def _ask(self, function: str, *arguments: Any) -> Any:
        try:
            return getattr(self._nvml, function)(*arguments)
        except Exception:  # cards differ in what they answer
            return None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")


def pick_gpu(listed: Sequence[str] | None = None) -> GpuSample | None:
    """The card with the most free memory, of those `listed` (by index or UUID) if given; None without one."""
    cards = NvidiaMonitor().sample()
    if listed is not None:
        # CUDA counts the fastest card first unless told otherwise, NVML by the bus: the same for like cards only.
        counted_alike = (
            os.environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID" or len({c.name for c in cards}) == 1
        )
        listed = [name for name in listed if counted_alike or not name.isdecimal()]
        cards = tuple(card for card in cards if any(_named(card, name) for name in listed))
    return max(cards, key=lambda card: card.memory_total - card.memory_used, default=None)


def _named(card: GpuSample, name: str) -> bool:
    """Whether `name` means `card`: its index, its UUID, or the beginning of its UUID, as CUDA takes them."""
    return name == str(card.index) or (len(name) > 4 and card.uuid.startswith(name))


def show_one_gpu() -> GpuSample | None:
    """Leave one card visible to this process (before torch touches CUDA); several of them in one process is an error.

    CUDA_VISIBLE_DEVICES with one card (or none) is a choice already made and stands; of several the freest is taken.
    CUDA stops at a name that is empty or -1, and so do we. Where none can be told apart (MIG slices, unlike cards
    counted in CUDA's own order) the first named is left.
    """
    asked = os.environ.get("CUDA_VISIBLE_DEVICES")
    if asked is None:
        card = pick_gpu()
        if card is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = card.uuid or str(card.index)
        return card
    names = [name.strip() for name in asked.split(",")]
    valid = list(itertools.takewhile(lambda name: name not in ("", "-1"), names))
    if len(valid) < 2:
        return None
    card = pick_gpu(valid)
    os.environ["CUDA_VISIBLE_DEVICES"] = (card.uuid or str(card.index)) if card is not None else valid[0]
    return card


def memory() -> tuple[int, int]:
    """Bytes of main memory: available now, and in all."""
    import psutil

    info = psutil.virtual_memory()
    return int(info.available), int(info.total)


def rss() -> int:
    """Bytes this process holds in main memory now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


@dataclass(frozen=True, slots=True)
class Choice:
    """Where to compute: `device` cuda, mps or cpu; `dtype` bfloat16, float16 or float32; `reason` a code."""

    device: str
    name: str
    dtype: str
    reason: str


def choose_device(wanted: str | None = None, bf16: bool | None = None) -> Choice:
    """The fastest device that is there, or `wanted`; `bf16` None lets a probe decide.

    Raises ValueError when `wanted` is not there (the caller replaces it and says so).
    """
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    device = wanted or next(name for name, found in there.items() if found)
    if not there.get(device):
        raise ValueError(device)
    if device == "cuda":
        name = torch.cuda.get_device_name(0)
        if bf16 is False:
            return Choice(device, name, "float32", "asked")
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return Choice(device, name, "bfloat16", "bf16_native")
        return Choice(device, name, "float16", "bf16_missing")
    if device == "mps":
        return Choice(device, "Apple MPS", *_mps_dtype(bf16))
    if bf16 is not None:
        return Choice("cpu", cpu_name(), "bfloat16" if bf16 else "float32", "asked")
    fast, slow = probe_bf16()
    if fast > 1.2 * slow:
        return Choice("cpu", cpu_name(), "bfloat16", "bf16_faster")
    return Choice("cpu", cpu_name(), "float32", "fp32_faster")


def _mps_dtype(bf16: bool | None) -> tuple[str, str]:
    import torch

    if bf16 is False:
        return "float32", "asked"
    try:
        one = torch.ones(4, 4, dtype=torch.bfloat16, device="mps")
        (one @ one).sum().item()
    except (RuntimeError, TypeError):
        return "float32", "bf16_missing"
    return "bfloat16", "bf16_native"


def probe_bf16(seconds: float = 1.0) -> tuple[float, float]:
    """Matrix product speed of this CPU in bf16 and fp32, in GFLOP/s, measured for about `seconds` together.

    The shapes are those of a small model's layers; one warm-up product each is left out of the timing.
    """
    import torch

    speeds = []
    for dtype in (torch.bfloat16, torch.float32):
        left = torch.randn(512, 1024).to(dtype)
        right = torch.randn(1024, 1024).to(dtype)
        first = time.perf_counter()
        left @ right
        start = time.perf_counter()
        # A CPU without bf16 instructions can take longer for one product than the whole probe should.
        count = 0
        if start - first < seconds:
            while time.perf_counter() - start < seconds / 2 or count == 0:
                left @ right
                count += 1
        spent = (time.perf_counter() - start) if count else (start - first)
        speeds.append(max(count, 1) * 2 * 512 * 1024 * 1024 / spent / 1e9)
    return speeds[0], speeds[1]


def cpu_name() -> str:
    """The processor's own name where the system tells, else the architecture."""
    import platform
    from pathlib import Path

    if sys.platform.startswith("linux"):
        try:
            for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
        except OSError:
            pass
    return platform.processor() or platform.machine()
