"""The rooms that need no torch: catalogue, hardware, rows, loops, schedule."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from styletui_prep.errors import UserError
from styletui_train import catalog, hardware
from styletui_train.config import TrainConfig
from styletui_train.loops import loops
from styletui_train.rows import dataset_files, read_rows
from styletui_train.schedule import Costs, Schedule


def test_torch_free_modules_stay_free() -> None:
    names = "catalog config recommend hardware events loops rows schedule files demo gguf_import trainer"
    code = (
        f"import sys\nfor n in {names.split()!r}: __import__('styletui_train.' + n)\n"
        "bad = {'torch', 'transformers', 'peft', 'trl', 'datasets'} & set(sys.modules)\nsys.exit(repr(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_model_folder_is_read(llama: Path, qwen: Path) -> None:
    info = catalog.inspect(llama)
    assert (info.architecture, info.dtype, info.problem) == ("LlamaForCausalLM", "float32", None)
    assert info.params == sum(1 for _ in range(info.params)) > 50_000
    assert not info.instruct
    assert catalog.inspect(qwen).instruct
    assert json.loads(json.dumps(info.to_json()))["name"] == llama.name


def test_params_are_those_of_the_loaded_model(llama: Path) -> None:
    from styletui_train.load import load_model

    assert catalog.inspect(llama).params == sum(p.numel() for p in load_model(llama).parameters())


def test_our_card_can_declare_a_base_model(qwen: Path, tmp_path: Path) -> None:
    for file in qwen.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "styletui.json").write_text(json.dumps({"base": True, "name": "Mine", "licence": "MIT"}))
    info = catalog.inspect(tmp_path)
    assert (info.name, info.licence, info.has_chat_template, info.instruct) == ("Mine", "MIT", True, False)


def _broken(folder: Path, what: str, source: Path) -> Path:
    if what != "not_found":
        folder.mkdir()
        for file in source.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
    if what == "no_config":
        (folder / "config.json").unlink()
    elif what == "broken_config":
        (folder / "config.json").write_text("{")
    elif what == "not_a_language_model":
        (folder / "config.json").write_text('{"architectures": ["BertForMaskedLM"]}')
    elif what in ("no_weights", "pickled_weights"):
        (folder / "model.safetensors").unlink()
        if what == "pickled_weights":
            (folder / "pytorch_model.bin").write_bytes(b"x")
    elif what == "broken_weights":
        cut = (folder / "model.safetensors").read_bytes()[:-10]
        (folder / "model.safetensors").write_bytes(cut)
    elif what == "no_tokenizer":
        (folder / "tokenizer.json").unlink()
    return folder


PROBLEMS = [
    "not_found",
    "no_config",
    "broken_config",
    "not_a_language_model",
    "no_weights",
    "pickled_weights",
    "broken_weights",
    "no_tokenizer",
]


@pytest.mark.parametrize("what", PROBLEMS)
def test_problems_are_named(what: str, llama: Path, tmp_path: Path) -> None:
    assert catalog.inspect(_broken(tmp_path / "model", what, llama)).problem == what


def test_a_header_longer_than_the_file(llama: Path, tmp_path: Path) -> None:
    folder = _broken(tmp_path / "model", "", llama)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 1 << 40) + b"{}")
    assert catalog.inspect(folder).problem == "broken_weights"


def test_find_models_skips_bad_ones_and_link_circles(llama: Path, tmp_path: Path) -> None:
    _broken(tmp_path / "good", "", llama)
    _broken(tmp_path / "bad", "no_weights", llama)
    (tmp_path / "circle").symlink_to(tmp_path)
    assert [info.path.name for info in catalog.find_models([tmp_path, tmp_path / "none"])] == ["good"]


def test_hub_cache_names(llama: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "models--owner--name" / "snapshots" / "abc"
    snapshot.parent.mkdir(parents=True)
    _broken(snapshot, "", llama)
    assert [info.name for info in catalog.find_models([tmp_path])] == ["owner/name"]


def test_hardware_answers_everywhere() -> None:
    free, total = hardware.memory()
    assert 0 < free <= total
    assert hardware.rss() > 1 << 20
    assert hardware.cpu_name()
    for card in hardware.NvidiaMonitor().sample():
        assert 0 < card.memory_used <= card.memory_total


def test_a_driver_that_fails_half_way_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = hardware.NvidiaMonitor()

    class Half:
        """Knows its memory and nothing else."""

        def nvmlDeviceGetMemoryInfo(self, handle: object) -> object:  # noqa: N802
            return type("Memory", (), {"used": 5, "total": 9})()

    monitor._nvml, monitor._handles = Half(), [object()]
    (card,) = monitor.sample()
    assert (card.memory_used, card.use_percent, card.power_w, card.name) == (5, None, None, "")


def test_a_card_is_asked_for_its_name_once() -> None:
    asked: list[str] = []

    class Card:
        """Answers, and keeps what it was asked."""

        def __getattr__(self, name: str) -> object:
            asked.append(name)
            answers = {"nvmlDeviceGetUUID": b"GPU-1", "nvmlDeviceGetName": "H", "nvmlDeviceGetPowerUsage": 5}
            memory = type("Memory", (), {"used": 5, "total": 9, "gpu": 1})()
            return lambda *_: answers.get(name, memory)

    monitor = hardware.NvidiaMonitor()
    monitor._nvml, monitor._handles = Card(), [object()]
    first, second = monitor.sample()[0], monitor.sample()[0]
    assert (first.uuid, first.name) == (second.uuid, second.name) == ("GPU-1", "H")
    assert asked.count("nvmlDeviceGetUUID") == asked.count("nvmlDeviceGetName") == 1
    assert asked.count("nvmlDeviceGetMemoryInfo") == 2


def test_the_device_is_chosen_or_refused() -> None:
    import torch

    assert hardware.choose_device("cpu", False).dtype == "float32"
    assert hardware.choose_device("cpu", True).dtype == "bfloat16"
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="cuda"):
            hardware.choose_device("cuda")
    fast, slow = hardware.probe_bf16(0.1)
    assert fast > 0
    assert slow > 0


FORMS = [
    {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
    {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
    {"instruction": "q", "input": "", "output": "a"},
    {"prompt": "q", "completion": "a"},
    {"prompt": [{"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "a"}]},
    {"system": "", "input": "q", "output": "a"},
]


@pytest.mark.parametrize("as_list", [False, True])
def test_every_form_becomes_messages(tmp_path: Path, as_list: bool) -> None:
    path = tmp_path / "rows.json"
    lines = [json.dumps(form) for form in FORMS]
    path.write_text(f"[{','.join(lines)}]" if as_list else "\n".join(lines) + "\n\n")
    expected = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    assert [row.messages for row in read_rows(path)] == [expected] * len(FORMS)


@pytest.mark.parametrize(
    ("line", "code"),
    [('{"messages": [', "dataset_broken"), ('{"text": "x"}', "dataset_shape"), ("[]x", "dataset_broken")],
)
def test_broken_rows_say_where(tmp_path: Path, line: str, code: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(line if line.startswith("[") else json.dumps(FORMS[0]) + "\n" + line)
    with pytest.raises(UserError) as caught:
        read_rows(path)
    assert caught.value.code == code
    assert caught.value.params["path"] == str(path)


def test_line_separators_in_a_text_do_not_cut_the_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"prompt": "q", "completion": "a\u2028b\x85c"}, ensure_ascii=False), "utf-8")
    assert read_rows(path)[0].messages[1]["content"] == "a\u2028b\x85c"


def test_dataset_files(dataset: Path, tmp_path: Path) -> None:
    train, held_out = dataset_files(dataset)
    assert (train.name, held_out and held_out.name) == ("sft_train.jsonl", "sft_val.jsonl")
    assert dataset_files(train) == (train, None)
    with pytest.raises(UserError, match="dataset_missing"):
        dataset_files(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他走了。" * 3, False),
        ("他走了。" * 8, True),
        ("我想说的是，日子就是这样一天一天地过去。" * 3, True),
        ("老王来了，老李也来了，老张没来。雨还在下，街上没有人。", False),
        ("哈哈哈哈哈哈哈哈哈哈", False),
        ("—" * 30, False),
        ("啊" * 60, True),
        (
            "开头有一段很长很长的话，讲的是从前有座山，山里有座庙，庙里有个老和尚在讲故事给小和尚听。"
            + "中间不一样。"
            + "开头有一段很长很长的话，讲的是从前有座山，山里有座庙，庙里有个老和尚在讲故事给小和尚听。",
            True,
        ),
        ("", False),
    ],
)
def test_loops(text: str, expected: bool) -> None:
    assert loops(text) is expected


def _schedule(budget: float | None, **settings: object) -> Schedule:
    config = TrainConfig(gradient_accumulation_steps=2, num_train_epochs=3, **settings)  # type: ignore[arg-type]
    costs = Costs(0.01, 0.5, 0.05) if budget else None
    return Schedule(config, rows=100, tokens_per_row=400, held_out_rows=60, budget=budget, costs=costs)


def test_without_a_budget_the_epochs_decide() -> None:
    schedule = _schedule(None)
    schedule.start(10)
    assert (schedule.max_steps, schedule.eval_rows, schedule.eval_every) == (150, 60, 12)
    assert not schedule.must_stop(1e9, 10)
    assert _schedule(None, max_steps=7).max_steps == 7


def test_a_budget_is_kept_on_paper() -> None:
    schedule = _schedule(300.0)
    schedule.start(20)
    spent = 20 + schedule.max_steps * 8 + 5 * schedule.look_seconds + schedule.costs.saving  # type: ignore[union-attr]
    assert 280 < spent <= 300
    assert schedule.limited_by_time
    assert schedule.eval_rows == 15
    before = schedule.max_steps
    assert schedule.revise(8, 20 + 8 * 4 + schedule.look_seconds, 4.0)
    assert schedule.max_steps > 1.5 * before
    assert schedule.must_stop(299, 4)
    assert not schedule.must_stop(100, 4)


def test_dear_looks_are_fewer_but_never_on_a_handful_of_rows() -> None:
    for row, looks in ((0.5, 4), (2.0, 2), (5.0, 1)):
        config = TrainConfig(gradient_accumulation_steps=1, num_train_epochs=100)
        costs = Costs(0.005, row, 0.1)
        schedule = Schedule(config, rows=100, tokens_per_row=400, held_out_rows=60, budget=300.0, costs=costs)
        schedule.start(20)
        assert schedule.eval_rows >= 6
        assert (schedule.looks, round(schedule.max_steps / schedule.eval_every)) == (looks, looks)
        assert looks == 1 or (looks + 1) * schedule.look_seconds <= 0.2 * 300
    schedule.saw_look(0.6, 40, 0.4)  # the guess was far too high
    assert schedule.looks == 4


def test_a_generous_budget_ends_with_the_epochs() -> None:
    schedule = _schedule(100_000.0)
    schedule.start(20)
    assert schedule.max_steps == 150
    assert not schedule.limited_by_time


@pytest.mark.parametrize(("kind", "end"), [("cosine", 0.0), ("linear", 0.0), ("constant", 1.0)])
def test_the_rate_rises_and_falls(kind: str, end: float) -> None:
    schedule = _schedule(None, lr_scheduler_type=kind)
    rates = [schedule.factor(step) for step in range(schedule.max_steps + 1)]
    assert max(rates) == 1.0
    assert rates[0] < rates[3] < 1.0
    assert rates[-1] == pytest.approx(end)
    assert _schedule(None, max_steps=1).factor(0) == 1.0


def test_circling_without_an_exact_period_counts_as_a_loop() -> None:
    circling = "在屋里看书，在屋里看雨，在屋里吃面，在屋里听雨，在屋里看猫，在屋里吃茶，在屋里看雨，在屋里听书，在屋里看书。"
    assert loops(circling * 2)
    telling = "清早五点五十一分，晴。巷子里已经有人在抡镐；告示上写二十天，今天是第二十三天，还剩尤婶门口一截没有合上。诸位这阵子若是来过，就知道要走跳板，一尺宽，底下是沟。"
    assert not loops(telling)
    english = "I counted the steps down to the ferry this morning. There were four hundred and twelve of them, as always, and the cat counted with me until the bakery, where she remembered that she had other business."
    assert not loops(english)


def _cards(*free: int, names: tuple[str, ...] = ()) -> tuple[hardware.GpuSample, ...]:
    return tuple(
        hardware.GpuSample(i, f"GPU-{i}aaa-bbb", names[i] if names else "A", 0, 100 - f, 100, None, None)
        for i, f in enumerate(free)
    )


@pytest.mark.parametrize(
    ("asked", "cards", "left"),
    [
        (None, _cards(10, 90, 50), "GPU-1aaa-bbb"),
        ("0,1", _cards(10, 20, 90), "GPU-1aaa-bbb"),
        ("0, 1", _cards(30, 20, 90), "GPU-0aaa-bbb"),
        ("GPU-0aaa,GPU-2", _cards(10, 90, 50), "GPU-2aaa-bbb"),
        ("2,-1,1", _cards(10, 90, 50), "2,-1,1"),  # CUDA sees card 2 alone
        ("0,1", _cards(10, 90, names=("A", "B")), "0"),  # which is 0 to CUDA cannot be told
        ("MIG-a,MIG-b", _cards(10, 90), "MIG-a"),
        ("0,1", (), "0"),
        ("1", _cards(10, 90, 50), "1"),
        ("", _cards(10, 90), ""),
        (None, (), None),
    ],
)
def test_one_card_is_left_visible(
    asked: str | None,
    cards: tuple[hardware.GpuSample, ...],
    left: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hardware.NvidiaMonitor, "sample", lambda _self: cards)
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", asked or "")  # also has it put back at the end
    if asked is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    hardware.show_one_gpu()
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == left
    # The worker does it and the engine again; by then another card may be the freest.
    monkeypatch.setattr(hardware.NvidiaMonitor, "sample", lambda _self: cards[::-1])
    if left:
        hardware.show_one_gpu()
        assert os.environ["CUDA_VISIBLE_DEVICES"] == left
