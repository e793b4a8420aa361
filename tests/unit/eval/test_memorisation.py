from hypothesis import given
from hypothesis import strategies as st
from styletui_eval.memorisation import TrainingText

HAN = "".join(chr(0x4E00 + i) for i in range(400))
LATIN = " ".join(f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(100))


def test_thirty_han_characters_are_a_copy_and_twenty_nine_are_none() -> None:
    index = TrainingText([HAN])
    for start in range(40):
        assert index.copies("新写的" + HAN[start : start + 30] + "又是新的")
        assert not index.copies("新写的" + HAN[start : start + 29] + "又是新的")


def test_latin_needs_sixty() -> None:
    index = TrainingText([LATIN])
    for start in range(40):
        run = LATIN[start : start + 70].strip()
        assert index.copies("Quite new; " + run)
        assert not index.copies("Quite new; " + LATIN[start : start + 55])


def test_changed_white_space_hides_nothing() -> None:
    spread = "\n\n".join([LATIN[:40], LATIN[41:120]]).replace(" ", "   ")
    assert TrainingText([LATIN]).copies(spread.replace("\n\n", "\n "))


def test_a_run_does_not_cross_two_texts() -> None:
    index = TrainingText([HAN[:20], HAN[20:40]])
    assert index.longest_run(HAN[:40]) == ""


def test_no_training_text_no_copies() -> None:
    assert not TrainingText([]).copies(HAN)
    assert not TrainingText(["短"]).copies(HAN)
    assert not TrainingText([HAN]).copies("")


def test_repetition_in_the_training_text_is_fast_enough_and_found() -> None:
    assert TrainingText(["哈" * 300]).longest_run("哈" * 100) == "哈" * 100


@given(st.text(alphabet="一二三", max_size=120), st.text(alphabet="一二三", max_size=80))
def test_the_longest_run_equals_the_plain_search(training: str, text: str) -> None:
    plain = max(
        (text[i:j] for i in range(len(text)) for j in range(i + 29, len(text) + 1) if text[i:j] in training),
        key=len,
        default="",
    )
    assert len(TrainingText([training]).longest_run(text)) == len(plain)
