"""What a number of blind votes shows, and what it does not. Pure arithmetic, exact where it can be.

Ties leave the test and count half in the rate. The E-value may be looked at after every vote and one
may stop when one likes: by Ville's inequality a true coin reaches 20 with probability 1/20 at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import comb, exp, lgamma, log, sqrt
from typing import Final

DECIDED_AT: Final = 20.0
"""An E-value from which a contrast is called decided."""

_Z95: Final = 1.959963984540054
_PRIOR: Final = 2
"""Both parameters of the Beta prior: mild doubt about rates near 0 and 1."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of a rate, 0 to 1."""

    low: float
    high: float


def wilson(wins: float, n: int) -> Interval:
    """Wilson's 95 % score interval of a rate (Wilson 1927).

    `wins` may hold halves for ties, 0 <= wins <= n. With n = 0 nothing is known: 0 to 1.
    Raises ValueError outside those bounds.
    """
    if n < 0 or not 0 <= wins <= n:
        raise ValueError(f"no rate of {wins} in {n}")
    if n == 0:
        return Interval(0.0, 1.0)
    rate, z2 = wins / n, _Z95**2
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * sqrt(rate * (1 - rate) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def e_value(wins: int, losses: int) -> float:
    """Evidence against "a coin decided": 2^n B(2 + w, 2 + l) / B(2, 2), with n = w + l.

    Two-sided: it grows too when the adapter keeps losing. 1 with no votes.
    """
    if wins < 0 or losses < 0:
        raise ValueError("votes cannot be negative")
    log_e = (wins + losses) * log(2) + _log_beta(_PRIOR + wins, _PRIOR + losses) - _log_beta(_PRIOR, _PRIOR)
    return exp(min(log_e, 700.0))


def posterior_better(wins: int, losses: int) -> float:
    """P(true rate > 1/2 | votes) under a Beta(2, 2) prior.

    The posterior is Beta(a, b) with whole a, b; its upper half is a binomial sum:
    P(p > 1/2) = sum over j < a of C(a + b - 1, j) / 2^(a + b - 1), exact in integers.
    """
    if wins < 0 or losses < 0:
        raise ValueError("votes cannot be negative")
    a, b = _PRIOR + wins, _PRIOR + losses
    m = a + b - 1
    return float(sum(comb(m, j) for j in range(a)) / 2**m)


@cache
def wins_needed(n: int) -> int | None:
    """The fewest wins in `n` decided votes (no ties) that reach E >= 20 in favour; None where none do."""
    for wins in range(n // 2, n + 1):
        if e_value(wins, n - wins) >= DECIDED_AT and 2 * wins > n:
            return wins
    return None


def leans(left: int, picked: int) -> bool:
    """Whether the left text was picked more or less often than chance: one half lies outside Wilson's interval."""
    interval = wilson(left, picked)
    return not interval.low <= 0.5 <= interval.high


@dataclass(frozen=True, slots=True)
class Tally:
    """Votes of one contrast, seen from the adapter, and what follows from them.

    `rate` is (wins + ties / 2) / (wins + losses + ties), None without votes; skips count nowhere.
    `favours` is "adapter", "base" or None while E < 20.
    """

    wins: int
    losses: int
    ties: int
    skips: int
    rate: float | None
    interval: Interval
    e: float
    posterior: float
    favours: str | None


def tally(wins: int, losses: int, ties: int, skips: int) -> Tally:
    """All numbers of one contrast from its counts."""
    n = wins + losses + ties
    score = wins + ties / 2
    e = e_value(wins, losses)
    favours = None
    if e >= DECIDED_AT:
        favours = "adapter" if wins > losses else "base"
    return Tally(
        wins,
        losses,
        ties,
        skips,
        score / n if n else None,
        wilson(score, n),
        e,
        posterior_better(wins, losses),
        favours,
    )
