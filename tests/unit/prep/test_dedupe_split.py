from __future__ import annotations

from collections.abc import Callable

import pytest
from styletui_prep.authorship import is_somebody_else, usual_author
from styletui_prep.dedupe import NearIndex, jaccard
from styletui_prep.document import Document
from styletui_prep.split import held_out_sizes, split_documents


def documents(count: int, undated: int = 0) -> list[Document]:
    return [
        Document(
            f"{n:012x}",
            "t",
            None,
            None if n < undated else f"20{n // 300:02}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}",
            "note",
            f"{n}.md",
            "",
            "plain",
            "0",
        )
        for n in range(count)
    ]


def test_same_and_nearly_same_texts_are_found(make_prose: Callable[..., str]) -> None:
    index = NearIndex()
    text = make_prose(1, sentences=40)
    assert index.find_or_add("a", text) is None
    assert index.find_or_add("b", text.replace("\n\n", "\n")) == ("a", True)
    changed = text.replace("座钟", "怀表", 2)
    assert jaccard(text, changed) >= 0.7
    assert index.find_or_add("c", changed) == ("a", False)
    assert index.find_or_add("d", make_prose(2, sentences=40)) is None


def test_jaccard_measures_shared_five_grams() -> None:
    assert jaccard("甲乙丙丁戊己", "甲乙丙丁戊己") == 1.0
    assert jaccard("甲乙丙丁戊", "己庚辛壬癸") == 0.0
    assert jaccard("甲乙丙丁戊己", "甲乙丙丁戊庚") == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("count", "ratio", "sizes"),
    [
        (72, None, (11, 7)),
        (100, 0.9, (5, 5)),
        (5, None, (1, 1)),
        (3, None, (1, 1)),
        (2, None, (1, 0)),
        (1, None, (0, 0)),
        (3, 0.01, (1, 1)),
    ],
)
def test_sizes(count: int, ratio: float | None, sizes: tuple[int, int]) -> None:
    assert held_out_sizes(count, ratio) == sizes


def test_the_newest_are_for_the_test() -> None:
    everything = documents(100)
    splits = split_documents(everything)
    dates = {
        name: [d.date or "" for d in everything if splits[d.id] == name] for name in ("train", "val", "test")
    }
    assert max(dates["train"]) < min(dates["val"]) <= max(dates["val"]) < min(dates["test"])
    assert [len(dates[name]) for name in ("train", "val", "test")] == [75, 10, 15]


def test_undated_documents_are_spread_the_same_way_each_time() -> None:
    everything = documents(100, undated=40)
    splits = split_documents(everything)
    assert splits == split_documents(list(reversed(everything)))
    held = [d for d in everything if splits[d.id] == "test"]
    assert len(held) == 15
    assert 0 < sum(1 for d in held if d.date is None) < 15


def test_random_split_depends_on_the_seed_only() -> None:
    everything = documents(60)
    assert split_documents(everything, mode="random", seed=1) == split_documents(
        everything[::-1], mode="random", seed=1
    )
    assert split_documents(everything, mode="random", seed=1) != split_documents(
        everything, mode="random", seed=2
    )


def test_usual_author_needs_a_majority() -> None:
    assert usual_author([["林渡"], ["林渡"], ["方培之"], []]) == "林渡"
    assert usual_author([["林渡"], ["方培之"]]) is None
    assert usual_author([["林渡"]]) is None
    assert usual_author([]) is None


def test_whose_article() -> None:
    def other(credited: list[str], reprint: str | None) -> bool:
        return is_somebody_else(credited, reprint, ["林渡"], "半坡修表铺")

    assert not other([], None)
    assert not other(["林渡"], None)
    assert not other(["林渡", "方培之"], None)
    assert other(["方培之"], None)
    assert other([], "")
    assert other([], "梧江文艺")
    assert not other([], "半坡修表铺 2019 年旧文")
