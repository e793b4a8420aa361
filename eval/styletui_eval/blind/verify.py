"""Was anything changed after the seal? Codes and places, never a silent repair."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from styletui_prep.errors import EXIT_UNKNOWN, UserError

from styletui_eval.blind.count import RevealResult, count, result_from
from styletui_eval.blind.protocol import (
    FINISHED,
    FORMAT,
    Commitment,
    Sealed,
    adapter_is_left,
    pair_id,
    read_commitment,
    read_pairs,
    read_sealed,
    sealed_sha256,
)
from styletui_eval.blind.votes import REVEAL, Record, by_pair, hash_of, read_records, standing


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not fit. `code` names the sentence, `where` a pair id, a vote's number or nothing."""

    code: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome: `ok` when there are no problems. `torn` lines are crashes, not problems."""

    problems: tuple[Problem, ...]
    votes: int
    pairs: int
    torn: int

    @property
    def ok(self) -> bool:
        """Whether everything fits."""
        return not self.problems

    def to_json(self) -> dict[str, object]:
        """For `styletui ab verify --json`."""
        return {"ok": self.ok, **dataclasses.asdict(self)}


def verify(folder: Path, noted_sha256: str | None = None) -> Verification:
    """Check the seal, the sides, the shown texts, the chain of votes, and that the recorded verdict is what they come to.

    `noted_sha256`: what the rater noted before the first vote; without it a changed commitment.json beside
    a changed sealed.json shows only in the chain of votes. Raises UserError("no_blind_test") when nothing is there.
    """
    commitment = read_commitment(folder)
    records, torn = read_records(folder)
    problems = []
    if noted_sha256 is not None and noted_sha256.strip().lower() != commitment.sha256:
        problems.append(Problem("other_commitment"))
    try:
        sealed = read_sealed(folder)
    except UserError:
        sealed = None
        problems.append(Problem("seal_unreadable"))
    if sealed is not None:
        problems += _check_seal(folder, sealed, commitment)
        problems += _check_pairs(folder, sealed, records)
    problems += _check_chain(records, commitment)
    problems += _check_reveal(folder, records)
    return Verification(tuple(problems), len(records), len(read_pairs(folder)), torn)


def _check_seal(folder: Path, sealed: Sealed, commitment: Commitment) -> list[Problem]:
    problems = []
    if sealed_sha256(folder) != commitment.sha256:
        problems.append(Problem("seal_changed"))
    for place, plan in enumerate(sealed.pairs):
        fits = plan.id == pair_id(sealed.secret, place)
        fits = fits and (plan.left == "adapter") == adapter_is_left(sealed.secret, plan.id)
        if not fits:
            problems.append(Problem("side_changed", plan.id))
    return problems


def _check_pairs(folder: Path, sealed: Sealed, records: list[Record]) -> list[Problem]:
    """Every pair was planned, and what was voted on is what lies there now."""
    problems = []
    shown = {}
    for pair in read_pairs(folder):
        shown[pair.id] = pair.sha256()
        if sealed.plan(pair.id) is None:
            problems.append(Problem("pair_unplanned", pair.id))
    voted = {(r["pair"], r.get("shown")) for r in records if r["kind"] == "vote"}
    for identity, fingerprint in sorted(voted, key=str):
        if identity not in shown:
            problems.append(Problem("pair_missing", identity))
        elif shown[identity] != fingerprint:
            problems.append(Problem("pair_changed", identity))
    return problems


def _check_chain(records: list[Record], commitment: Commitment) -> list[Problem]:
    problems = []
    previous, number = commitment.sha256, 0
    for record in records:
        number += 1
        if record["seq"] != number or record.get("prev") != previous or hash_of(record) != record["hash"]:
            problems.append(Problem("chain_broken", str(record["seq"])))
            number = record["seq"]
        previous = record["hash"]
    return problems


def _check_reveal(folder: Path, records: list[Record]) -> list[Problem]:
    """The reveal holds the end of the chain: votes cut off or added later do not fit it; nor does another verdict."""
    try:
        data = json.loads((folder / REVEAL).read_bytes())
        head, count_then = str(data["head"]), int(data["records"])
        known = recorded(folder)
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError, UserError):
        return [Problem("reveal_unreadable")]
    problems = []
    if head != (records[-1]["hash"] if records else "") or len(records) != count_then:
        problems.append(Problem("votes_differ_from_reveal"))
    again = recount(folder)
    # An early reveal may look whole later, when the maker still closed its list; never the other way round.
    differs = known and again and (not known.says_the_same(again) or (again.early and not known.early))
    return [*problems, Problem("verdict_changed")] if differs else problems


def recorded(folder: Path) -> RevealResult | None:
    """reveal.json as it is written there, unchecked; None before the reveal.

    Raises UserError("broken_reveal") or "newer_blind_test".
    """
    try:
        data = json.loads((folder / REVEAL).read_bytes())
        if int(data.pop("v")) > FORMAT:
            raise UserError("newer_blind_test", exit_code=EXIT_UNKNOWN, name=folder.name)
        data.pop("head"), data.pop("records")
        return result_from(data)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError("broken_reveal", exit_code=EXIT_UNKNOWN, name=folder.name) from None


def recount(folder: Path) -> RevealResult | None:
    """The verdict that follows from what lies there now; None without a readable seal."""
    try:
        sealed = read_sealed(folder)
    except UserError:
        return None
    pairs = read_pairs(folder)
    votes = by_pair(standing(read_records(folder)[0]))
    whole = bool(pairs) and all(p.id in votes for p in pairs) and (folder / FINISHED).exists()
    return count(folder, sealed, pairs, votes, early=not whole)
