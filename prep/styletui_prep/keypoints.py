"""An outline out of the text itself: the weightiest sentences, shortened to notes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from styletui_prep.script import han_count, language
from styletui_prep.sentences import split_sentences
from styletui_prep.stopwords import DANGLING_EN, PHRASE_STARTS_EN
from styletui_prep.words import NUMERAL, content_words

# Neither an apostrophe, nor the comma of 1,200, nor the full stop of Dr. Hartmann parts clauses.
_CLAUSE_MARK = re.compile(
    r"(?:[，。；：、！？!?…;“”‘「」『』（）()《》\"—\n]|[,:](?!\d)|(?<![A-Za-z])’|’(?![A-Za-z]))+"
    r"|(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bMrs)\.(?!\w)"
)
_CONJUNCTION = "and|but|or|so|because|that|which|who|when|while|until|although|though|where|if|as if"
_JOINT = re.compile(rf"\s(?=(?:{_CONJUNCTION})\s)")
_JOINED = re.compile(r"(?:and|but|or|so|that|which|who)\s")
# A clause up to this many characters may stand in a note as the author wrote it.
_VERBATIM = {"zh": 12, "en": 40}
# Characters and words.
_SHORTEST_ZH, _SHORTEST_EN = 5, 3
_NOTE_WORDS = 5
# A sentence of which only words can be told weighs less: a list of words is no point.
_WORDS_ONLY = 0.5
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
        score
        / math.sqrt(1 + max(0, len(sentence) - 60) / 60)
        * (1.0 if _telling_clauses(sentence) else _WORDS_ONLY)
        for score, sentence in zip(scores, sentences, strict=True)
    ]
    best = sorted(range(len(sentences)), key=lambda index: (-weighed[index], index))
    notes: dict[int, str] = {}
    for index in best:
        if len(notes) == count:
            break
        note = shorten(sentences[index], " ".join(notes.values()))
        if note:
            notes[index] = note
    return [notes[index] for index in sorted(notes)]


def shorten(sentence: str, told: str = "") -> str:
    """A sentence as a note: its two most telling short clauses as they are, else the words of its fullest one.

    Words are set apart by marks, so no long run of the sentence survives. Empty where there is little to tell
    that `told` does not hold.
    """
    # A mark no author uses there: two neighbouring clauses must not become one long run of the text again.
    clauses = _telling_clauses(sentence)
    return " / ".join(c for c in clauses if c not in told) if clauses else _words_of(sentence)


def _clauses(sentence: str) -> list[str]:
    return [clause.strip() for clause in _CLAUSE_MARK.split(sentence) if clause.strip()]


def _telling_clauses(sentence: str) -> list[str]:
    """At most two short clauses of two content words and more, in order."""
    if language(sentence) == "zh":
        limit = _VERBATIM["zh"]
        short = [c for c in _clauses(sentence) if len(c) <= limit and han_count(c) >= _SHORTEST_ZH]
    else:
        short = [phrase for clause in _clauses(sentence) for phrase in _phrases(clause)]
    weights = {clause: _telling_words(clause) for clause in short}
    heaviest = sorted(weights, key=lambda clause: weights[clause], reverse=True)[:2]
    return [clause for clause in weights if clause in heaviest and weights[clause] > 1]


def _telling_words(clause: str) -> int:
    """Different content words; 0 where they are but numbers and single characters."""
    words = set(content_words(clause))
    return len(words) if _has_matter(words) else 0


def _has_matter(words: Iterable[str]) -> bool:
    """Whether there is more than numbers and single characters."""
    return any(len(word) > 1 and not NUMERAL.match(word) and not word[0].isdigit() for word in words)


def _phrases(clause: str) -> Iterator[str]:
    """An English clause if it is short, else its parts at conjunctions, each cut to its beginning."""
    parts = [clause] if len(clause) <= _VERBATIM["en"] else _JOINT.split(clause)
    for part in parts:
        phrase = _beginning(_JOINED.sub("", part, count=1) if _JOINED.match(part) else part)
        if phrase.count(" ") + 1 >= _SHORTEST_EN:
            yield phrase


def _beginning(phrase: str) -> str:
    """As many whole words as a note may have, cut before a small word, less those that promise more."""
    if len(phrase) <= _VERBATIM["en"]:
        return phrase
    words = phrase[: _VERBATIM["en"] + 1].split(" ")
    joints = [at for at, word in enumerate(words) if at >= _SHORTEST_EN and _plain(word) in PHRASE_STARTS_EN]
    words = words[: joints[-1]] if joints else words[:-1]
    while words and _plain(words[-1]) in DANGLING_EN:
        words.pop()
    return " ".join(words)


def _plain(word: str) -> str:
    return word.casefold().replace("’", "'")


def _words_of(sentence: str) -> str:
    """The content words of the fullest clause; one alone says nothing."""
    chinese = language(sentence) == "zh"
    found = [
        [word for word in dict.fromkeys(content_words(clause)) if len(word) > 1]
        for clause in _clauses(sentence)
    ]
    fullest = max(found, key=len, default=[])[:_NOTE_WORDS]
    return ("、" if chinese else ", ").join(fullest) if len(fullest) > 1 and _has_matter(fullest) else ""
