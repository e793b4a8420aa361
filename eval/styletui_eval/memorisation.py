"""Which runs of a text stand word for word in the training text. Exact, and small enough for a laptop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from styletui_prep.script import han_count

COPIED_HAN: Final = 30
"""Characters from which a Chinese run counts as copied (style-recipe section 4)."""
COPIED_LATIN: Final = 60
"""The same for alphabetic writing, whose characters say less each."""

_BLOCK: Final = 15
"""A run of 2 * 15 - 1 or more characters always holds a whole block that starts at a multiple of 15."""
_ENDS: Final = "\x00"


def _flat(text: str) -> str:
    """White space of any kind and amount is one space: a changed line break hides no copy."""
    return " ".join(text.split())


class TrainingText:
    """An index over training texts: every 15th block of 15 characters, each hit grown to its full run.

    Needs about 1/15 of the text's length in entries; a look-up is linear in the text that is checked.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._text = _ENDS.join(dict.fromkeys(_flat(t) for t in texts))
        self._blocks: dict[str, list[int]] = {}
        for start in range(0, len(self._text) - _BLOCK + 1, _BLOCK):
            self._blocks.setdefault(self._text[start : start + _BLOCK], []).append(start)

    def longest_run(self, text: str) -> str:
        """The longest run of `text` found in the training text, "" when none reaches 29 characters."""
        return max(self._runs(_flat(text)), key=len, default="")

    def copies(self, text: str) -> bool:
        """Whether a run of 30 characters (60 where most of it is not Chinese) was copied."""
        return any(len(run) >= _limit(run) for run in self._runs(_flat(text)))

    def _runs(self, text: str) -> list[str]:
        found = set()
        for start in range(len(text) - _BLOCK + 1):
            for place in self._blocks.get(text[start : start + _BLOCK], ()):
                run = self._grow(text, start, place)
                if len(run) >= 2 * _BLOCK - 1:
                    found.add(run)
        return sorted(found)

    def _grow(self, text: str, start: int, place: int) -> str:
        whole = self._text
        left = 0
        while left < min(start, place) and text[start - left - 1] == whole[place - left - 1] != _ENDS:
            left += 1
        right = _BLOCK
        while (
            start + right < len(text)
            and place + right < len(whole)
            and text[start + right] == whole[place + right] != _ENDS
        ):
            right += 1
        return text[start - left : start + right]


def _limit(run: str) -> int:
    return COPIED_HAN if han_count(run) * 2 >= len(run) else COPIED_LATIN
