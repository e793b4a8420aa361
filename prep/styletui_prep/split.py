"""Which documents are trained on, and which are kept to judge by."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import Final

from styletui_prep.document import Document

TRAIN: Final = "train"
VALIDATION: Final = "val"
TEST: Final = "test"
SPLITS: Final = (TRAIN, VALIDATION, TEST)
TEST_SHARE: Final = 0.15
VALIDATION_SHARE: Final = 0.10


def held_out_sizes(documents: int, train_ratio: float | None) -> tuple[int, int]:
    """How many documents go to test and to validation.

    Without a ratio 15 % and 10 %; with one, what is left of it halved. At least one each from three
    documents on, one test document of two, none of one.
    """
    if documents < 2:
        return 0, 0
    if documents == 2:
        return 1, 0
    if train_ratio is None:
        test, validation = round(documents * TEST_SHARE), round(documents * VALIDATION_SHARE)
    else:
        held = round(documents * (1 - train_ratio))
        test, validation = held - held // 2, held // 2
    test, validation = max(1, test), max(1, validation)
    while test + validation >= documents:
        test, validation = max(1, test - 1), max(1, validation - 1)
    return test, validation


def split_documents(
    documents: Sequence[Document], *, mode: str = "time", seed: int = 42, train_ratio: float | None = None
) -> dict[str, str]:
    """Split name by document id.

    `time`: the newest to test, those before them to validation; documents without a date are spread by a
    hash of their id in the same shares. `random`: shuffled by `seed`.
    """
    if mode == "random":
        ordered = sorted(documents, key=lambda document: document.id)
        random.Random(seed).shuffle(ordered)
        return _by_rank(ordered, train_ratio)
    dated = sorted((d for d in documents if d.date), key=lambda d: (d.date or "", d.source, d.id))
    undated = sorted((d for d in documents if not d.date), key=lambda d: _stable(d.id, seed))
    if not dated or not undated:
        return _by_rank(dated or undated, train_ratio)
    test, validation = held_out_sizes(len(documents), train_ratio)
    share = len(undated) / len(documents)
    test_undated, validation_undated = round(test * share), round(validation * share)
    return {
        **_cut(dated, test - test_undated, validation - validation_undated),
        **_cut(undated, test_undated, validation_undated),
    }


def _stable(identity: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{identity}".encode()).hexdigest()


def _by_rank(ordered: Sequence[Document], train_ratio: float | None) -> dict[str, str]:
    return _cut(ordered, *held_out_sizes(len(ordered), train_ratio))


def _cut(ordered: Sequence[Document], test: int, validation: int) -> dict[str, str]:
    """The last `test` to test, the `validation` before them to validation, the rest to training."""
    names = {}
    for from_end, document in enumerate(reversed(ordered)):
        names[document.id] = (
            TEST if from_end < test else VALIDATION if from_end < test + validation else TRAIN
        )
    return names
