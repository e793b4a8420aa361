"""Cutting a document into pieces of a few hundred tokens, at the ends of paragraphs and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from styletui_prep.sentences import clause_ends, paragraphs, sentence_ends
from styletui_prep.tokens import TokenCounter

# What a cut costs against one squared unit of relative size error: nothing between paragraphs, some between
# sentences, so much inside one that it only happens when a sentence alone is too long.
_AT_PARAGRAPH, _AT_SENTENCE, _INSIDE_SENTENCE = 0.0, 0.15, 4.0
_TOO_SHORT_COST = 25.0
# Sums of sentences stay this far above the lower limit, so that the exact count does too.
_MARGIN = 1.02
# No tokenizer puts more characters than this into a token, over a stretch of prose.
_CHARS_PER_TOKEN = 12
# What a piece should not begin with, and how far back to go to avoid it.
_NEVER_FIRST = "。！？!?…”’」』）)》】\u200d\ufe0f"
_LOOK_BACK = 40
_MANY_UNITS = 5000


@dataclass(frozen=True, slots=True)
class Chunk:
    """`text` is what the author wrote, `gap` the white space between it and the next chunk.

    The texts and gaps of a document's chunks, put one after the other, are the document. `tokens` counts
    `text`. `short`: under the lower limit because there was no more to join it with.
    """

    index: int
    text: str
    gap: str
    tokens: int
    short: bool = False


@dataclass(frozen=True, slots=True)
class _Unit:
    """The smallest piece that is not cut; `cost` is that of a cut after it."""

    start: int
    end: int
    tokens: int
    cost: float


def target_size(minimum: float, maximum: float) -> float:
    """A fifth of the way up: short rows train faster, and more pieces make more different prompts."""
    return minimum + (maximum - minimum) / 5


def cut(text: str, counter: TokenCounter, minimum: int = 300, maximum: int = 800) -> list[Chunk]:
    """Chunks of `minimum` to `maximum` tokens, near `target_size`, evenly cut; nothing is left over.

    Least total cost over all ways to cut (dynamic programming over sentences): squared relative distance
    from the target, plus the price of each cut. A text under the minimum is one short chunk. White space
    alone gives no chunk.
    """
    if not text.strip():
        return []
    units = _fewer(list(_units(text, counter, maximum)), maximum)
    # A tokenizer counts less for the whole than for the sum of its sentences.
    scale = counter.count(text) / max(1, sum(unit.tokens for unit in units))
    groups = _best_groups(units, minimum * _MARGIN / max(scale, 0.1), maximum)
    return _chunks(text, counter, [(units[a].start, units[b - 1].end) for a, b in groups], minimum)


def join(chunks: Sequence[Chunk]) -> str:
    """The document again."""
    return "".join(chunk.text + chunk.gap for chunk in chunks)


def _chunks(text: str, counter: TokenCounter, spans: list[tuple[int, int]], minimum: int) -> list[Chunk]:
    chunks: list[Chunk] = []
    for start, end in spans:
        whole = text[start:end]
        body = whole.rstrip()
        if not body and chunks:
            last = chunks[-1]
            chunks[-1] = Chunk(last.index, last.text, last.gap + whole, last.tokens, last.short)
            continue
        tokens = counter.count(body)
        chunks.append(Chunk(len(chunks), body, whole[len(body) :], tokens, tokens < minimum))
    return chunks


def _units(text: str, counter: TokenCounter, maximum: int) -> Iterator[_Unit]:
    for start, end in paragraphs(text):
        at = start
        ends = [start + offset for offset in sentence_ends(text[start:end])]
        for stop in ends:
            cost = _AT_PARAGRAPH if stop == end else _AT_SENTENCE
            tokens = counter.count(text[at:stop])
            if tokens > maximum:
                yield from _pieces(text, at, stop, counter, maximum, cost)
            else:
                yield _Unit(at, stop, tokens, cost)
            at = stop


def _pieces(
    text: str, start: int, end: int, counter: TokenCounter, maximum: int, cost: float
) -> Iterator[_Unit]:
    """A sentence longer than a chunk: cut at clauses, and a clause longer than a chunk anywhere."""
    at = start
    for offset in clause_ends(text[start:end]):
        stop = start + offset
        while True:
            # Counting to the end of a very long line again and again would take quadratic time.
            far = min(stop, at + _CHARS_PER_TOKEN * maximum)
            if far == stop and counter.count(text[at:stop]) <= maximum:
                break
            middle = _fitting(text, at, far, counter, maximum)
            yield _Unit(at, middle, counter.count(text[at:middle]), _INSIDE_SENTENCE)
            at = middle
        if stop > at:
            yield _Unit(at, stop, counter.count(text[at:stop]), cost if stop == end else _INSIDE_SENTENCE)
        at = stop


def _fitting(text: str, start: int, end: int, counter: TokenCounter, maximum: int) -> int:
    """The furthest offset (found by halving) at which the piece fits; at a space if one is near; at least one on."""
    low, high = start + 1, end
    while low < high:
        middle = (low + high + 1) // 2
        if counter.count(text[start:middle]) <= maximum:
            low = middle
        else:
            high = middle - 1
    space = text.rfind(" ", start + (low - start) // 2, low)
    low = space + 1 if space > start else low
    # Never between an end mark and its repetition, nor before a closing mark or a combining part of an emoji.
    back = low
    while back - 1 > start and low - back < _LOOK_BACK and back < end and text[back] in _NEVER_FIRST:
        back -= 1
    return low if back == low or (back < end and text[back] in _NEVER_FIRST) else back


def _fewer(units: list[_Unit], maximum: int) -> list[_Unit]:
    """Very many tiny units (a book of one-word lines) joined, so that the search stays quick."""
    if len(units) <= _MANY_UNITS:
        return units
    joined: list[_Unit] = []
    for unit in units:
        last = joined[-1] if joined else None
        if last is not None and last.tokens + unit.tokens <= max(1, maximum // 40):
            joined[-1] = _Unit(last.start, unit.end, last.tokens + unit.tokens, unit.cost)
        else:
            joined.append(unit)
    return joined


def _best_groups(units: list[_Unit], minimum: float, maximum: int) -> list[tuple[int, int]]:
    target = target_size(minimum, maximum)
    best = [0.0] + [float("inf")] * len(units)
    previous = [0] * (len(units) + 1)
    for stop in range(1, len(units) + 1):
        tokens = 0
        for start in range(stop - 1, -1, -1):
            tokens += units[start].tokens
            if tokens > maximum and start < stop - 1:
                break
            cost = best[start] + _size_cost(tokens, target, minimum)
            cost += units[stop - 1].cost if stop < len(units) else 0.0
            if cost < best[stop]:
                best[stop], previous[stop] = cost, start
    groups: list[tuple[int, int]] = []
    stop = len(units)
    while stop:
        groups.append((previous[stop], stop))
        stop = previous[stop]
    return groups[::-1]


def _size_cost(tokens: int, target: float, minimum: float) -> float:
    relative = (tokens - target) / target
    missing = max(0.0, (minimum - tokens) / minimum) if minimum else 0.0
    # The fixed part makes one short chunk dearer than any over-long neighbour that would take it in.
    return relative * relative + (_TOO_SHORT_COST * (0.2 + missing) if missing else 0.0)
