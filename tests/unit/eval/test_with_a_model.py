"""Everything of this room over a real, tiny model with an adapter whose weights are random."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.tiny_models import make_tiny_model
from styletui_eval.blind.ballot import Ballot, reveal, verify
from styletui_eval.blind.pairs import PairsConfig, make_pairs
from styletui_eval.evaluate import EvalConfig, evaluate
from styletui_eval.pen import Pen, Sampling, Setup, open_pen
from styletui_eval.perplexity import bits_per_character, one_view_each
from styletui_eval.report import report_data
from styletui_prep.errors import UserError
from styletui_prep.events import Event, StopRequest, ignore, never
from styletui_train.rows import Row, read_rows

from .datasets import make_dataset

torch = pytest.importorskip("torch")


def _random_adapter(model_dir: Path, folder: Path) -> Path:
    from peft import LoraConfig, get_peft_model
    from styletui_train.load import load_model

    torch.manual_seed(3)
    config = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    model = get_peft_model(load_model(model_dir), config)
    model.save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=["base", "chat"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp(request.param)
    chat = request.param == "chat"
    model = make_tiny_model(folder / "model", "qwen2" if chat else "llama", chat)
    adapter = _random_adapter(model, folder / "run" / "adapter")
    return {"model": model, "adapter": adapter, "run": folder / "run", "data": make_dataset(folder / "data")}


@pytest.fixture(scope="module")
def pen(run: dict[str, Path]) -> Pen:
    return open_pen(run["model"], run["adapter"], Setup("cpu"), emit=ignore, should_stop=never)


def _rows(run: dict[str, Path]) -> list[Row]:
    return read_rows(run["data"] / "sft_test.jsonl")


def _score(pen: Pen, rows: list[Row], *, adapter: bool) -> list[Any]:
    return bits_per_character(
        pen.model, pen.tokenizer, rows, base=pen.base, adapter=adapter, emit=ignore, should_stop=never
    )


def test_bits_are_those_of_the_model_itself(run: dict[str, Path], pen: Pen) -> None:
    """Against cross-entropy over all logits, token by token, without our short cut; end tokens left out."""
    from styletui_train.prompting import encode

    row = _rows(run)[0]
    sample = encode(pen.tokenizer, row.messages, pen.base)
    ids = torch.tensor([sample.ids])
    for adapter in (True, False):
        with torch.no_grad():
            if adapter:
                logits = pen.model(input_ids=ids).logits[0].double()
            else:
                with pen.model.disable_adapter():
                    logits = pen.model(input_ids=ids).logits[0].double()
        scored = [i for i, label in enumerate(sample.labels) if label != -100 and i not in sample.ends]
        nats = -sum(float(logits[i - 1].log_softmax(-1)[sample.ids[i]]) for i in scored)
        (found,) = _score(pen, [row], adapter=adapter)
        assert found.bits == pytest.approx(nats / math.log(2), rel=1e-4)
        assert found.characters == len(row.messages[-1]["content"])


def test_the_slow_way_gives_the_same(run: dict[str, Path], pen: Pen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that does something between body and logits is asked for all its logits, by the one rule of training."""
    from styletui_train import loss

    quick = _score(pen, _rows(run), adapter=True)
    monkeypatch.setattr(loss, "plain_logits", lambda model: False)
    slow = _score(pen, _rows(run), adapter=True)
    assert [d.doc for d in slow] == [d.doc for d in quick]
    for one, other in zip(quick, slow, strict=True):
        assert one.bits == pytest.approx(other.bits, rel=1e-4)


def test_nothing_is_counted_in_fp64_on_the_device(
    run: dict[str, Path], pen: Pen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MPS has no fp64. Stood in for by `double` on what never went through `cpu` first."""
    came: list[int] = []
    cpu, double = torch.Tensor.cpu, torch.Tensor.double

    def to_cpu(tensor: Any) -> Any:
        moved = cpu(tensor)
        came.append(id(moved))
        kept.append(moved)
        return moved

    def widen(tensor: Any) -> Any:
        assert id(tensor) in came
        return double(tensor)

    kept: list[Any] = []
    monkeypatch.setattr(torch.Tensor, "cpu", to_cpu)
    monkeypatch.setattr(torch.Tensor, "double", widen)
    assert _score(pen, _rows(run)[:1], adapter=True)[0].bits > 0
    assert came


def test_the_adapter_matters_and_switching_it_off_does_not_stick(run: dict[str, Path], pen: Pen) -> None:
    rows = _rows(run)[:1]
    first, off, again = (_score(pen, rows, adapter=a)[0].bits for a in (True, False, True))
    assert first == again
    assert abs(first - off) > 1e-3


def test_a_chunk_counts_once(run: dict[str, Path]) -> None:
    chosen = one_view_each(_rows(run))
    assert list(chosen) == ["test0", "test1", "test2"]
    assert all(r.meta["view"] == "outline" for rows in chosen.values() for r in rows)
    assert sum(map(len, chosen.values())) == 6


def test_stopping_between_documents(run: dict[str, Path], pen: Pen) -> None:
    found = bits_per_character(
        pen.model,
        pen.tokenizer,
        _rows(run),
        base=pen.base,
        adapter=True,
        emit=ignore,
        should_stop=StopRequest,
    )
    assert found == []


def test_broken_weights_are_an_error_not_a_number(run: dict[str, Path], pen: Pen) -> None:
    weight = next(p for n, p in pen.model.named_parameters() if "lora_B" in n)
    before = weight.detach().clone()
    with torch.no_grad():
        weight.fill_(math.nan)
    try:
        with pytest.raises(UserError, match="nan_score"):
            _score(pen, _rows(run)[:1], adapter=True)
    finally:
        with torch.no_grad():
            weight.copy_(before)


def test_pairs_votes_reveal_evaluation_report(run: dict[str, Path], pen: Pen) -> None:
    """The whole way. Random weights write letter salad, so texts may be dropped; nothing may be lost or said wrongly."""
    sampling = Sampling(max_new_tokens=100)
    config = PairsConfig(
        run["run"], run["model"], run["adapter"], run["data"], count=5, sampling=sampling, device="cpu"
    )
    events: list[Event] = []
    result = make_pairs(config, events.append, never)
    assert result.finished
    assert result.made + sum(result.dropped.values()) >= 5
    ballot = Ballot(config.folder)
    for pair in ballot.pairs():
        ballot.vote(pair.id, "tie")
    if result.made:
        assert verify(config.folder, result.sha256).ok
    evaluation = EvalConfig(
        run["run"],
        run["model"],
        run["adapter"],
        run["data"],
        max_documents=2,
        samples=2,
        sampling=sampling,
        device="cpu",
    )
    found = evaluate(evaluation, events.append, never).report
    assert found == json.loads((run["run"] / "report.json").read_text())
    assert found["bits_per_character"]["documents"] == 2
    assert found["texts"]["source"] == "here"  # the test is still sealed
    assert "too_few_documents" in found["notes"]
    documents = [e for e in events if e.type == "eval_document"]
    assert [e.doc for e in documents] == ["test0", "test1"]  # type: ignore[attr-defined]
    reveal(config.folder, early=True)
    if result.made:
        again = evaluate(evaluation, ignore, never, pen=pen).report
        assert again["texts"]["source"] == "blind:first"
        assert again["bits_per_character"] == found["bits_per_character"]
    told = report_data(run["run"])
    assert told["evaluation"]["v"] == found["v"]
    assert [b["name"] for b in told["blind"]] == ["first"]


def test_asked_as_in_training_not_as_the_folder_says(run: dict[str, Path], pen: Pen) -> None:
    """`template: base` chosen at training holds for measuring and for the blind test."""
    asked = replace(
        EvalConfig(run["run"].parent / "plain", run["model"], run["adapter"], run["data"], device="cpu"),
        max_documents=1,
        samples=1,
        sampling=Sampling(max_new_tokens=16),
    )
    plain, own = (evaluate(replace(asked, base=b), ignore, never).report for b in (True, None))
    same = plain["bits_per_character"]["base"] == own["bits_per_character"]["base"]
    assert same is pen.base


def test_the_dtype_of_training_is_taken(run: dict[str, Path]) -> None:
    held = open_pen(
        run["model"], run["adapter"], Setup("cpu", dtype="bfloat16"), emit=ignore, should_stop=never
    )
    assert {p.dtype for n, p in held.model.named_parameters() if "lora" not in n} == {torch.bfloat16}


def test_the_same_seed_writes_the_same(run: dict[str, Path], pen: Pen) -> None:
    question = [_rows(run)[0].messages[:1]]
    sampling = Sampling(max_new_tokens=20)
    texts = [pen.write(question, adapter=a, sampling=sampling, seed=5)[0].text for a in (True, True, False)]
    assert texts[0] == texts[1] != texts[2]


def test_a_stopped_evaluation_writes_nothing(run: dict[str, Path], pen: Pen, tmp_path: Path) -> None:
    config = EvalConfig(tmp_path / "other", run["model"], run["adapter"], run["data"])
    with pytest.raises(UserError) as caught:
        evaluate(config, ignore, StopRequest, pen=pen)
    assert (caught.value.code, caught.value.exit_code) == ("stopped", 4)
    assert not (tmp_path / "other").exists()


def test_missing_parts_are_sentences(run: dict[str, Path], tmp_path: Path) -> None:
    config = EvalConfig(tmp_path, run["model"], run["adapter"], run["data"], device="cpu")
    for bad, code in (
        (replace(config, adapter=tmp_path / "no-adapter"), "adapter_missing"),
        (replace(config, model=tmp_path), "model_unusable"),
        (replace(config, dataset=tmp_path), "no_held_out"),
    ):
        with pytest.raises(UserError) as caught:
            evaluate(bad, ignore, never)
        assert caught.value.code == code
