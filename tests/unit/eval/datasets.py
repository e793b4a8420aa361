"""A small dataset folder in the product's layout, with invented texts that share no long runs."""

from __future__ import annotations

import json
import random
from pathlib import Path

_WORDS = [
    "雨",
    "车",
    "桥",
    "河",
    "旧",
    "慢",
    "灯",
    "茶",
    "窗",
    "风",
    "夜",
    "书",
    "店",
    "街",
    "门",
    "树",
    "鸟",
    "山",
    "路",
    "信",
    "水",
    "火",
    "花",
    "草",
    "石",
    "船",
    "盐",
    "米",
    "糖",
    "酒",
    "云",
    "雪",
]


def sentence(draw: random.Random, words: int = 9) -> str:
    """A sentence nobody wrote; two draws practically never share 30 characters."""
    return "，".join("".join(draw.choices(_WORDS, k=words)) for _ in range(2)) + "。"


def text(seed: str, sentences: int = 8) -> str:
    draw = random.Random(seed)
    return "".join(sentence(draw) for _ in range(sentences))


def rows(split: str, documents: int, chunks: int = 2) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for d in range(documents):
        for c in range(chunks):
            name = f"{split}{d}-{c}"
            answer = text(name)
            for view, prompt in (
                ("outline", f"题目：{name}\n要点：\n- {name}的第一点\n- 第二点\n关键词：雨，车\n\n正文：\n"),
                ("instruct", f"写一篇：{name}，说说雨和车。\n\n正文：\n"),
            ):
                messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
                meta = {
                    "doc": f"{split}{d}",
                    "chunk": c,
                    "view": view,
                    "tokens": 99,
                    "title": name,
                    "date": None,
                }
                found.append({"messages": messages, "meta": meta})
    return found


def make_dataset(folder: Path, *, train: int = 5, val: int = 2, test: int = 3) -> Path:
    """sft_{train,val,test}.jsonl with that many documents of two chunks in two views."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, documents in (("train", train), ("val", val), ("test", test)):
        lines = [json.dumps(r, ensure_ascii=False) for r in rows(split, documents)]
        (folder / f"sft_{split}.jsonl").write_text("\n".join(lines) + "\n" if lines else "")
    return folder
