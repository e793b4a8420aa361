import json
import multiprocessing
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from styletui_eval.blind.ballot import CHOICES, Ballot, reveal, verify
from styletui_eval.blind.protocol import PAIRS
from styletui_eval.blind.votes import VOTES
from styletui_prep.errors import UserError

from .blind_tests import add_pair, make_test


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_test(tmp_path / "t")
    return tmp_path / "t"


def test_the_plain_way(folder: Path) -> None:
    ballot = Ballot(folder)
    order = [p.id for p in ballot.pairs()]
    assert ballot.status().made == ballot.status().planned == 8
    for n, identity in enumerate(order):
        found = ballot.next_unrated()
        assert found is not None
        assert found.id == identity
        ballot.vote(identity, CHOICES[n % 4])
    assert ballot.next_unrated() is None
    assert ballot.status().rated == 8
    assert ballot.status().skipped == 2
    assert verify(folder).ok


def test_leave_and_come_back(folder: Path) -> None:
    first = Ballot(folder)
    first.vote(first.pairs()[0].id, "left")
    again = Ballot(folder)
    assert again.next_unrated() == again.pairs()[1]
    assert again.votes() == {again.pairs()[0].id: "left"}


def test_a_vote_is_on_disk_when_the_call_returns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        synced.append(os.fstat(fd).st_size)
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    Ballot(folder).vote(Ballot(folder).pairs()[0].id, "tie")
    assert synced[-1] == (folder / VOTES).stat().st_size > 0


def test_undo_goes_back_one_by_one(folder: Path) -> None:
    ballot = Ballot(folder)
    a, b = (p.id for p in ballot.pairs()[:2])
    ballot.vote(a, "left")
    ballot.vote(b, "right")
    assert ballot.undo() == b
    assert ballot.next_unrated() == ballot.pairs()[1]
    assert ballot.undo() == a
    assert ballot.undo() is None
    assert ballot.votes() == {}
    assert len((folder / VOTES).read_text().splitlines()) == 4  # nothing is ever deleted


def test_a_second_vote_replaces_and_its_undo_brings_the_first_back(folder: Path) -> None:
    ballot = Ballot(folder)
    a = ballot.pairs()[0].id
    ballot.vote(a, "left")
    ballot.vote(a, "right")
    assert ballot.votes() == {a: "right"}
    ballot.undo()
    assert ballot.votes() == {a: "left"}


def test_rating_while_pairs_are_written(tmp_path: Path) -> None:
    sealed = make_test(tmp_path / "t", main=4, zero=0, finished=False)
    (tmp_path / "t" / PAIRS).unlink()
    ballot = Ballot(tmp_path / "t")
    assert ballot.next_unrated() is None
    add_pair(tmp_path / "t", sealed.pairs[0], 1)
    ballot.vote(sealed.pairs[0].id, "left")
    assert ballot.next_unrated() is None
    add_pair(tmp_path / "t", sealed.pairs[1], 2)
    found = ballot.next_unrated()
    assert found is not None
    assert found.id == sealed.pairs[1].id
    assert not ballot.status().finished


@pytest.mark.parametrize(
    ("pair", "choice", "code"), [("nope", "left", "unknown_pair"), ("", "both", "unknown_choice")]
)
def test_wrong_votes_are_refused_and_leave_no_trace(folder: Path, pair: str, choice: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        Ballot(folder).vote(pair, choice)
    assert (caught.value.code, caught.value.exit_code) == (code, 2)
    assert not (folder / VOTES).exists()


def test_no_test_there(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        Ballot(tmp_path)
    assert caught.value.code == "no_blind_test"


def test_votes_after_the_reveal_are_refused(folder: Path) -> None:
    ballot = Ballot(folder)
    ballot.vote(ballot.pairs()[0].id, "left")
    reveal(folder, early=True)
    before = (folder / VOTES).read_bytes()
    for act in (lambda: ballot.vote(ballot.pairs()[1].id, "left"), ballot.undo):
        with pytest.raises(UserError) as caught:
            act()
        assert (caught.value.code, caught.value.exit_code) == ("votes_closed", 5)
    assert (folder / VOTES).read_bytes() == before
    assert ballot.status().revealed


def test_the_status_holds_no_running_tally(folder: Path) -> None:
    """A status after eight left votes is the same as after eight right ones."""
    ballot = Ballot(folder)
    seen = []
    for choice in ("left", "right", "tie"):
        for pair in ballot.pairs():
            ballot.vote(pair.id, choice)
        seen.append(ballot.status())
    assert seen[0] == seen[1] == seen[2]


def _vote_all(folder: Path, choice: str) -> None:
    ballot = Ballot(folder)
    for pair in ballot.pairs():
        ballot.vote(pair.id, choice)


def test_two_terminals_at_once_lose_nothing(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_vote_all, args=(folder, c)) for c in ("left", "right")]
    for process in others:
        process.start()
    for process in others:
        process.join(60)
        assert process.exitcode == 0
    checked = verify(folder)
    assert checked.ok, checked.problems
    assert checked.votes == 16


class Rating(RuleBasedStateMachine):
    """Any interleaving of votes, undo, torn lines, second handles and reopening keeps every vote."""

    def __init__(self) -> None:
        super().__init__()
        self._temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self._temporary.name) / "t"
        self.stack: list[tuple[str, str]] = []
        self.torn = 0
        self.lines = 0

    def teardown(self) -> None:
        self._temporary.cleanup()

    @initialize()
    def open(self) -> None:
        make_test(self.folder, main=4, zero=1)
        self.ballots = [Ballot(self.folder), Ballot(self.folder)]
        self.ids = [p.id for p in self.ballots[0].pairs()]

    @rule(who=st.integers(0, 1), place=st.integers(0, 4), choice=st.sampled_from(CHOICES))
    def vote(self, who: int, place: int, choice: str) -> None:
        self.ballots[who].vote(self.ids[place], choice)
        self.stack.append((self.ids[place], choice))
        self.lines += 1

    @rule(who=st.integers(0, 1))
    def undo(self, who: int) -> None:
        expected = self.stack.pop()[0] if self.stack else None
        self.lines += expected is not None
        assert self.ballots[who].undo() == expected

    @rule(who=st.integers(0, 1))
    def reopen(self, who: int) -> None:
        self.ballots[who] = Ballot(self.folder)

    @precondition(lambda self: self.lines)
    @rule(share=st.floats(0.05, 0.95))
    def die_while_writing(self, share: float) -> None:
        """A writer got only part of its line out."""
        whole = (self.folder / VOTES).read_bytes()
        if not whole.endswith(b"\n"):
            return
        line = [one for one in whole.split(b"\n") if one.startswith(b"{") and one.endswith(b"}")][-1]
        with (self.folder / VOTES).open("ab") as file:
            file.write(line[: max(1, int(len(line) * share))])
        self.torn += 1

    @precondition(lambda self: self.lines)
    @rule()
    def die_before_the_newline(self) -> None:
        data = (self.folder / VOTES).read_bytes()
        if data.endswith(b"}\n"):
            (self.folder / VOTES).write_bytes(data[:-1])

    @rule(
        data=st.binary(min_size=1, max_size=20).filter(
            lambda b: b.strip() and b"\n" not in b and b"{" not in b
        )
    )
    def power_cut_garbage(self, data: bytes) -> None:
        whole = (self.folder / VOTES).read_bytes() if (self.folder / VOTES).exists() else b""
        if whole.endswith(b"\n"):
            with (self.folder / VOTES).open("ab") as file:
                file.write(data + b"\n")
            self.torn += 1

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "ballots"):
            return
        expected = dict(self.stack)
        for ballot in self.ballots:
            assert ballot.votes() == expected
            status = ballot.status()
            assert (status.rated, status.torn) == (len(expected), self.torn)
            following = ballot.next_unrated()
            assert (following.id if following else None) == next(
                (i for i in self.ids if i not in expected), None
            )
        checked = verify(self.folder)
        assert checked.ok, checked.problems
        assert checked.votes == self.lines


TestRating = Rating.TestCase
TestRating.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


def test_votes_carry_no_text(folder: Path) -> None:
    ballot = Ballot(folder)
    ballot.vote(ballot.pairs()[0].id, "left")
    record = json.loads((folder / VOTES).read_text())
    assert set(record) == {"v", "seq", "time", "kind", "pair", "choice", "shown", "prev", "hash"}
