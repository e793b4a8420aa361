"""Every setting of a training run: what it means, what it may be, and where its value came from.

The keys are those of `lora_sft.yaml`. A value comes from a flag, then `--set`, then the YAML file, then the
recommendation, then the default; `Resolved.provenance` keeps which.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from styletui_prep.errors import EXIT_USAGE, UserError

PRESETS: Final = ("quick", "standard")
LINEAR_LAYERS: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_AUTO: Final = ("", "auto", "none", "null")


def _set(
    default: Any,
    help_text: str,
    *,
    low: float | None = None,
    high: float | None = None,
    only: tuple[str, ...] = (),
) -> Any:
    """A field with its plain sentence and its limits."""
    return field(default=default, metadata={"help": help_text, "low": low, "high": high, "only": only})


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """All settings of one run. None means: chosen by what the machine and the data are."""

    model_name: str = _set("", "The folder of the model to start from.")
    dataset: str = _set("", "The prepared dataset: a folder, or one file of samples.")
    eval_dataset: str | None = _set(None, "A file of held-out samples; without one, the dataset's own.")
    output_dir: str = _set("", "The folder of this run: adapter, checkpoints and samples go there.")
    preset: str = _set(
        "standard", "quick: a first look within a few minutes. standard: the full recipe.", only=PRESETS
    )
    time_budget_s: float | None = _set(None, "Stop after so many seconds, saving included.", low=5)
    seed: int = _set(42, "The same seed, data and machine give the same run.", low=0, high=2**31 - 1)
    device: str | None = _set(
        None, "Where to compute; by itself it takes the fastest there is.", only=("cuda", "mps", "cpu")
    )
    load_in_4bit: bool | None = _set(None, "Hold the model in 4 bits: a quarter of the memory, NVIDIA only.")
    bnb_4bit_quant_type: str = _set(
        "nf4", "How the 4 bits are spent; nf4 suits weights best.", only=("nf4", "fp4")
    )
    bnb_4bit_use_double_quant: bool = _set(True, "Pack the 4-bit scales too; saves a little more memory.")
    bf16: bool | None = _set(None, "Compute in 16 bits; by itself it measures whether that is faster here.")
    gradient_checkpointing: bool | None = _set(None, "Trade a quarter of the speed for much less memory.")
    lora_r: int = _set(16, "How much the adapter can learn; more needs more data.", low=1, high=512)
    lora_alpha: int = _set(32, "How strongly the adapter speaks; usually twice the rank.", low=1, high=2048)
    lora_dropout: float = _set(
        0.05, "Randomly ignore this share while learning, against learning by heart.", low=0, high=0.9
    )
    target_modules: tuple[str, ...] = _set(
        LINEAR_LAYERS, "Which layers get an adapter; all linear ones is best."
    )
    per_device_train_batch_size: int = _set(1, "Samples looked at together.", low=1, high=1024)
    gradient_accumulation_steps: int = _set(8, "Batches gathered before each step.", low=1, high=4096)
    learning_rate: float = _set(
        2e-4,
        "How big each step is; too big forgets the language, too small learns nothing.",
        low=1e-8,
        high=1,
    )
    lr_scheduler_type: str = _set(
        "cosine", "How the step size falls towards the end.", only=("cosine", "linear", "constant")
    )
    warmup_steps: int | None = _set(None, "Steps at the start during which the step size rises.", low=0)
    warmup_ratio: float = _set(
        0.05, "The same as a share of all steps, where warmup_steps is not given.", low=0, high=0.5
    )
    weight_decay: float = _set(
        0.01, "Pulls the adapter towards nothing, against learning by heart.", low=0, high=1
    )
    max_grad_norm: float = _set(1.0, "Cuts steps that would be wildly large.", low=0)
    optim: str | None = _set(None, "The optimizer; by itself the one that suits the device.")
    num_train_epochs: float = _set(3.0, "How often every sample is seen, at most.", low=0.01, high=100)
    max_steps: int | None = _set(None, "Stop after so many steps, whatever the epochs say.", low=1)
    max_seq_length: int = _set(1280, "Longer samples are cut to so many tokens.", low=32, high=131072)
    logging_steps: int = _set(1, "Report every so many steps.", low=1)
    eval_steps: int | None = _set(
        None, "Look at held-out text every so many steps; by itself about each quarter epoch.", low=1
    )
    eval_max_rows: int | None = _set(None, "Look at no more than so many held-out samples each time.", low=1)
    save_steps: int | None = _set(
        None, "Keep a checkpoint every so many steps; by itself with each look at held-out text.", low=1
    )
    save_total_limit: int = _set(3, "How many checkpoints are kept.", low=1, high=100)
    sample_tokens: int = _set(
        80, "How long the piece of writing at each evaluation may be; 0 writes none.", low=0, high=4096
    )
    template: str | None = _set(
        None,
        "chat: through the model's chat template. base: as plain text to continue.",
        only=("chat", "base"),
    )

    def to_json(self) -> dict[str, Any]:
        """All keys with plain JSON values."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in dataclasses.asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Resolved:
    """A config and, for every key, one of flag, set, config, recommended, default."""

    config: TrainConfig
    provenance: dict[str, str]


FIELDS: Final = {f.name: f for f in dataclasses.fields(TrainConfig)}


def help_texts() -> dict[str, str]:
    """Every key with its one plain English sentence."""
    return {name: str(f.metadata["help"]) for name, f in FIELDS.items()}


def load_yaml(path: Path) -> dict[str, Any]:
    """The settings in a YAML file, checked.

    Raises UserError: `config_missing`, `config_broken`, `unknown_key`, `bad_value`.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise UserError("config_missing", exit_code=EXIT_USAGE, path=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("config_broken", exit_code=EXIT_USAGE, path=str(path), line=0) from error
    try:
        values = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 0
        raise UserError("config_broken", exit_code=EXIT_USAGE, path=str(path), line=line) from error
    if not isinstance(values, dict):
        raise UserError("config_broken", exit_code=EXIT_USAGE, path=str(path), line=1)
    return check(values)


def parse_set(items: Iterable[str]) -> dict[str, Any]:
    """`key=value` arguments as checked settings.

    Raises UserError: `set_without_equals`, `unknown_key`, `bad_value`.
    """
    values: dict[str, Any] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals:
            raise UserError("set_without_equals", exit_code=EXIT_USAGE, item=item)
        values[key.strip()] = value.strip()
    return check(values)


def check(values: Mapping[Any, Any]) -> dict[str, Any]:
    """The same settings with each value of its proper type and within its limits."""
    checked = {}
    for key, value in values.items():
        if key not in FIELDS:
            nearest = difflib.get_close_matches(str(key), FIELDS, n=1, cutoff=0.5)
            raise UserError(
                "unknown_key", exit_code=EXIT_USAGE, key=str(key), nearest=nearest[0] if nearest else ""
            )
        checked[str(key)] = _convert(str(key), value)
    return checked


def resolve(
    *,
    flags: Mapping[str, Any] | None = None,
    sets: Mapping[str, Any] | None = None,
    file: Mapping[str, Any] | None = None,
    recommended: Mapping[str, Any] | None = None,
) -> Resolved:
    """The config that these sources make together, the first named winning, each value's source kept."""
    values: dict[str, Any] = {}
    provenance = dict.fromkeys(FIELDS, "default")
    layers = {"recommended": recommended, "config": file, "set": sets, "flag": flags}
    for source, layer in layers.items():
        for key, value in check(layer or {}).items():
            values[key] = value
            provenance[key] = source
    return Resolved(TrainConfig(**values), provenance)


def _convert(key: str, value: Any) -> Any:
    declared = str(FIELDS[key].type)
    kinds = [part.strip() for part in declared.split("|")]
    if value is None or (isinstance(value, str) and value.lower() in _AUTO):
        if "None" in kinds:
            return None
        # An empty line in the YAML file means: as it would be without the line.
        return FIELDS[key].default
    try:
        converted = _as_kind(kinds[0], value)
    except (ValueError, TypeError, OverflowError) as error:
        raise _bad(key, kinds[0]) from error
    _check_limits(key, converted)
    return converted


def _as_kind(kind: str, value: Any) -> Any:
    if kind == "bool":
        words = {
            "true": True,
            "yes": True,
            "on": True,
            "1": True,
            "false": False,
            "no": False,
            "off": False,
            "0": False,
        }
        return (
            value
            if isinstance(value, bool)
            else words.get(str(value).lower())
            if str(value).lower() in words
            else _refuse()
        )
    if isinstance(value, bool):
        return _refuse()
    if kind == "int":
        number = float(value)
        return int(number) if number == int(number) else _refuse()
    if kind == "float":
        number = float(value)
        return number if number == number and abs(number) != float("inf") else _refuse()
    if kind.startswith("tuple"):
        parts = value.split(",") if isinstance(value, str) else list(value)
        return tuple(str(part).strip() for part in parts if str(part).strip()) or _refuse()
    if isinstance(value, (str, int, float, Path)):
        return str(value)
    return _refuse()


def _refuse() -> Any:
    raise ValueError


def _bad(key: str, expected: str) -> UserError:
    return UserError("bad_value", exit_code=EXIT_USAGE, key=key, expected=expected)


def _check_limits(key: str, value: Any) -> None:
    meta = FIELDS[key].metadata
    if meta["only"] and value not in meta["only"]:
        raise _bad(key, " | ".join(meta["only"]))
    low, high = meta["low"], meta["high"]
    if (low is not None and value < low) or (high is not None and value > high):
        raise _bad(key, f"{low if low is not None else ''}..{high if high is not None else ''}")
