import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from styletui_eval.blind.statistics import (
    e_value,
    leans,
    posterior_better,
    tally,
    wilson,
    wins_needed,
)


@pytest.mark.parametrize(
    ("n", "wins"), [(20, 17), (30, 24), (40, 30), (50, 36), (60, 42), (80, 54), (100, 66)]
)
def test_the_table_of_the_recipe(n: int, wins: int) -> None:
    assert wins_needed(n) == wins
    assert e_value(wins, n - wins) >= 20 > e_value(wins - 1, n - wins + 1)


def test_no_votes_say_nothing() -> None:
    assert e_value(0, 0) == pytest.approx(1)
    assert posterior_better(0, 0) == 0.5
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)
    empty = tally(0, 0, 0, 5)
    assert empty.rate is None
    assert empty.favours is None


def test_too_few_votes_can_never_decide() -> None:
    assert wins_needed(5) is None


def test_wilson_against_a_published_example() -> None:
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
    interval = wilson(81, 263)
    assert interval.low == pytest.approx(0.2553, abs=5e-5)
    assert interval.high == pytest.approx(0.3662, abs=5e-5)


@pytest.mark.parametrize("bad", [(-1, 3), (4, 3), (0, -1)])
def test_wilson_refuses_nonsense(bad: tuple[float, int]) -> None:
    with pytest.raises(ValueError, match="no rate"):
        wilson(*bad)


@given(st.integers(0, 60), st.integers(0, 60))
def test_e_value_equals_its_definition_and_is_two_sided(w: int, losses: int) -> None:
    def beta(a: int, b: int) -> float:
        return math.factorial(a - 1) * math.factorial(b - 1) / math.factorial(a + b - 1)

    assert e_value(w, losses) == pytest.approx(
        2 ** (w + losses) * beta(2 + w, 2 + losses) / beta(2, 2), rel=1e-9
    )
    assert e_value(w, losses) == pytest.approx(e_value(losses, w))


@given(st.integers(0, 40), st.integers(0, 40))
def test_e_value_is_a_fair_bet(w: int, losses: int) -> None:
    """Under a coin the next vote leaves the expected E unchanged: a martingale, so peeking is allowed."""
    expected = (e_value(w + 1, losses) + e_value(w, losses + 1)) / 2
    assert expected == pytest.approx(e_value(w, losses), rel=1e-9)


@given(st.integers(0, 80), st.integers(0, 80))
def test_posterior_is_a_probability_and_mirrors(w: int, losses: int) -> None:
    assert 0 <= posterior_better(w, losses) <= 1
    assert posterior_better(w, losses) + posterior_better(losses, w) == pytest.approx(1)


def test_posterior_against_an_integral() -> None:
    steps = 20000
    density = [((i + 0.5) / steps) ** 8 * (1 - (i + 0.5) / steps) ** 4 for i in range(steps)]
    assert posterior_better(7, 3) == pytest.approx(sum(density[steps // 2 :]) / sum(density), abs=1e-6)


def test_ties_count_half_in_the_rate_and_leave_the_test() -> None:
    result = tally(6, 2, 4, 9)
    assert result.rate == pytest.approx((6 + 2) / 12)
    assert result.e == e_value(6, 2)
    assert result.posterior == posterior_better(6, 2)
    assert result.interval.low < 8 / 12 < result.interval.high


def test_skips_count_nowhere() -> None:
    with_skips, without = tally(6, 2, 4, 9), tally(6, 2, 4, 0)
    assert (with_skips.rate, with_skips.interval, with_skips.e) == (without.rate, without.interval, without.e)


def test_losing_is_decided_too() -> None:
    assert tally(24, 6, 0, 0).favours == "adapter"
    assert tally(6, 24, 0, 0).favours == "base"
    assert tally(23, 7, 0, 0).favours is None


@pytest.mark.parametrize(
    ("left", "picked", "leaning"),
    [
        (0, 0, False),
        (3, 3, False),
        (4, 4, True),
        (10, 20, False),
        (15, 20, True),
        (5, 20, True),
        (14, 20, False),
    ],
)
def test_a_habit_of_one_side(left: int, picked: int, leaning: bool) -> None:
    assert leans(left, picked) is leaning


def test_thousands_of_votes_do_not_overflow() -> None:
    assert math.isfinite(e_value(20000, 10))
