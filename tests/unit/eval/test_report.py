import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from styletui_eval.blind.ballot import Ballot, reveal
from styletui_eval.evaluate import ArmTexts, notes, revealed_texts
from styletui_eval.perplexity import DocumentBits, Paired, paired
from styletui_eval.report import Block, build_report, report_data
from styletui_eval.stylometry import Estimate, Indicators, indicators
from styletui_prep.errors import Param, UserError

from .blind_tests import make_test, side_of_adapter, side_of_base
from .datasets import text


def say(code: str, /, **params: Param) -> str:
    return f"{code}({', '.join(f'{k}={v}' for k, v in params.items())})"


def codes(blocks: list[Block], kind: str) -> list[str]:
    return [b.code for b in blocks if b.kind == kind]


def _rated(run: Path, won: int, lost: int, *, loops: tuple[int, ...] = (), rest: bool = True) -> Path:
    folder = run / "blind" / "first"
    sealed = make_test(folder, main=won + lost + len(loops), zero=0, loops=tuple(range(len(loops))))
    plain = sealed.pairs[len(loops) :]
    for plan in plain[:won]:
        Ballot(folder).vote(plan.id, side_of_adapter(plan))
    for plan in plain[won:] if rest else ():
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
    for build in (report_data, lambda run: build_report(run, say)):
        with pytest.raises(UserError) as caught:
            build(tmp_path)
        assert (caught.value.code, caught.value.exit_code) == ("nothing_to_report", 3)


def test_a_win_is_said_only_when_decided(tmp_path: Path) -> None:
    _rated(tmp_path, 24, 6)
    blocks = build_report(tmp_path, say)
    assert codes(blocks, "good") == ["adapter_wins"]
    assert "wins=24, votes=30" in next(b.text for b in blocks if b.code == "adapter_wins")
    (row, *_) = next(b for b in blocks if b.code == "blind_counts").rows
    assert row[1:6] == ("24", "6", "0", "0", "80% [63%, 90%]")


@pytest.mark.parametrize(
    ("won", "lost", "code"), [(23, 7, "undecided"), (6, 24, "base_wins"), (0, 0, "no_votes")]
)
def test_no_win_is_said_as_loudly(tmp_path: Path, won: int, lost: int, code: str) -> None:
    _rated(tmp_path, won, lost)
    blocks = build_report(tmp_path, say)
    assert codes(blocks, "good") == []
    assert code in codes(blocks, "doubt")


def test_early_reveals_and_loops_and_tampering_are_said(tmp_path: Path) -> None:
    folder = _rated(tmp_path, 3, 4, loops=(0, 1), rest=False)
    blocks = build_report(tmp_path, say)
    assert {"revealed_early", "loops_apart"} <= set(codes(blocks, "doubt"))
    data = json.loads((folder / "reveal.json").read_text())
    (folder / "reveal.json").write_text(json.dumps({**data, "problems": ["chain_broken"]}))
    assert "test_tampered" in codes(build_report(tmp_path, say), "doubt")


def test_picking_one_side_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "blind" / "first"
    for plan in make_test(folder, main=20, zero=0).pairs:
        Ballot(folder).vote(plan.id, "left")
    reveal(folder)
    assert "leaning_to_a_side" in codes(build_report(tmp_path, say), "doubt")


def test_dropped_texts_are_said_by_arm(tmp_path: Path) -> None:
    folder = _rated(tmp_path, 3, 3)
    data = json.loads((folder / "reveal.json").read_text())
    data["dropped"] = {"copied": {"adapter": 2, "base_examples": 1}}
    (folder / "reveal.json").write_text(json.dumps(data))
    said = next(b.text for b in build_report(tmp_path, say) if b.code == "dropped_copied")
    assert said == "dropped_copied(adapter=2, base=1)"


def test_numbers_stand_with_their_intervals(tmp_path: Path) -> None:
    _evaluation(tmp_path)
    blocks = build_report(tmp_path, say)
    (row,) = next(b for b in blocks if b.code == "bits_table").rows
    assert row[0] == "12"
    assert row[3].startswith("-0.0")
    assert "[" in row[3]
    table = next(b for b in blocks if b.code == "indicator_table")
    assert len(table.rows) == 6
    assert all(len(r) == len(table.header) == 4 for r in table.rows)
    assert "bits_drop" in codes(blocks, "good")
    assert "texts_loop" in codes(blocks, "doubt")
    assert "no_blind_result" in codes(blocks, "doubt")
    assert report_data(tmp_path)["blind"] == []


def test_notes_become_sentences(tmp_path: Path) -> None:
    every = [
        "too_few_documents",
        "interval_includes_zero",
        "too_little_text",
        "base_already",
        "lengths_capped",
    ]
    _evaluation(tmp_path, notes=every)
    assert set(every) <= set(codes(build_report(tmp_path, say), "doubt"))


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", '{"v": 1}', '{"v": 1, "bits_per_character": {}, "notes": 3}']
)
def test_a_broken_report_is_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(UserError, match="broken_report"):
        build_report(tmp_path, say)


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
HERE = ArmTexts("here", ["x"], ["y"], 0.0)


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
