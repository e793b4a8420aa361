from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from styletui_prep.chunk import cut, join
from styletui_prep.sentences import sentence_ends, split_sentences
from styletui_prep.tokens import ApproximateCounter

COUNTER = ApproximateCounter()


def sentences(paragraph: str) -> list[str]:
    ends = sentence_ends(paragraph)
    return [paragraph[a:b] for a, b in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("真的？！他笑了。。走吧！！！", ["真的？！", "他笑了。。", "走吧！！！"]),
        ("他说：“好。走吧。”就走了。天黑了。", ["他说：“好。走吧。”就走了。", "天黑了。"]),
        ("“走？”“走。”灯灭了。", ["“走？”", "“走。”灯灭了。"]),
        ("那年（不对。是前年。）下雪。冷。", ["那年（不对。是前年。）下雪。", "冷。"]),
        ("他说：“没有完的话。就这样。", ["他说：“没有完的话。", "就这样。"]),
        ("Mr. Lin paid 3.5 yuan. He left. \"Go. Now.\" He went.", ["Mr. Lin paid 3.5 yuan. ", "He left. ", "\"Go. Now.\" ", "He went."]),
        ("没有句号", ["没有句号"]),
    ],
)  # fmt: skip
def test_sentences(paragraph: str, expected: list[str]) -> None:
    assert sentences(paragraph) == expected


def test_chunks_keep_to_the_limits_and_give_the_text_back(make_prose: Callable[..., str]) -> None:
    for seed in range(8):
        text = make_prose(seed, sentences=40 + 20 * seed)
        chunks = cut(text, COUNTER, 300, 800)
        assert join(chunks) == text
        assert all(300 <= chunk.tokens <= 800 and not chunk.short for chunk in chunks)
        assert all(re.search(r"[。）]\Z", chunk.text) for chunk in chunks)


def test_paragraph_ends_are_preferred(make_prose: Callable[..., str]) -> None:
    text = make_prose(3, sentences=120, per_paragraph=6)
    chunks = cut(text, COUNTER, 300, 800)
    assert len(chunks) > 2
    assert all(chunk.gap == "\n\n" for chunk in chunks[:-1])


def test_a_leftover_is_shared_out_not_dropped(make_prose: Callable[..., str]) -> None:
    text = make_prose(5, sentences=30)
    limit = COUNTER.count(text) - 40  # one full chunk and a scrap, if cut greedily
    chunks = cut(text, COUNTER, 150, limit)
    assert join(chunks) == text
    assert not any(chunk.short for chunk in chunks)


def test_a_short_document_is_one_short_chunk() -> None:
    chunks = cut("就这一句。", COUNTER, 300, 800)
    assert [(chunk.text, chunk.short) for chunk in chunks] == [("就这一句。", True)]
    assert cut("  \n ", COUNTER) == []


def test_one_endless_sentence_is_cut_at_commas_then_anywhere() -> None:
    commas = "他走过去，" * 600
    chunks = cut(commas, COUNTER, 300, 800)
    assert join(chunks) == commas
    assert all(chunk.text.endswith("，") and chunk.tokens <= 800 for chunk in chunks)
    nothing = "啊" * 3000
    chunks = cut(nothing, COUNTER, 300, 800)
    assert join(chunks) == nothing
    assert all(chunk.tokens <= 800 for chunk in chunks)


def test_split_sentences_leaves_out_white_space() -> None:
    assert split_sentences("甲。 乙！\n\n丙") == ["甲。", "乙！", "丙"]


@pytest.mark.parametrize(
    "text", ["。" * 20000, "字\n" * 10000, "（字。" * 7000, "“" * 20000, "." * 20000 + "a", "字" * 20000]
)
@pytest.mark.timeout(20)
def test_degenerate_text_is_cut_in_good_time(text: str) -> None:
    chunks = cut(text, COUNTER)
    assert join(chunks) == text
    assert all(chunk.tokens <= 801 for chunk in chunks)
