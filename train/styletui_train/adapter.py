"""The adapter: put on a model, and saved as a plain PEFT folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from styletui_prep.errors import EXIT_UNKNOWN, EXIT_USAGE, UserError
from styletui_prep.files import private_folder

from styletui_train.config import LINEAR_LAYERS, TrainConfig
from styletui_train.files import full_disk_told, replace_folder
from styletui_train.machine import Machine


def attach(model: Any, config: TrainConfig, machine: Machine) -> Any:
    """The model with a fresh LoRA on it: base frozen, adapter weights in fp32.

    PEFT's preparation for 4-bit models is left out on purpose: it widens embeddings and head to fp32 (gigabytes with
    a large vocabulary). Norms are not widened either: they compute in fp32 inside, and wider outputs would not
    fit the head when the model writes.
    """
    from peft import LoraConfig, get_peft_model

    model.requires_grad_(False)
    if machine.checkpointing:
        # Before the trainer does the same, so that measured speed and memory are those of training.
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.enable_input_require_grads()
    try:
        return get_peft_model(
            model,
            LoraConfig(
                r=config.lora_r,
                lora_alpha=config.lora_alpha,
                lora_dropout=config.lora_dropout,
                target_modules=_present(model, config.target_modules),
                task_type="CAUSAL_LM",
            ),
        )
    except ValueError as error:
        raise UserError(
            "target_modules_missing", exit_code=EXIT_USAGE, asked=",".join(config.target_modules)
        ) from error


def _present(model: Any, wanted: tuple[str, ...]) -> list[str] | str:
    """The wanted layers that this architecture has; for one with other names, all linear layers."""
    names = {name.rsplit(".", 1)[-1] for name, _ in model.named_modules()}
    there = [name for name in wanted if name in names]
    return there or ("all-linear" if wanted in (LINEAR_LAYERS, ("all-linear",)) else list(wanted))


def save_adapter(model: Any, tokenizer: Any, folder: Path, base_model: Path) -> Path:
    """A plain PEFT folder (safetensors, JSON, tokenizer with its template), there whole or not at all.

    Raises UserError `adapter_unchanged` when every B matrix is still zero (such an adapter changes nothing),
    `disk_full`.
    """
    grown = [
        name for name, value in model.named_parameters() if "lora_B" in name and bool((value != 0).any())
    ]
    if not grown:
        raise UserError("adapter_unchanged", exit_code=EXIT_UNKNOWN)
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for peft_config in model.peft_config.values():
        # An absolute path keeps PEFT from asking a hub about the base, now and at loading.
        peft_config.base_model_name_or_path = str(base_model.resolve())
    with full_disk_told(folder, partial):
        private_folder(partial)
        model.save_pretrained(partial, safe_serialization=True)
        tokenizer.save_pretrained(partial)
        (partial / "README.md").unlink(missing_ok=True)
        replace_folder(partial, folder)
    return folder
