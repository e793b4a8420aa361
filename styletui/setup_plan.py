"""What the Setup screen decides: which models are here, what is recommended, what was changed by hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from styletui_train import recommend
from styletui_train.catalog import ModelInfo, find_models, inspect
from styletui_train.config import FIELDS, Resolved

from styletui.project import models_dir
from styletui.training import resolve_training

SMALL_MODEL: Final = 1_000_000_000  # weights; below it a model shows the journey more than the quality

# What the arrows offer for each setting; a value from elsewhere joins the list.
CHOICES: Final[dict[str, tuple[Any, ...]]] = {
    "preset": ("quick", "standard"),
    "time_budget_s": (60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0),
    "num_train_epochs": (0.5, 1.0, 1.5, 2.0, 2.5, 3.0),
    "learning_rate": (5e-5, 1e-4, 2e-4, 4e-4, 6e-4),
    "lora_r": (4, 8, 16, 32, 64),
    "gradient_accumulation_steps": (1, 2, 4, 8, 16),
    "max_seq_length": (512, 768, 1024, 1280, 2048),
    "sample_tokens": (0, 40, 80, 160),
    "seed": (42, 1, 2, 3, 4, 5),
}
ONLY_QUICK: Final = ("time_budget_s",)
ONLY_STANDARD: Final = ("num_train_epochs",)


def find_all(also: tuple[Path, ...] = ()) -> list[ModelInfo]:
    """Usable model folders: ours, those of the Hugging Face and ModelScope caches, and `also`."""
    hub = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface") / "hub"
    scope = Path(os.environ.get("MODELSCOPE_CACHE") or Path.home() / ".cache" / "modelscope")
    return find_models([models_dir(), *also, hub, scope])


def demo_ready() -> bool:
    """Whether the demo model is here."""
    from styletui_train import demo

    return demo.demo_ready(models_dir())


@dataclass(frozen=True, slots=True)
class DeviceGuess:
    """Where training will compute, told without loading torch: `kind` cuda, mps or cpu."""

    kind: str
    name: str = ""
    free_bytes: int = 0
    total_bytes: int = 0


def guess_device() -> DeviceGuess:
    """The NVIDIA card with most free memory, else Apple's GPU, else the processor."""
    from styletui_train import hardware

    card = hardware.pick_gpu()
    if card is not None:
        return DeviceGuess("cuda", card.name, card.memory_total - card.memory_used, card.memory_total)
    free, total = hardware.memory()
    if sys.platform == "darwin" and os.uname().machine == "arm64":
        return DeviceGuess("mps", "Apple GPU", free, total)
    return DeviceGuess("cpu", hardware.cpu_name(), free, total)


@dataclass(slots=True)
class Plan:
    """The settings as they stand: a preset, what it recommends for this much text, and changes by hand."""

    rows: int
    chunks: int
    preset: str = "quick"
    changed: dict[str, Any] = field(default_factory=dict)

    @property
    def advice(self) -> dict[str, recommend.Advice]:
        """What is recommended, each with the code of its reason."""
        return recommend.recommend(self.rows, self.chunks, self.preset)

    def shown(self) -> list[str]:
        """The settings shown, in order."""
        hidden = ONLY_STANDARD if self.preset == "quick" else ONLY_QUICK
        return [key for key in CHOICES if key not in hidden]

    def value(self, key: str) -> Any:
        """The value of `key` as it would be trained with."""
        if key == "preset":
            return self.preset
        if key in self.changed:
            return self.changed[key]
        advice = self.advice.get(key)
        return advice.value if advice is not None else FIELDS[key].default

    def turn(self, key: str, step: int) -> None:
        """Take the next or the previous choice of `key`; stops at the ends."""
        here = self.value(key)
        if key == "preset":
            self.preset = "standard" if self.preset == "quick" else "quick"
            return
        choices = sorted({*CHOICES[key], here}) if key != "seed" else list(CHOICES[key])
        at = choices.index(here) if here in choices else 0
        value = choices[max(0, min(len(choices) - 1, at + step))]
        advice = self.advice.get(key)
        standard = advice.value if advice is not None else FIELDS[key].default
        self.changed.pop(key, None)
        if value != standard:
            self.changed[key] = value

    def is_changed(self, key: str) -> bool:
        """Whether a person changed it."""
        return key in self.changed

    def resolve(self, model: Path, dataset: Path) -> Resolved:
        """The config to train with, with the source of each value."""
        sets = {k: v for k, v in self.changed.items() if k in self.shown()}
        if "lora_r" in sets:
            sets["lora_alpha"] = 2 * int(sets["lora_r"])
        return resolve_training(dataset, model, preset=self.preset, sets=sets)

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any]) -> Plan:
        """From what was chosen for this project before; how much text there is follows later."""
        changed = {k: v for k, v in dict(saved.get("changed") or {}).items() if k in CHOICES}
        preset = str(saved.get("preset"))
        return cls(1, 1, preset if preset in ("quick", "standard") else "quick", changed)


def look(folder: Path) -> ModelInfo:
    """What a folder typed by hand holds; `problem` says what is wrong with it."""
    return inspect(folder)
