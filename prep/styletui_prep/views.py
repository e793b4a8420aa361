"""From chunks to training samples: an input that asks for the author's own text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from styletui_prep.chunk import Chunk
from styletui_prep.document import Document, Skip
from styletui_prep.facts import facts
from styletui_prep.keypoints import key_points
from styletui_prep.overlap import gives_away
from styletui_prep.prompts import build_prompt
from styletui_prep.script import language
from styletui_prep.sentences import split_sentences
from styletui_prep.tokens import TokenCounter
from styletui_prep.words import keywords

_OUTLINE_WORDS, _INSTRUCT_WORDS = 8, 6
_TOKENS_A_POINT = 100
_FACTS = 16
_TAIL_TOKENS = 120
_SHORT_TITLE = 14


@dataclass(frozen=True, slots=True)
class Sample:
    """One training pair. `tokens` are those that are scored: the text's and one that ends it."""

    doc: str
    chunk: int
    view: str
    prompt: str
    text: str
    tokens: int
    title: str
    date: str | None

    def meta(self) -> dict[str, Any]:
        """What a row says about itself."""
        return {
            "doc": self.doc,
            "chunk": self.chunk,
            "view": self.view,
            "tokens": self.tokens,
            "title": self.title,
            "date": self.date,
        }


def build_samples(
    document: Document,
    chunks: Sequence[tuple[int, Chunk]],
    of: int,
    views: Sequence[str],
    counter: TokenCounter,
    previous: dict[int, str],
) -> Iterator[Sample | Skip]:
    """The samples of one document's kept chunks, and a reason for every view that a chunk cannot have.

    `of` is how many chunks the document was cut into; `previous` the text before each chunk. The first
    chunk has no `continue` sample: nothing stands before it.
    """
    for index, chunk in chunks:
        lang = language(chunk.text)
        for view in views:
            if view == "continue" and not previous.get(index):
                continue
            prompt = _prompt(
                view, document.title, _part(index, of, lang), chunk, previous.get(index, ""), lang, counter
            )
            if prompt is None:
                yield Skip(document.source, "prompt_repeats_text", doc=document.id, chunk=index, detail=view)
            else:
                yield Sample(
                    document.id,
                    index,
                    view,
                    prompt,
                    chunk.text,
                    chunk.tokens + 1,
                    document.title,
                    document.date,
                )


def _part(index: int, of: int, lang: str) -> str:
    """Which part of a longer piece this is, so that a middle is not learned as a beginning."""
    if of < 2:
        return ""
    return f"（{index + 1}/{of}）" if lang == "zh" else f" ({index + 1}/{of})"


def _prompt(
    view: str, title: str, part: str, chunk: Chunk, previous: str, lang: str, counter: TokenCounter
) -> str | None:
    """The fullest prompt that does not give its text away, or None."""
    for candidate in _candidates(view, title, part, chunk, previous, lang, counter):
        if not gives_away(candidate, chunk.text, lang):
            return candidate
    return None


def _candidates(
    view: str, title: str, part: str, chunk: Chunk, previous: str, lang: str, counter: TokenCounter
) -> Iterator[str]:
    titles = list(dict.fromkeys([title, title[:_SHORT_TITLE].rstrip()])) if title else [""]
    if view == "continue":
        tail = last_sentences(previous, counter, _TAIL_TOKENS)
        for name in titles:
            yield build_prompt(view, name + part if name else "", previous=tail, lang=lang)
        return
    if view == "instruct":
        words = keywords(chunk.text, _INSTRUCT_WORDS)
        for name in titles:
            for count in dict.fromkeys((len(words), len(words) // 2)):
                yield build_prompt(view, name + part if name else "", keywords=words[:count], lang=lang)
        return
    words = keywords(chunk.text, _OUTLINE_WORDS)
    points = key_points(chunk.text, max(2, min(6, round(chunk.tokens / _TOKENS_A_POINT))))
    mentioned = mention(chunk.text, points, lang)
    for name in titles:
        for count in range(len(points), 0, -1):
            for extra in dict.fromkeys((tuple(mentioned), tuple(mentioned[: len(mentioned) // 2]), ())):
                shown = [*points[:count], *_mention_line(extra, lang)]
                yield build_prompt(view, name + part if name else "", shown, words, lang=lang)


def mention(text: str, points: Sequence[str], lang: str) -> list[str]:
    """Facts of `text` that no point states yet: leaving them out would teach a model to invent them."""
    stated = " ".join(points)
    return [fact for fact in facts(text) if fact not in stated][:_FACTS]


def _mention_line(found: Sequence[str], lang: str) -> list[str]:
    if not found:
        return []
    return ["提到：" + "、".join(found)] if lang == "zh" else ["mentions: " + ", ".join(found)]


def last_sentences(text: str, counter: TokenCounter, limit: int) -> str:
    """The last whole sentences of `text` within `limit` tokens; at least the end of the last one."""
    kept: list[str] = []
    for sentence in reversed(split_sentences(text)):
        trial = [sentence, *kept]
        if counter.count("".join(trial)) > limit:
            break
        kept = trial
    if kept:
        # From the text itself, so that its line breaks and spaces stay.
        return text[text.rindex(kept[0]) :].strip() if len(kept) == 1 else _from(text, kept)
    piece = text
    while counter.count(piece) > limit and len(piece) > 1:
        piece = piece[max(1, len(piece) // 4) :]
    return piece.strip()


def _from(text: str, kept: Sequence[str]) -> str:
    at = len(text)
    for sentence in reversed(kept):
        at = text.rindex(sentence, 0, at)
    return text[at:].strip()
