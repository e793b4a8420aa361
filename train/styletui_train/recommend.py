"""Settings that suit the amount of text (design: style recipe, sections 1 and 2), each with a reason code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

QUICK_BUDGET_S = 300.0


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommended value and the code of the sentence that says why."""

    value: Any
    reason: str


def amount(chunks: int) -> str:
    """How much text there is: few (under 50 chunks), thin (under 128), good."""
    return "few" if chunks < 50 else "thin" if chunks < 128 else "good"


def recommend(rows: int, chunks: int, preset: str = "standard") -> dict[str, Advice]:
    """Advice for `rows` training samples built from `chunks` different pieces of text.

    One piece stands in several views, so epochs are limited by how often a *piece* is seen: 3 times, 4 under
    150 pieces. A quick look takes more and bigger steps, one a sample, until its time is up.
    """
    chunks = max(1, min(chunks, rows))
    seen = 4 if chunks < 150 else 3
    epochs = max(0.5, min(3.0, round(seen * chunks / max(rows, 1), 2)))
    if chunks < 150:
        rank, batch, reason = 8, 4, "small_data"
    elif chunks < 2000:
        rank, batch, reason = 16, 8, "middle_data"
    else:
        rank, batch, reason = 32, 16, "large_data"
    rate = 1e-4 if chunks < 300 else 2e-4
    advice = {
        "preset": Advice(preset, f"preset_{preset}"),
        "lora_r": Advice(rank, reason),
        "lora_alpha": Advice(rank * 2, "twice_the_rank"),
        "learning_rate": Advice(rate, reason),
        "per_device_train_batch_size": Advice(1, "fits_small_memory"),
        "gradient_accumulation_steps": Advice(batch, reason),
        "num_train_epochs": Advice(epochs, "exposures"),
    }
    if preset == "quick":
        advice |= {
            "time_budget_s": Advice(QUICK_BUDGET_S, "preset_quick"),
            "learning_rate": Advice(6e-4, "few_steps_big_steps"),
            "gradient_accumulation_steps": Advice(1, "few_steps_big_steps"),
            "lora_r": Advice(16, "few_steps_big_steps"),
            "lora_alpha": Advice(32, "twice_the_rank"),
            "lora_dropout": Advice(0.0, "seen_once"),
        }
    return advice


def values(advice: dict[str, Advice]) -> dict[str, Any]:
    """The recommended values alone, as `config.resolve` takes them."""
    return {key: item.value for key, item in advice.items()}
