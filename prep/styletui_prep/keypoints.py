"""An outline out of the text itself: the weightiest sentences, shortened to notes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from styletui_prep.script import han_count, language
from styletui_prep.sentences import split_sentences
from styletui_prep.words import content_words

_CLAUSE_MARK = re.compile(r"[，。；：、！？!?…,;:“”‘’「」『』（）()《》\"—\n]+|\.(?=\s|\Z)")
# A clause up to this long may stand in a note as the author wrote it; a longer one is reduced to its words.
_VERBATIM = 10
_NOTE_WORDS = 5
_ROUNDS = 30
_DAMPING = 0.85
_SENTENCES_AT_MOST = 120


def rank(sentences: Sequence[str]) -> list[float]:
    """TextRank (Mihalcea and Tarau 2004): weight by shared content words, damped at 0.85; sums to about n.

    Similarity of two sentences is the number of shared words over the sum of the logarithms of their lengths.
    """
    bags = [set(content_words(sentence)) for sentence in sentences]
    size = len(bags)
    links = [[0.0] * size for _ in range(size)]
    for left in range(size):
        for right in range(left):
            shared = len(bags[left] & bags[right])
            if shared:
                weight = shared / (math.log(1 + len(bags[left])) + math.log(1 + len(bags[right])))
                links[left][right] = links[right][left] = weight
    totals = [sum(row) for row in links]
    scores = [1.0] * size
    for _ in range(_ROUNDS):
        scores = [
            (1 - _DAMPING)
            + _DAMPING
            * sum(links[j][i] * scores[j] / totals[j] for j in range(size) if links[j][i] and totals[j])
            for i in range(size)
        ]
    return scores


def key_points(text: str, count: int) -> list[str]:
    """At most `count` notes in the order of the text: its weightiest sentences, each shortened."""
    sentences = split_sentences(text)[:_SENTENCES_AT_MOST]
    scores = rank(sentences)
    # Long sentences share words with everything; a mild brake keeps them from taking every place.
    weighed = [
        score / math.sqrt(1 + max(0, len(sentence) - 60) / 60)
        for score, sentence in zip(scores, sentences, strict=True)
    ]
    best = sorted(range(len(sentences)), key=lambda index: (-weighed[index], index))
    notes: dict[int, str] = {}
    for index in best:
        if len(notes) == count:
            break
        note = shorten(sentences[index])
        if note and note not in notes.values():
            notes[index] = note
    return [notes[index] for index in sorted(notes)]


def shorten(sentence: str) -> str:
    """A sentence as a note: its shortest telling clauses as they are, or the content words of a long one.

    Words are set apart by spaces (Chinese) or commas (English), so no long run of the sentence survives.
    """
    clauses = [clause.strip() for clause in _CLAUSE_MARK.split(sentence) if clause.strip()]
    if not clauses:
        return ""
    chinese = language(sentence) == "zh"
    weights = [(len(set(content_words(clause))), -at) for at, clause in enumerate(clauses)]
    chosen = sorted(range(len(clauses)), key=lambda at: weights[at], reverse=True)[:2]
    notes = [_note(clauses[at], chinese) for at in sorted(chosen)]
    notes = [note for note in notes if note]
    # A mark no author uses there: two neighbouring clauses must not become one long run of the text again.
    return " / ".join(dict.fromkeys(notes))


def _note(clause: str, chinese: bool) -> str:
    if chinese and len(clause) <= _VERBATIM and han_count(clause) > 1:
        return clause
    words = list(dict.fromkeys(content_words(clause)))[:_NOTE_WORDS]
    return (" " if chinese else ", ").join(words)
