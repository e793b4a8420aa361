"""A tiny model of each make, made once a session, and a small dataset with habits that can be learned."""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HELPERS = Path(__file__).resolve().parents[2] / "helpers"
SENTENCES = (
    "早上起来先烧一壶水，然后坐在窗边等它开。",
    "今天的云走得很慢，像一个不想回家的人。",
    "老板认得每一本书，却认不得我。",
    "雨停了，街上的人慢慢多了起来。",
)


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    """tests/helpers/tiny_models.py."""
    spec = importlib.util.spec_from_file_location("tiny_models", HELPERS / "tiny_models.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def llama(tiny: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Llama without a chat template."""
    return Path(tiny.make_tiny_model(tmp_path_factory.mktemp("llama"), "llama"))


@pytest.fixture(scope="session")
def qwen(tiny: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Qwen2 with a chat template."""
    return Path(tiny.make_tiny_model(tmp_path_factory.mktemp("qwen"), "qwen2", True))


@pytest.fixture(scope="session")
def gemma(tiny: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Gemma 3."""
    return Path(tiny.make_tiny_model(tmp_path_factory.mktemp("gemma"), "gemma3"))


def _row(name: str, index: int, rng: random.Random) -> dict[str, Any]:
    text = "".join(rng.choice(SENTENCES) for _ in range(rng.randint(2, 5)))
    prompt = f"题目：第{index}篇\n关键词：水，云\n\n正文：\n"
    return {
        "messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": text}],
        "meta": {
            "doc": f"{name}{index // 2}",
            "chunk": f"{name}{index}",
            "view": "outline",
            "tokens": len(text),
        },
    }


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 training and 6 held-out rows in our own layout."""
    folder = tmp_path_factory.mktemp("dataset")
    rng = random.Random(1)
    for name, count in (("train", 24), ("val", 6)):
        lines = [json.dumps(_row(name, i, rng), ensure_ascii=False) for i in range(count)]
        (folder / f"sft_{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder
