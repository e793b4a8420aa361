"""Settings: their sources, their limits, and what is said when one is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from styletui_prep.errors import UserError
from styletui_train import config, recommend

YAML = Path(__file__).resolve().parents[3] / "train" / "lora_sft.yaml"
FOUNDING = [
    "model_name",
    "load_in_4bit",
    "bnb_4bit_quant_type",
    "lora_r",
    "lora_alpha",
    "lora_dropout",
    "target_modules",
    "dataset",
    "eval_dataset",
    "output_dir",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "learning_rate",
    "max_steps",
    "logging_steps",
    "save_steps",
    "eval_steps",
    "bf16",
    "lr_scheduler_type",
    "warmup_steps",
    "max_seq_length",
]


def test_sources_in_their_order() -> None:
    resolved = config.resolve(
        flags={"seed": 7},
        sets=config.parse_set(["lora_r=4", "seed=8"]),
        file={"lora_r": 2, "learning_rate": "1e-3", "seed": 9},
        recommended={"lora_r": 1, "learning_rate": 1e-5, "lora_alpha": 64},
    )
    chosen = resolved.config
    assert (chosen.seed, chosen.lora_r, chosen.learning_rate, chosen.lora_alpha) == (7, 4, 1e-3, 64)
    expected = {"seed": "flag", "lora_r": "set", "learning_rate": "config", "lora_alpha": "recommended"}
    assert {key: resolved.provenance[key] for key in expected} == expected
    assert resolved.provenance["weight_decay"] == "default"
    assert json.loads(json.dumps(chosen.to_json()))["target_modules"] == list(config.LINEAR_LAYERS)


def test_founding_keys_are_known_and_explained() -> None:
    help_texts = config.help_texts()
    assert set(FOUNDING) <= set(help_texts)
    assert all(text.endswith(".") and len(text) < 120 for text in help_texts.values())


def test_the_shipped_yaml_loads_and_names_every_founding_key() -> None:
    values = config.load_yaml(YAML)
    assert values["lr_scheduler_type"] == "cosine"
    assert values["load_in_4bit"] is None
    text = YAML.read_text("utf-8")
    assert [key for key in FOUNDING if f"{key}:" not in text] == []


@pytest.mark.parametrize(
    ("item", "code", "params"),
    [
        ("lora_rr=8", "unknown_key", {"key": "lora_rr", "nearest": "lora_r"}),
        ("lora_r=eight", "bad_value", {"key": "lora_r", "expected": "int"}),
        ("lora_r=2.5", "bad_value", {"key": "lora_r", "expected": "int"}),
        ("lora_r=0", "bad_value", {"key": "lora_r", "expected": "1..512"}),
        ("learning_rate=nan", "bad_value", {"key": "learning_rate", "expected": "float"}),
        ("bf16=perhaps", "bad_value", {"key": "bf16", "expected": "bool"}),
        ("preset=fast", "bad_value", {"key": "preset", "expected": "quick | standard"}),
        ("lora_r", "set_without_equals", {"item": "lora_r"}),
    ],
)
def test_wrong_settings_are_named(item: str, code: str, params: dict[str, str]) -> None:
    with pytest.raises(UserError) as caught:
        config.parse_set([item])
    assert (caught.value.code, caught.value.params, caught.value.exit_code) == (code, params, 2)


def test_words_become_values() -> None:
    values = config.parse_set(
        ["bf16=No", "load_in_4bit=true", "target_modules=q_proj, v_proj", "max_steps=auto"]
    )
    assert values == {
        "bf16": False,
        "load_in_4bit": True,
        "target_modules": ("q_proj", "v_proj"),
        "max_steps": None,
    }


@pytest.mark.parametrize(
    ("content", "line"), [(b"lora_r: [1\nseed: 2", 2), (b"- a\n- b", 1), (b"\xff\xfe\x00", 0)]
)
def test_broken_yaml_says_where(tmp_path: Path, content: bytes, line: int) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        config.load_yaml(path)
    assert caught.value.code == "config_broken"
    assert caught.value.params["line"] == line


def test_missing_yaml(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="config_missing"):
        config.load_yaml(tmp_path / "none.yaml")


def test_advice_follows_the_recipe() -> None:
    small = recommend.values(recommend.recommend(rows=240, chunks=100))
    assert (small["lora_r"], small["lora_alpha"], small["learning_rate"]) == (8, 16, 1e-4)
    assert small["num_train_epochs"] == pytest.approx(4 * 100 / 240, abs=0.01)
    large = recommend.values(recommend.recommend(rows=5000, chunks=5000))
    assert (large["lora_r"], large["gradient_accumulation_steps"], large["num_train_epochs"]) == (32, 16, 3.0)
    quick = recommend.values(recommend.recommend(240, 100, "quick"))
    assert quick["time_budget_s"] == 300
    assert quick["learning_rate"] == 6e-4
    assert config.resolve(recommended=quick).config.preset == "quick"
    assert [recommend.amount(n) for n in (49, 50, 128)] == ["few", "thin", "good"]
