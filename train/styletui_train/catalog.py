"""Which model folders there are, and what they say about themselves; read from JSON and headers, no torch."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

CARD_NAME: Final = "styletui.json"
_DEPTH: Final = 4
_DTYPES: Final = {
    "BF16": "bfloat16",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
    "I8": "int8",
    "U8": "uint8",
}
_MAX_HEADER: Final = 100 << 20


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model folder. `params` counts weights in the safetensors headers; `problem` is a code or None.

    `instruct`: it is spoken to through its own chat template; otherwise it is given text to continue.
    """

    path: Path
    name: str
    architecture: str
    params: int
    size_bytes: int
    dtype: str
    has_chat_template: bool
    instruct: bool
    licence: str | None
    problem: str | None

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {
            "path": str(self.path),
            **{key: getattr(self, key) for key in self.__slots__ if key != "path"},
        }


def inspect(folder: Path) -> ModelInfo:
    """What `folder` holds. Never raises for a bad folder: `problem` says what is wrong with it.

    Problems: not_found, no_config, broken_config, not_a_language_model, no_weights, pickled_weights,
    broken_weights, no_tokenizer.
    """
    config, problem = _config(folder)
    card = _json(folder / CARD_NAME) or {}
    params, size, dtype, weights_problem = _weights(folder)
    tokenizer_config = _json(folder / "tokenizer_config.json") or {}
    template = bool(tokenizer_config.get("chat_template")) or (folder / "chat_template.jinja").exists()
    has_tokenizer = (folder / "tokenizer.json").exists() or (folder / "tokenizer.model").exists()
    architectures = config.get("architectures")
    architectures = architectures if isinstance(architectures, list) else []
    architecture = str(architectures[0]) if architectures else str(config.get("model_type", ""))
    if (
        problem is None
        and architectures
        and not architecture.endswith(("CausalLM", "ConditionalGeneration", "LMHeadModel"))
    ):
        problem = "not_a_language_model"
    problem = problem or weights_problem or (None if has_tokenizer else "no_tokenizer")
    return ModelInfo(
        path=folder,
        name=str(card.get("name") or _name(folder)),
        architecture=architecture,
        params=params,
        size_bytes=size,
        dtype=dtype or str(config.get("dtype") or config.get("torch_dtype") or ""),
        has_chat_template=template,
        instruct=template and card.get("base") is not True,
        licence=_licence(folder, card),
        problem=problem,
    )


def find_models(paths: Iterable[Path]) -> list[ModelInfo]:
    """All usable model folders at or under `paths` (a few levels deep; links are followed once), by name."""
    found: dict[Path, ModelInfo] = {}
    for path in paths:
        for folder in _folders(path, _DEPTH, set()):
            info = inspect(folder)
            if info.problem is None:
                found.setdefault(folder.resolve(), info)
    return sorted(found.values(), key=lambda info: (info.name.lower(), str(info.path)))


def _folders(path: Path, depth: int, seen: set[Path]) -> Iterable[Path]:
    try:
        real = path.resolve()
        if real in seen or not path.is_dir():
            return
        seen.add(real)
        if (path / "config.json").exists():
            yield path
            return
        if depth:
            for child in sorted(path.iterdir()):
                hidden = child.name.startswith(".") or child.name in ("blobs", "refs", "checkpoints")
                if child.is_dir() and not hidden:
                    yield from _folders(child, depth - 1, seen)
    except OSError:
        return


def _config(folder: Path) -> tuple[dict[str, Any], str | None]:
    if not folder.is_dir():
        return {}, "not_found"
    if not (folder / "config.json").is_file():
        return {}, "no_config"
    config = _json(folder / "config.json")
    return (config, None) if config else ({}, "broken_config")


def _json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _weights(folder: Path) -> tuple[int, int, str, str | None]:
    """(weights, bytes, dtype of the largest tensor, problem) of the safetensors files in `folder`."""
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if not files:
        pickled = folder.is_dir() and any(folder.glob("pytorch_model*.bin"))
        return 0, 0, "", "pickled_weights" if pickled else "no_weights"
    if any(not (folder / name).is_file() for name in _shards(folder)):
        return 0, 0, "", "broken_weights"
    params, size, largest, dtype = 0, 0, 0, ""
    for file in files:
        header = _header(file)
        if header is None:
            return 0, 0, "", "broken_weights"
        size += file.stat().st_size
        for key, tensor in header.items():
            if key == "__metadata__":
                continue
            count = prod(tensor["shape"])
            params += count
            if count > largest:
                largest, dtype = count, _DTYPES.get(tensor["dtype"], str(tensor["dtype"]).lower())
    return params, size, dtype, None


def _shards(folder: Path) -> set[str]:
    """Names of the files over which the index spreads the weights; empty without an index."""
    index = _json(folder / "model.safetensors.index.json") or {}
    spread = index.get("weight_map")
    return {str(name) for name in spread.values()} if isinstance(spread, dict) else set()


def _header(file: Path) -> dict[str, Any] | None:
    """A safetensors header: 8 bytes of little-endian length, then JSON; None when the file is cut or wrong."""
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if not 2 <= length <= _MAX_HEADER:
                return None
            header = json.loads(stream.read(length))
        tensors = [t for key, t in header.items() if key != "__metadata__"]
        if not all(isinstance(t["dtype"], str) and prod(t["shape"]) >= 0 for t in tensors):
            return None
        ends = [t["data_offsets"][1] for t in tensors]
        whole = file.stat().st_size == 8 + length + max(ends, default=0)
    except (OSError, ValueError, RecursionError, struct.error, LookupError, TypeError, AttributeError):
        return None
    return header if whole and isinstance(header, dict) else None


def _name(folder: Path) -> str:
    """The folder's name; in a Hugging Face cache the `models--owner--name` above its snapshot."""
    for part in (folder, *folder.parents[:2]):
        if part.name.startswith("models--"):
            return part.name.removeprefix("models--").replace("--", "/")
    return folder.resolve().name


def _licence(folder: Path, card: dict[str, Any]) -> str | None:
    if isinstance(card.get("licence"), str):
        return str(card["licence"])
    try:
        head = (folder / "README.md").read_text("utf-8", "replace")[:4000].splitlines()
    except OSError:
        return None
    for line in head[1:] if head and head[0].strip() == "---" else []:
        if line.strip() == "---":
            break
        if line.startswith("license:"):
            return line.split(":", 1)[1].strip().strip("\"'") or None
    return None
