import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from styletui_eval.blind.ballot import Ballot, read_reveal, reveal, verify
from styletui_eval.blind.protocol import (
    COMMITMENT,
    DROPPED,
    FINISHED,
    PAIRS,
    SEALED,
    Wish,
    commit,
    seal,
    write_sealed,
)
from styletui_eval.blind.statistics import e_value, tally
from styletui_eval.blind.votes import REVEAL, VOTES, hash_of
from styletui_eval.files import append_line, locked
from styletui_prep.errors import UserError

from .blind_tests import add_pair, make_test, side_of_adapter, side_of_base


def _codes(folder: Path, noted: str | None = None) -> list[str]:
    return [p.code for p in verify(folder, noted).problems]


def test_counts_are_seen_from_the_adapter(tmp_path: Path) -> None:
    sealed = make_test(tmp_path / "t", main=6, zero=3)
    ballot = Ballot(tmp_path / "t")
    main = [p for p in sealed.pairs if p.contrast == "main"]
    zero = [p for p in sealed.pairs if p.contrast == "zero"]
    for plan in main[:3]:
        ballot.vote(plan.id, side_of_adapter(plan))
    ballot.vote(main[3].id, side_of_base(main[3]))
    ballot.vote(main[4].id, "tie")
    ballot.vote(main[5].id, "skip")
    for plan in zero:
        ballot.vote(plan.id, side_of_adapter(plan))
    result = reveal(tmp_path / "t")
    assert (result.main.wins, result.main.losses, result.main.ties, result.main.skips) == (3, 1, 1, 1)
    assert result.main.rate == pytest.approx(3.5 / 5)
    assert result.main.e == e_value(3, 1)
    assert (result.zero.wins, result.zero.losses) == (3, 0)
    assert not result.early
    assert result.problems == ()
    assert result.picked == 7
    assert result.sides == {p.id: p.left for p in sealed.pairs}


def test_pairs_with_loops_are_counted_apart(tmp_path: Path) -> None:
    sealed = make_test(tmp_path / "t", main=5, zero=1, loops=(0, 1, 5))
    ballot = Ballot(tmp_path / "t")
    for plan in sealed.pairs:
        ballot.vote(plan.id, side_of_adapter(plan))
    result = reveal(tmp_path / "t")
    assert (result.main.wins, result.zero.wins) == (3, 0)
    assert result.loops.pairs == 3
    assert result.loops.texts == {"base_examples": 2, "base": 1}
    assert result.loops.votes.wins == 3


def test_an_early_reveal_must_be_asked_for_is_recorded_and_final(tmp_path: Path) -> None:
    sealed = make_test(tmp_path / "t")
    ballot = Ballot(tmp_path / "t")
    ballot.vote(sealed.pairs[0].id, side_of_adapter(sealed.pairs[0]))
    with pytest.raises(UserError) as caught:
        reveal(tmp_path / "t")
    assert (caught.value.code, caught.value.exit_code) == ("reveal_too_early", 5)
    assert read_reveal(tmp_path / "t") is None
    ballot.vote(sealed.pairs[1].id, "tie")  # the refused reveal closed nothing
    result = reveal(tmp_path / "t", early=True)
    assert result.early
    assert result.rated == 2
    before = (tmp_path / "t" / REVEAL).read_bytes()
    assert reveal(tmp_path / "t") == result == read_reveal(tmp_path / "t")
    assert (tmp_path / "t" / REVEAL).read_bytes() == before


def test_asking_early_when_all_is_rated_is_not_early(tmp_path: Path) -> None:
    sealed = make_test(tmp_path / "t", main=2, zero=0)
    for plan in sealed.pairs:
        Ballot(tmp_path / "t").vote(plan.id, "left")
    assert not reveal(tmp_path / "t", early=True).early


def test_all_rated_but_more_to_come_is_early(tmp_path: Path) -> None:
    sealed = make_test(tmp_path / "t", main=2, zero=0, finished=False)
    for plan in sealed.pairs:
        Ballot(tmp_path / "t").vote(plan.id, "left")
    with pytest.raises(UserError, match="reveal_too_early"):
        reveal(tmp_path / "t")
    assert reveal(tmp_path / "t", early=True).early


def test_a_reveal_without_votes_claims_nothing(tmp_path: Path) -> None:
    make_test(tmp_path / "t")
    result = reveal(tmp_path / "t", early=True)
    assert result.main.rate is None
    assert result.main.e == pytest.approx(1)
    assert (result.main.interval.low, result.main.interval.high) == (0, 1)
    assert reveal(tmp_path / "t") == result


def test_dropped_pairs_are_told_by_arm(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    sealed = seal(
        "t", [Wish("a", "main"), Wish("b", "main"), Wish("c", "main", reserve=True)], settings={}, hashes={}
    )
    write_sealed(folder, sealed)
    side = "left" if sealed.pairs[0].left == "adapter" else "right"
    with locked(folder / DROPPED) as fd:
        append_line(fd, json.dumps({"id": sealed.pairs[0].id, "reason": "copied", "side": side}))
        append_line(fd, json.dumps({"id": sealed.pairs[1].id, "reason": "too_short", "side": "both"}))
    add_pair(folder, sealed.pairs[2], 1)
    (folder / FINISHED).write_text('{"v": 1, "made": 1, "dropped": {}}')
    Ballot(folder).vote(sealed.pairs[2].id, "left")
    assert reveal(folder).dropped == {
        "copied": {"adapter": 1},
        "too_short": {"adapter": 1, "base_examples": 1},
    }


@pytest.fixture
def rated(tmp_path: Path) -> Path:
    folder = tmp_path / "t"
    sealed = make_test(folder, main=4, zero=0)
    for plan in sealed.pairs:
        Ballot(folder).vote(plan.id, "left")
    Ballot(folder).undo()
    Ballot(folder).vote(sealed.pairs[3].id, "right")
    assert _codes(folder) == []
    return folder


@pytest.mark.parametrize("place", range(6))
def test_a_changed_vote_is_found_wherever_it_stands(rated: Path, place: int) -> None:
    lines = (rated / VOTES).read_text().splitlines()
    record = json.loads(lines[place])
    if record["kind"] == "vote":
        record["choice"] = "tie"
    else:
        record["undoes"] = 1
    lines[place] = json.dumps(record)
    (rated / VOTES).write_text("\n".join(lines) + "\n")
    assert "chain_broken" in _codes(rated)


@pytest.mark.parametrize("place", range(5))
def test_a_changed_vote_with_a_mended_hash_breaks_the_next_link(rated: Path, place: int) -> None:
    lines = (rated / VOTES).read_text().splitlines()
    record = json.loads(lines[place])
    record["time"] += 1
    record["hash"] = hash_of(record)
    lines[place] = json.dumps(record)
    (rated / VOTES).write_text("\n".join(lines) + "\n")
    assert "chain_broken" in _codes(rated)


@pytest.mark.parametrize("place", range(5))
def test_a_removed_vote_is_found(rated: Path, place: int) -> None:
    lines = (rated / VOTES).read_text().splitlines()
    del lines[place]
    (rated / VOTES).write_text("\n".join(lines) + "\n")
    assert "chain_broken" in _codes(rated)


def test_votes_cut_off_after_the_reveal_are_found(rated: Path) -> None:
    reveal(rated)
    lines = (rated / VOTES).read_text().splitlines()
    (rated / VOTES).write_text("\n".join(lines[:-1]) + "\n")
    assert _codes(rated) == ["votes_differ_from_reveal", "verdict_changed"]


def test_a_changed_text_is_found(rated: Path) -> None:
    text = (rated / PAIRS).read_text()
    (rated / PAIRS).write_text(text.replace("左边的第2段", "左边的第九段"))
    assert _codes(rated) == ["pair_changed"]


def test_a_pair_nobody_planned_or_taken_away_is_found(rated: Path) -> None:
    lines = (rated / PAIRS).read_text().splitlines()
    lines[0] = lines[0].replace('"id": "', '"id": "f')
    (rated / PAIRS).write_text("\n".join(lines) + "\n")
    assert sorted(_codes(rated)) == ["pair_missing", "pair_unplanned"]


def test_swapped_sides_are_found_even_with_a_new_commitment(rated: Path) -> None:
    noted = json.loads((rated / COMMITMENT).read_text())["sha256"]
    data = json.loads((rated / SEALED).read_text())
    plan = data["pairs"][0]
    plan["left"], plan["right"] = plan["right"], plan["left"]
    (rated / SEALED).write_text(json.dumps(data))
    assert "seal_changed" in _codes(rated)
    assert "side_changed" in _codes(rated)
    commit(rated)
    codes = _codes(rated, noted)
    assert "other_commitment" in codes
    assert "chain_broken" in codes  # the chain began at the old commitment


def test_a_reveal_over_tampered_votes_says_so(rated: Path) -> None:
    text = (rated / VOTES).read_text()
    (rated / VOTES).write_text(text.replace('"choice":"left"', '"choice":"right"', 1))
    assert "chain_broken" in reveal(rated).problems


def test_an_unreadable_seal_cannot_be_revealed_and_votes_stay(rated: Path) -> None:
    (rated / SEALED).write_text("{")
    assert "seal_unreadable" in _codes(rated)
    with pytest.raises(UserError) as caught:
        reveal(rated)
    assert caught.value.code == "broken_seal"
    assert len(Ballot(rated).votes()) == 4


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"v": 1, "head": "", "records": 0, "loops": {}}'])
def test_a_broken_reveal_is_a_sentence(rated: Path, content: str) -> None:
    (rated / REVEAL).write_text(content)
    with pytest.raises(UserError) as caught:
        read_reveal(rated)
    assert caught.value.code == "broken_reveal"


def _edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    data = json.loads((folder / REVEAL).read_text())
    change(data)
    (folder / REVEAL).write_text(json.dumps(data))


EDITS: dict[str, Callable[[dict[str, Any]], None]] = {
    "main": lambda d: d.update(main=dataclasses.asdict(tally(60, 0, 0, 0))),
    "one vote": lambda d: d["main"].update(wins=d["main"]["wins"] + 1),
    "no evidence": lambda d: d["main"].update(favours="adapter"),
    "zero": lambda d: d.update(zero=dataclasses.asdict(tally(5, 0, 0, 0))),
    "loops": lambda d: d["loops"].update(texts={"base_examples": 9}),
    "sides": lambda d: d["sides"].update(dict.fromkeys(d["sides"], "adapter")),
    "dropped": lambda d: d.update(dropped={"copied": {"base_examples": 4}}),
    "picks": lambda d: d.update(picked_left=2),
    "not early": lambda d: d.update(early=False),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_verdict_is_found_and_not_repeated(
    rated: Path, edit: Callable[[dict[str, Any]], None]
) -> None:
    (rated / FINISHED).unlink()
    truth = reveal(rated, early=True)
    assert _codes(rated) == []
    _edit(rated, edit)
    assert _codes(rated) == ["verdict_changed"]
    assert read_reveal(rated) == reveal(rated) == dataclasses.replace(truth, problems=("verdict_changed",))


def test_problems_that_come_after_the_reveal_are_said_whenever_it_is_read(rated: Path) -> None:
    truth = reveal(rated)
    text = (rated / PAIRS).read_text()
    (rated / PAIRS).write_text(text.replace("左边的第2段", "左边的第九段"))
    assert reveal(rated) == dataclasses.replace(truth, problems=("pair_changed",))


def test_problems_of_the_reveal_stay(rated: Path) -> None:
    votes = (rated / VOTES).read_text()
    (rated / VOTES).write_text(votes.replace('"choice":"left"', '"choice":"right"', 1))
    reveal(rated)
    (rated / VOTES).write_text(votes)  # put back afterwards
    found = reveal(rated)
    assert {"chain_broken", "verdict_changed"} <= set(found.problems)


def test_a_list_that_is_closed_after_an_early_reveal_is_no_forgery(rated: Path) -> None:
    (rated / FINISHED).unlink()
    assert reveal(rated, early=True).early
    (rated / FINISHED).write_text('{"v": 1, "made": 4, "dropped": {}}')
    assert _codes(rated) == []
    assert reveal(rated).early


@pytest.mark.parametrize("name", [SEALED, COMMITMENT])
def test_without_its_seal_a_verdict_is_doubted(rated: Path, name: str) -> None:
    reveal(rated)
    (rated / name).unlink()
    found = read_reveal(rated)
    assert found is not None
    assert "seal_unreadable" in found.problems
