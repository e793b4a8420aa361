"""What the votes of a blind test come to once its sides are known; counted when it is revealed, and again to check."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from styletui_eval.blind.protocol import Pair, Plan, Sealed, read_commitment, read_dropped
from styletui_eval.blind.statistics import Interval, Tally, tally
from styletui_eval.blind.votes import Vote

_ALONE: Final = ("main", "zero")
_SAID_ONCE: Final = frozenset({"time", "early", "problems"})
"""What a recount cannot know: when it was, what was wrong then, and whether more pairs were to come."""


@dataclass(frozen=True, slots=True)
class Loops:
    """Pairs in which a text repeats itself: no style votes. How many texts of each arm looped, and what was voted there."""

    pairs: int
    texts: dict[str, int]
    votes: Tally


@dataclass(frozen=True, slots=True)
class RevealResult:
    """The verdict. `main` is adapter against base with examples, `zero` against the base without.

    `early`: not everything planned had been rated. `picked_left` of `picked` votes chose the left text (a rater
    without a side takes about half). `dropped`: reason -> arm -> count. `problems` are codes of `verify`.
    `sides`: pair id -> arm on the left; `zero_shot`: the pairs of the extra contrast.
    """

    name: str
    time: float
    early: bool
    rated: int
    made: int
    planned: int
    main: Tally
    zero: Tally
    loops: Loops
    picked_left: int
    picked: int
    dropped: dict[str, dict[str, int]]
    problems: tuple[str, ...]
    sides: dict[str, str]
    zero_shot: tuple[str, ...]
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """The contents of reveal.json, less the anchors of the chain."""
        return dataclasses.asdict(self)

    def says_the_same(self, other: RevealResult) -> bool:
        """Whether both come from the same votes on the same sides."""
        names = (f.name for f in dataclasses.fields(self) if f.name not in _SAID_ONCE)
        return all(getattr(self, name) == getattr(other, name) for name in names)


def result_from(data: Mapping[str, Any]) -> RevealResult:
    """`RevealResult.to_json` read back. Raises KeyError, TypeError, ValueError or AttributeError where it is none."""
    loops = data["loops"]
    return RevealResult(
        **{
            **data,
            "main": _tally_from(data["main"]),
            "zero": _tally_from(data["zero"]),
            "problems": tuple(data["problems"]),
            "zero_shot": tuple(data["zero_shot"]),
            "loops": Loops(loops["pairs"], loops["texts"], _tally_from(loops["votes"])),
        }
    )


def _tally_from(data: Mapping[str, Any]) -> Tally:
    return Tally(**{**data, "interval": Interval(**data["interval"])})


def _outcome(plan: Plan, choice: str) -> str:
    """win, loss, tie or skip, seen from the adapter."""
    if choice in ("tie", "skip"):
        return choice
    return "win" if (plan.left if choice == "left" else plan.right) == "adapter" else "loss"


def _tally_of(outcomes: Counter[str]) -> Tally:
    return tally(outcomes["win"], outcomes["loss"], outcomes["tie"], outcomes["skip"])


def count(
    folder: Path,
    sealed: Sealed,
    pairs: Sequence[Pair],
    votes: Mapping[str, Vote],
    *,
    early: bool,
    problems: Sequence[str] = (),
) -> RevealResult:
    """Count standing `votes` (by pair id) on `pairs`; a pair that was never planned counts nowhere, `verify` names it."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in (*_ALONE, "loops")}
    looped: Counter[str] = Counter()
    looping_pairs, picks = 0, Counter[str]()
    sides: dict[str, str] = {}
    for pair in pairs:
        plan = sealed.plan(pair.id)
        if plan is None:
            continue
        sides[pair.id] = plan.left
        loops = pair.left_loops or pair.right_loops
        looping_pairs += loops
        looped.update(
            arm for arm, does in ((plan.left, pair.left_loops), (plan.right, pair.right_loops)) if does
        )
        vote = votes.get(pair.id)
        if vote is not None:
            counts["loops" if loops else plan.contrast][_outcome(plan, vote.choice)] += 1
            picks[vote.choice] += 1
    commitment = read_commitment(folder)
    return RevealResult(
        name=sealed.name,
        time=round(time.time(), 3),
        early=early,
        rated=len(votes),
        made=len(pairs),
        planned=commitment.planned,
        main=_tally_of(counts["main"]),
        zero=_tally_of(counts["zero"]),
        loops=Loops(looping_pairs, dict(looped), _tally_of(counts["loops"])),
        picked_left=picks["left"],
        picked=picks["left"] + picks["right"],
        dropped=_dropped(folder, sealed),
        problems=tuple(problems),
        sides=sides,
        zero_shot=tuple(p.id for p in sealed.pairs if p.contrast == "zero" and p.id in sides),
        sha256=commitment.sha256,
    )


def _dropped(folder: Path, sealed: Sealed) -> dict[str, dict[str, int]]:
    """reason -> arm -> count: that an arm's texts are dropped more often is part of the verdict."""
    table: dict[str, Counter[str]] = {}
    for identity, (reason, side) in read_dropped(folder).items():
        plan = sealed.plan(identity)
        if plan is None:
            continue
        arms = {"left": (plan.left,), "right": (plan.right,)}.get(side, (plan.left, plan.right))
        table.setdefault(reason, Counter()).update(arms)
    return {reason: dict(counts) for reason, counts in table.items()}
