"""The sample corpus keeps its promises: size, variety, a real backup's clutter, enough held out to judge by."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from styletui_eval.blind.prompts import choose
from styletui_prep.events import ignore, never
from styletui_prep.pipeline import PrepConfig, prepare

from styletui.project import sample_corpus


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    corpus = sample_corpus()
    assert corpus is not None
    out = tmp_path_factory.mktemp("corpus") / "data"
    prepare(PrepConfig(sources=(corpus / "wechat",), out=out), ignore, never)
    return out


def documents(dataset: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (dataset / "documents.jsonl").read_text("utf-8").splitlines()]


def test_it_is_large_enough_and_by_one_author(dataset: Path) -> None:
    found = documents(dataset)
    assert len(found) >= 70
    assert len(re.findall("[\u4e00-\u9fff]", "".join(d["text"] for d in found))) >= 60_000
    assert {d["author"] for d in found} == {"林渡"}
    years = {d["date"][:4] for d in found}
    assert len(years) >= 5


def test_no_paragraph_stands_twice_and_no_clutter_is_left(dataset: Path) -> None:
    paragraphs = Counter(p for d in documents(dataset) for p in d["text"].split("\n\n") if len(p) > 12)
    assert [p for p, count in paragraphs.items() if count > 1] == []
    text = "\n".join(d["text"] for d in documents(dataset))
    for clutter in (
        "点击上方",
        "扫描下方二维码",
        "微信扫一扫",
        "轻触阅读原文",
        "排版 |",
        "共计",
        "![",
        "喜欢此内容的人还喜欢",
    ):
        assert clutter not in text


def test_what_a_real_backup_has_beside_is_named_with_its_reason(dataset: Path) -> None:
    skipped = [json.loads(line) for line in (dataset / "skipped.jsonl").read_text("utf-8").splitlines()]
    reasons = Counter(s["reason"] for s in skipped)
    assert reasons["other_author"] == 2
    assert reasons["duplicate"] == 1
    assert reasons["twin_file"] == 1


def test_enough_is_held_out_to_judge_by(dataset: Path) -> None:
    stats = json.loads((dataset / "dataset_stats.json").read_text("utf-8"))
    assert stats["test_documents"] >= 10
    prompts = choose(dataset)
    assert len({p.shown for p in prompts}) >= 30
    newest_train = max(d["date"] for d in documents(dataset) if d["id"] in _docs(dataset, "train"))
    oldest_test = min(d["date"] for d in documents(dataset) if d["id"] in _docs(dataset, "test"))
    assert newest_train < oldest_test


def _docs(dataset: Path, split: str) -> set[str]:
    rows = (dataset / f"sft_{split}.jsonl").read_text("utf-8").splitlines()
    return {json.loads(row)["meta"]["doc"] for row in rows}
