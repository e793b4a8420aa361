import pytest
from hypothesis import given
from hypothesis import strategies as st
from styletui_eval.blind.texts import clean, equalise, excerpt, marks_used, too_short

NONE = frozenset[str]()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("车是父亲留下的。\n题目：下一篇\n正文：别的。", "车是父亲留下的。"),
        ("正文：车是父亲留下的。", "车是父亲留下的。"),
        ("<think>我想想</think>\n车是父亲留下的。", "车是父亲留下的。"),
        ("<think>没有想完", ""),
        ("当然可以！车是父亲留下的。", "车是父亲留下的。"),
        ("好的，以下是一篇短文：\n车是父亲留下的。", "车是父亲留下的。"),
        ("Here is a short text about it:\nThe bike was his.", "The bike was his."),
        ("## 标题\n**车**是父亲留下的。", "标题\n车是父亲留下的。"),
        ("- 一\n- 二", "一\n二"),
        ("好的东西不怕旧。", "好的东西不怕旧。"),
        ("他说：走吧。\n老纪说：好。", "他说：走吧。\n老纪说：好。"),
        ("车是父亲留下的。\n- 题目：下一篇", "车是父亲留下的。"),
        ("So far, so good.\nText: again", "So far, so good."),
        ("这是我的车。它说：走吧。", "这是我的车。它说：走吧。"),
        ("Title: hello\n\nText:\nI went out.\n\nTitle: next\nText: no", "I went out."),
        (
            "题目：旧车\n要点：\n- 一\n- 二\n关键词：车、雨\n\n正文：\n车是父亲留下的。\n题目：别的",
            "车是父亲留下的。",
        ),
        ("**Title:** hello\n**Points:**\n- one\n- two\n\n**Text:** I went out.", "I went out."),
        ("So far:\nIt rained.\n\nAll day.\n\nGoes on:\nI went out.", "I went out."),
        ("前文：\n雨下了一天。\n\n接着写：车是父亲留下的。", "车是父亲留下的。"),
        ("Title: hello\n\nI went out.", "I went out."),
        ("Points:\n- one\n- two\n\nI went out.", "I went out."),
        ("Text:\nTitle: hello\nText: I went out.", "I went out."),
        ("Title: hello", ""),
        ("要点：\n- 一\n- 二", ""),
        ("正文：", ""),
    ],
)
def test_cleaning(raw: str, shown: str) -> None:
    assert clean(raw, NONE) == shown


def test_marks_that_the_author_uses_stay() -> None:
    author = marks_used(["# 题\n\n正文。", "平常的话。"])
    assert author == {"heading"}
    assert clean("# 题\n**重**", author) == "# 题\n重"
    assert marks_used(["# 题"] + ["平常的话。"] * 30) == NONE  # once is not a habit


def test_a_label_inside_a_line_is_no_label() -> None:
    assert clean("他写下题目：车。", NONE) == "他写下题目：车。"


def test_both_end_at_a_sentence_and_within_a_fifth() -> None:
    long = "他推着车走过桥。" * 12 + "没有写完的一句"
    short = "雨下了整整一个下午没有停过。" * 4 + "又是半句"
    result = equalise(long, short)
    assert result.cut == "sentence"
    assert result.left.endswith("。")
    assert result.right == "雨下了整整一个下午没有停过。" * 4
    assert min(len(result.left), len(result.right)) >= 0.8 * max(len(result.left), len(result.right))


def test_quotes_that_close_belong_to_the_sentence() -> None:
    text = "他说：“今天的雨下得真是没有道理，走吧。”\n\n后来就没有"
    assert equalise(text, text).left.endswith("。”")


def test_a_text_without_any_sentence_end_is_cut_anyway() -> None:
    result = equalise("哈" * 300, "他推着车走过桥，雨还在下。" * 5)
    assert result.cut == "character"
    assert len(result.left) <= len(result.right) / 0.8


def test_clauses_before_characters() -> None:
    result = equalise("走过了桥，走过了路，" * 10, "雨还在下，风也在吹，" * 8)
    assert result.cut == "clause"


def test_english_abbreviating_points_inside_numbers_are_no_ends() -> None:
    text = "It cost 3.50 in the small shop around the corner of the old street. And then some"
    assert equalise(text, text).left.endswith("street.")


TEXT = st.text(alphabet="雨车，。！\n“” ab.", max_size=120)


@given(TEXT, TEXT)
def test_equalising_only_ever_cuts_and_is_blind_to_sides(a: str, b: str) -> None:
    there, back = equalise(a, b), equalise(b, a)
    assert a.startswith(there.left)
    assert b.startswith(there.right)
    assert there.cut == back.cut
    if there.cut != "character":
        assert min(len(there.left), len(there.right)) >= 0.8 * max(len(there.left), len(there.right))
        assert len(there.left) + len(there.right) == len(back.left) + len(back.right)


@pytest.mark.parametrize(
    ("text", "short"), [("", True), ("雨。", True), ("雨" * 20, False), ("rain " * 11, True)]
)
def test_too_short(text: str, short: bool) -> None:
    assert too_short(text) is short


def test_excerpt_ends_at_a_sentence() -> None:
    text = "雨下了一个下午，没有停。" * 30
    assert excerpt(text, 200) == "雨下了一个下午，没有停。" * 16
    assert excerpt("短。", 200) == "短。"
    assert len(excerpt("哈" * 500, 200)) == 200
