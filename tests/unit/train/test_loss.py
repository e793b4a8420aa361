"""The gathered loss is cross_entropy: same value, same gradient, whatever the pieces."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from styletui_train import held_out, loss
from styletui_train.load import load_model, load_tokenizer
from styletui_train.prompting import IGNORED, Encoded, encode
from styletui_train.rows import read_rows

WORDS, WIDTH = 701, 32


def _case(dtype: torch.dtype, bias: bool) -> tuple[torch.Tensor, torch.Tensor, torch.nn.Linear]:
    torch.manual_seed(3)
    hidden = torch.randn(2, 53, WIDTH).to(dtype).requires_grad_()
    labels = torch.randint(0, WORDS, (2, 53))
    labels[:, :17] = IGNORED
    labels[1, 40:] = IGNORED
    return hidden, labels, torch.nn.Linear(WIDTH, WORDS, bias=bias).to(dtype).requires_grad_(False)


def _reference(
    hidden: torch.Tensor, labels: torch.Tensor, head: torch.nn.Linear, softcap: float | None
) -> tuple[float, torch.Tensor]:
    logits = head(hidden).float()
    if softcap is not None:
        logits = softcap * torch.tanh(logits / softcap)
    total = torch.nn.functional.cross_entropy(
        logits[:, :-1].reshape(-1, WORDS), labels[:, 1:].reshape(-1), ignore_index=IGNORED, reduction="sum"
    )
    (gradient,) = torch.autograd.grad(total, hidden)
    return float(total.detach()), gradient


@pytest.mark.parametrize("softcap", [None, 5.0])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("chunk", [7, 64, 1000])
def test_value_and_gradient_in_fp32(softcap: float | None, bias: bool, chunk: int) -> None:
    hidden, labels, head = _case(torch.float32, bias)
    expected, gradient = _reference(hidden, labels, head, softcap)
    total = loss.gathered_loss(hidden, labels, head, softcap=softcap, chunk=chunk)
    assert float(total.detach()) == pytest.approx(expected, rel=1e-6)
    (ours,) = torch.autograd.grad(total, hidden)
    torch.testing.assert_close(ours, gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("softcap", [None, 5.0])
def test_value_and_gradient_in_bf16(softcap: float | None) -> None:
    hidden, labels, head = _case(torch.bfloat16, False)
    expected, gradient = _reference(hidden, labels, head, softcap)
    total = loss.gathered_loss(hidden, labels, head, softcap=softcap)
    assert float(total.detach()) == pytest.approx(expected, rel=1e-4)
    (ours,) = torch.autograd.grad(total, hidden)
    torch.testing.assert_close(ours.float(), gradient.float(), rtol=0.03, atol=0.003)


def test_unscored_positions_get_no_gradient_and_the_factor_is_passed_on() -> None:
    hidden, labels, head = _case(torch.float32, False)
    loss.gathered_loss(hidden, labels, head).backward()
    assert hidden.grad is not None
    whole = hidden.grad.clone()
    assert whole[:, :16].abs().max() == 0
    assert whole[1, 39:].abs().max() == 0
    hidden.grad = None
    (loss.gathered_loss(hidden, labels, head) / 4).backward()
    torch.testing.assert_close(hidden.grad * 4, whole)


def test_token_nats_are_the_terms_of_the_sum() -> None:
    hidden, labels, head = _case(torch.float32, True)
    each = loss.token_nats(hidden, labels, head, softcap=5.0, chunk=10)
    assert len(each) == int((labels[:, 1:] != IGNORED).sum())
    assert float(each.sum()) == pytest.approx(_reference(hidden, labels, head, 5.0)[0], rel=1e-6)


@pytest.mark.parametrize("make", ["llama", "qwen", "gemma"])
def test_matches_the_models_own_loss(make: str, request: pytest.FixtureRequest) -> None:
    model = load_model(request.getfixturevalue(make)).requires_grad_(False)
    assert loss.usable(model)
    ids = torch.randint(5, 300, (1, 70))
    labels = ids.clone()
    labels[:, :30] = IGNORED
    own = model(input_ids=ids, labels=labels, use_cache=False).loss
    _, _, head, softcap = loss.parts(model)
    total = loss.gathered_loss(loss.last_hidden(model, ids, None), labels, head, softcap=softcap)
    assert float(total) / 40 == pytest.approx(float(own), rel=1e-5)


def test_untied_heads_and_padding_on_the_right(tiny: object, tmp_path: Path) -> None:
    folder = tiny.make_tiny_model(tmp_path, "llama", tied=False)  # type: ignore[attr-defined]
    model = load_model(folder).requires_grad_(False)
    assert loss.usable(model)
    ids = torch.randint(5, 300, (1, 20))
    padded = torch.nn.functional.pad(ids, (0, 12))
    short = loss.last_hidden(model, ids, None)
    long = loss.last_hidden(model, padded, None)
    torch.testing.assert_close(short, long[:, :20], rtol=1e-5, atol=1e-5)


def test_a_head_that_learns_or_a_scaled_one_is_refused(llama: Path) -> None:
    model = load_model(llama)
    model.requires_grad_(True)
    assert not loss.usable(model)
    assert loss.plain_logits(model)
    model = load_model(llama).requires_grad_(False)
    model.register_forward_hook(lambda *a: a[-1].__class__(**{**a[-1], "logits": a[-1].logits * 2}))
    assert not loss.usable(model)


def test_a_model_that_scales_its_logits_is_scored_by_them(llama: Path, dataset: Path) -> None:
    from transformers import GraniteConfig, GraniteForCausalLM

    torch.manual_seed(0)
    granite = GraniteForCausalLM(
        GraniteConfig(
            vocab_size=640,
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            logits_scaling=0.125,
        )
    ).eval()
    assert not loss.plain_logits(granite)
    tokenizer = load_tokenizer(llama)
    for row in read_rows(dataset / "sft_val.jsonl")[:2]:
        item = encode(tokenizer, row.messages, base=True)
        with torch.no_grad():
            logits = granite(input_ids=torch.tensor([item.ids])).logits[0, :-1].double()
        own = torch.nn.functional.cross_entropy(logits, torch.tensor(item.labels[1:]), reduction="none")
        scored = [i for i, label in enumerate(item.labels[1:], 1) if label != IGNORED]
        ours = held_out.row_nats(granite, item, "cpu")
        torch.testing.assert_close(ours, own[[i - 1 for i in scored]], rtol=1e-4, atol=1e-4)
        text = sum(float(own[i - 1]) for i in scored if i not in item.ends)
        assert held_out.text_nats(granite, item, "cpu") == pytest.approx(text, rel=1e-4)
        assert held_out.measure(granite, [item], "cpu", "float32").loss == pytest.approx(
            float(own[[i - 1 for i in scored]].mean()), rel=1e-4
        )


def test_the_probe_is_made_once_a_model(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model(llama)
    assert loss.plain_logits(model)
    monkeypatch.setattr(loss, "_probe", lambda model: pytest.fail("probed again"))
    assert loss.plain_logits(model)


def test_a_row_that_begins_with_the_author(llama: Path) -> None:
    alone = Encoded([5, 6, 7], [5, 6, 7], [2], 3)  # nothing predicts its first token
    model = load_model(llama)
    assert len(held_out.row_nats(model, alone, "cpu")) == 2
    assert held_out.text_nats(model, alone, "cpu") < float(held_out.row_nats(model, alone, "cpu").sum())
    assert held_out.measure(model, [alone], "cpu", "float32").bits_per_char > 0


def test_nothing_scored_stays_on_its_device(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden, labels, head = _case(torch.float32, False)
    empty = torch.zeros(0, WIDTH, device="meta"), torch.zeros(0, dtype=torch.long, device="meta")
    monkeypatch.setattr(loss, "gather_scored", lambda *_: empty)
    nats = loss.token_nats(hidden.to("meta"), labels.to("meta"), head)
    assert (nats.device.type, len(nats)) == ("meta", 0)


def test_numbers_leave_a_device_before_they_are_widened() -> None:
    """MPS has no fp64."""
    root = Path(__file__).parents[3]
    sources = [file for room in ("prep", "train", "eval", "styletui") for file in (root / room).rglob("*.py")]
    assert len(sources) > 50
    assert [file.name for file in sources if ".double().cpu()" in file.read_text("utf-8")] == []
