"""A home of its own, a small real dataset and finished jobs for the screens to look at."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from styletui_prep.events import Progress, Stage

from styletui import i18n
from styletui.app import StyleApp
from styletui.jobs import events
from styletui.jobs.job import Job
from styletui.jobs.log import EventWriter
from styletui.project import Project


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """STYLETUI_HOME, HOME and the working directory are empty folders; nothing of this machine shows."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("STYLETUI_HOME", str(tmp_path / "styletui"))
    monkeypatch.setenv("HOME", str(home))
    for name in ("NO_COLOR", "STYLETUI_ASCII", "HF_HOME", "MODELSCOPE_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(home)
    yield home
    i18n.set_language("en")


@pytest.fixture
def app() -> Callable[..., StyleApp]:
    """Make an app with a steady cursor and no animation."""

    def make(project: Project | None = None, source: Path | None = None, lang: str = "en") -> StyleApp:
        made = StyleApp(project, source, lang)
        made.animation_level = "none"
        return made

    return make


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """A JSON-lines file."""
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")


def ended_job(jobs_dir: Path, kind: str, spec: dict[str, Any], happened: list[Any], end: Any) -> Job:
    """A job folder as a worker leaves it behind."""
    job = Job.create(jobs_dir, kind, spec)
    writer = EventWriter(job.events_path)
    for event in [events.Started(kind=kind, pid=1, version="0"), *happened, end]:
        writer.emit(event)
    writer.close()
    return job


HOSTILE = (
    "[/]",
    "[@click=app.quit]跑[/]",
    "\x1b[31mred\x1b[0m",
    "I said [laughs] no",
    "\x00\x07",
    "\u202eabc",
    "[bold",
)


@pytest.fixture
def source(own_home: Path) -> Path:
    """A small backup of Markdown articles."""
    folder = own_home / "my_notes"
    folder.mkdir()
    for number in range(3):
        text = (
            f"---\ntitle: 第{number}篇\ndate: 2021-0{number + 1}-05\n---\n\n"
            + "雨落在旧港的石阶上，我数到第七级就不数了。" * 30
        )
        (folder / f"{number}.md").write_text(text, "utf-8")
    return folder


def write_dataset(folder: Path, documents: int = 60) -> None:
    """A dataset as prep writes it: one outline and one instruct sample a document; hostile titles among them."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    originals = []
    for number in range(documents):
        title = HOSTILE[number] if 0 < number < len(HOSTILE) else f"渡口记事 {number}"
        body = (
            f"第{number}天，渡口没有船。我坐在石阶上等，等到雾散了，等到卖鱼的人收了摊。\n\n后来船来了，我却不想走了。"
            + title
        )
        for view in ("outline", "instruct"):
            meta = {"doc": f"d{number}", "chunk": 0, "view": view, "tokens": 40 + number, "title": title}
            prompt = f"题目：{title}\n关键词：渡口、雾\n\n正文：\n"
            messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": body}]
            rows.append(
                {"messages": messages, "meta": {**meta, "date": f"20{10 + number % 12}-03-0{1 + number % 9}"}}
            )
        originals.append({"id": f"d{number}", "raw": f"**{title}**\n\n<p>点击上方蓝字关注</p>\n\n{body}"})
    val, test = rows[-20:-10], rows[-10:]
    write_lines(folder / "sft_train.jsonl", rows[:-20])
    write_lines(folder / "sft_val.jsonl", val)
    write_lines(folder / "sft_test.jsonl", test)
    write_lines(folder / "originals.jsonl", originals)
    write_lines(
        folder / "skipped.jsonl",
        [
            {"source": "a/[/].md", "doc": None, "chunk": None, "reason": "empty", "detail": ""},
            {"source": "b/x.md", "doc": "d99", "chunk": 2, "reason": "too_short", "detail": "12"},
        ],
    )
    stats = {"documents_kept": documents, "chunks_kept": documents, "total_samples": len(rows)}
    stats |= {"train_samples": len(rows) - 20, "val_samples": 10, "test_samples": 10}
    (folder / "dataset_stats.json").write_text(json.dumps(stats), "utf-8")
    (folder / "manifest.json").write_text("{}", "utf-8")


@pytest.fixture
def project(source: Path) -> Project:
    """A project whose dataset is made: its prep job has ended well."""
    made = Project.for_source(source)
    write_dataset(made.dataset)
    ended_job(
        made.jobs_dir,
        "prep",
        {"sources": [str(source)], "out": str(made.dataset), "author": None, "tokenizer": None},
        [Stage("read"), Progress("read", 3, 3), Stage("write")],
        events.Done({}),
    )
    return made


def make_model(folder: Path, *, template: bool = False) -> Path:
    """A model folder with one small tensor: enough for everything that does not compute."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(
        json.dumps({"architectures": ["LlamaForCausalLM"], "model_type": "llama"})
    )
    header = json.dumps({"w": {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(64))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": "x"} if template else {}))
    return folder
