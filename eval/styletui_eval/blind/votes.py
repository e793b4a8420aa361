"""The vote log: append-only, fsynced at every key press, each line chained to the one before.

A line: {"v": 1, "seq": 3, "time": 1790000000.1, "kind": "vote", "pair": id, "choice": "left", "shown": sha256 of the pair,
"prev": hash, "hash": hash}, or with "kind": "undo", "undoes": seq in place of the choice. `hash` is the SHA-256 of the
line without it; the first `prev` is the commitment. Nothing is ever deleted: an undo is a line too.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from styletui_eval.blind.protocol import FORMAT, Pair, canonical
from styletui_eval.files import append_line, locked, read_objects

VOTES: Final = "votes.jsonl"
REVEAL: Final = "reveal.json"

Choice = Literal["left", "right", "tie", "skip"]
CHOICES: Final[tuple[Choice, ...]] = get_args(Choice)

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote that stands: not undone, not replaced."""

    seq: int
    pair: str
    choice: Choice
    shown: str


def hash_of(record: Record) -> str:
    """The chain hash of a record, over everything but "hash" itself."""
    return hashlib.sha256(canonical({k: v for k, v in record.items() if k != "hash"}).encode()).hexdigest()


def read_records(folder: Path) -> tuple[list[Record], int]:
    """Every vote and undo in order, and the number of torn or foreign lines."""
    objects, torn = read_objects(folder / VOTES)
    records = [o for o in objects if _is_record(o)]
    return records, torn + len(objects) - len(records)


def _is_record(o: Record) -> bool:
    if not (isinstance(o.get("seq"), int) and isinstance(o.get("hash"), str)):
        return False
    if o.get("kind") == "vote":
        return isinstance(o.get("pair"), str) and o.get("choice") in CHOICES
    return o.get("kind") == "undo" and isinstance(o.get("undoes"), int)


def standing(records: Iterable[Record]) -> list[Vote]:
    """Votes not undone, oldest first; a pair may stand twice, then the later one counts."""
    votes: list[Vote] = []
    for r in records:
        if r["kind"] == "vote":
            votes.append(Vote(r["seq"], r["pair"], r["choice"], str(r.get("shown", ""))))
        else:
            votes = [v for v in votes if v.seq != r["undoes"]]
    return votes


def by_pair(votes: Iterable[Vote]) -> dict[str, Vote]:
    """The vote that counts for each pair."""
    return {v.pair: v for v in votes}


class VotesClosedError(Exception):
    """The test was revealed; nothing is taken any more."""


def append_vote(folder: Path, commitment: str, pair: Pair, choice: Choice) -> None:
    """Put one vote on disk. Raises VotesClosedError after the reveal."""
    with locked(folder / VOTES) as fd:
        _append(
            folder,
            fd,
            commitment,
            {"kind": "vote", "pair": pair.id, "choice": choice, "shown": pair.sha256()},
        )


def append_undo(folder: Path, commitment: str) -> Vote | None:
    """Undo the last standing vote on disk; it is returned, None when there is none. Raises VotesClosedError."""
    with locked(folder / VOTES) as fd:
        votes = standing(read_records(folder)[0])
        if votes:
            _append(folder, fd, commitment, {"kind": "undo", "undoes": votes[-1].seq})
        elif (folder / REVEAL).exists():
            raise VotesClosedError
        return votes[-1] if votes else None


def _append(folder: Path, fd: int, commitment: str, what: Record) -> None:
    # Read again under the lock: another terminal may have voted since.
    if (folder / REVEAL).exists():
        raise VotesClosedError
    records, _ = read_records(folder)
    last: Record = records[-1] if records else {"seq": 0, "hash": commitment}
    record = {
        "v": FORMAT,
        "seq": last["seq"] + 1,
        "time": round(time.time(), 3),
        **what,
        "prev": last["hash"],
    }
    append_line(fd, canonical({**record, "hash": hash_of(record)}))
