from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from styletui_prep.chunk import cut
from styletui_prep.document import Document, Skip
from styletui_prep.facts import facts
from styletui_prep.keypoints import key_points, rank, shorten
from styletui_prep.overlap import LIMITS, containment, gives_away, longest_run
from styletui_prep.prompts import build_prompt
from styletui_prep.tokens import ApproximateCounter
from styletui_prep.views import Sample, build_samples, last_sentences
from styletui_prep.words import content_words, keywords, segment

COUNTER = ApproximateCounter()
ENGLISH = (
    "The harbour clock had stopped at nine minutes past four, and nobody on Mill Lane could say in which year. Old Harriet "
    "kept her bread by it all the same; she said a stopped clock was at least honest twice a day. I climbed up with a lamp, a "
    "tin of oil and my left glove, the right one having gone into the river on Tuesday. Inside I found 14 pigeons and a "
    "letter addressed to my grandfather. It was not sealed. I read it twice on the ladder, then I put it back where it lay. "
)


def document(text: str, title: str = "门槛") -> Document:
    return Document("d1", title, None, "2020-01-01", "note", "a.md", text, "plain", "0", text=text)


def samples_of(text: str, title: str = "门槛", minimum: int = 100) -> tuple[list[Sample], list[Skip]]:
    chunks = cut(text, COUNTER, minimum, 800)
    before = {chunk.index: chunks[chunk.index - 1].text for chunk in chunks if chunk.index}
    items = list(
        build_samples(
            document(text, title),
            list(enumerate(chunks)),
            len(chunks),
            ("outline", "instruct", "continue"),
            COUNTER,
            before,
        )
    )
    return [i for i in items if isinstance(i, Sample)], [i for i in items if isinstance(i, Skip)]


def test_prompts_are_plain_labelled_text() -> None:
    assert build_prompt("outline", "门槛", ["进门", "出门"], ["木头"], "", "zh") == (
        "题目：门槛\n要点：\n- 进门\n- 出门\n关键词：木头\n\n正文：\n"
    )
    assert (
        build_prompt("instruct", "Sill", (), ["wood", "rain"], "", "en")
        == "Title: Sill\nKeywords: wood, rain\n\nText:\n"
    )
    assert build_prompt("continue", "", (), (), "前面。", "zh") == "前文：\n前面。\n\n接着写：\n"
    assert build_prompt("instruct", "", (), (), "", "zh") == "正文：\n"
    with pytest.raises(ValueError):
        build_prompt("rewrite", "x")


def test_no_prompt_holds_its_text(make_prose: Callable[..., str]) -> None:
    for seed in range(4):
        samples, _ = samples_of(make_prose(seed, sentences=60))
        assert {s.view for s in samples} == {"outline", "instruct", "continue"}
        for sample in samples:
            assert containment(sample.prompt, sample.text, 4) <= 0.30
            assert longest_run(sample.prompt, sample.text) <= 15
            assert sample.text not in sample.prompt


def test_the_first_chunk_has_nothing_before_it_and_parts_are_numbered(make_prose: Callable[..., str]) -> None:
    samples, _ = samples_of(make_prose(1, sentences=60))
    assert not any(s.view == "continue" and s.chunk == 0 for s in samples)
    assert any(s.prompt.startswith("题目：门槛（1/") for s in samples)
    alone, _ = samples_of("就这一段，讲一只闹钟怎样被猫推下柜台。隔壁听见了，以为我摔了碗。", minimum=10)
    assert all("（1/" not in s.prompt for s in alone)


def test_scored_tokens_are_the_texts_and_one_end(make_prose: Callable[..., str]) -> None:
    samples, _ = samples_of(make_prose(2))
    assert all(s.tokens == COUNTER.count(s.text) + 1 for s in samples)


def test_a_title_that_is_the_text_is_shortened_or_the_view_refused() -> None:
    text = "从前有座山山里有座庙庙里有个老和尚在讲故事给小和尚听。"
    samples, skipped = samples_of(text, title=text, minimum=10)
    assert all(not gives_away(s.prompt, s.text, "zh") for s in samples)
    assert {s.view for s in samples} | {s.detail for s in skipped} >= {"outline", "instruct"}
    assert all(s.reason == "prompt_repeats_text" for s in skipped)


def test_english_has_english_prompts() -> None:
    samples, skipped = samples_of(ENGLISH, "The clock", minimum=50)
    assert not skipped
    outline = next(s for s in samples if s.view == "outline")
    assert outline.prompt.startswith("Title: The clock\nPoints:\n- ")
    assert "Harriet" in outline.prompt
    assert longest_run(outline.prompt, outline.text) <= LIMITS["en"].run


def test_notes_keep_no_long_run_and_come_in_the_order_of_the_text(make_prose: Callable[..., str]) -> None:
    text = make_prose(4)
    notes = key_points(text, 5)
    assert 1 < len(notes) <= 5
    assert all(longest_run(note, text) <= 15 for note in notes)
    assert shorten("。。") == ""
    scores = rank(["猫追闹钟。", "闹钟追猫。", "下雨。"])
    assert scores[0] > scores[2]


def test_facts_are_numbers_and_names() -> None:
    found = facts("早上六点四十二分，我数了四百一十二步，到 A4 码头，林小满在等。林小满说还有3.5公里。")
    assert "六点四十二分" in found
    assert any(fact.startswith("四百一十二") for fact in found)
    assert "3.5" in found


def test_chinese_facts_are_whole_and_no_filler() -> None:
    text = (
        "二〇一五年四月二十六号，方先生从四川回来，一层一层地拆，一下子拆了二十，歇了两回，又拿一块。"
        "第二年，一九八几年的那只卖了四十块。他等了三天，四分钟零五秒，一个一个数。"
    )
    assert facts(text) == [
        "二〇一五年四月二十六号",
        "方先生",
        "四川",
        "一九八几年",
        "四十块",
        "三天",
        "四分钟零五秒",
    ]
    assert facts("他分到三分之一，念到五年级，有一点累，十分高兴。") == []
    assert facts("那杆秤，那杆秤，剥着，剥着。老师傅说，他的师傅说。") == []


def test_english_facts_are_names_dates_and_sums() -> None:
    text = (
        "I’d met Dr. Hartmann in February, and Dr Hartmann’s sister too. June was wet. I'll pay £42.50, he said, or $3,000 "
        "or €7. Old Harriet Miller left on 14 March 2008 for Leeds. Pigeons watched; pigeons always do. “Tell her,” said Mrs Okafor."
    )
    found = facts(text)
    assert {"Dr. Hartmann", "February", "June", "£42.50", "$3,000", "€7", "14 March 2008", "Leeds"} <= set(
        found
    )
    assert "Mrs Okafor" in found
    assert facts("From there to Bragança it was 36 miles, to Braga only 6.") == [
        "Bragança",
        "36",
        "Braga",
        "6",
    ]
    assert any("Harriet Miller" in fact for fact in found)
    assert not {"I'd", "I’d", "I'll", "Dr", "Pigeons", "Tell", "March"} & set(found)


@pytest.mark.parametrize("mark", ["'", "’"])
def test_english_contractions_carry_no_matter(mark: str) -> None:
    text = "I've said it's late; there's Hartmann's pigeon. We can't, won't and couldn't feed pigeons. It's six o'clock."
    text = text.replace("'", mark)
    assert content_words(text) == ["late", "Hartmann", "pigeon", "feed", "pigeons", "six"]
    assert set(keywords(text, 9)) == {"late", "Hartmann", "pigeon", "feed", "pigeons"}


def test_keywords_count_nothing() -> None:
    words = keywords("四十三个鱼圆，一斤二两鱼圆，那杆秤在四川，贴个条子，条子贴在四川。", 9)
    assert {"鱼圆", "四川", "条子"} <= set(words)
    assert not [word for word in words if word[0] in "一二那" or word.endswith("个")]


def test_points_are_clauses_as_they_stand_or_words_set_apart() -> None:
    assert shorten("他想了想，母亲没意见，她说门槛是挡鸡的。") == "母亲没意见 / 她说门槛是挡鸡的"
    assert shorten("母亲没意见，她说门槛是挡鸡的。", told="母亲没意见") == "她说门槛是挡鸡的"
    long = shorten("母亲把那张发黄的取件凭单举到窗户外头的亮处看了老半天")
    assert "、" in long and " " not in long
    assert all(len(word) > 1 for word in long.split("、"))
    assert shorten("九月十六。") == ""


def test_english_points_are_phrases() -> None:
    assert shorten("The clerk had gone home.") == "The clerk had gone home"
    told = shorten(
        "We slept in Dr. Hartmann’s room, and in the morning the grey van had gone without us to Leeds."
    )
    assert told == "We slept in Dr. Hartmann’s room / in the morning the grey van had gone"
    assert shorten("“The beans can’t tell the difference.”") == "The beans can’t tell the difference"
    cut_short = shorten("People always tell me that they throw away half of what they manage to grow there")
    assert cut_short == "People always tell me / they throw away half"


def test_last_sentences_are_whole_and_within_the_limit(make_prose: Callable[..., str]) -> None:
    text = make_prose(6, sentences=50)
    tail = last_sentences(text, COUNTER, 120)
    assert text.endswith(tail)
    assert 60 < COUNTER.count(tail) <= 125
    assert last_sentences("啊" * 1000, COUNTER, 120) in "啊" * 1000


def test_keywords_and_segments() -> None:
    assert "闹钟" in keywords("闹钟响了。我把闹钟按掉，闹钟又响，闹钟是父亲的闹钟。", 3)
    assert keywords("The pigeons watched the pigeons watching bread.", 2)[0] == "pigeons"
    assert "".join(segment("我把  闹钟。。按掉")) == "我把  闹钟。。按掉"


def test_segments_are_those_of_jieba_over_the_whole(make_prose: Callable[..., str]) -> None:
    import jieba

    segment("先装好词典")
    text = make_prose(8) + "\r\n二〇一五年 A4 b-c, d.e+f 3.5% 　“好。”"
    assert segment(text) == list(jieba.cut(text))


def test_jieba_starts_quietly_and_leaves_no_cache(tmp_path: Path) -> None:
    code = "from styletui_prep.words import keywords; import sys; assert keywords('闹钟和座钟', 2); assert 'torch' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == done.stderr == ""
    assert list(tmp_path.iterdir()) == []
