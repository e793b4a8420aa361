"""Five plain indicators of a way of writing, each with an interval over texts. No torch, no model.

They describe; they do not prove. Short texts carry little (style-recipe section 3), so every number is pooled
over all texts of an arm and its 95 % interval comes from drawing whole texts again.
"""

from __future__ import annotations

import random
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from styletui_prep import stopwords
from styletui_prep.script import HAN, language
from styletui_prep.sentences import split_sentences
from styletui_prep.words import segment

NAMES: Final = ("text_length", "sentence_length", "punctuation", "stop_words", "diversity")
WINDOW: Final = 50
"""Words in a window of the moving-average type-token ratio (Covington & McFall 2010)."""
_DRAWS: Final = 1000

_PUNCTUATION = re.compile(r"[^\w\s]")
_WORDLIKE = re.compile(rf"[{HAN}]|[^\W_]")
_LATIN_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval, both None where the texts do not suffice (one text has no interval)."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def overlaps(self, other: Estimate) -> bool:
        """Whether the two intervals share a point; False where one is missing."""
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return False
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True, slots=True)
class Indicators:
    """The five indicators of one arm.

    text_length      median characters of a text, white space left out
    sentence_length  mean characters of a sentence, its marks included, white space left out
    punctuation      punctuation marks per 100 characters, white space left out
    stop_words       share of words that are stop words, 0 to 1 (jieba's words in Chinese)
    diversity        mean share of different words in 50 consecutive ones, 0 to 1, None if no text has 50
    """

    texts: int
    characters: int
    text_length: Estimate
    sentence_length: Estimate
    punctuation: Estimate
    stop_words: Estimate
    diversity: Estimate

    def to_json(self) -> dict[str, Any]:
        """For report.json."""
        return asdict(self)


def words(text: str, lang: str) -> list[str]:
    """The words of `text`, lower case: jieba's in Chinese ("zh"), runs of letters else."""
    found = [w for w in segment(text) if _WORDLIKE.search(w)] if lang == "zh" else _LATIN_WORD.findall(text)
    return [w.lower().replace("’", "'") for w in found]


@dataclass(frozen=True, slots=True)
class _Counts:
    """What one text adds to each ratio: (numerator, denominator)."""

    length: int
    sentences: tuple[float, float]
    punctuation: tuple[float, float]
    stop_words: tuple[float, float]
    diversity: tuple[float, float]


def _count(text: str, lang: str) -> _Counts:
    length = len("".join(text.split()))
    lengths = [len("".join(s.split())) for s in split_sentences(text) if _WORDLIKE.search(s)]
    found = words(text, lang)
    stop = stopwords.ZH if lang == "zh" else stopwords.EN
    windows = [len(set(found[i : i + WINDOW])) / WINDOW for i in range(len(found) - WINDOW + 1)]
    return _Counts(
        length,
        (sum(lengths), len(lengths)),
        (100 * len(_PUNCTUATION.findall(text)), length),
        (sum(w in stop for w in found), len(found)),
        (sum(windows), len(windows)),
    )


def _ratio(pick: Callable[[_Counts], tuple[float, float]]) -> Callable[[Sequence[_Counts]], float | None]:
    def value(counts: Sequence[_Counts]) -> float | None:
        below = sum(pick(c)[1] for c in counts)
        return sum(pick(c)[0] for c in counts) / below if below else None

    return value


def _median_length(counts: Sequence[_Counts]) -> float | None:
    return statistics.median(c.length for c in counts) if counts else None


_MEASURES: Final[dict[str, Callable[[Sequence[_Counts]], float | None]]] = {
    "text_length": _median_length,
    "sentence_length": _ratio(lambda c: c.sentences),
    "punctuation": _ratio(lambda c: c.punctuation),
    "stop_words": _ratio(lambda c: c.stop_words),
    "diversity": _ratio(lambda c: c.diversity),
}


def _estimate(
    measure: Callable[[Sequence[_Counts]], float | None], counts: Sequence[_Counts], seed: int
) -> Estimate:
    value = measure(counts)
    if value is None or len(counts) < 2:
        return Estimate(value)
    draw = random.Random(seed)
    drawn = (measure(draw.choices(counts, k=len(counts))) for _ in range(_DRAWS))
    values = sorted(v for v in drawn if v is not None)
    return Estimate(value, values[int(0.025 * len(values))], values[int(0.975 * len(values))])


def indicators(texts: Sequence[str], lang: str | None = None, *, seed: int = 42) -> Indicators:
    """The five indicators over `texts`; `lang` is zh or en, found out from the texts when None.

    Empty texts are left out; with no text at all every value is None. `seed` fixes the bootstrap over texts.
    """
    texts = [t for t in texts if t.strip()]
    lang = lang or language("\n".join(texts))
    counts = [_count(t, lang) for t in texts]
    found = {name: _estimate(measure, counts, seed) for name, measure in _MEASURES.items()}
    return Indicators(texts=len(texts), characters=sum(c.length for c in counts), **found)
