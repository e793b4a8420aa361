"""The end of a blind test: sides opened, votes counted once, the verdict recorded for good."""

from __future__ import annotations

import dataclasses
import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from styletui_prep.errors import EXIT_GATE, EXIT_UNKNOWN, UserError
from styletui_prep.files import write_json

from styletui_eval.blind.protocol import (
    FINISHED,
    FORMAT,
    Pair,
    Plan,
    Sealed,
    read_commitment,
    read_dropped,
    read_pairs,
    read_sealed,
)
from styletui_eval.blind.statistics import Interval, Tally, tally
from styletui_eval.blind.verify import verify
from styletui_eval.blind.votes import REVEAL, VOTES, Vote, by_pair, read_records, standing
from styletui_eval.files import locked

_ALONE: Final = ("main", "zero")


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


def reveal(folder: Path, early: bool = False) -> RevealResult:
    """Open the seal, count, and record the verdict. A second call returns the recorded one, whatever `early` says.

    Raises UserError("reveal_too_early", exit 5) while pairs are unrated or still to come, unless `early`:
    then that is recorded and final. From here on no vote is taken.
    """
    read_commitment(folder)
    with locked(folder / VOTES):  # no vote slips in between counting and closing
        recorded = read_reveal(folder)
        if recorded is not None:
            return recorded
        sealed = read_sealed(folder)
        records, _ = read_records(folder)
        pairs = read_pairs(folder)
        votes = by_pair(standing(records))
        missing = sum(p.id not in votes for p in pairs)
        whole = missing == 0 and bool(pairs) and (folder / FINISHED).exists()
        if not whole and not early:
            raise UserError("reveal_too_early", exit_code=EXIT_GATE, rated=len(votes), made=len(pairs))
        result = _count(folder, sealed, pairs, votes, early=not whole)
        anchors = {"head": records[-1]["hash"] if records else "", "records": len(records)}
        write_json(folder / REVEAL, {"v": FORMAT, **result.to_json(), **anchors})
        return result


def read_reveal(folder: Path) -> RevealResult | None:
    """The recorded verdict, None before the reveal. Raises UserError("broken_reveal") or "newer_blind_test"."""
    try:
        data = json.loads((folder / REVEAL).read_bytes())
        if int(data.pop("v")) > FORMAT:
            raise UserError("newer_blind_test", exit_code=EXIT_UNKNOWN, name=folder.name)
        data.pop("head"), data.pop("records")
        loops = data.pop("loops")
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
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError("broken_reveal", exit_code=EXIT_UNKNOWN, name=folder.name) from None


def _tally_from(data: dict[str, Any]) -> Tally:
    return Tally(**{**data, "interval": Interval(**data["interval"])})


def _outcome(plan: Plan, choice: str) -> str:
    """win, loss, tie or skip, seen from the adapter."""
    if choice in ("tie", "skip"):
        return choice
    return "win" if (plan.left if choice == "left" else plan.right) == "adapter" else "loss"


def _tally_of(outcomes: Counter[str]) -> Tally:
    return tally(outcomes["win"], outcomes["loss"], outcomes["tie"], outcomes["skip"])


def _count(
    folder: Path, sealed: Sealed, pairs: list[Pair], votes: dict[str, Vote], *, early: bool
) -> RevealResult:
    counts: dict[str, Counter[str]] = {name: Counter() for name in (*_ALONE, "loops")}
    looped: Counter[str] = Counter()
    looping_pairs, picks = 0, Counter[str]()
    sides: dict[str, str] = {}
    for pair in pairs:
        plan = sealed.plan(pair.id)
        if plan is None:  # verify reports it
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
        problems=tuple(dict.fromkeys(p.code for p in verify(folder).problems)),
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
