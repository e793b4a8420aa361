"""Small blind tests for the tests of this room: a sealed plan and pairs with invented texts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from styletui_eval.blind.protocol import FINISHED, PAIRS, Pair, Plan, Sealed, Wish, seal, write_sealed
from styletui_eval.files import append_line, locked


def make_test(
    folder: Path,
    main: int = 6,
    zero: int = 2,
    *,
    loops: Sequence[int] = (),
    finished: bool = True,
    secret: str | None = None,
) -> Sealed:
    """A test with `main` + `zero` pairs; in pairs at the places `loops` the opponent's text repeats itself."""
    wishes = [Wish(f"p{i}", "main") for i in range(main)] + [Wish(f"z{i}", "zero") for i in range(zero)]
    sealed = seal(folder.name, wishes, settings={"count": main}, hashes={}, secret=secret)
    write_sealed(folder, sealed)
    for n, plan in enumerate(sealed.pairs, 1):
        add_pair(folder, plan, n, loops=n - 1 in loops)
    if finished:
        (folder / FINISHED).write_text(json.dumps({"v": 1, "made": main + zero, "dropped": {}}))
    return sealed


def add_pair(folder: Path, plan: Plan, n: int, *, loops: bool = False) -> Pair:
    """Append the pair of one plan, as the job would."""
    pair = Pair(
        plan.id,
        n,
        f"题目：第{n}篇",
        f"左边的第{n}段。",
        f"右边的第{n}段。",
        loops and plan.left != "adapter",
        loops and plan.right != "adapter",
    )
    with locked(folder / PAIRS) as fd:
        append_line(fd, json.dumps(dataclasses.asdict(pair), ensure_ascii=False))
    return pair


def side_of_adapter(plan: Plan) -> str:
    return "left" if plan.left == "adapter" else "right"


def side_of_base(plan: Plan) -> str:
    return "right" if plan.left == "adapter" else "left"
