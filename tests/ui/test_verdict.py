"""The sentences of a verdict: noise is never called a win, every doubt is said."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from styletui_eval.blind.statistics import DECIDED_AT, tally

from styletui import verdict
from styletui.commands.reveal_words import as_text, print_reveal


def result(main: tuple[int, int, int, int], **more: Any) -> dict[str, Any]:
    """A reveal with these wins, losses, ties and skips."""
    nothing = dataclasses.asdict(tally(0, 0, 0, 0))
    made: dict[str, Any] = {
        "main": dataclasses.asdict(tally(*main)),
        "zero": nothing,
        "loops": {"pairs": 0, "texts": {}, "votes": nothing},
        "problems": (),
        "early": False,
        "rated": sum(main),
        "made": sum(main),
        "planned": sum(main),
        "picked": sum(main[:2]),
        "picked_left": sum(main[:2]) // 2,
        "dropped": {},
        "sha256": "ab" * 32,
    }
    return made | more


def said(main: tuple[int, int, int, int], **more: Any) -> str:
    return as_text(verdict.reveal_lines(result(main, **more)))


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 20), st.integers(0, 20))
def test_a_win_is_said_exactly_when_it_is_decided(wins: int, losses: int, ties: int, skips: int) -> None:
    found = dataclasses.asdict(tally(wins, losses, ties, skips))
    kind = verdict.headline(found).kind
    assert (kind == "won") == (found["e"] >= DECIDED_AT and wins > losses)
    assert (kind == "lost") == (found["e"] >= DECIDED_AT and losses > wins)


def test_noise_is_not_a_win() -> None:
    words = said((17, 13, 0, 0))
    assert "Not decided: 17 to 13 can be chance. This is not a win." in words
    assert "The adapter wins" not in words
    assert "24 for one side would have been enough" in words


def test_a_clear_loss_is_said_as_clearly() -> None:
    assert "The base model wins, 28 to 2" in said((2, 28, 0, 0))


def test_no_vote_no_verdict() -> None:
    assert "No verdict" in said((0, 0, 0, 5)) and "E-value" not in said((0, 0, 0, 5))


def test_so_few_votes_that_nothing_can_be_decided() -> None:
    assert "So few votes cannot decide anything" in said((3, 0, 0, 0))


@pytest.mark.parametrize(
    ("votes", "words"),
    [
        ((10, 10), "no evidence; a coin looks just like this"),
        ((9, 2), "up to one of"),
        ((20, 2), "at most once in"),
    ],
)
def test_the_e_value_in_plain_words(votes: tuple[int, int], words: str) -> None:
    assert words in said((*votes, 0, 0))


def test_what_is_counted_apart() -> None:
    words = said(
        (20, 2, 1, 3),
        zero=dataclasses.asdict(tally(5, 0, 0, 0)),
        loops={
            "pairs": 2,
            "texts": {"adapter": 1, "base": 1},
            "votes": dataclasses.asdict(tally(1, 1, 0, 0)),
        },
    )
    assert "Adapter 20, base 2, alike 1, skipped 3." in words
    assert "Adapter 5, base 0" in words and "hangs together, not that it has the style" in words
    assert "2 pairs; texts that repeat: adapter 1, base 1." in words


def test_every_doubt_is_said() -> None:
    words = said(
        (20, 2, 0, 0),
        early=True,
        planned=30,
        picked=22,
        picked_left=20,
        dropped={"copied": {"adapter": 2}, "brand_new": {"base": 1}},
        problems=("seal_changed", "a_code_of_tomorrow"),
    )
    assert "Revealed early, after 22 of 30 pairs" in words
    assert "the first text 20 times of 22" in words
    assert "copied from the training texts): adapter 2, base 0" in words and "brand new" in words
    assert "this result proves nothing" in words and "The sealed file was changed." in words
    assert "a code of tomorrow" in words


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_bar_holds_every_rate(a: float, b: float, c: float) -> None:
    low, rate, high = sorted((a, b, c))
    bar = verdict.rate_bar(rate, low, high)
    assert len(bar) == len(verdict.rate_bar(0.5, 0.5, 0.5)) and "◆" in bar


def test_plain_ascii_where_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STYLETUI_ASCII", "1")
    assert said((20, 2, 0, 0)).isascii()


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_reveal(result((20, 2, 0, 0)))
    assert capsys.readouterr().out.startswith("✓ The adapter wins, 20 to 2")


def test_a_win_that_was_tampered_with_is_no_win() -> None:
    tally = {"wins": 60, "losses": 0, "ties": 0, "favours": "adapter", "e": 1e9}
    assert verdict.headline(tally).kind == "won"
    assert verdict.headline(tally, tampered=True).kind == "warn"
    assert "60" not in verdict.headline(tally, tampered=True).text
