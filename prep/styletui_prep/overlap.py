"""How much of a text already stands in the prompt that asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """`containment`: share of the target's character n-grams found in the prompt (n = `gram`);
    `run`: longest stretch of characters in both."""

    gram: int
    containment: float
    run: int


# Chinese: char-4-grams <= 0.30 and runs <= 15 characters, the bounds that STRAP-like rewriting data needs.
# Four Latin characters are less than a word, so English is measured with longer pieces (judgement).
LIMITS: Final[dict[str, Limits]] = {"zh": Limits(4, 0.30, 15), "en": Limits(12, 0.30, 40)}


def grams(text: str, size: int) -> set[str]:
    """All character n-grams of `text`, white space left out; a shorter text is one gram."""
    packed = "".join(text.split())
    if len(packed) <= size:
        return {packed} if packed else set()
    return {packed[at : at + size] for at in range(len(packed) - size + 1)}


def containment(prompt: str, target: str, size: int) -> float:
    """Share of the target's n-grams that the prompt holds, 0 to 1."""
    wanted = grams(target, size)
    return len(wanted & grams(prompt, size)) / len(wanted) if wanted else 0.0


def longest_run(prompt: str, target: str) -> int:
    """Characters of the longest common substring, white space left out on both sides."""
    left, right = "".join(prompt.split()), "".join(target.split())
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return matcher.find_longest_match(0, len(left), 0, len(right)).size


def gives_away(prompt: str, target: str, lang: str) -> bool:
    """True when the prompt holds too much of what is to be written."""
    limits = LIMITS[lang]
    if containment(prompt, target, limits.gram) > limits.containment:
        return True
    return longest_run(prompt, target) > limits.run
