"""Evaluates a finished run: held-out bits per character, five plain indicators, and what may not be concluded."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from styletui_prep.errors import EXIT_STOPPED, UserError
from styletui_prep.events import Emit, Progress, ShouldStop, Stage, ignore
from styletui_prep.files import private_folder, write_json
from styletui_prep.script import language
from styletui_train.loops import loops
from styletui_train.rows import Row, read_rows

from styletui_eval.blind.prompts import Prompt, author_texts, choose, held_out, with_examples
from styletui_eval.blind.protocol import read_pairs
from styletui_eval.blind.reveal import read_reveal
from styletui_eval.blind.texts import clean, marks_used
from styletui_eval.events import EvalDocument
from styletui_eval.pen import Pen, Sampling, Setup, Writes, open_pen
from styletui_eval.perplexity import DocumentBits, bits_per_character, paired
from styletui_eval.stylometry import NAMES, Indicators, indicators

FORMAT: Final = 1
REPORT: Final = "report.json"

STAGE_LOAD: Final = "load_model"
STAGE_SCORE: Final = "score_documents"
STAGE_WRITE: Final = "write_samples"
STAGE_MEASURE: Final = "measure_style"

ENOUGH_DOCUMENTS: Final = 10
"""Held-out documents below which the report says that they are few."""
ENOUGH_CHARACTERS: Final = 5000
"""Characters an arm should have before its indicators are trusted (style-recipe section 3)."""


@dataclass(frozen=True, slots=True)
class EvalConfig:
    """What to evaluate. `max_documents` bounds the scored documents (None: all), `samples` the texts that each arm
    writes when no revealed blind test has any; `examples` are shown to the base, as in the blind test.
    The fields from `base` on say how the model is asked and held (`pen.Setup`).
    """

    run_dir: Path
    model: Path
    adapter: Path
    dataset: Path
    device: str | None = None
    max_documents: int | None = None
    samples: int = 8
    batch: int = 4
    examples: int = 4
    example_characters: int = 200
    sampling: Sampling = field(default_factory=Sampling)
    seed: int = 42
    base: bool | None = None
    quantize: bool = False
    quant_type: str = "nf4"
    double_quant: bool = True
    dtype: str | None = None

    @property
    def setup(self) -> Setup:
        """How the model is asked and held."""
        return Setup(self.device, self.base, self.quantize, self.quant_type, self.double_quant, self.dtype)


@dataclass(frozen=True, slots=True)
class EvalResult:
    """The contents of report.json."""

    report: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return self.report


@dataclass(frozen=True, slots=True)
class ArmTexts:
    """Texts of both arms and where they are from: "blind:<name>" or "here". `capped`: the share cut by the token cap.
    `looping`: arm -> texts that repeat themselves, in a blind test as its pairs were marked when they were made.
    """

    source: str
    adapter: list[str]
    base: list[str]
    capped: float
    looping: dict[str, int]


def evaluate(
    config: EvalConfig, emit: Emit, should_stop: ShouldStop, *, pen: Pen | None = None
) -> EvalResult:
    """Measure, write RUN/report.json whole, and return it. `pen` is a model already loaded.

    The generated texts come from revealed blind tests; sealed ones are left alone, since averages by arm could tell a
    rater who is who. Raises UserError: "no_held_out" (3), "stopped" (4), "nan_score" (1) and what loading raises.
    """
    rows = _chosen_rows(config)
    if pen is None:
        emit(Stage(STAGE_LOAD))
        pen = open_pen(config.model, config.adapter, config.setup, emit=emit, should_stop=should_stop)
    emit(Stage(STAGE_SCORE))
    base, adapter = score_documents(pen, rows, emit, should_stop)
    texts = revealed_texts(config.run_dir)
    if texts is None:
        emit(Stage(STAGE_WRITE))
        texts = write_samples(config, pen, emit, should_stop)
    emit(Stage(STAGE_MEASURE))
    report = _report(config, rows, base, adapter, texts)
    write_json(private_folder(config.run_dir) / REPORT, report)
    return EvalResult(report)


def _chosen_rows(config: EvalConfig) -> list[Row]:
    """Rows of the test documents (validation where there is no test), at most `max_documents` documents."""
    splits = held_out(config.dataset)
    rows = next(r for r in splits.values() if r)
    documents = list(dict.fromkeys(r.document for r in rows))[: config.max_documents]
    return [r for r in rows if r.document in set(documents)]


def score_documents(
    pen: Pen, rows: Sequence[Row], emit: Emit, should_stop: ShouldStop
) -> tuple[list[DocumentBits], list[DocumentBits]]:
    """Bits of each document without and with the adapter, an event after each. Raises UserError("stopped")."""
    documents = list(dict.fromkeys(r.document for r in rows))
    base: list[DocumentBits] = []
    adapter: list[DocumentBits] = []
    for done, document in enumerate(documents):
        own = [r for r in rows if r.document == document]
        for found, with_it in ((base, False), (adapter, True)):
            _stop_here(should_stop)
            found += bits_per_character(
                pen.model,
                pen.tokenizer,
                own,
                base=pen.base,
                adapter=with_it,
                emit=ignore,
                should_stop=should_stop,
            )
        _stop_here(should_stop)
        if base and adapter and base[-1].doc == adapter[-1].doc:
            emit(EvalDocument(base[-1].doc, base[-1].per_character, adapter[-1].per_character))
        emit(Progress(STAGE_SCORE, done + 1, len(documents)))
    return base, adapter


def _stop_here(should_stop: ShouldStop) -> None:
    if should_stop() is not None:
        raise UserError("stopped", exit_code=EXIT_STOPPED)


def revealed_texts(run_dir: Path) -> ArmTexts | None:
    """The texts of the newest revealed blind test's main contrast; None where none is revealed."""
    reveals = [
        (r.time, f, r) for f in sorted((run_dir / "blind").glob("*")) if (r := read_reveal(f)) is not None
    ]
    for _, folder, verdict in sorted(reveals, key=lambda found: found[0], reverse=True):
        arms: dict[str, list[str]] = {"adapter": [], "base": []}
        looping = {"base": 0, "adapter": 0}
        for pair in read_pairs(folder):
            left = verdict.sides.get(pair.id)
            if left is None or pair.id in verdict.zero_shot:
                continue
            sides = ("adapter", "base") if left == "adapter" else ("base", "adapter")
            shown = ((pair.left, pair.left_loops), (pair.right, pair.right_loops))
            for arm, (text, loop) in zip(sides, shown, strict=True):
                arms[arm].append(text)
                looping[arm] += loop
        if arms["adapter"]:
            return ArmTexts(f"blind:{folder.name}", arms["adapter"], arms["base"], 0.0, looping)
    return None


def write_samples(config: EvalConfig, pen: Writes, emit: Emit, should_stop: ShouldStop) -> ArmTexts:
    """Both arms write to the same held-out prompts, asked as in the blind test. Raises UserError("stopped")."""
    training = read_rows(config.dataset / "sft_train.jsonl")
    marks = marks_used(author_texts(training))
    prompts = choose(config.dataset)[: config.samples]
    found: dict[bool, list[str]] = {True: [], False: []}
    ended = 0
    for start in range(0, len(prompts), config.batch):
        part = prompts[start : start + config.batch]
        for adapter in (True, False):
            questions = [q.messages if adapter else _fair(config, q, training) for q in part]
            written = pen.write(
                questions, adapter=adapter, sampling=config.sampling, seed=config.seed + start
            )
            _stop_here(should_stop)
            ended += sum(w.ended for w in written)
            found[adapter] += [clean(w.text, marks) for w in written]
        emit(Progress(STAGE_WRITE, start + len(part), len(prompts)))
    capped = 1 - ended / (2 * len(prompts)) if prompts else 0.0
    looping = {"base": sum(map(loops, found[False])), "adapter": sum(map(loops, found[True]))}
    return ArmTexts("here", found[True], found[False], capped, looping)


def _fair(config: EvalConfig, prompt: Prompt, training: Sequence[Row]) -> Any:
    return with_examples(
        prompt, training, examples=config.examples, characters=config.example_characters, seed=config.seed
    )


def _report(
    config: EvalConfig,
    rows: Sequence[Row],
    base: Sequence[DocumentBits],
    adapter: Sequence[DocumentBits],
    texts: ArmTexts,
) -> dict[str, Any]:
    author = author_texts(rows)
    lang = language("\n".join(author))
    arms = {
        "author": indicators(author, lang, seed=config.seed),
        "base": indicators(texts.base, lang, seed=config.seed),
        "adapter": indicators(texts.adapter, lang, seed=config.seed),
    }
    bits = paired(base, adapter, seed=config.seed)
    after = {d.doc: d for d in adapter}
    documents = [
        {
            "doc": b.doc,
            "characters": b.characters,
            "base": b.per_character,
            "adapter": after[b.doc].per_character,
        }
        for b in base
        if b.doc in after
    ]
    return {
        "v": FORMAT,
        "created": round(time.time(), 3),
        "language": lang,
        "seed": config.seed,
        "bits_per_character": {**(bits.to_json() if bits else {}), "per_document": documents},
        "indicators": {arm: found.to_json() for arm, found in arms.items()},
        "texts": {
            "source": texts.source,
            "base": len(texts.base),
            "adapter": len(texts.adapter),
            "capped": texts.capped,
            "looping": texts.looping,
        },
        "sampling": dataclasses.asdict(config.sampling),
        "notes": notes(bits, arms, texts),
    }


def notes(bits: Any, arms: dict[str, Indicators], texts: ArmTexts) -> list[str]:
    """What has to be said beside the numbers, as codes; the order is the order of saying."""
    found = []
    if bits is None or bits.documents < ENOUGH_DOCUMENTS:
        found.append("too_few_documents")
    if bits is not None and bits.low is not None and bits.low <= 0 <= bits.high:
        found.append("interval_includes_zero")
    if bits is not None and bits.low is not None and bits.low > 0:
        found.append("adapter_is_worse")
    little = any(a.characters < ENOUGH_CHARACTERS for a in arms.values())
    if little:
        found.append("too_little_text")
    overlapping = sum(
        getattr(arms["author"], n).overlaps(getattr(arms["base"], n)) for n in NAMES if n != "text_length"
    )
    if overlapping >= 3:
        # Wide intervals overlap too: that is ignorance, not likeness.
        found.append("indicators_undecided" if little else "base_already")
    if texts.source != "here":
        found.append("lengths_equalised")
    elif texts.capped > 0.5:
        found.append("lengths_capped")
    return found
