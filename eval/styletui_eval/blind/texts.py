"""Two generated texts made fit to stand side by side: cleaned alike, ended at a sentence, equally long."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from styletui_prep.prompts import VIEWS, build_prompt
from styletui_prep.script import language
from styletui_prep.sentences import clause_ends, paragraphs, sentence_ends

MIN_CHARACTERS: Final = {"zh": 20, "en": 60}
"""A text shorter than this says nothing about a style; its pair is dropped."""
LENGTHS_WITHIN: Final = 0.8
"""Shorter by longer, at least (style-recipe section 4: lengths within 20 %)."""

_FINISHED = re.compile(r"[。！？!?…．｡.][”’」』）)》】\"'*]*\s*\Z")
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_YES = r"(?:好的|当然(?:可以)?|没问题|sure|certainly|of course|okay)"
_FILLER = re.compile(
    rf"\A(?:{_YES}[，,。.！!]\s*)?(?:(?:以下|下面|这)是|here(?:'s| is| are))[^\n。！？]{{0,60}}[：:]\s*"
    r"|\A(?:好的|当然可以|没问题|sure|certainly)[！!。]\s*",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^[ \t]*([^\s：:\-·•][^\n：:]{0,15})[：:]", re.MULTILINE)

_MARKS: Final = {
    "heading": (re.compile(r"^#{1,6}[ \t]+", re.MULTILINE), ""),
    "bold": (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    "bullet": (re.compile(r"^[ \t]*[-*+•][ \t]+", re.MULTILINE), ""),
    "number": (re.compile(r"^[ \t]*\d{1,2}[.)][ \t]+", re.MULTILINE), ""),
    "quote": (re.compile(r"^>[ \t]?", re.MULTILINE), ""),
    "code": (re.compile(r"`+"), ""),
    "rule": (re.compile(r"^[ \t]*(?:[-*_][ \t]*){3,}$\n?", re.MULTILINE), ""),
}


def marks_used(texts: Sequence[str]) -> frozenset[str]:
    """Which Markdown marks the author writes, in at least one text of twenty: those stay, the others go."""
    counts = {name: sum(bool(pattern.search(t)) for t in texts) for name, (pattern, _) in _MARKS.items()}
    return frozenset(name for name, count in counts.items() if count and count * 20 >= len(texts))


@cache
def _labels() -> tuple[re.Pattern[str], frozenset[str]]:
    """A line that begins with a label of our prompts, in any view and language; and those labels that precede a text."""
    prompts = [build_prompt(view, "x", ["x"], ["x"], "x", lang) for view in VIEWS for lang in ("zh", "en")]
    found = [[m.group(1).strip() for m in _LABEL.finditer(prompt)] for prompt in prompts]
    every = sorted({name for names in found for name in names})
    pattern = re.compile(rf"^[ \t]*({'|'.join(map(re.escape, every))})[：:][ \t]*", re.MULTILINE)
    return pattern, frozenset(names[-1] for names in found)


def _without_echo(text: str) -> str:
    """`text` without the labels that it begins with: a base model may repeat the question before it answers.

    A label of the text itself goes alone. Another takes its line along, and where that line is empty, what stands under
    it: down to the next label, or to the next blank line when there is none.
    """
    label, of_text = _labels()
    while found := label.match(text):
        rest = text[found.end() :]
        if found.group(1) not in of_text:
            line, _, below = rest.partition("\n")
            if not line.strip():
                following = label.search(below)
                below = below[following.start() :] if following else below.partition("\n\n")[2]
            rest = below
        text = rest.lstrip()
    return text


def clean(text: str, keep_marks: frozenset[str]) -> str:
    """What the rater sees of a generated text; the same for every arm.

    Goes: thinking, an assistant's opening phrase, a question repeated with our prompts' labels at the start, everything
    from the next label on (a base model goes on to write the next example), Markdown that the author never uses.
    """
    text = _THINKING.sub("", text).replace("\r\n", "\n").strip()
    text = _FILLER.sub("", text, count=1)
    for name, (pattern, instead) in _MARKS.items():
        if name not in keep_marks:
            text = pattern.sub(instead, text)
    text = _without_echo(text)
    following = _labels()[0].search(text)
    text = text[: following.start()] if following else text
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _ends(text: str, pieces: Callable[[str], list[int]]) -> list[int]:
    """Places after which `text` may be cut, rising; white space at the end does not count as length.

    `pieces` names the last place of every paragraph too: of an unfinished last one that is no end.
    """
    found = {start + end for start, stop in paragraphs(text) for end in pieces(text[start:stop])}
    if not _FINISHED.search(text):
        found.discard(len(text))
    return sorted({len(text[:end].rstrip()) for end in found if text[:end].strip()})


def _clauses(paragraph: str) -> list[int]:
    return sorted({*sentence_ends(paragraph), *clause_ends(paragraph)})


@dataclass(frozen=True, slots=True)
class Equalised:
    """Two texts of like length; `cut` says where they end: sentence, clause or character."""

    left: str
    right: str
    cut: str


def equalise(left: str, right: str) -> Equalised:
    """Cut both so that the shorter has at least 80 % of the longer's characters, keeping as much as possible.

    Both end at a sentence if any choice of sentence ends allows it; else at a clause; else the longer one is
    cut in the middle. The rule knows nothing of arms or sides.
    """
    for cut, pieces in (("sentence", sentence_ends), ("clause", _clauses)):
        best = _best(_ends(left, pieces), _ends(right, pieces))
        # A cut that throws nearly everything away is no better than one inside a sentence.
        if best and min(best) >= MIN_CHARACTERS[language(left + right)]:
            return Equalised(left[: best[0]], right[: best[1]], cut)
    most = int(min(len(left), len(right)) / LENGTHS_WITHIN)
    return Equalised(left[:most].rstrip(), right[:most].rstrip(), "character")


def _best(left: Sequence[int], right: Sequence[int]) -> tuple[int, int] | None:
    """The pair of ends within 20 % of each other that keeps most characters."""
    fitting = [(a, b) for a in left for b in right if min(a, b) >= LENGTHS_WITHIN * max(a, b)]
    return max(fitting, key=lambda ends: (sum(ends), min(ends)), default=None)


def too_short(text: str) -> bool:
    """Whether `text` is too short to be judged."""
    return len(text) < MIN_CHARACTERS[language(text)]


def excerpt(text: str, limit: int) -> str:
    """The beginning of `text`, at most `limit` characters, ended at a sentence, else a clause, else cut."""
    text = text.strip()
    if len(text) <= limit:
        return text
    for pieces in (sentence_ends, _clauses):
        fitting = [end for end in _ends(text, pieces) if limit // 3 <= end <= limit]
        if fitting:
            return text[: fitting[-1]]
    return text[:limit].rstrip()
