"""GGUF to a safetensors folder, once, so that every later start takes seconds.

The reading of GGUF (names, blocks, tokenizer) is transformers' own; this module asks it for a dense bf16
model, reports progress per tensor, takes the quantisation marks off, writes the folder and reads it back.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from styletui_prep.errors import EXIT_STOPPED, UserError
from styletui_prep.events import Emit, Progress, ShouldStop, Stage, never
from styletui_prep.files import private_folder, write_json, write_whole

from styletui_train.catalog import CARD_NAME
from styletui_train.files import need_space, replace_folder, sha256_of
from styletui_train.load import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


CARD_FORMAT: Final = 1
# A 4-bit file grows to 16 bits a weight, and the check holds nothing on disk besides.
_GROWTH: Final = 4
_PROBES: Final = ("今天天气很好。", "Hello, world!\n\n  Two  spaces", "“引号”——1984年，３月。", "emoji 🙂")


def import_gguf(
    gguf: Path,
    out: Path,
    emit: Emit,
    should_stop: ShouldStop = never,
    *,
    base: bool | None = None,
    name: str | None = None,
    licence: str | None = None,
    documents: Mapping[str, str] | None = None,
) -> Path:
    """Turn the file `gguf` into the model folder `out` (bf16 safetensors, tokenizer, `styletui.json`).

    `base`: True for a model that only continues text, False for a chat model, None to judge by its chat
    template. `documents` (file name to text: licences, notices) go in beside the weights. Does nothing
    when `out` already holds the same file's import.

    Raises UserError: `gguf_missing`, `gguf_invalid`, `gguf_unsupported`, `disk_space`, `stopped`,
    `import_check_failed`.
    """
    _check_file(gguf)
    emit(Stage("gguf_hash"))
    digest = sha256_of(gguf)
    if imported_from(out) == digest:
        return out
    need_space(out.parent, gguf.stat().st_size * _GROWTH)
    private_folder(out.parent)
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    try:
        tokenizer, model = _read(gguf, emit, should_stop)
        emit(Stage("gguf_write"))
        tokenizer.save_pretrained(partial)
        model.save_pretrained(partial)
        template = tokenizer.chat_template is not None
        is_base = base if base is not None else (not template or turn_token_untrained(model, tokenizer))
        emit(Stage("gguf_check"))
        _check(partial, model, tokenizer)
        for file_name, text in (documents or {}).items():
            write_whole(partial / file_name, text.encode())
        write_json(
            partial / CARD_NAME,
            {
                "format": CARD_FORMAT,
                "name": name or out.name,
                "base": is_base,
                "licence": licence,
                "source": {"file": gguf.name, "sha256": digest, "bytes": gguf.stat().st_size},
            },
        )
        replace_folder(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out


def imported_from(folder: Path) -> str | None:
    """SHA-256 of the GGUF a finished folder came from; None for anything else."""
    try:
        card = json.loads((folder / CARD_NAME).read_text("utf-8"))
        source = card["source"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return source if isinstance(source, str) else None


def _check_file(gguf: Path) -> None:
    if not gguf.is_file():
        raise UserError("gguf_missing", path=str(gguf))
    with gguf.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise UserError("gguf_invalid", path=str(gguf))


def _read(gguf: Path, emit: Emit, should_stop: ShouldStop) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """Tokenizer and dense bf16 model of the file; both with every mark of the GGUF removed."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    emit(Stage("gguf_tokenizer"))
    try:
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, local_files_only=True)
        emit(Stage("gguf_weights"))
        with _tensor_progress(gguf, emit, should_stop):
            model: Any = AutoModelForCausalLM.from_pretrained(
                gguf.parent,
                gguf_file=gguf.name,
                dtype=torch.bfloat16,
                quantization_config=GgufConfig(dequantize=True),
                local_files_only=True,
            )
    except UserError:
        raise
    except (ValueError, LookupError, AttributeError, OSError, RuntimeError, struct.error) as error:
        raise UserError("gguf_unsupported", path=str(gguf), detail=type(error).__name__) from error
    # These two keep `save_pretrained` from writing, and a later load from treating bf16 as blocks.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    for mark in ("is_quantized", "quantization_method"):
        if mark in model.__dict__:
            delattr(model, mark)
    return tokenizer, model


@contextmanager
def _tensor_progress(gguf: Path, emit: Emit, should_stop: ShouldStop) -> Iterator[None]:
    """Count the tensors that transformers unpacks, and look for a stop between two of them.

    transformers takes `dequantize` from the `gguf` package at call time and shows its own bar on stderr;
    standing in for that function is the one place from which we can say how far it is.
    """
    import gguf as package

    total = len(package.GGUFReader(gguf).tensors)
    original = package.dequantize
    done = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal done
        if should_stop() is not None:
            raise UserError("stopped", exit_code=EXIT_STOPPED)
        result = original(*args, **kwargs)
        done += 1
        if done % 8 == 0 or done == total:
            emit(Progress("gguf_weights", done, total))
        return result

    package.dequantize = counted
    try:
        with quiet():
            yield
    finally:
        package.dequantize = original


def turn_token_untrained(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the end-of-turn token's embedding still looks like that of tokens nobody ever used.

    A base model can carry a chat template it was never trained on. Measured on Gemma 3 270M base: cosine
    0.986 to the `<unused…>` tokens. Without such tokens to compare with, the answer is False.
    """
    import torch

    vocabulary = tokenizer.get_vocab()
    unused = [index for token, index in vocabulary.items() if token.startswith("<unused")][:16]
    turns = [vocabulary[t] for t in ("<end_of_turn>", "<|im_end|>", "<|eot_id|>") if t in vocabulary]
    if len(unused) < 4 or not turns:
        return False
    embeddings: Any = model.get_input_embeddings()
    table = embeddings.weight.detach().float()
    mean = table[unused].mean(0)
    cosine = torch.nn.functional.cosine_similarity(table[turns[0]], mean, dim=0)
    return bool(cosine > 0.95)


def _check(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Read the folder back: the same tokens for a few lines, the same finite weights."""
    import torch
    from safetensors import safe_open
    from tokenizers import Tokenizer

    reread = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for line in _PROBES:
        if reread.encode(line, add_special_tokens=False).ids != tokenizer.encode(
            line, add_special_tokens=False
        ):
            raise UserError("import_check_failed", exit_code=1, what="tokenizer")
    live = model.state_dict()
    seen = 0
    for file in folder.glob("*.safetensors"):
        with safe_open(str(file), framework="pt") as archive:
            for key in archive.keys():  # noqa: SIM118 - not a dict
                tensor = archive.get_tensor(key)
                if not torch.isfinite(tensor).all() or not torch.equal(tensor, live[key]):
                    raise UserError("import_check_failed", exit_code=1, what=key)
                seen += 1
    if seen == 0:
        raise UserError("import_check_failed", exit_code=1, what="weights")
