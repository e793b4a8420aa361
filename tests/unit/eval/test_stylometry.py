import json
import subprocess
import sys

import pytest
from styletui_eval.stylometry import NAMES, Estimate, indicators, words

ZH = "我的车坏了。它真的很旧！你说呢？"
EN = "The bike was old. It was mine, and I liked it!"


def test_chinese_counts_by_hand() -> None:
    found = indicators([ZH, ZH], "zh")
    assert found.texts == 2
    assert found.characters == 32
    assert found.text_length.value == 16
    assert found.sentence_length.value == pytest.approx(16 / 3)
    assert found.punctuation.value == pytest.approx(100 * 3 / 16)
    assert found.diversity.value is None  # no 50 words


def test_english_counts_by_hand() -> None:
    found = indicators([EN])
    assert found.sentence_length.value == pytest.approx(len("".join(EN.split())) / 2)
    assert found.punctuation.value == pytest.approx(100 * 3 / len("".join(EN.split())))
    # the was it was and i it, of: the bike was old it was mine and i liked it
    assert found.stop_words.value == pytest.approx(8 / 11)


def test_stop_words_tell_grammar_from_matter() -> None:
    grammar = indicators(["我和你都是在这里的，但是他们也没有什么可以做的。"] * 3, "zh").stop_words.value
    matter = indicators(["北京上海广州钢铁煤炭石油电力航空铁路港口银行证券。"] * 3, "zh").stop_words.value
    assert grammar is not None
    assert matter is not None
    assert grammar > 0.6 > 0.1 > matter


def test_diversity_does_not_grow_or_shrink_with_length() -> None:
    same = " ".join(f"w{chr(97 + i % 20)}" for i in range(100))
    short, long = indicators([same] * 2, "en"), indicators([" ".join([same] * 5)] * 2, "en")
    assert short.diversity.value == pytest.approx(20 / 50)
    assert long.diversity.value == pytest.approx(20 / 50)


def test_intervals_hold_the_value_and_need_two_texts() -> None:
    texts = [EN * n for n in range(1, 9)]
    found = indicators(texts, "en")
    for name in ("text_length", "sentence_length", "punctuation", "stop_words"):
        estimate: Estimate = getattr(found, name)
        assert estimate.low is not None
        assert estimate.value is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.value <= estimate.high
    assert indicators([EN], "en").text_length == Estimate(len("".join(EN.split())))


def test_the_same_seed_gives_the_same_interval() -> None:
    texts = [EN * n for n in range(1, 9)]
    assert indicators(texts, seed=1) == indicators(texts, seed=1)


@pytest.mark.parametrize("texts", [[], ["", "  \n"]])
def test_no_texts(texts: list[str]) -> None:
    found = indicators(texts)
    assert found.texts == 0
    assert all(getattr(found, name).value is None for name in NAMES)
    json.dumps(found.to_json(), allow_nan=False)


def test_strange_texts_are_counted_as_they_are() -> None:
    texts = ["……", "🙂🙂", "1234", "a", "[/][@click=app.quit]"]
    found = indicators(texts, "en")
    assert (found.texts, found.characters) == (5, 29)
    assert found.text_length.value == 2
    # Dots, faces and the brackets of a terminal's markup are marks.
    assert found.punctuation.value == pytest.approx(100 * (2 + 2 + 8) / 29)
    assert found.stop_words.value == pytest.approx(1 / 4)  # a, click, app, quit
    assert found.diversity.value is None
    assert json.loads(json.dumps(found.to_json(), allow_nan=False)) == found.to_json()


def test_words() -> None:
    assert words("我喜欢骑自行车。", "zh") == ["我", "喜欢", "骑", "自行车"]
    assert words("It’s Anna's bike - 3 years.", "en") == ["it's", "anna's", "bike", "years"]


def test_jieba_leaves_nothing_in_a_folder_that_others_write_to(tmp_path: object) -> None:
    code = (
        "import os, sys; from styletui_eval.stylometry import words; words('我喜欢骑车', 'zh');"
        "print(os.listdir(sys.argv[1]), 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={"TMPDIR": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["[]", "False"]
    assert done.stderr == ""
