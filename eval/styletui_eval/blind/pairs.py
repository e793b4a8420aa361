"""Makes the pairs of a blind test while the rater already reads the first ones.

The plan is sealed before the first word is written. Then small batches: both arms write to the same prompts with the
same sampling, are cleaned and cut alike, and each pair is on disk before the next begins. A job that died goes on
where it was; pairs that lie there are never written again.
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any, Final

from styletui_prep.errors import EXIT_GATE, EXIT_NO_INPUT, EXIT_UNKNOWN, EXIT_USAGE, UserError
from styletui_prep.events import Emit, Progress, ShouldStop, Stage, Warned
from styletui_prep.files import private_folder, write_json
from styletui_train.loops import loops
from styletui_train.rows import Message, read_rows

from styletui_eval.blind.identity import check_same, fingerprints
from styletui_eval.blind.prompts import Prompt, already_shown, author_texts, choose, with_examples
from styletui_eval.blind.protocol import (
    COMMITMENT,
    DROPPED,
    FINISHED,
    FORMAT,
    MAKING,
    PAIRS,
    SEALED,
    Arm,
    Contrast,
    Pair,
    Plan,
    Sealed,
    Wish,
    check_name,
    commit,
    read_dropped,
    read_pairs,
    read_sealed,
    seal,
    sealed_sha256,
    write_sealed,
)
from styletui_eval.blind.texts import clean, equalise, marks_used, too_short
from styletui_eval.blind.votes import REVEAL
from styletui_eval.events import Committed, PairDropped, PairMade
from styletui_eval.files import append_line, locked
from styletui_eval.memorisation import TrainingText
from styletui_eval.pen import Sampling, Setup, Writes, open_pen

STAGE_PLAN: Final = "plan_pairs"
STAGE_LOAD: Final = "load_model"
STAGE_WRITE: Final = "write_pairs"

_HELD: Final[dict[str, Any]] = {
    "base": None,
    "quantize": False,
    "quant_type": "nf4",
    "double_quant": True,
    "dtype": None,
}
"""How the model is asked and held, and what that was in seals that do not say it."""


@dataclass(frozen=True, slots=True)
class PairsConfig:
    """What to make. `count` pairs against the base with `examples` training texts (3 to 5), and `zero_shot_share` of
    that many more against the base without any. `batch` prompts are written at once, `first_batch` the first time.
    The fields from `base` on say how the model is asked and held (`pen.Setup`); None: as its folder says.
    """

    run_dir: Path
    model: Path
    adapter: Path
    dataset: Path
    name: str = "first"
    count: int = 30
    zero_shot_share: float = 0.2
    examples: int = 4
    example_characters: int = 200
    sampling: Sampling = field(default_factory=Sampling)
    seed: int = 42
    first_batch: int = 2
    batch: int = 6
    device: str | None = None
    base: bool | None = None
    quantize: bool = False
    quant_type: str = "nf4"
    double_quant: bool = True
    dtype: str | None = None

    @property
    def folder(self) -> Path:
        """Where the test lies."""
        return self.run_dir / "blind" / self.name

    def settings(self) -> dict[str, Any]:
        """What decides the texts, for the seal; no paths."""
        return {
            "count": self.count,
            "zero_shot_share": self.zero_shot_share,
            "examples": self.examples,
            "example_characters": self.example_characters,
            "seed": self.seed,
            **{name: getattr(self, name) for name in _HELD},
            **dataclasses.asdict(self.sampling),
        }


@dataclass(frozen=True, slots=True)
class PairsResult:
    """How it went. `made` counts all pairs that lie there, `dropped` reason -> count; `finished` False after a stop."""

    name: str
    sha256: str
    planned: int
    made: int
    dropped: dict[str, int]
    finished: bool

    def to_json(self) -> dict[str, Any]:
        """For `--json` and the job's last event."""
        return dataclasses.asdict(self)


def make_pairs(
    config: PairsConfig, emit: Emit, should_stop: ShouldStop, *, pen: Writes | None = None
) -> PairsResult:
    """Make, or go on making, the pairs of one blind test. `pen` replaces the loaded model in tests.

    Raises UserError: "bad_test_name", "bad_pair_settings" (exit 2), "no_held_out", "no_adapter" (3), "test_revealed",
    "test_busy" (5; another process makes this test), "test_of_other_adapter", "..._model", "..._dataset" (1), and what
    reading the dataset and loading the model raise.
    """
    _check(config)
    try:
        # Two at once would seal two plans, and the second would take the first one's place.
        with locked(private_folder(config.folder) / MAKING, wait=False):
            return _make(config, emit, should_stop, pen)
    except BlockingIOError:
        raise UserError("test_busy", exit_code=EXIT_GATE, name=config.name) from None


def _make(config: PairsConfig, emit: Emit, should_stop: ShouldStop, pen: Writes | None) -> PairsResult:
    emit(Stage(STAGE_PLAN))
    sealed = _sealed(config, emit)
    maker = _Maker(config, sealed, emit)
    if maker.batch(1):
        if pen is None:
            emit(Stage(STAGE_LOAD))
            setup = Setup(config.device, **maker.held())
            pen = open_pen(config.model, config.adapter, setup, emit=emit, should_stop=should_stop)
        emit(Stage(STAGE_WRITE))
        size = config.batch if maker.made else min(config.first_batch, config.batch)
        while should_stop() is None and (plans := maker.batch(size)):
            texts = maker.write(plans, pen)
            if should_stop() is not None:
                break  # the texts of an interrupted batch may be cut short on one side
            for plan, pair_texts in zip(plans, texts, strict=True):
                maker.keep(plan, pair_texts)
            size = config.batch
    finished = not maker.batch(1)
    if finished and not (config.folder / FINISHED).exists():
        done = {"v": FORMAT, "made": maker.made, "dropped": maker.dropped_counts()}
        write_json(config.folder / FINISHED, done)
    planned = sum(not p.reserve for p in sealed.pairs)
    sha256 = sealed_sha256(config.folder)
    return PairsResult(config.name, sha256, planned, maker.made, maker.dropped_counts(), finished)


def _check(config: PairsConfig) -> None:
    check_name(config.name)
    fine = config.count >= 1 and 0 <= config.zero_shot_share <= 1 and 1 <= config.examples <= 8
    if not (fine and config.batch >= 1 and config.first_batch >= 1 and config.sampling.max_new_tokens >= 16):
        raise UserError("bad_pair_settings", exit_code=EXIT_USAGE)


def _sealed(config: PairsConfig, emit: Emit) -> Sealed:
    """The plan that lies there, or a new one, sealed. What was sealed wins over what is asked for now."""
    folder = config.folder
    if (folder / REVEAL).exists():
        raise UserError("test_revealed", exit_code=EXIT_GATE, name=config.name)
    hashes = fingerprints(config.adapter, config.dataset, config.model)
    if (folder / SEALED).exists():
        sealed = read_sealed(folder)
        check_same(sealed.hashes, hashes, config.name)
        if {**_HELD, **sealed.settings} != config.settings():
            emit(Warned("sealed_settings_kept", {"name": config.name}))
        if not (folder / COMMITMENT).exists():  # died between the two files; nobody can have voted
            commit(folder)
    else:
        sealed = seal(config.name, _wishes(config, emit), settings=config.settings(), hashes=hashes)
        write_sealed(folder, sealed)
    planned = sum(not p.reserve for p in sealed.pairs)
    emit(Committed(config.name, sealed_sha256(folder), planned))
    return sealed


def _wishes(config: PairsConfig, emit: Emit) -> list[Wish]:
    seen = already_shown(config.run_dir)
    prompts = [p.id for p in choose(config.dataset) if (p.doc, p.chunk) not in seen]
    if not prompts:
        raise UserError("no_held_out", exit_code=EXIT_NO_INPUT, path=str(config.dataset))
    if len(prompts) < config.count:
        emit(Warned("few_prompts", {"found": len(prompts), "wanted": config.count}))
    main, rest = prompts[: config.count], prompts[config.count :]
    extra = round(config.count * config.zero_shot_share)
    wishes = [Wish(p, "main") for p in main] + [Wish(p, "zero") for p in rest[:extra]]
    # Which of them are the extra ones must not show from the order.
    random.SystemRandom().shuffle(wishes)
    spare = rest[extra : extra + max(2, ceil(0.2 * config.count))]
    return wishes + [Wish(p, "main", reserve=True) for p in spare]


class _Maker:
    """Turns planned pairs into lines of pairs.jsonl or dropped.jsonl, one at a time."""

    def __init__(self, config: PairsConfig, sealed: Sealed, emit: Emit) -> None:
        self._config, self._sealed, self._emit = config, sealed, emit
        self._folder = config.folder
        self._training = read_rows(config.dataset / "sft_train.jsonl")
        texts = author_texts(self._training)
        self._index, self._marks = TrainingText(texts), marks_used(texts)
        self._prompts = {p.id: p for p in choose(config.dataset)}
        self._made = {p.id for p in read_pairs(self._folder)}
        self._dropped = {i: reason for i, (reason, _) in read_dropped(self._folder).items()}
        self._settings = sealed.settings
        gone = [p for p in sealed.pairs if p.prompt_id not in self._prompts and p.id not in self._made]
        if gone:
            raise UserError("test_of_other_dataset", exit_code=EXIT_UNKNOWN, name=config.name)

    def held(self) -> dict[str, Any]:
        """How the model was asked and held when the test was sealed."""
        return {name: self._settings.get(name, unsaid) for name, unsaid in _HELD.items()}

    @property
    def made(self) -> int:
        """Pairs that lie there."""
        return len(self._made)

    def dropped_counts(self) -> dict[str, int]:
        """reason -> count; says nothing of arms."""
        return dict(Counter(self._dropped.values()))

    def batch(self, size: int) -> list[Plan]:
        """What to write next: planned pairs, then as many reserves as main pairs were dropped."""
        done = self._made | self._dropped.keys()
        wanted = [p for p in self._sealed.pairs if not p.reserve and p.id not in done]
        reserves = [p for p in self._sealed.pairs if p.reserve]
        used = [p for p in reserves if p.id in done]
        lacking = sum(p.contrast == "main" and p.id in self._dropped for p in self._sealed.pairs) - len(used)
        waiting = [p for p in reserves if p.id not in done][: max(0, lacking)]
        return (wanted + waiting)[:size]

    def write(self, plans: Sequence[Plan], pen: Writes) -> list[dict[Arm, str]]:
        """Both arms' texts, cleaned, for each plan. The arms share sampling and seed."""
        sampling = Sampling(**{f.name: self._settings[f.name] for f in dataclasses.fields(Sampling)})
        prompts = [self._prompts[p.prompt_id] for p in plans]
        seed = int(self._settings["seed"]) + self._sealed.pairs.index(plans[0])
        opponents = [self._opponent(p.contrast, q) for p, q in zip(plans, prompts, strict=True)]
        ours = pen.write([q.messages for q in prompts], adapter=True, sampling=sampling, seed=seed)
        theirs = pen.write(opponents, adapter=False, sampling=sampling, seed=seed)
        texts: list[dict[Arm, str]] = []
        for plan, one, other in zip(plans, ours, theirs, strict=False):
            against = plan.right if plan.left == "adapter" else plan.left
            texts.append(
                {
                    "adapter": clean(one.text, self._marks),
                    against: clean(other.text, self._marks),
                }
            )
        return texts

    def _opponent(self, contrast: Contrast, prompt: Prompt) -> Sequence[Message]:
        if contrast == "zero":
            return prompt.messages
        settings = self._settings
        return with_examples(
            prompt,
            self._training,
            examples=settings["examples"],
            characters=settings["example_characters"],
            seed=settings["seed"],
        )

    def keep(self, plan: Plan, texts: dict[Arm, str]) -> None:
        """Put a pair on disk, or why there is none."""
        left, right = texts[plan.left], texts[plan.right]
        bad = _unfit(left, right, {"empty_text": _empty, "too_short": too_short})
        both = equalise(left, right)
        # Copies are looked for in what would be shown; cutting both may leave too little of either.
        bad = bad or _unfit(both.left, both.right, {"too_short": too_short, "copied": self._index.copies})
        if bad is not None:
            self._drop(plan, *bad)
            return
        with locked(self._folder / PAIRS) as fd:
            self._still_open()
            lying = read_pairs(self._folder)
            if all(p.id != plan.id for p in lying):
                shown = self._prompts[plan.prompt_id].shown
                pair = Pair(
                    plan.id,
                    len(lying) + 1,
                    shown,
                    both.left,
                    both.right,
                    loops(both.left),
                    loops(both.right),
                    both.cut,
                )
                append_line(fd, json.dumps(dataclasses.asdict(pair), ensure_ascii=False))
        self._made.add(plan.id)
        self._emit(PairMade(len(self._made), plan.id))
        self._report()

    def _still_open(self) -> None:
        if (self._folder / REVEAL).exists():
            raise UserError("test_revealed", exit_code=EXIT_GATE, name=self._config.name)

    def _drop(self, plan: Plan, reason: str, side: str) -> None:
        # The lock of the pairs comes first: a reveal holds it while it counts, the dropped ones too.
        with locked(self._folder / PAIRS), locked(self._folder / DROPPED) as fd:
            self._still_open()
            append_line(fd, json.dumps({"id": plan.id, "reason": reason, "side": side}))
        self._dropped[plan.id] = reason
        self._emit(PairDropped(plan.id, reason))
        self._report()

    def _report(self) -> None:
        waiting = len(self.batch(len(self._sealed.pairs)))
        self._emit(Progress(STAGE_WRITE, self.made, self.made + waiting))


def _empty(text: str) -> bool:
    return not text.strip()


def _unfit(left: str, right: str, tests: Mapping[str, Callable[[str], bool]]) -> tuple[str, str] | None:
    """(reason, side) of the first test that a text fails; None when both are fit to be shown."""
    for reason, fails in tests.items():
        sides = (fails(left), fails(right))
        if any(sides):
            return reason, "both" if all(sides) else "left" if sides[0] else "right"
    return None
