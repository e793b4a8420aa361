"""What the machine does while it trains: processor, main memory, NVIDIA cards.

Sampled by one daemon thread, so that a slow driver never holds a key press back; what crosses over to the
screen is a frozen snapshot. NVML is opened once, in that thread.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import Final

import psutil
from styletui_train.hardware import GpuSample, NvidiaMonitor

INTERVAL: Final = 1.0
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One look. `cpu_percent` is over all cores, None before the first full interval; memory in bytes.

    `gpus_asked`: NVML has answered, so no `gpus` means that there is no NVIDIA card (or no driver for it).
    """

    cpu_percent: float | None = None
    cores: int = 1
    memory_used: int = 0
    memory_total: int = 0
    gpus: tuple[GpuSample, ...] = ()
    gpus_asked: bool = False


class Sampler:
    """Looks at the machine once a second while somebody watches; `latest()` costs nothing."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._latest = Machine(cores=os.cpu_count() or 1)
        self._nvidia: NvidiaMonitor | None = None
        self._leave = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look; nothing happens when it looks already."""
        if self._thread is not None and self._thread.is_alive() and not self._leave.is_set():
            return
        self._leave = threading.Event()
        self._thread = threading.Thread(
            target=self._look_on, args=(self._leave,), name="machine", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; the thread ends within an interval and nobody waits for it."""
        self._leave.set()

    def latest(self) -> Machine:
        """The last look, at once."""
        return self._latest

    def _look_on(self, leave: threading.Event) -> None:
        psutil.cpu_percent(None)  # the first call has nothing to compare with
        first = True
        while not leave.is_set():
            if self._nvidia is None:
                self._nvidia = NvidiaMonitor()
            memory = psutil.virtual_memory()
            self._latest = Machine(
                cpu_percent=None if first else psutil.cpu_percent(None),
                cores=os.cpu_count() or 1,
                memory_used=int(memory.total - memory.available),
                memory_total=int(memory.total),
                gpus=self._nvidia.sample(),
                gpus_asked=True,
            )
            first = False
            leave.wait(self._interval)


@cache
def shared() -> Sampler:
    """The sampler of this process."""
    return Sampler()
