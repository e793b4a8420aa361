"""The end of a blind test: sides opened, votes counted once, the verdict recorded for good."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from styletui_prep.errors import EXIT_GATE, UserError
from styletui_prep.files import write_json

from styletui_eval.blind.count import Loops, RevealResult, count
from styletui_eval.blind.protocol import FINISHED, FORMAT, PAIRS, read_commitment, read_pairs, read_sealed
from styletui_eval.blind.verify import recorded, recount, verify
from styletui_eval.blind.votes import REVEAL, VOTES, by_pair, read_records, standing
from styletui_eval.files import locked

__all__ = ["Loops", "RevealResult", "read_reveal", "reveal"]


def reveal(folder: Path, early: bool = False) -> RevealResult:
    """Open the seal, count, and record the verdict. A second call is `read_reveal`, whatever `early` says.

    Raises UserError("reveal_too_early", exit 5) while pairs are unrated or still to come, unless `early`:
    then that is recorded and final. From here on no vote is taken and no pair added.
    """
    read_commitment(folder)
    # No vote and no pair slips in between counting and closing.
    with locked(folder / VOTES), locked(folder / PAIRS):
        known = read_reveal(folder)
        if known is not None:
            return known
        sealed = read_sealed(folder)
        records, _ = read_records(folder)
        pairs = read_pairs(folder)
        votes = by_pair(standing(records))
        missing = sum(p.id not in votes for p in pairs)
        whole = missing == 0 and bool(pairs) and (folder / FINISHED).exists()
        if not whole and not early:
            raise UserError("reveal_too_early", exit_code=EXIT_GATE, rated=len(votes), made=len(pairs))
        problems = tuple(dict.fromkeys(p.code for p in verify(folder).problems))
        result = count(folder, sealed, pairs, votes, early=not whole, problems=problems)
        anchors = {"head": records[-1]["hash"] if records else "", "records": len(records)}
        write_json(folder / REVEAL, {"v": FORMAT, **result.to_json(), **anchors})
        return result


def read_reveal(folder: Path) -> RevealResult | None:
    """The recorded verdict, None before the reveal; checked each time it is read.

    What is wrong now joins the recorded `problems`. A record that its own votes contradict is not repeated: the votes
    are counted again, and "verdict_changed" stands among the problems. Raises UserError("broken_reveal") or
    "newer_blind_test".
    """
    known = recorded(folder)
    if known is None:
        return None
    try:
        found, again = [p.code for p in verify(folder).problems], recount(folder)
    except UserError:  # commitment.json is gone or torn
        found, again = ["seal_unreadable"], None
    problems = tuple(dict.fromkeys((*known.problems, *found)))
    if "verdict_changed" in found and again is not None:
        known = dataclasses.replace(again, time=known.time)
    return dataclasses.replace(known, problems=problems)
