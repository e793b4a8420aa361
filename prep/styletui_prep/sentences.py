"""Where a text may be cut: after whole sentences, never inside quotation marks or a run of `！？`."""

from __future__ import annotations

import re
from collections.abc import Iterator

_OPEN = "“‘「『（(《【〔[{"
_CLOSE = "”’」』）)》】〕]}"
_PAIR = dict(zip(_CLOSE, _OPEN, strict=True))
_QUOTE_CLOSE = '”」』"'
# A run of end marks with the closers that belong to it; a Latin full stop ends a sentence only before white
# space and a capital, an opening mark or the end.
_END = re.compile(
    r"[。！？!?…．｡]+[”’」』）)》】\"'\]]*|(?<!\.)\.++[\"'”’)\]]*+(?=\s+[\"'“‘(\[A-Z0-9]|\s*\Z)"
)
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|No|Fig|Vol|pp)|\b[A-Z])\Z")
_PARAGRAPH = re.compile(r"[^\n]*(?:\n+|\Z)")
_CLAUSE = re.compile(r"[，、；：,;:—]+[”’」』）)》】]*\s*")


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Half-open spans of lines with the line breaks after them; the spans cover `text` exactly."""
    for match in _PARAGRAPH.finditer(text):
        if match.end() > match.start():
            yield match.start(), match.end()


def sentence_ends(paragraph: str) -> list[int]:
    """Offsets after which `paragraph` may be cut, in order; its own end is always the last.

    A cut is never inside quotation marks or brackets that close, nor between an end mark and what repeats or
    closes it, nor between a quotation and the words that say who spoke. Where marks do not pair up (a
    forgotten closer), they are ignored for this paragraph.
    """
    ends = _ends(paragraph, heed_marks=True)
    if ends is None:
        ends = _ends(paragraph, heed_marks=False) or []
    if not ends or ends[-1] != len(paragraph):
        ends.append(len(paragraph))
    return ends


def _ends(paragraph: str, *, heed_marks: bool) -> list[int] | None:
    """Cut offsets; None when the marks do not pair up."""
    inside = _Inside(paragraph)
    if heed_marks and not inside.paired:
        return None
    found: list[int] = []
    for match in _END.finditer(paragraph):
        end = match.end()
        if match[0].startswith(".") and _ABBREVIATION.search(paragraph, 0, match.start()):
            continue
        if heed_marks and inside.at(end):
            continue
        while end < len(paragraph) and paragraph[end].isspace():
            end += 1
        if match[0][-1] in _QUOTE_CLOSE and end == match.end() and _speech_goes_on(paragraph, end):
            continue
        if heed_marks and inside.is_aside(match.end() - 1, paragraph):
            continue
        if not found or end > found[-1]:
            found.append(end)
    return found


def _speech_goes_on(paragraph: str, at: int) -> bool:
    """After a closing quotation mark: anything but the end or a new quotation still belongs to it."""
    return at < len(paragraph) and paragraph[at] not in '“「『"'


class _Inside:
    """Which offsets lie inside paired marks."""

    def __init__(self, paragraph: str) -> None:
        self._depth = [0] * (len(paragraph) + 1)
        self._opener: dict[int, int] = {}
        stack: list[int] = []
        straight = False
        self.paired = True
        for index, character in enumerate(paragraph):
            if character == '"':
                straight = not straight
            elif character in _OPEN:
                stack.append(index)
            elif character in _PAIR:
                if stack and paragraph[stack[-1]] == _PAIR[character]:
                    self._opener[index] = stack.pop()
                elif character not in "’)）":
                    # ’ is an apostrophe too, and `1)` or `1）` counts points.
                    self.paired = False
            self._depth[index + 1] = len(stack) + straight
        if stack or straight:
            self.paired = False

    def at(self, offset: int) -> bool:
        """Whether a cut before `offset` would part a pair."""
        return self._depth[offset] > 0

    def is_aside(self, closer: int, paragraph: str) -> bool:
        """Whether the bracket closing at `closer` opened in the middle of a clause: the sentence goes on after it."""
        if paragraph[closer] not in "）)】〕]":
            return False
        opener = self._opener.get(closer, 0)
        before = paragraph[:opener].rstrip()[-1:]
        return bool(before) and before.isalnum()


def clause_ends(sentence: str) -> list[int]:
    """Offsets after commas and the like, for a sentence that is too long in itself; its end is the last."""
    ends = [match.end() for match in _CLAUSE.finditer(sentence) if match.end() < len(sentence)]
    return [*ends, len(sentence)]


def split_sentences(text: str) -> list[str]:
    """Sentences of a text without the white space around them, empty ones left out."""
    found = []
    for start, end in paragraphs(text):
        paragraph, at = text[start:end], 0
        for stop in sentence_ends(paragraph):
            sentence = paragraph[at:stop].strip()
            at = stop
            if sentence:
                found.append(sentence)
    return found
