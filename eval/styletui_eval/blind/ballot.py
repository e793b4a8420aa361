"""What a rating screen and `styletui ab rate|vote` hold in their hands: pairs, votes, undo. No tally before the reveal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from styletui_prep.errors import EXIT_GATE, EXIT_USAGE, UserError

from styletui_eval.blind.protocol import FINISHED, Pair, read_commitment, read_pairs
from styletui_eval.blind.reveal import RevealResult, read_reveal, reveal
from styletui_eval.blind.verify import Verification, verify
from styletui_eval.blind.votes import (
    CHOICES,
    REVEAL,
    Choice,
    VotesClosedError,
    append_undo,
    append_vote,
    by_pair,
    read_records,
    standing,
)

__all__ = [
    "CHOICES",
    "Ballot",
    "Choice",
    "Pair",
    "RevealResult",
    "Status",
    "Verification",
    "read_reveal",
    "reveal",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Status:
    """How far a test is. Counts only; nothing here tells who leads.

    `planned` pairs were promised, `made` lie there, `finished` says no more will come; `rated` includes
    ties and the `skipped`; `torn` lines of the vote log were never a vote.
    """

    name: str
    sha256: str
    planned: int
    made: int
    finished: bool
    rated: int
    skipped: int
    torn: int
    revealed: bool


class Ballot:
    """A blind test as its rater may see it. Opening it reads only; every vote is on disk when `vote` returns.

    Several handles, also in several processes, may be open at once. Raises UserError("no_blind_test").
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commitment = read_commitment(folder)
        self._pairs: list[Pair] = []
        self._pairs_size = -1

    def pairs(self) -> list[Pair]:
        """Pairs made so far, in the order in which they are to be shown; grows while the job writes."""
        try:
            size = (self.folder / "pairs.jsonl").stat().st_size
        except FileNotFoundError:
            size = 0
        if size != self._pairs_size:
            self._pairs, self._pairs_size = read_pairs(self.folder), size
        return list(self._pairs)

    def votes(self) -> dict[str, Choice]:
        """pair id -> the choice that stands."""
        return {v.pair: v.choice for v in by_pair(standing(read_records(self.folder)[0])).values()}

    def next_unrated(self) -> Pair | None:
        """The first pair without a vote; None when all that lie there are rated."""
        rated = self.votes()
        return next((p for p in self.pairs() if p.id not in rated), None)

    def vote(self, pair_id: str, choice: str) -> None:
        """Record left, right, tie or skip; voting again on a pair replaces the earlier vote.

        Raises UserError "unknown_choice", "unknown_pair" (exit 2) or "votes_closed" (exit 5, after the reveal).
        """
        known = next((c for c in CHOICES if c == choice), None)
        if known is None:
            raise UserError("unknown_choice", exit_code=EXIT_USAGE, choices=" ".join(CHOICES))
        pair = next((p for p in self.pairs() if p.id == pair_id), None)
        if pair is None:
            raise UserError("unknown_pair", exit_code=EXIT_USAGE, name=self.folder.name)
        try:
            append_vote(self.folder, self.commitment.sha256, pair, known)
        except VotesClosedError:
            raise self._closed() from None

    def undo(self) -> str | None:
        """Take the last standing vote back; its pair id, or None when there is nothing to undo. Raises "votes_closed"."""
        try:
            undone = append_undo(self.folder, self.commitment.sha256)
        except VotesClosedError:
            raise self._closed() from None
        return undone.pair if undone else None

    def status(self) -> Status:
        """How far the test is."""
        records, torn = read_records(self.folder)
        votes = by_pair(standing(records))
        return Status(
            name=self.commitment.name,
            sha256=self.commitment.sha256,
            planned=self.commitment.planned,
            made=len(self.pairs()),
            finished=(self.folder / FINISHED).exists(),
            rated=len(votes),
            skipped=sum(v.choice == "skip" for v in votes.values()),
            torn=torn,
            revealed=(self.folder / REVEAL).exists(),
        )

    def _closed(self) -> UserError:
        return UserError("votes_closed", exit_code=EXIT_GATE, name=self.folder.name)
