import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from styletui_eval.blind import pairs
from styletui_eval.blind.ballot import Ballot, reveal, verify
from styletui_eval.blind.pairs import PairsConfig, make_pairs
from styletui_eval.blind.prompts import choose, held_out, with_examples
from styletui_eval.blind.protocol import (
    COMMITMENT,
    DROPPED,
    FINISHED,
    PAIRS,
    SEALED,
    Wish,
    read_pairs,
    read_sealed,
    seal,
    write_sealed,
)
from styletui_eval.pen import Sampling, Setup
from styletui_prep.errors import UserError
from styletui_prep.events import Event, Stage, StopRequest, Warned, ignore, never
from styletui_train.rows import Message, read_rows

from .datasets import make_dataset, text


@dataclass
class Sheet:
    text: str
    ended: bool = True


class FakePen:
    """Writes invented texts and remembers what it was asked."""

    def __init__(self, make: Callable[[str, bool], str] | None = None) -> None:
        self.calls: list[tuple[list[list[Message]], bool, int]] = []
        self._make = make or (lambda question, adapter: text(f"{question}{adapter}", 6))

    def write(
        self, questions: Sequence[Sequence[Message]], *, adapter: bool, sampling: Sampling, seed: int
    ) -> list[Sheet]:
        self.calls.append(([list(q) for q in questions], adapter, seed))
        return [Sheet(self._make(q[-1]["content"], adapter)) for q in questions]


@pytest.fixture
def config(tmp_path: Path) -> PairsConfig:
    adapter = tmp_path / "run" / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_model.safetensors").write_bytes(b"weights")
    dataset = make_dataset(tmp_path / "data")
    return PairsConfig(
        tmp_path / "run", tmp_path / "model", adapter, dataset, count=6, zero_shot_share=0.34, batch=4
    )


def test_the_whole_way(config: PairsConfig) -> None:
    events: list[Event] = []
    pen = FakePen()
    result = make_pairs(config, events.append, never, pen=pen)
    assert (result.made, result.planned, result.dropped, result.finished) == (8, 8, {}, True)
    made_pairs = read_pairs(config.folder)
    assert [p.n for p in made_pairs] == list(range(1, 9))
    assert len({p.prompt for p in made_pairs}) == 8
    assert verify(config.folder, result.sha256).ok
    made = [e for e in events if e.type == "pair"]
    assert [e.n for e in made] == list(range(1, 9))  # type: ignore[attr-defined]
    ballot = Ballot(config.folder)
    for pair in made_pairs:
        ballot.vote(pair.id, "left")
    verdict = reveal(config.folder)
    assert verdict.main.wins + verdict.main.losses == 6
    assert verdict.zero.wins + verdict.zero.losses == 2


def test_events_and_public_files_carry_no_text_and_no_arm(config: PairsConfig) -> None:
    events: list[Event] = []
    make_pairs(config, events.append, never, pen=FakePen())
    said = " ".join(map(str, events))
    assert not any(p.left[:6] in said or p.prompt[:6] in said for p in read_pairs(config.folder))
    for name in (PAIRS, COMMITMENT, FINISHED):
        assert "adapter" not in (config.folder / name).read_text()
        assert "base" not in (config.folder / name).read_text()


def test_texts_stand_on_the_sealed_sides(config: PairsConfig) -> None:
    make_pairs(
        config, ignore, never, pen=FakePen(lambda q, adapter: ("我们" if adapter else "他们") + text(q, 6))
    )
    sealed = read_sealed(config.folder)
    for pair in read_pairs(config.folder):
        plan = sealed.plan(pair.id)
        assert plan is not None
        assert pair.left.startswith("我们") is (plan.left == "adapter")
        assert pair.right.startswith("我们") is (plan.right == "adapter")


def test_the_seal_lies_there_before_the_first_word(config: PairsConfig) -> None:
    class Looks(FakePen):
        def write(self, *args: object, **kwargs: object) -> list[Sheet]:
            assert (config.folder / SEALED).exists()
            assert (config.folder / COMMITMENT).exists()
            return super().write(*args, **kwargs)  # type: ignore[arg-type]

    make_pairs(config, ignore, never, pen=Looks())


def test_batches_start_small_and_both_arms_share_seed_and_prompt(config: PairsConfig) -> None:
    pen = FakePen()
    make_pairs(config, ignore, never, pen=pen)
    assert [len(questions) for questions, _, _ in pen.calls] == [2, 2, 4, 4, 2, 2]
    for (ours, with_it, seed), (theirs, without, other_seed) in zip(
        pen.calls[::2], pen.calls[1::2], strict=True
    ):
        assert with_it
        assert not without
        assert seed == other_seed
        for question, opponent in zip(ours, theirs, strict=True):
            assert len(question) == 1
            assert opponent[-1] == question[-1]
            assert len(opponent) in (1, 9)  # without, or after four examples


def test_examples_are_training_texts_of_the_same_kind_and_short(config: PairsConfig) -> None:
    training = read_rows(config.dataset / "sft_train.jsonl")
    prompt = choose(config.dataset)[0]
    messages = with_examples(prompt, training, examples=4, characters=60, seed=1)
    answers = [m["content"] for m in messages if m["role"] == "assistant"]
    originals = [r.messages[-1]["content"] for r in training]
    assert len(answers) == 4
    assert all(len(a) <= 60 and a.endswith("。") for a in answers)
    assert all(any(o.startswith(a) for o in originals) for a in answers)
    assert all("要点" in m["content"] for m in messages if m["role"] == "user")
    documents = {
        r.document for r in training if any(r.messages[-1]["content"].startswith(a) for a in answers)
    }
    assert len(documents) == 4
    assert messages == with_examples(prompt, training, examples=4, characters=60, seed=1)


def test_prompts_are_outlines_of_the_test_first_and_go_round_the_documents(config: PairsConfig) -> None:
    prompts = choose(config.dataset)
    assert [p.doc for p in prompts[:6]] == ["test0", "test1", "test2"] * 2
    assert {p.view for p in prompts[:10]} == {"outline"}
    assert [p.doc for p in prompts[6:10]] == ["val0", "val1"] * 2
    assert {p.view for p in prompts[10:]} == {"instruct"}
    assert prompts[0].shown.startswith("题目：test0-0")
    assert not prompts[0].shown.endswith("：")


def test_the_same_question_is_asked_once(config: PairsConfig) -> None:
    path = config.dataset / "sft_test.jsonl"
    path.write_text(path.read_text() * 2)
    assert len(choose(config.dataset)) == 20


def test_held_out_rows_are_needed(config: PairsConfig) -> None:
    (config.dataset / "sft_test.jsonl").unlink()
    (config.dataset / "sft_val.jsonl").write_text("")
    for act in (lambda: held_out(config.dataset), lambda: make_pairs(config, ignore, never, pen=FakePen())):
        with pytest.raises(UserError) as caught:
            act()
        assert (caught.value.code, caught.value.exit_code) == ("no_held_out", 3)
    assert not (config.folder / SEALED).exists()


def test_few_prompts_are_said(config: PairsConfig) -> None:
    events: list[Event] = []
    result = make_pairs(replace(config, count=50), events.append, never, pen=FakePen())
    assert result.made == 20
    assert [e.code for e in events if isinstance(e, Warned)] == ["few_prompts"]


def _copying(config: PairsConfig, who: bool) -> FakePen:
    training = read_rows(config.dataset / "sft_train.jsonl")[0].messages[-1]["content"]

    def make(question: str, adapter: bool) -> str:
        return training if adapter is who and "test1" in question else text(f"{question}{adapter}", 6)

    return FakePen(make)


def test_copies_are_dropped_counted_and_replaced_from_the_reserve(config: PairsConfig) -> None:
    config = replace(config, count=6, zero_shot_share=0)
    result = make_pairs(config, ignore, never, pen=_copying(config, True))
    assert result.finished
    assert result.dropped["copied"] >= 2
    sealed = read_sealed(config.folder)
    reserves = sum(p.reserve for p in sealed.pairs)
    assert result.made == 6 - 2 + reserves  # both reserves stepped in, however many of them copied too
    sides = [json.loads(line) for line in (config.folder / DROPPED).read_text().splitlines()]
    for line in sides:
        plan = sealed.plan(line["id"])
        assert plan is not None
        assert (plan.left if line["side"] == "left" else plan.right) == "adapter"


def test_empty_and_short_texts_are_dropped_with_their_side(config: PairsConfig) -> None:
    def make(question: str, adapter: bool) -> str:
        if "test0" in question:
            return text(question, 6) if adapter else "  "
        if "test1" in question:
            return "雨。" if adapter else text(question, 6)
        return text(f"{question}{adapter}", 6)

    result = make_pairs(replace(config, zero_shot_share=0), ignore, never, pen=FakePen(make))
    assert result.dropped == {"empty_text": 2, "too_short": 2}
    sealed = read_sealed(config.folder)
    for line in map(json.loads, (config.folder / DROPPED).read_text().splitlines()):
        plan = sealed.plan(line["id"])
        assert plan is not None
        arm = plan.left if line["side"] == "left" else plan.right
        assert (arm == "adapter") is (line["reason"] == "too_short")


def test_loops_are_marked_where_they_are_seen(config: PairsConfig) -> None:
    make_pairs(config, ignore, never, pen=FakePen(lambda q, a: text(q, 6) if a else "雨下了又下。" * 20))
    sealed = read_sealed(config.folder)
    for pair in read_pairs(config.folder):
        plan = sealed.plan(pair.id)
        assert plan is not None
        assert pair.left_loops is (plan.left != "adapter")
        assert pair.right_loops is (plan.right != "adapter")


def test_lengths_are_alike(config: PairsConfig) -> None:
    make_pairs(config, ignore, never, pen=FakePen(lambda q, a: text(f"{q}{a}", 12 if a else 4)))
    for pair in read_pairs(config.folder):
        assert min(len(pair.left), len(pair.right)) >= 0.8 * max(len(pair.left), len(pair.right))
        assert pair.left.endswith("。")
        assert pair.right.endswith("。")


class Power(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_dead_job_goes_on_where_it_was(config: PairsConfig, after: int) -> None:
    class Dies(FakePen):
        def write(self, *args: object, **kwargs: object) -> list[Sheet]:
            if len(self.calls) >= after:
                raise Power
            return super().write(*args, **kwargs)  # type: ignore[arg-type]

    with pytest.raises(Power):
        make_pairs(config, ignore, never, pen=Dies())
    kept = read_pairs(config.folder)
    seal_before = (config.folder / SEALED).read_bytes()
    assert len(kept) == (2 if after >= 2 else 0)
    with (config.folder / PAIRS).open("ab") as file:
        file.write(b'{"id": "torn')
    if kept:
        Ballot(config.folder).vote(kept[0].id, "left")
    pen = FakePen()
    result = make_pairs(config, ignore, never, pen=pen)
    assert (config.folder / SEALED).read_bytes() == seal_before
    assert result.made == 8
    assert read_pairs(config.folder)[: len(kept)] == kept
    assert sum(len(q) for q, adapter, _ in pen.calls if adapter) == 8 - len(kept)
    assert verify(config.folder).ok


def test_a_lost_commitment_is_written_again(config: PairsConfig) -> None:
    result = make_pairs(config, ignore, never, pen=FakePen())
    (config.folder / COMMITMENT).unlink()
    again = make_pairs(config, ignore, never, pen=FakePen())
    assert again == result


def test_all_done_loads_no_model(config: PairsConfig) -> None:
    make_pairs(config, ignore, never, pen=FakePen())
    events: list[Event] = []
    make_pairs(config, events.append, never)  # without a pen it would have to load the missing model
    assert [e.name for e in events if isinstance(e, Stage)] == ["plan_pairs"]


def test_stopping_keeps_whole_pairs_only(config: PairsConfig) -> None:
    pen = FakePen()
    result = make_pairs(config, ignore, lambda: StopRequest() if len(pen.calls) > 2 else None, pen=pen)
    assert (result.made, result.finished) == (2, False)
    assert not (config.folder / FINISHED).exists()
    assert make_pairs(config, ignore, never, pen=FakePen()).made == 8


def test_another_adapter_is_another_test(config: PairsConfig) -> None:
    make_pairs(config, ignore, never, pen=FakePen())
    (config.adapter / "adapter_model.safetensors").write_bytes(b"others")
    with pytest.raises(UserError) as caught:
        make_pairs(config, ignore, never, pen=FakePen())
    assert caught.value.code == "test_of_other_adapter"


def test_another_dataset_is_said(config: PairsConfig) -> None:
    make_pairs(config, ignore, lambda: StopRequest(), pen=FakePen())
    (config.dataset / "sft_test.jsonl").write_text("")
    with pytest.raises(UserError) as caught:
        make_pairs(config, ignore, never, pen=FakePen())
    assert caught.value.code == "test_of_other_dataset"


def test_what_was_sealed_wins(config: PairsConfig) -> None:
    make_pairs(config, ignore, lambda: StopRequest(), pen=FakePen())
    events: list[Event] = []
    assert make_pairs(replace(config, count=3), events.append, never, pen=FakePen()).made == 8
    assert [e.code for e in events if isinstance(e, Warned)] == ["sealed_settings_kept"]


def test_nothing_is_added_after_the_reveal(config: PairsConfig) -> None:
    pen = FakePen()
    make_pairs(config, ignore, lambda: StopRequest() if len(pen.calls) > 2 else None, pen=pen)
    reveal(config.folder, early=True)
    with pytest.raises(UserError) as caught:
        make_pairs(config, ignore, never, pen=FakePen())
    assert (caught.value.code, caught.value.exit_code) == ("test_revealed", 5)
    assert len(read_pairs(config.folder)) == 2


def test_a_pair_is_synced_before_it_is_announced(
    config: PairsConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = 0
    real = os.fsync

    def fsync(fd: int) -> None:
        nonlocal synced
        real(fd)
        synced = os.fstat(fd).st_size

    def listen(event: Event) -> None:
        if event.type == "pair":
            assert synced == (config.folder / PAIRS).stat().st_size

    monkeypatch.setattr(os, "fsync", fsync)
    make_pairs(config, listen, never, pen=FakePen())


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 61, "a b"])
def test_names_that_are_no_folder_names(config: PairsConfig, name: str) -> None:
    with pytest.raises(UserError) as caught:
        make_pairs(replace(config, name=name), ignore, never, pen=FakePen())
    assert (caught.value.code, caught.value.exit_code) == ("bad_test_name", 2)


def test_settings_out_of_range(config: PairsConfig) -> None:
    for bad in (replace(config, count=0), replace(config, zero_shot_share=2), replace(config, examples=0)):
        with pytest.raises(UserError, match="bad_pair_settings"):
            make_pairs(bad, ignore, never, pen=FakePen())


def test_a_run_without_adapter(config: PairsConfig) -> None:
    (config.adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(UserError, match="no_adapter"):
        make_pairs(config, ignore, never, pen=FakePen())


def test_the_extra_contrast_does_not_show_from_the_order(config: PairsConfig) -> None:
    """Over many seals the extra pairs stand anywhere."""
    places = set()
    for n in range(30):
        named = replace(config, name=f"t{n}")
        make_pairs(named, ignore, lambda: StopRequest(), pen=FakePen())
        places |= {i for i, p in enumerate(read_sealed(named.folder).pairs) if p.contrast == "zero"}
    assert {0, 7} <= places


def test_how_the_model_is_asked_is_sealed(config: PairsConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sealed is what the pen is opened with, also when something else is asked for later."""
    opened: list[Setup] = []

    def fake(model: Path, adapter: Path, setup: Setup, **_: object) -> FakePen:
        opened.append(setup)
        return FakePen()

    monkeypatch.setattr(pairs, "open_pen", fake)
    sealed_with = replace(config, base=True, quantize=True, dtype="bfloat16", device="cpu")
    make_pairs(sealed_with, ignore, lambda: StopRequest() if opened else None)
    settings = read_sealed(config.folder).settings
    assert (settings["base"], settings["quantize"], settings["dtype"]) == (True, True, "bfloat16")
    events: list[Event] = []
    make_pairs(replace(config, base=False, device="mps"), events.append, never)
    assert opened == [Setup(d, base=True, quantize=True, dtype="bfloat16") for d in ("cpu", "mps")]
    assert [e.code for e in events if isinstance(e, Warned)] == ["sealed_settings_kept"]


def test_a_seal_from_before_goes_on_without_a_warning(config: PairsConfig) -> None:
    sealed = seal(config.name, [Wish("test:0", "main")], settings=config.settings(), hashes={})
    for name in ("base", "quantize", "quant_type", "double_quant", "dtype"):
        del sealed.settings[name]
    sealed.hashes["adapter"] = hashlib.sha256(b"weights").hexdigest()
    write_sealed(config.folder, sealed)
    events: list[Event] = []
    assert make_pairs(config, events.append, never, pen=FakePen()).made == 1
    assert [e for e in events if isinstance(e, Warned)] == []


def test_what_the_train_screen_has_shown_is_not_asked(config: PairsConfig) -> None:
    """Whoever watched the training knows the adapter's text for that chunk; no view of it is asked."""
    samples = config.run_dir / "samples"
    samples.mkdir(parents=True)
    for step, (doc, chunk) in enumerate([("test0", 0), ("val1", 1), ("test0", 0)]):
        shown = {"step": step, "prompt": {"doc": doc, "chunk": chunk, "view": "outline"}}
        (samples / f"step-{step:06d}.json").write_text(json.dumps(shown))
    (samples / "step-000009.json").write_text("{")  # torn
    (samples / "step-000010.json").write_text('{"prompt": {"doc": null, "chunk": null}}')
    make_pairs(replace(config, count=50), ignore, never, pen=FakePen())
    by_id = {p.id: p for p in choose(config.dataset)}
    asked = [by_id[p.prompt_id] for p in read_sealed(config.folder).pairs]
    assert len(asked) == 20 - 2 * 2  # two views of two chunks
    assert not {(p.doc, p.chunk) for p in asked} & {("test0", "0"), ("val1", "1")}


def test_when_all_was_shown_there_is_nothing_to_ask(config: PairsConfig) -> None:
    (config.dataset / "sft_val.jsonl").unlink()
    lines = (config.dataset / "sft_test.jsonl").read_text().splitlines()
    (config.dataset / "sft_test.jsonl").write_text(lines[0])
    (config.run_dir / "samples").mkdir()
    (config.run_dir / "samples" / "step-000000.json").write_text('{"prompt": {"doc": "test0", "chunk": 0}}')
    with pytest.raises(UserError, match="no_held_out"):
        make_pairs(config, ignore, never, pen=FakePen())


def test_two_makers_at_once(config: PairsConfig) -> None:
    """The second one is refused while the first writes; nothing of the first one's is touched."""
    refused: list[UserError] = []

    class Slow(FakePen):
        def write(self, *args: object, **kwargs: object) -> list[Sheet]:
            with pytest.raises(UserError) as caught:
                make_pairs(config, ignore, never, pen=FakePen())
            refused.append(caught.value)
            return super().write(*args, **kwargs)  # type: ignore[arg-type]

    result = make_pairs(config, ignore, never, pen=Slow())
    assert {(e.code, e.exit_code) for e in refused} == {("test_busy", 5)}
    assert result.made == 8
    assert verify(config.folder, result.sha256).ok
    assert make_pairs(config, ignore, never, pen=FakePen()) == result  # the lock was given back


def test_a_drop_after_the_reveal_is_refused(config: PairsConfig) -> None:
    """Else a recount would differ from a verdict that nobody touched."""
    pen = FakePen(lambda q, a: text(f"{q}{a}", 6) if "test0" in q else "")

    def stop_and_reveal() -> None:
        if len(pen.calls) == 4 and not (config.folder / "reveal.json").exists():
            reveal(config.folder, early=True)

    with pytest.raises(UserError, match="test_revealed"):
        make_pairs(config, ignore, stop_and_reveal, pen=pen)
    assert verify(config.folder).ok


def _model(config: PairsConfig) -> Path:
    config.model.mkdir()
    (config.model / "config.json").write_text("{}")
    (config.model / "model.safetensors").write_bytes(b"12345678")
    return config.model


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda c: (c.dataset / "sft_test.jsonl").open("a").write("\n"), "dataset"),
        (lambda c: (c.dataset / "sft_val.jsonl").unlink(), "dataset"),
        (lambda c: (c.dataset / "sft_train.jsonl").open("a").write("\n"), "dataset"),
        (lambda c: (c.model / "config.json").write_text('{"a": 1}'), "model"),
        (lambda c: (c.model / "model.safetensors").write_bytes(b"1234567"), "model"),
        (lambda c: (c.model / "chat_template.jinja").write_text("x"), "model"),
        (lambda c: (c.adapter / "adapter_config.json").write_text('{"lora_alpha": 99}'), "adapter"),
    ],
)
def test_what_is_asked_of_whom_is_sealed(
    config: PairsConfig, change: Callable[[PairsConfig], object], code: str
) -> None:
    _model(config)
    make_pairs(config, ignore, lambda: StopRequest(), pen=FakePen())
    assert make_pairs(config, ignore, lambda: StopRequest(), pen=FakePen()).made == 0  # unchanged: goes on
    change(config)
    with pytest.raises(UserError) as caught:
        make_pairs(config, ignore, never, pen=FakePen())
    assert caught.value.code == f"test_of_other_{code}"
    assert read_pairs(config.folder) == []
