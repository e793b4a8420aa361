"""Models and tokenizers from local folders, never from elsewhere, never from a pickle."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from styletui_prep.errors import UserError
from styletui_prep.events import Emit, ignore

from styletui_train.catalog import inspect

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def check_folder(folder: Path) -> None:
    """Raise `model_unusable` (path, problem) when `folder` is no model folder we can train."""
    problem = inspect(folder).problem
    if problem is not None:
        raise UserError("model_unusable", path=str(folder), problem=problem)


def is_base(folder: Path) -> bool:
    """True when this model is given plain text to continue instead of its chat template."""
    return not inspect(folder).instruct


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model folder, padding on the right, with some padding token."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError("model_unusable", path=str(folder), problem="broken_tokenizer") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    return tokenizer


def load_model(
    folder: Path,
    *,
    device: str = "cpu",
    dtype: str = "float32",
    quantize: str | None = None,
    double_quant: bool = True,
) -> PreTrainedModel:
    """The model of a folder on `device` (cpu, cuda, mps), weights in `dtype` (bfloat16, float16, float32).

    `quantize`: nf4 or fp4 through bitsandbytes, computing in `dtype`; None holds the weights as they are.

    Raises UserError: `model_unusable`, `out_of_memory`.
    """
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    quantization: Any = BitsAndBytesConfig

    check_folder(folder)
    kind: torch.dtype = getattr(torch, dtype)
    options: dict[str, Any] = {}
    if quantize is not None:
        options["quantization_config"] = quantization(
            load_in_4bit=True,
            bnb_4bit_quant_type=quantize,
            bnb_4bit_use_double_quant=double_quant,
            bnb_4bit_compute_dtype=kind,
        )
    if device == "cuda":
        options["device_map"] = {"": 0}
    try:
        with quiet():
            model: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=kind,
                attn_implementation="sdpa",
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                **options,
            )
        if device == "mps":
            model = model.to("mps")
    except torch.OutOfMemoryError as error:
        raise UserError("out_of_memory", exit_code=1, path=str(folder)) from error
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise UserError("model_unusable", path=str(folder), problem="cannot_load") from error
    model.config.use_cache = False
    loaded: PreTrainedModel = model
    return loaded


def load_for_inference(
    folder: Path,
    adapter: Path | None = None,
    *,
    device: str | None = None,
    dtype: str | None = None,
    quantize: bool = False,
    quant_type: str = "nf4",
    double_quant: bool = True,
    emit: Emit = ignore,
) -> tuple[Any, PreTrainedTokenizerBase]:
    """(model in evaluation mode, tokenizer), with the adapter unmerged when one is given.

    Unmerged, so that `with model.disable_adapter():` gives back the exact base model. To judge an adapter on the
    base it was trained on, hand on what train.json says; what this machine cannot do is replaced, with a warning
    `setting_replaced`. Device and dtype are chosen by `hardware.choose_device` when not given.

    Raises UserError: `adapter_missing`, `model_unusable`, `out_of_memory`.
    """
    from styletui_train.machine import fit_inference

    if adapter is not None and not (adapter / "adapter_config.json").is_file():
        raise UserError("adapter_missing", path=str(adapter))
    device, dtype, in_4bit = fit_inference(device, dtype, quantize, emit)
    model: Any = load_model(
        folder,
        device=device,
        dtype=dtype,
        quantize=quant_type if in_4bit else None,
        double_quant=double_quant,
    )
    if adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, str(adapter), local_files_only=True)
    model.eval()
    return model, load_tokenizer(folder)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No progress bars from transformers inside; they would land in the worker's error log."""
    from transformers.utils import logging

    bars: Any = logging
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()
