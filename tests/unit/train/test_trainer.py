"""Whole runs of tiny models: what they leave, what they say, how they stop."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from styletui_prep.errors import UserError
from styletui_prep.events import Event, StopRequest
from styletui_train import trainer
from styletui_train.adapter import attach, save_adapter
from styletui_train.config import TrainConfig
from styletui_train.generate import generate_batch
from styletui_train.hardware import Choice
from styletui_train.load import is_base, load_for_inference, load_model, load_tokenizer
from styletui_train.machine import Machine
from styletui_train.prompting import encode, prompt_ids
from styletui_train.rows import read_rows
from styletui_train.trainer import ENOUGH_STEPS

Train = Callable[..., tuple[trainer.TrainResult, list[Any], Path]]


@pytest.fixture
def run(dataset: Path, tmp_path: Path) -> Train:
    """Train with small settings; gives (result, events, run folder)."""

    def go(model: Path, *, stop_at: int | None = None, keep: bool = True, **settings: Any) -> Any:
        events: list[Any] = []
        resume = settings.pop("resume_from", None)
        values: dict[str, Any] = {
            "model_name": str(model),
            "dataset": str(dataset),
            "output_dir": str(tmp_path / "run"),
            "device": "cpu",
            "bf16": False,
            "max_steps": 6,
            "learning_rate": 5e-3,
            "gradient_accumulation_steps": 2,
            "sample_tokens": 4,
            **settings,
        }

        def should_stop() -> StopRequest | None:
            steps = [event for event in events if event.type == "step"]
            return (
                StopRequest(keep)
                if stop_at is not None and len(steps) >= stop_at - 1 and _training(events)
                else None
            )

        result = trainer.train(TrainConfig(**values), events.append, should_stop, resume_from=resume)
        return result, events, tmp_path / "run"

    return go


def _training(events: list[Any]) -> bool:
    return any(event.type == "stage" and event.name == "train" for event in events)


def _of(events: list[Event], kind: str) -> list[Any]:
    return [event for event in events if event.type == kind]


def test_a_run_learns_and_leaves_what_it_says(run: Train, llama: Path) -> None:
    result, events, out = run(llama)
    assert (result.steps, result.ended_by) == (6, "max_steps")
    assert result.last_eval is not None and result.first_eval is not None
    assert result.last_eval < result.first_eval - 0.05
    steps = _of(events, "step")
    assert [step.step for step in steps] == [1, 2, 3, 4, 5, 6]
    assert steps[-1].loss < steps[0].loss
    assert all(step.tokens_per_s > step.scored_tokens_per_s > 0 for step in steps)
    looks = _of(events, "eval")
    assert (looks[0].step, looks[-1].step) == (0, 6)
    assert looks[-1].bits_per_char < looks[0].bits_per_char
    for sample in _of(events, "sample"):
        assert (out / sample.file).is_file()
        meta = json.loads((out / sample.file).with_suffix(".json").read_text())
        assert meta["prompt"]["doc"] == "val0"
    assert [(out / c.path).is_dir() for c in _of(events, "checkpoint")[-3:]] == [True] * 3
    assert len(list((out / "checkpoints").iterdir())) <= 3
    assert (out / _of(events, "checkpoint")[-1].path / "optimizer.pt").is_file()
    assert not list(out.rglob("training_args.bin"))
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    record = json.loads((out / "train.json").read_text())
    assert (record["template"], record["method"], record["device"]) == ("base", "lora_fp32", "cpu")
    assert (record["dtype"], record["bnb_4bit_quant_type"], record["double_quant"]) == ("float32", None, None)
    assert events[-1].type == "summary"
    assert events[-1].peak_mb >= events[-1].start_mb > 0


def test_no_event_carries_text(run: Train, llama: Path, dataset: Path) -> None:
    _, events, out = run(llama)
    told = repr(events)
    for row in read_rows(dataset / "sft_train.jsonl"):
        assert row.messages[1]["content"][:8] not in told
    assert (out / "samples" / "step-000006.txt").read_text()[:4] not in told


def test_the_adapter_loads_with_peft_alone(run: Train, qwen: Path, dataset: Path) -> None:
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoTokenizer

    result, _, out = run(qwen)
    assert result.adapter == out / "adapter"
    names = {file.name for file in result.adapter.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl", ".pth"))]
    tokenizer = AutoTokenizer.from_pretrained(result.adapter)
    assert tokenizer.chat_template
    model = AutoPeftModelForCausalLM.from_pretrained(result.adapter)
    row = read_rows(dataset / "sft_val.jsonl")[0]
    ids = torch.tensor([encode(tokenizer, row.messages, base=False).ids])
    with torch.no_grad():
        alone = model(input_ids=ids).logits
        ours, _ = load_for_inference(qwen, result.adapter, device="cpu", dtype="float32")
        # PEFT by itself cuts the unused rows of the vocabulary off.
        words = alone.shape[-1]
        torch.testing.assert_close(ours(input_ids=ids).logits[..., :words], alone)
        with ours.disable_adapter():
            base = ours(input_ids=ids).logits
        torch.testing.assert_close(base, load_model(qwen)(input_ids=ids).logits)
        assert (alone - base[..., :words]).abs().max() > 0.01


def test_the_same_seed_gives_the_same_run(run: Train, llama: Path) -> None:
    first, second = (run(llama)[1] for _ in range(2))
    assert [step.loss for step in _of(first, "step")] == [step.loss for step in _of(second, "step")]


def test_the_trainers_loss_is_the_models_own(
    run: Train, llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ours, _ = run(llama, per_device_train_batch_size=2)
    monkeypatch.setattr("styletui_train.loss.usable", lambda model: False)
    _, theirs, _ = run(llama, per_device_train_batch_size=2)
    assert [w.code for w in _of(theirs, "warning")] == ["loss_fallback"]
    for mine, other in zip(_of(ours, "step"), _of(theirs, "step"), strict=True):
        assert mine.loss == pytest.approx(other.loss, rel=2e-4)
        assert mine.grad_norm == pytest.approx(other.grad_norm, rel=2e-2)


def test_bf16_trains_too(run: Train, gemma: Path) -> None:
    result, events, _ = run(gemma, bf16=True, lora_dropout=0.1)
    assert _of(events, "device")[0].method == "lora_bf16"
    assert result.last_eval is not None and result.first_eval is not None
    assert result.last_eval < result.first_eval


def test_stop_and_keep_saves(run: Train, llama: Path) -> None:
    result, _events, out = run(llama, stop_at=3)
    assert (result.steps, result.ended_by) == (3, "stop")
    assert (out / "adapter" / "adapter_model.safetensors").is_file()


def test_stop_without_keeping_leaves_no_adapter(run: Train, llama: Path) -> None:
    result, _, out = run(llama, stop_at=3, keep=False)
    assert (result.adapter, result.steps) == (None, 3)
    assert not (out / "adapter").exists()


def test_a_stop_before_the_first_step(dataset: Path, llama: Path, tmp_path: Path) -> None:
    config = TrainConfig(model_name=str(llama), dataset=str(dataset), output_dir=str(tmp_path / "run"))
    with pytest.raises(UserError) as caught:
        trainer.train(config, should_stop=StopRequest)
    assert (caught.value.code, caught.value.exit_code) == ("stopped", 4)


def test_resuming_goes_on_where_it_stood(run: Train, llama: Path) -> None:
    _, whole, out = run(llama, save_steps=2)
    _, rest, _ = run(llama, save_steps=2, resume_from=out / "checkpoints" / "checkpoint-4")
    assert [step.step for step in _of(rest, "step")] == [5, 6]
    assert [s.loss for s in _of(rest, "step")] == pytest.approx(
        [s.loss for s in _of(whole, "step")[4:]], rel=1e-4
    )


def test_a_time_budget_is_kept(run: Train, llama: Path) -> None:
    result, events, _ = run(
        llama,
        preset="quick",
        time_budget_s=8.0,
        max_steps=None,
        num_train_epochs=100,
        gradient_accumulation_steps=1,
    )
    assert result.ended_by == "time_budget"
    assert 2 < result.seconds < 8.8
    plans = _of(events, "plan")
    assert plans[0].preset == "quick"
    assert plans[0].tokens_per_s > 0
    assert _of(events, "eval")[-1].step == result.steps
    assert _of(events, "step")[-1].lr < 0.2 * 5e-3
    few = [w.params["steps"] for w in _of(events, "warning") if w.code == "few_steps"]
    assert few == ([result.steps] if result.steps < ENOUGH_STEPS else [])
    assert all(step.eta_s <= 8.0 for step in _of(events, "step"))


def test_values_that_cannot_be_honoured_are_replaced_and_said(run: Train, llama: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine can honour them")
    _, events, _ = run(llama, max_steps=1, load_in_4bit=True, optim="paged_adamw_8bit", device="cuda")
    said = {w.params["key"]: w.params["used"] for w in _of(events, "warning")}
    assert said == {"load_in_4bit": "False", "optim": "adamw_torch", "device": "cpu"}


def test_cut_rows_are_counted(run: Train, llama: Path) -> None:
    _, events, _ = run(llama, max_steps=1, max_seq_length=60)
    assert _of(events, "dataset")[0].truncated > 0
    assert [w.code for w in _of(events, "warning")] == ["rows_truncated"]


def test_a_loss_that_is_no_number_ends_the_run(
    run: Train, llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from styletui_train.sft import StyleTrainer

    real = StyleTrainer.summed
    monkeypatch.setattr(StyleTrainer, "summed", lambda self, m, i: real(self, m, i) * float("nan"))
    with pytest.raises(UserError) as caught:
        run(llama)
    assert caught.value.code == "nan_loss"


def test_an_adapter_that_changes_nothing_is_an_error(llama: Path, tmp_path: Path) -> None:
    config = TrainConfig(lora_r=4)
    machine = Machine(Choice("cpu", "", "float32", "asked"), None, "lora_fp32", "adamw_torch", False)
    model = attach(load_model(llama), config, machine)
    with pytest.raises(UserError) as caught:
        save_adapter(model, load_tokenizer(llama), tmp_path / "adapter", llama)
    assert caught.value.code == "adapter_unchanged"
    assert list(tmp_path.iterdir()) == []


def test_layers_with_other_names_and_layers_that_are_not_there(llama: Path) -> None:
    machine = Machine(Choice("cpu", "", "float32", "asked"), None, "lora_fp32", "adamw_torch", False)
    some = attach(load_model(llama), TrainConfig(target_modules=("q_proj", "nowhere")), machine)
    assert list(some.peft_config["default"].target_modules) == ["q_proj"]
    with pytest.raises(UserError, match="target_modules_missing"):
        attach(load_model(llama), TrainConfig(target_modules=("nowhere",)), machine)


def test_missing_things_are_named(llama: Path, dataset: Path, tmp_path: Path) -> None:
    cases = {
        "setting_missing": {"dataset": ""},
        "dataset_missing": {"dataset": str(tmp_path / "none")},
        "model_unusable": {"model_name": str(tmp_path)},
    }
    for code, change in cases.items():
        settings = {
            "model_name": str(llama),
            "dataset": str(dataset),
            "output_dir": str(tmp_path / "r"),
            **change,
        }
        with pytest.raises(UserError) as caught:
            trainer.train(TrainConfig(**settings))  # type: ignore[arg-type]
        assert caught.value.code == code


def test_generation_in_a_batch_is_generation_alone(llama: Path, dataset: Path) -> None:
    model, tokenizer = load_for_inference(llama, device="cpu", dtype="float32")
    rows = read_rows(dataset / "sft_val.jsonl")[:2]
    prompts = [prompt_ids(tokenizer, row.messages, is_base(llama)) for row in rows]
    prompts[1] = prompts[1] + prompts[1][3:9]
    options: dict[str, Any] = {"max_new_tokens": 12, "temperature": 0.0}
    together = generate_batch(model, tokenizer, prompts, **options)
    alone = [generate_batch(model, tokenizer, [prompt], **options)[0] for prompt in prompts]
    assert [text.text for text in together] == [text.text for text in alone]
    assert not model.training


def test_generation_is_seeded_penalised_and_stoppable(llama: Path) -> None:
    model, tokenizer = load_for_inference(llama, device="cpu", dtype="float32")
    prompt = tokenizer.encode("今天")
    state = torch.random.get_rng_state()
    texts = [generate_batch(model, tokenizer, [prompt], max_new_tokens=16, seed=s)[0].text for s in (1, 1, 2)]
    assert torch.equal(state, torch.random.get_rng_state())
    assert texts[0] == texts[1] != texts[2]
    strict = generate_batch(
        model, tokenizer, [prompt], max_new_tokens=16, temperature=0.0, repetition_penalty=1e9, ends=()
    )[0]
    assert strict.tokens == 16
    free = generate_batch(
        model, tokenizer, [prompt], max_new_tokens=16, temperature=0.0, repetition_penalty=1, ends=()
    )
    assert len(set(tokenizer.encode(strict.text))) >= len(set(tokenizer.encode(free[0].text)))
    stopped = generate_batch(model, tokenizer, [prompt], max_new_tokens=16, should_stop=StopRequest)[0]
    assert (stopped.tokens, stopped.ended) == (0, False)
    everything = range(len(tokenizer))
    ended = generate_batch(model, tokenizer, [prompt], max_new_tokens=16, ends=everything)[0]
    assert (ended.text, ended.ended) == ("", True)
