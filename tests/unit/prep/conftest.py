"""Little backups, written where a test wants them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

_THINGS = [
    "座钟",
    "闹钟",
    "怀表",
    "摆轮",
    "游丝",
    "镊子",
    "柜台",
    "巷子",
    "渡轮",
    "江面",
    "石阶",
    "雨棚",
    "豆腐",
    "茶壶",
    "灯泡",
    "账本",
    "木箱",
    "炉子",
    "棉袄",
    "自行车",
    "梯子",
    "窗台",
    "铜锣",
    "汽笛",
    "螺丝",
    "放大镜",
]
_PEOPLE = [
    "尤婶",
    "老瞿",
    "大谷",
    "方先生",
    "沈敏",
    "小满",
    "阿棱",
    "母亲",
    "邮差",
    "房东",
    "船工",
    "裁缝",
    "医生",
    "会计",
]
_DEEDS = [
    "擦了三遍",
    "搁在台上",
    "换了油",
    "听了半晌",
    "数到四十二",
    "抬进门来",
    "忘在船上",
    "修到半夜",
    "拆成七件",
    "记在本子上",
    "还给了人",
    "看着没有说话",
    "慢了两分钟",
    "找了一下午",
]
_TAILS = [
    "；也不打紧。",
    "，后来就忘了。",
    "，谁也没问。",
    "。。",
    "，（不对，是前年。）",
    "，雨还在下。",
    "；隔天又来一回。",
    "，钱没有收。",
]


def prose(seed: int, sentences: int = 30, per_paragraph: int = 5) -> str:
    """Made-up Chinese prose; another seed gives other text. About 17 characters a sentence."""
    rng = random.Random(seed)
    lines = [
        f"{rng.choice(_PEOPLE)}把{rng.choice(_THINGS)}和{rng.choice(_THINGS)}{rng.choice(_DEEDS)}{rng.choice(_TAILS)}"
        for _ in range(sentences)
    ]
    return "\n\n".join("".join(lines[at : at + per_paragraph]) for at in range(0, sentences, per_paragraph))


AddArticle = Callable[..., Path]


@pytest.fixture
def make_prose() -> Callable[..., str]:
    return prose


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    folder = tmp_path / "Wechat-Backup"
    folder.mkdir()
    return folder


@pytest.fixture
def add_article(backup: Path) -> AddArticle:
    """Add one article in the founding layout; returns its folder."""

    def add(
        title: str,
        date: str,
        body: str,
        *,
        author: str | None = "林渡",
        name: str | None = None,
        meta: str | None = None,
        file: str | None = None,
    ) -> Path:
        name = name or f"{date}_{title}"
        folder = backup / "半坡修表铺" / date[:4] / name
        folder.mkdir(parents=True)
        head = ["点击上方蓝字关注半坡修表铺"] + ([f"图文 | {author}"] if author else []) + ["排版 | 阿棱"]
        tail = [
            '觉得不错，就点个 “在看” 或 "赞" 吧~',
            "扫描下方二维码",
            "喜欢此内容的人还喜欢",
            "另一篇的题目",
        ]
        text = "\n\n".join([*head, body, *tail]) + "\n"
        (folder / (file or f"{name}.md")).write_text(text, encoding="utf-8")
        value = {
            "title": title,
            "url": "https://example.invalid/s",
            "publish_time": 1501434882,
            "year": date[:4],
            "date": date,
        }
        (folder / "meta.json").write_text(
            meta if meta is not None else json.dumps(value, ensure_ascii=False), encoding="utf-8"
        )
        return folder

    return add
