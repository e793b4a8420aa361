"""Runs that go wrong: numbers that are none, full disks, devices that are not there."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from styletui_prep.errors import UserError
from styletui_train import files, trainer
from styletui_train.adapter import attach, save_adapter
from styletui_train.config import TrainConfig
from styletui_train.hardware import Choice
from styletui_train.load import load_for_inference, load_model, load_tokenizer
from styletui_train.machine import Machine
from styletui_train.schedule import Schedule
from styletui_train.sft import StyleTrainer, arguments

PLAIN = Machine(Choice("cpu", "", "float32", "asked"), None, "lora_fp32", "adamw_torch", False)


def _settings(model: Path, dataset: Path, out: Path, **more: Any) -> TrainConfig:
    values: dict[str, Any] = {
        "model_name": str(model),
        "dataset": str(dataset),
        "output_dir": str(out),
        "device": "cpu",
        "bf16": False,
        "max_steps": 6,
        "learning_rate": 5e-3,
        "gradient_accumulation_steps": 2,
        "sample_tokens": 4,
        "eval_max_rows": 1,
    }
    return TrainConfig(**{**values, **more})


def _spoil(monkeypatch: pytest.MonkeyPatch, batches: set[int]) -> list[int]:
    """Make the losses of these micro-batches (counted from 0) NaN; the list grows by one a micro-batch."""
    real, seen = StyleTrainer.summed, list[int]()

    def summed(self: StyleTrainer, model: Any, inputs: Any) -> torch.Tensor:
        value = real(self, model, inputs)
        seen.append(len(seen))
        return value * float("nan") if seen[-1] in batches else value

    monkeypatch.setattr(StyleTrainer, "summed", summed)
    return seen


def test_one_bad_batch_leaves_the_good_ones_of_its_step(
    llama: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _spoil(monkeypatch, {0, 2, 3, 5, 7})
    events: list[Any] = []
    result = trainer.train(_settings(llama, dataset, tmp_path), events.append)
    assert result.steps == 6
    said = [(e.code, e.params["step"]) for e in events if e.type == "warning"]
    assert said == [("nan_batches", 1), ("nan_step", 2), ("nan_batches", 3), ("nan_batches", 4)]
    steps = [e for e in events if e.type == "step"]
    assert [step.loss is None for step in steps] == [True, True, True, True, False, False]
    assert [step.grad_norm > 0 for step in steps] == [True, False, True, True, True, True]
    assert result.first_eval is not None and result.last_eval is not None
    assert result.last_eval < result.first_eval


def test_three_lost_steps_in_a_row_end_the_run(
    llama: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _spoil(monkeypatch, set(range(2, 8)))
    with pytest.raises(UserError) as caught:
        trainer.train(_settings(llama, dataset, tmp_path))
    assert (caught.value.code, caught.value.params["step"]) == ("nan_loss", 4)
    assert len(seen) == 8


def test_a_gradient_that_is_no_number_does_not_reach_the_weights(
    llama: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = StyleTrainer.summed, list[int]()

    def summed(self: StyleTrainer, model: Any, inputs: Any) -> torch.Tensor:
        value = real(self, model, inputs)
        calls.append(1)
        if len(calls) == 4:  # the derivative of sqrt at 0 is infinite, times 0
            value = value + ((value - value) * 1).sqrt()
        return value

    monkeypatch.setattr(StyleTrainer, "summed", summed)
    events: list[Any] = []
    result = trainer.train(_settings(llama, dataset, tmp_path), events.append)
    assert [(e.code, e.params["step"]) for e in events if e.type == "warning"] == [("nan_step", 2)]
    assert result.last_eval is not None and result.first_eval is not None
    assert result.last_eval < result.first_eval


def _style_trainer(
    model: Any, llama: Path, config: TrainConfig, machine: Machine, folder: Path
) -> StyleTrainer:
    import datasets

    rows = datasets.Dataset.from_dict({"input_ids": [[5, 6, 7]], "labels": [[5, 6, 7]], "length": [3]})
    schedule = Schedule(config, rows=1, tokens_per_row=3, held_out_rows=0, budget=None)
    return StyleTrainer(
        schedule=schedule,
        machine=machine,
        emit=lambda event: None,
        model=model,
        args=arguments(config, machine, schedule, folder),
        train_dataset=rows,
        processing_class=load_tokenizer(llama),
    )


def test_under_fp16_the_scaler_sees_the_bad_gradients(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainConfig(max_steps=1)
    style = _style_trainer(attach(load_model(llama), config, PLAIN), llama, config, PLAIN, tmp_path)
    _spoil(monkeypatch, set(range(100)))
    style.args.fp16 = True
    inputs = {name: torch.tensor([[5, 6, 7]]) for name in ("input_ids", "labels")}
    inputs["attention_mask"] = torch.ones(1, 3, dtype=torch.long)
    style.create_optimizer()
    assert float(style.training_step(style.model, inputs, torch.tensor(2))) == 0
    gradients = [p.grad for p in style.model.parameters() if p.grad is not None]
    assert gradients
    assert all(bool(gradient.isnan().any()) for gradient in gradients[-1:])


def test_an_adapter_on_four_bits_learns_in_fp32(llama: Path, tmp_path: Path) -> None:
    config = TrainConfig(max_steps=1)
    model = attach(load_model(llama, dtype="bfloat16"), config, PLAIN)
    model.is_loaded_in_4bit = True  # TRL narrows the adapter when it sees this
    style = _style_trainer(model, llama, config, PLAIN, tmp_path)
    assert {p.dtype for p in style.model.parameters() if p.requires_grad} == {torch.float32}


def test_the_base_stays_as_narrow_as_it_was_loaded(llama: Path) -> None:
    saving = Machine(Choice("cpu", "", "bfloat16", "asked"), "nf4", "qlora_nf4", "adamw_torch", True)
    model = attach(load_model(llama, dtype="bfloat16"), TrainConfig(), saving)
    assert {p.dtype for p in model.parameters() if not p.requires_grad} == {torch.bfloat16}
    assert all(("lora" in name) == p.requires_grad for name, p in model.named_parameters())
    assert model.is_gradient_checkpointing
    model.train()
    model(input_ids=torch.tensor([[5, 6, 7]]), labels=torch.tensor([[5, 6, 7]])).loss.backward()
    assert any(p.grad is not None and p.grad.abs().max() > 0 for p in model.parameters())


def test_checkpointing_learns_the_same(llama: Path, dataset: Path, tmp_path: Path) -> None:
    runs = []
    for saving in (False, True):
        config = _settings(
            llama,
            dataset,
            tmp_path / str(saving),
            gradient_checkpointing=saving,
            max_steps=2,
            lora_dropout=0.0,
        )
        events: list[Any] = []
        trainer.train(config, events.append)
        runs.append([e.loss for e in events if e.type == "step"])
    assert runs[0] == pytest.approx(runs[1], rel=1e-5)


def test_too_little_disk_is_said_before_training(
    llama: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 100_000})
    monkeypatch.setattr(files.shutil, "disk_usage", lambda path: usage)  # type: ignore[attr-defined]
    with pytest.raises(UserError) as caught:
        trainer.train(_settings(llama, dataset, tmp_path))
    assert caught.value.code == "disk_space"
    weights = sum(
        p.numel() for p in attach(load_model(llama), TrainConfig(), PLAIN).parameters() if p.requires_grad
    )
    # In fp32: the adapter, and four checkpoints (three kept, one being written) with two moments a weight.
    assert float(caught.value.params["needed_bytes"]) > 4 * weights * (1 + 4 * 3)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def _whole(checkpoint: Path) -> bool:
    from safetensors.torch import load_file

    json.loads((checkpoint / "trainer_state.json").read_text())
    torch.load(checkpoint / "optimizer.pt", weights_only=True)
    return bool(load_file(checkpoint / "adapter_model.safetensors"))


def test_a_disk_that_fills_up_leaves_the_earlier_checkpoints_whole(
    llama: Path, dataset: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "need_space", lambda folder, needed: None)
    events: list[Any] = []
    with pytest.raises(UserError) as caught:
        trainer.train(
            _settings(llama, dataset, small_disk / "run", save_steps=1, save_total_limit=9), events.append
        )
    assert caught.value.code == "disk_full"
    kept = sorted((small_disk / "run" / "checkpoints").iterdir())
    assert [c.name for c in kept] == [Path(e.path).name for e in events if e.type == "checkpoint"]
    assert kept
    assert all(_whole(checkpoint) for checkpoint in kept)


def test_an_adapter_that_does_not_fit_leaves_the_old_one(llama: Path, small_disk: Path) -> None:
    model = attach(load_model(llama), TrainConfig(), PLAIN)
    for name, value in model.named_parameters():
        if "lora_B" in name:
            value.data.fill_(0.1)
    tokenizer = load_tokenizer(llama)
    folder = save_adapter(model, tokenizer, small_disk / "adapter", llama)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with (small_disk / "filler").open("wb") as filler:
        filler.write(bytes(shutil.disk_usage(small_disk).free - 50_000))
    with pytest.raises(UserError, match="disk_full"):
        save_adapter(model, tokenizer, folder, llama)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert sorted(path.name for path in small_disk.iterdir()) == ["adapter", "filler"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(28, "No space left on device"), "disk_full"),
        (OSError(30, "Read-only file system"), "not_writable"),
        (RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"), "disk_full"),
        (ValueError("I/O error: No space left on device (os error 28)"), "disk_full"),
    ],
)
def test_a_failed_save_is_told_and_cleaned_away(error: Exception, code: str, tmp_path: Path) -> None:
    partial = tmp_path / "part"
    partial.mkdir()
    with pytest.raises(UserError) as caught, files.full_disk_told(tmp_path / "whole", partial):
        raise error
    assert (caught.value.code, caught.value.params["path"]) == (code, str(tmp_path / "whole"))
    assert not partial.exists()
    with pytest.raises(ZeroDivisionError), files.full_disk_told(tmp_path, partial):
        raise ZeroDivisionError


def test_a_device_that_is_not_here_is_replaced_when_judging(llama: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("the device is here")
    said: list[Any] = []
    model, _ = load_for_inference(llama, device="cuda", dtype="float32", quantize=True, emit=said.append)
    assert next(model.parameters()).device.type in ("cpu", "mps")
    assert {"device", "load_in_4bit"} <= {event.params["key"] for event in said}
    assert {event.code for event in said} == {"setting_replaced"}
