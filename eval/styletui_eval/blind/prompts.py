"""Which prompts a blind test asks, what the rater sees of them, and how the base is given its examples."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final

from styletui_prep.errors import EXIT_NO_INPUT, UserError
from styletui_prep.prompts import VIEWS
from styletui_prep.script import comparable
from styletui_train.rows import Message, Row, read_rows

from styletui_eval.blind.texts import excerpt

SPLITS: Final = ("test", "val")
_LONE_LABEL = re.compile(r"\n+[ \t]*[^\s：:][^\n：:]{0,15}[：:][ \t]*\n*\Z")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question to both arms. `id` names a row (split:number); `messages` end before the author's text."""

    id: str
    messages: tuple[Message, ...]
    view: str
    doc: str
    chunk: str = ""

    @property
    def shown(self) -> str:
        """What the rater reads above the two texts: the question without the empty label at its end."""
        return _LONE_LABEL.sub("", self.messages[-1]["content"]).strip()


def held_out(dataset: Path) -> dict[str, list[Row]]:
    """split -> rows of the held-out files; test first. Raises UserError("no_held_out") where there is not one row."""
    rows = {}
    for split in SPLITS:
        path = dataset / f"sft_{split}.jsonl"
        if path.is_file():
            rows[split] = read_rows(path)
    if not any(rows.values()):
        raise UserError("no_held_out", exit_code=EXIT_NO_INPUT, path=str(dataset))
    return rows


def author_texts(rows: Iterable[Row]) -> list[str]:
    """The author's own texts in `rows`, each once (a chunk stands there in several views)."""
    texts = (m["content"].strip() for r in rows for m in r.messages if m["role"] == "assistant")
    return list(dict.fromkeys(texts))


def choose(dataset: Path) -> list[Prompt]:
    """Every held-out prompt that can be asked, each question once, in the order of preference.

    Outlines before titles with keywords before continuations, test before validation, and within these one of each
    document in turn, so that even a short test has seen many documents.
    """
    rows = held_out(dataset)
    groups: dict[tuple[int, int], list[Prompt]] = {}
    for place, split in enumerate(SPLITS):
        for number, row in enumerate(rows.get(split, ())):
            prompt = _prompt(f"{split}:{number}", row)
            if prompt is not None:
                view = VIEWS.index(prompt.view) if prompt.view in VIEWS else len(VIEWS)
                groups.setdefault((view, place), []).append(prompt)
    ordered = (p for key in sorted(groups) for p in _in_turn(groups[key]))
    return list({comparable(p.shown): p for p in reversed(list(ordered))}.values())[::-1]


def _prompt(identity: str, row: Row) -> Prompt | None:
    asked = list(row.messages)
    while asked and asked[-1]["role"] == "assistant":
        asked.pop()
    if not asked or asked[-1]["role"] != "user" or not asked[-1]["content"].strip():
        return None
    chunk = str(row.meta.get("chunk", ""))
    return Prompt(identity, tuple(asked), str(row.meta.get("view", "")), row.document, chunk)


def already_shown(run_dir: Path) -> frozenset[tuple[str, str]]:
    """(document, chunk) of the samples of training: who watched has read what the adapter makes of them.

    Any view of such a chunk is spoilt, since all ask for the same text. A sample file that cannot be read names nothing.
    """
    found = set()
    for path in (run_dir / "samples").glob("*.json"):
        try:
            prompt = json.loads(path.read_bytes())["prompt"]
            if prompt["doc"] is not None:
                found.add((str(prompt["doc"]), str(prompt["chunk"])))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return frozenset(found)


def _in_turn(prompts: Sequence[Prompt]) -> list[Prompt]:
    documents: dict[str, list[Prompt]] = {}
    for prompt in prompts:
        documents.setdefault(prompt.doc, []).append(prompt)
    rounds = zip_longest(*documents.values())
    return [p for one_round in rounds for p in one_round if p is not None]


def with_examples(
    prompt: Prompt, training: Sequence[Row], *, examples: int, characters: int, seed: int
) -> tuple[Message, ...]:
    """`prompt` after `examples` finished ones: training questions of the same view, each with the beginning of the
    author's answer (at most `characters`, ended at a sentence), of different documents where possible.

    Long questions would fill the model's attention with facts, so they are drawn from the shorter half. The choice
    depends on the seed and the prompt alone.
    """
    fitting = [r for r in training if r.meta.get("view") == prompt.view] or list(training)
    fitting = sorted(fitting, key=lambda r: len(_asked(r)))[: max(4 * examples, len(fitting) // 2)]
    random.Random(f"{seed} {prompt.id}").shuffle(fitting)
    by_document = list({r.document or id(r): r for r in fitting}.values())
    rest = [r for r in fitting if r not in by_document]
    shown: list[Message] = []
    for row in (by_document + rest)[:examples]:
        answer = next(m["content"] for m in row.messages if m["role"] == "assistant")
        shown.append({"role": "user", "content": _asked(row)})
        shown.append({"role": "assistant", "content": excerpt(answer, characters)})
    system = [m for m in prompt.messages if m["role"] == "system"]
    return (*system, *shown, *(m for m in prompt.messages if m["role"] != "system"))


def _asked(row: Row) -> str:
    return next((m["content"] for m in row.messages if m["role"] == "user"), "")
