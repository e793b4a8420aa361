import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from styletui_eval.blind.ballot import Ballot, reveal
from styletui_eval.evaluate import ArmTexts, notes, revealed_texts
from styletui_eval.perplexity import DocumentBits, Paired, paired
from styletui_eval.report import report_data
from styletui_eval.stylometry import Estimate, Indicators, indicators
from styletui_prep.errors import UserError

from .blind_tests import make_test, side_of_adapter, side_of_base
from .datasets import text


def _rated(run: Path, won: int, lost: int, *, name: str = "first", loops: tuple[int, ...] = ()) -> Path:
    folder = run / "blind" / name
    sealed = make_test(folder, main=won + lost + len(loops), zero=0, loops=tuple(range(len(loops))))
    plain = sealed.pairs[len(loops) :]
    for plan in plain[:won]:
        Ballot(folder).vote(plan.id, side_of_adapter(plan))
    for plan in plain[won:]:
        Ballot(folder).vote(plan.id, side_of_base(plan))
    for plan in sealed.pairs[: len(loops)]:
        Ballot(folder).vote(plan.id, "skip")
    reveal(folder, early=True)
    return folder


def _evaluation(run: Path, **changes: object) -> None:
    arm = indicators([text(f"a{i}") for i in range(3)], "zh").to_json()
    data: dict[str, object] = {
        "v": 1,
        "bits_per_character": paired(
            [DocumentBits(str(i), 450 + i, 100) for i in range(12)],
            [DocumentBits(str(i), 440 + 1.1 * i, 100) for i in range(12)],
        ).to_json(),  # type: ignore[union-attr]
        "indicators": {"author": arm, "base": arm, "adapter": arm},
        "texts": {
            "source": "here",
            "base": 3,
            "adapter": 3,
            "capped": 0.0,
            "looping": {"base": 1, "adapter": 0},
        },
        "notes": [],
    }
    (run / "report.json").write_text(json.dumps({**data, **changes}))


def test_nothing_yet(tmp_path: Path) -> None:
    make_test(tmp_path / "blind" / "first")  # sealed, not revealed: not a word about it
    with pytest.raises(UserError) as caught:
        report_data(tmp_path)
    assert (caught.value.code, caught.value.exit_code) == ("nothing_to_report", 3)


def test_revealed_tests_oldest_first_and_the_measurement(tmp_path: Path) -> None:
    _rated(tmp_path, 3, 4, name="second", loops=(0, 1))
    _rated(tmp_path, 5, 1, name="first")
    make_test(tmp_path / "blind" / "sealed")
    _evaluation(tmp_path)
    data = report_data(tmp_path)
    assert [(b["name"], b["main"]["wins"]) for b in data["blind"]] == [("second", 3), ("first", 5)]
    assert data["blind"][0]["loops"]["pairs"] == 2
    assert data["evaluation"] == json.loads((tmp_path / "report.json").read_text())


def test_a_forged_verdict_is_not_reported(tmp_path: Path) -> None:
    folder = _rated(tmp_path, 4, 2)
    data = json.loads((folder / "reveal.json").read_text())
    data["main"] |= {"wins": 60, "losses": 0, "favours": "adapter"}
    (folder / "reveal.json").write_text(json.dumps(data))
    (found,) = report_data(tmp_path)["blind"]
    assert (found["main"]["wins"], found["main"]["losses"], found["main"]["favours"]) == (4, 2, None)
    assert found["problems"] == ("verdict_changed",)


def _without(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return change


@pytest.mark.parametrize(
    "change",
    [
        _without("v"),
        _without("notes"),
        _without("bits_per_character", "difference"),
        _without("indicators", "author"),
        _without("indicators", "base", "diversity", "low"),
        _without("texts", "looping"),
        lambda data: data.update(notes=3),
        lambda data: data.update(bits_per_character=[]),
        lambda data: data["bits_per_character"].update(base="low"),
    ],
)
def test_a_report_with_a_part_missing_is_a_sentence(
    tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    _evaluation(tmp_path)
    data = report_data(tmp_path)["evaluation"]
    change(data)
    (tmp_path / "report.json").write_text(json.dumps(data))
    with pytest.raises(UserError, match="broken_report"):
        report_data(tmp_path)


def test_a_measurement_without_any_document_is_whole(tmp_path: Path) -> None:
    _evaluation(tmp_path, bits_per_character={"per_document": []})
    assert report_data(tmp_path)["evaluation"]["bits_per_character"] == {"per_document": []}


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"v": 1}', "7"])
def test_a_broken_report_is_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(UserError, match="broken_report"):
        report_data(tmp_path)


def test_a_report_of_a_later_version(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"v": 99}')
    with pytest.raises(UserError, match="newer_report"):
        report_data(tmp_path)


def _bits(low: float | None, high: float | None, documents: int = 12) -> Paired:
    return Paired(documents, 9000, 4.5, 4.4, -0.1, low, high)


def _arm(low: float, high: float, characters: int = 9000) -> Indicators:
    same = Estimate((low + high) / 2, low, high)
    return Indicators(20, characters, same, same, same, same, same)


APART = {"author": _arm(1, 2), "base": _arm(3, 4), "adapter": _arm(2, 3)}
HERE = ArmTexts("here", ["x"], ["y"], 0.0, {"base": 0, "adapter": 0})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda: (_bits(-0.2, -0.1), APART, HERE), []),
        (lambda: (_bits(-0.2, 0.1), APART, HERE), ["interval_includes_zero"]),
        (lambda: (_bits(0.1, 0.2), APART, HERE), ["adapter_is_worse"]),
        (lambda: (_bits(None, None, 3), APART, HERE), ["too_few_documents"]),
        (lambda: (None, APART, HERE), ["too_few_documents"]),
        (lambda: (_bits(-0.2, -0.1), {**APART, "base": _arm(1.5, 4)}, HERE), ["base_already"]),
        (
            lambda: (_bits(-0.2, -0.1), {**APART, "base": _arm(1.5, 4, 900)}, HERE),
            ["too_little_text", "indicators_undecided"],
        ),
        (lambda: (_bits(-0.2, -0.1), APART, replace(HERE, capped=0.9)), ["lengths_capped"]),
        (lambda: (_bits(-0.2, -0.1), APART, replace(HERE, source="blind:first")), ["lengths_equalised"]),
    ],
)
def test_what_has_to_be_said(
    change: Callable[[], tuple[Paired | None, dict[str, Indicators], ArmTexts]], expected: list[str]
) -> None:
    assert notes(*change()) == expected


def test_sealed_pairs_are_left_alone_and_revealed_ones_used(tmp_path: Path) -> None:
    folder = tmp_path / "blind" / "first"
    sealed = make_test(folder, main=3, zero=2)
    assert revealed_texts(tmp_path) is None
    reveal(folder, early=True)
    texts = revealed_texts(tmp_path)
    assert texts is not None
    assert len(texts.adapter) == len(texts.base) == 3  # the extra contrast stays out
    pairs = {p.id: p for p in Ballot(folder).pairs()}
    for plan in sealed.pairs[:3]:
        pair = pairs[plan.id]
        if plan.contrast == "main":
            assert (pair.left if plan.left == "adapter" else pair.right) in texts.adapter


def test_paired_differences() -> None:
    base = [DocumentBits(str(i), 500.0 + 10 * i, 100) for i in range(6)]
    same = paired(base, base)
    assert same is not None
    assert (same.difference, same.low, same.high) == (0, 0, 0)
    better = paired(base, [replace(d, bits=d.bits - 20 - d.characters * 0.01 * int(d.doc)) for d in base])
    assert better is not None
    assert better.high is not None
    assert better.high < 0
    assert better.difference == pytest.approx(-0.2 - 0.01 * 2.5)
    assert paired(base[:4], base[:4]).low is None  # type: ignore[union-attr]
    assert paired(base[:2], base[3:]) is None


def test_documents_count_alike_whatever_their_length() -> None:
    base = [DocumentBits("long", 40000, 10000), DocumentBits("short", 50, 10)]
    found = paired(base, [DocumentBits("long", 30000, 10000), DocumentBits("short", 50, 10)])
    assert found is not None
    assert found.difference == pytest.approx(-0.5)


def test_looping_texts_are_those_that_the_blind_test_set_apart(tmp_path: Path) -> None:
    """Marked when they were made; another rule of today would not agree with the verdict beside it."""
    folder = tmp_path / "blind" / "first"
    make_test(folder, main=5, zero=1, loops=(0, 3))
    verdict = reveal(folder, early=True)
    texts = revealed_texts(tmp_path)
    assert texts is not None
    assert texts.looping == {"base": 2, "adapter": 0}
    assert verdict.loops.texts == {"base_examples": 2}
