from __future__ import annotations

import hashlib
import importlib.util
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from styletui_prep.dataset import load_samples
from styletui_prep.errors import UserError
from styletui_prep.events import Event, StopRequest, Warned, ignore, never
from styletui_prep.exporters import FORMATS, pair_of
from styletui_prep.funnel import Funnel
from styletui_prep.pipeline import PrepConfig, prepare, scan

Add = Callable[..., Path]
Prose = Callable[..., str]


@pytest.fixture
def full(backup: Path, add_article: Add, make_prose: Prose) -> Path:
    """Fourteen own articles, one copy, one nearly a copy, one by somebody else, one reprint, one empty, one stub."""
    for n in range(14):
        add_article(f"第{n}篇", f"20{10 + n}-05-06", make_prose(n, sentences=30 + 5 * (n % 4)))
    add_article("第3篇", "2013-05-06", make_prose(3, sentences=45), name="2013-05-06_第3篇_1")
    add_article("改过", "2019-01-01", make_prose(2, sentences=40).replace("雨还在下", "雪还在下", 2))
    add_article("客人", "2018-01-01", make_prose(90), author="方培之")
    add_article("抄来", "2018-02-01", "本文转载自梧江文艺\n\n" + make_prose(91), author=None)
    add_article("空的", "2018-03-01", "![图片](a.png)")
    add_article("没了", "2018-04-01", "该内容已被发布者删除", author=None)
    return backup


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def build(source: Path, out: Path, **more: Any) -> tuple[dict[str, Any], list[Event]]:
    events: list[Event] = []
    return prepare(PrepConfig(sources=(source,), out=out, **more), events.append, never).to_json(), events


def test_scan_says_what_is_there_and_what_will_be_left_out(full: Path) -> None:
    result = scan([full], emit=ignore, should_stop=never).to_json()
    assert (result["kind"], result["documents"]) == ("wechat", 14)
    assert (result["first_date"], result["last_date"]) == ("2010-05-06", "2023-05-06")
    assert result["authors"] == {"林渡": 16, "方培之": 1}
    assert result["skipped"] == {
        "other_author": 2, "duplicate": 1, "near_duplicate": 1, "no_prose": 1, "stub_page": 1,
    }  # fmt: skip
    assert result["chars"] > 5000
    assert result["titles"]


def test_every_file_of_the_dataset(full: Path, tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    result, events = build(full, out)
    assert sorted(path.name for path in out.iterdir()) == [
        "dataset_stats.json", "documents.jsonl", "manifest.json", "originals.jsonl",
        "sft_test.jsonl", "sft_train.jsonl", "sft_val.jsonl", "skipped.jsonl",
    ]  # fmt: skip
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    documents = rows(out / "documents.jsonl")
    assert list(documents[0]) == ["id", "title", "author", "date", "kind", "source", "chars", "text"]
    assert {d["author"] for d in documents} == {"林渡"}
    assert not any("关注半坡" in d["text"] or "排版" in d["text"] for d in documents)
    stats = json.loads((out / "dataset_stats.json").read_text(encoding="utf-8"))
    founding = [
        "total_articles",
        "total_samples",
        "train_samples",
        "val_samples",
        "train_ratio",
        "years",
        "sample_templates",
    ]
    assert set(founding) <= set(stats)
    assert stats["total_articles"] == 14 == result["documents"]
    assert stats["total_samples"] == sum(result["samples"].values()) == sum(stats["views"].values())
    assert [type(e).__name__ for e in events][-1] == "Funnel"
    assert isinstance(events[-1], Funnel)
    assert events[-1].counts == result["funnel"]
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert len(manifest["documents"]) == 14


def test_no_document_is_on_two_sides_and_the_newest_judge(full: Path, tmp_path: Path) -> None:
    build(full, tmp_path / "d")
    sides = {split: rows(tmp_path / "d" / f"sft_{split}.jsonl") for split in ("train", "val", "test")}
    docs = {split: {row["meta"]["doc"] for row in found} for split, found in sides.items()}
    assert (
        not docs["train"] & docs["val"]
        and not docs["train"] & docs["test"]
        and not docs["val"] & docs["test"]
    )
    newest = {split: [row["meta"]["date"] for row in found] for split, found in sides.items()}
    assert max(newest["train"]) < min(newest["val"]) and max(newest["val"]) < min(newest["test"])
    row = sides["train"][0]
    assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"]
    assert list(row["meta"]) == ["doc", "chunk", "view", "tokens", "title", "date"]


def test_chunks_of_a_document_put_together_are_its_text(full: Path, tmp_path: Path) -> None:
    build(full, tmp_path / "d", views=("instruct",))
    texts = {d["id"]: d["text"] for d in rows(tmp_path / "d" / "documents.jsonl")}
    found: dict[str, list[str]] = {}
    for split in ("train", "val", "test"):
        for row in rows(tmp_path / "d" / f"sft_{split}.jsonl"):
            found.setdefault(row["meta"]["doc"], []).append(row["messages"][-1]["content"])
    assert found.keys() == texts.keys()
    for doc, chunks in found.items():
        assert "".join("".join(chunks).split()) == "".join(texts[doc].split())


def test_the_same_input_gives_the_same_dataset(full: Path, tmp_path: Path) -> None:
    build(full, tmp_path / "one")
    build(full, tmp_path / "two")
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_events_and_result_hold_no_text(full: Path, tmp_path: Path) -> None:
    result, events = build(full, tmp_path / "d")
    told = repr(events) + json.dumps(result, ensure_ascii=False)
    for word in ("林渡", "方培之", "第3篇", "座钟", "阿棱"):
        assert word not in told


def test_author_can_be_named(full: Path, tmp_path: Path) -> None:
    result, _ = build(full, tmp_path / "d", author="方培之")
    assert result["documents"] == 1
    with pytest.raises(UserError) as caught:
        build(full, tmp_path / "e", author="无此人")
    assert caught.value.code == "author_not_found"
    assert not (tmp_path / "e").exists()


@pytest.fixture
def copied(tmp_path: Path, make_prose: Prose) -> tuple[Path, str]:
    """Ten notes; the oldest and the newest begin with the same passage, which comes along."""
    notes = tmp_path / "notes"
    notes.mkdir()
    shared = make_prose(50, sentences=34, per_paragraph=34)
    for n in range(8):
        (notes / f"20{10 + n}-01-01 {n}.md").write_text(make_prose(n, sentences=60), encoding="utf-8")
    (notes / "2009-01-01 old.md").write_text(shared + "\n\n" + make_prose(60, sentences=80), encoding="utf-8")
    (notes / "2020-01-01 new.md").write_text(shared + "\n\n" + make_prose(61, sentences=80), encoding="utf-8")
    return notes, shared


def test_a_copied_passage_stays_on_the_side_of_the_test(tmp_path: Path, copied: tuple[Path, str]) -> None:
    notes, shared = copied
    build(notes, tmp_path / "d")
    repeated = [s for s in rows(tmp_path / "d" / "skipped.jsonl") if s["reason"].endswith("duplicate_chunk")]
    assert [s["source"] for s in repeated] == ["notes/2009-01-01 old.md"]
    texts = [row["messages"][-1]["content"] for row in rows(tmp_path / "d" / "sft_train.jsonl")]
    assert not any(shared[:200] in text for text in texts)


def test_what_goes_before_is_never_held_out(tmp_path: Path, copied: tuple[Path, str]) -> None:
    notes, shared = copied
    build(notes, tmp_path / "d", views=("continue",))
    assert any(s["reason"].endswith("duplicate_chunk") for s in rows(tmp_path / "d" / "skipped.jsonl"))
    trained = rows(tmp_path / "d" / "sft_train.jsonl")
    assert any(row["meta"]["date"] == "2009-01-01" for row in trained)
    for row in trained:
        before = row["messages"][0]["content"].split("前文：\n")[1].split("\n\n接着写")[0]
        assert before[-60:] not in shared


@pytest.mark.parametrize("form", list(FORMATS))
def test_formats_hold_the_same_samples(full: Path, tmp_path: Path, form: str) -> None:
    build(full, tmp_path / "d", format=form, views=("instruct",))
    build(full, tmp_path / "m", views=("instruct",))
    here, there = rows(tmp_path / "d" / "sft_train.jsonl"), rows(tmp_path / "m" / "sft_train.jsonl")
    assert [pair_of(row) for row in here] == [pair_of(row) for row in there]
    if form == "founding":
        assert list(here[0]) == ["system", "input", "output", "meta"]


def test_samples_are_found_by_their_offsets(full: Path, tmp_path: Path) -> None:
    out = tmp_path / "d"
    build(full, out)
    index = load_samples(out)
    assert len(index.rows) == index.stats["total_samples"]
    by_hand = rows(out / "sft_test.jsonl")
    mine = [row for row in index.rows if row.split == "test"]
    assert [(index.sample(r).prompt, index.sample(r).text) for r in mine] == [
        (row["messages"][0]["content"], row["messages"][1]["content"]) for row in by_hand
    ]
    row = mine[0]
    assert row.tokens == by_hand[0]["meta"]["tokens"]
    original = index.original(row.doc)
    assert original is not None and "点击上方蓝字" in original
    document = index.document(row.doc)
    assert document is not None and index.sample(row).text in document["text"]
    assert index.original("nobody") is None
    assert {skip["reason"] for skip in index.skipped} >= {"other_author", "duplicate"}


def test_a_dataset_that_is_none_or_broken_is_said(full: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_samples(tmp_path)
    assert caught.value.code == "dataset_missing"
    build(full, tmp_path / "d")
    with (tmp_path / "d" / "sft_val.jsonl").open("a") as stream:
        stream.write('{"torn')
    with pytest.raises(UserError) as caught:
        load_samples(tmp_path / "d")
    assert caught.value.code == "dataset_broken"


def test_few_documents_are_enough_to_go_on_with_a_warning(tmp_path: Path, make_prose: Prose) -> None:
    (tmp_path / "n").mkdir()
    for n in range(5):
        (tmp_path / "n" / f"2020-01-0{n + 1}.md").write_text(make_prose(n), encoding="utf-8")
    result, events = build(tmp_path / "n", tmp_path / "d")
    assert result["documents"] == 5
    warned = {e.code: e.params for e in events if isinstance(e, Warned)}
    assert warned["few_documents"] == {"documents": 5}
    assert "tokens_approximate" in warned
    assert all(result["samples"][split] for split in ("train", "val", "test"))


def test_one_document_is_trained_on_and_nothing_is_held_out(tmp_path: Path, make_prose: Prose) -> None:
    (tmp_path / "a.txt").write_text(make_prose(1), encoding="utf-8")
    result, events = build(tmp_path / "a.txt", tmp_path / "d")
    assert result["samples"]["test"] == result["samples"]["val"] == 0 < result["samples"]["train"]
    assert {"no_held_out", "undated_documents"} <= {e.code for e in events if isinstance(e, Warned)}


def test_exact_counts_by_a_tokenizer_file(full: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        ["尤婶把座钟搁在台上"], trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet)
    )
    tokenizer.enable_truncation(5)
    model = tmp_path / "model"
    model.mkdir()
    tokenizer.save(str(model / "tokenizer.json"))
    result, events = build(full, tmp_path / "d", tokenizer=model)
    assert result["exact_tokens"]
    assert "tokens_approximate" not in {e.code for e in events if isinstance(e, Warned)}
    tokenizer.no_truncation()
    for row in rows(tmp_path / "d" / "sft_train.jsonl"):
        text = row["messages"][-1]["content"]
        assert row["meta"]["tokens"] == len(tokenizer.encode(text).ids) + 1
        assert row["meta"]["tokens"] <= 801


def _make_hostile(folder: Path) -> None:
    (folder / "a.md").write_text(
        "---\ntitle: '[/] [@click=app.quit]x'\n---\n" + "\x1b[31m红的[/]字[@click=app.quit]点我。" * 40,
        encoding="utf-8",
    )


def test_hostile_text_is_data(tmp_path: Path) -> None:
    (tmp_path / "n").mkdir()
    _make_hostile(tmp_path / "n")
    result, _ = build(tmp_path / "n", tmp_path / "d")
    row = rows(tmp_path / "d" / "sft_train.jsonl")[0]
    assert row["meta"]["title"] == "[/] [@click=app.quit]x"
    assert "[@click=app.quit]" in row["messages"][-1]["content"]
    assert result["documents"] == 1


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda p: p / "nowhere", "source_missing"),
        (lambda p: p / ("x" * 5000), "source_missing"),
        (lambda p: _folder(p, {}), "source_empty"),
        (lambda p: _folder(p, {"a.png": b"\x89PNG"}), "nothing_recognised"),
        (lambda p: _folder(p, {"a.md": b"\x00\x01\x02"}), "nothing_usable"),
        (lambda p: _folder(p, {"a.md": b"![x](y.png)\n"}), "nothing_usable"),
        (lambda p: _folder(p, {"a.md": "就一句。".encode()}), "nothing_usable"),
    ],
)
def test_nothing_to_work_with(tmp_path: Path, make: Callable[[Path], Path], code: str) -> None:
    with pytest.raises(UserError) as caught:
        build(make(tmp_path), tmp_path / "d")
    assert (caught.value.code, caught.value.exit_code) == (code, 3)
    assert not (tmp_path / "d").exists()


def _folder(base: Path, files: dict[str, bytes]) -> Path:
    folder = base / "source"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"views": ("rewrite",)}, "unknown_view"),
        ({"views": ()}, "no_views"),
        ({"split": "alphabet"}, "unknown_split"),
        ({"format": "xml"}, "unknown_format"),
        ({"kind": "diary"}, "unknown_kind"),
        ({"min_tokens": 900}, "bad_chunk_size"),
        ({"min_tokens": 0}, "bad_chunk_size"),
        ({"train_ratio": 1.0}, "bad_ratio"),
    ],
)
def test_settings_that_cannot_be_meant(full: Path, tmp_path: Path, more: dict[str, Any], code: str) -> None:
    with pytest.raises(UserError) as caught:
        build(full, tmp_path / "d", **more)
    assert (caught.value.code, caught.value.exit_code) == (code, 2)


def test_the_source_is_never_the_target(full: Path) -> None:
    with pytest.raises(UserError) as caught:
        build(full, full)
    assert caught.value.code == "out_is_source"


def test_a_model_that_is_missing_or_broken(full: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        build(full, tmp_path / "d", tokenizer=tmp_path / "none")
    assert caught.value.code == "model_missing"
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError) as caught:
        build(full, tmp_path / "d", tokenizer=tmp_path)
    assert caught.value.code == "broken_tokenizer"


def test_a_target_that_cannot_be_written(full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError) as caught:
        build(full, tmp_path / "file" / "d")
    assert caught.value.code == "not_writable"

    def no_space(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("styletui_prep.dataset.write_whole", no_space)
    with pytest.raises(UserError) as caught:
        build(full, tmp_path / "d")
    assert caught.value.code == "disk_full"


def test_stopping_leaves_nothing_half_done(full: Path, tmp_path: Path) -> None:
    asked = iter([None] * 30)

    def stop() -> StopRequest | None:
        return next(asked, StopRequest())

    with pytest.raises(UserError) as caught:
        prepare(PrepConfig(sources=(full,), out=tmp_path / "d"), ignore, stop)
    assert (caught.value.code, caught.value.exit_code) == ("stopped", 4)
    assert not (tmp_path / "d").exists()


def test_prep_imports_neither_torch_nor_textual() -> None:
    code = (
        "import sys, styletui_prep.pipeline, styletui_prep.dataset, styletui_prep.words; styletui_prep.words.segment('闹钟');"
        "assert not {'torch', 'transformers', 'textual', 'datasets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _builder() -> Any:
    path = Path(__file__).parents[3] / "prep" / "style_sft_builder.py"
    spec = importlib.util.spec_from_file_location("style_sft_builder", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_founding_command(full: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main = _builder().main
    arguments = [
        "--backup_dir",
        str(full),
        "--output_dir",
        str(tmp_path / "data"),
        "--train_ratio",
        "0.8",
        "--seed",
        "7",
    ]
    assert main(arguments) == 0
    assert "sft_train.jsonl" in capsys.readouterr().out
    stats = json.loads((tmp_path / "data" / "dataset_stats.json").read_text(encoding="utf-8"))
    assert stats["train_ratio"] == 0.8
    assert (stats["val_documents"], stats["test_documents"]) == (1, 2)
    assert main(["--backup_dir", str(tmp_path / "none"), "--output_dir", str(tmp_path / "x")]) == 3
    assert capsys.readouterr().err.strip()
