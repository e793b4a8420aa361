"""Words and keywords of a text: jieba for Chinese, white space for the rest."""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections import Counter
from functools import lru_cache
from itertools import islice
from types import ModuleType

from styletui_prep.script import HAN, language
from styletui_prep.stopwords import DULL_EN, EMPTY_ZH, PLAIN_EN

LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’-]*[A-Za-zÀ-ɏ]|[A-Za-zÀ-ɏ]")
NUMBER = re.compile(r"[£$€¥￥]?\d+(?:[.,:：/-]\d+)*(?:%|(?:st|nd|rd|th|am|pm|km|kg|p)\b)?")
_HAN_WORD = re.compile(f"[{HAN}]{{2,}}")
NUMERAL = re.compile("[〇零一二两三四五六七八九十百千万亿半第]+")
# 四十三个, 一十七个, 六点二; that 四川 begins with a number too, its tag tells.
_COUNTED = re.compile("第?[〇零一二两三四五六七八九十百千万亿几]")
_COUNTED_TAGS = ("m", "t", "new")
# 那杆, 贴个: no matter either.
_POINTING = re.compile("[那这哪每几].|.个")
_CONTENT_TAGS = ("n", "v", "a", "m", "t", "s", "i", "l", "eng", "j", "new")
# A block is what jieba cuts by itself, whatever stands beside it.
_BLOCKS_KEPT = 8192
_CLITIC = re.compile(r"(?:n't|'(?:s|ll|ve|d|re|m))\Z", re.IGNORECASE)


@lru_cache(maxsize=1)
def _jieba() -> ModuleType:
    """jieba with its dictionary read straight from the package.

    Its own start writes a cache into the shared temporary folder and unmarshals whatever lies there; filling
    the table ourselves takes as long as its first start and touches no file.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba

        jieba.setLogLevel(logging.ERROR)
        table = jieba.dt
        if not table.initialized:
            with table.lock:
                table.FREQ, table.total = table.gen_pfdict(table.get_dict_file())
                table.initialized = True
        import jieba.analyse
        import jieba.posseg
    module: ModuleType = jieba
    return module


def segment(text: str) -> list[str]:
    """Words of `text` in order, punctuation and white space among them; joined they are `text` again."""
    return [word for block in _jieba().re_han_default.split(text) for word in _cut_block(block)]


@lru_cache(maxsize=_BLOCKS_KEPT)
def _cut_block(block: str) -> tuple[str, ...]:
    """The words of one block; a text, its sentences and their clauses share most of theirs."""
    return tuple(_jieba().cut(block))


@lru_cache(maxsize=4096)
def tagged(text: str) -> tuple[tuple[str, str], ...]:
    """Words with the tag the dictionary gives them; `new` for a word that it does not know.

    jieba's own tagger decides every unknown word over 256 states, 30 times slower than cutting alone;
    nothing here needs more than the dictionary's tag.
    """
    tags: dict[str, str] = _jieba().posseg.dt.word_tag_tab
    found = []
    for word in segment(text):
        if NUMERAL.fullmatch(word):
            found.append((word, "m"))
        else:
            found.append(
                (
                    word,
                    tags.get(word)
                    or ("new" if _HAN_WORD.fullmatch(word) else "eng" if LATIN_WORD.fullmatch(word) else "x"),
                )
            )
    return tuple(found)


def dictionary_weight(word: str) -> int:
    """How often jieba's dictionary has counted `word`; 0 for one that it does not know."""
    return int(_jieba().dt.FREQ.get(word) or 0)


def keywords(text: str, count: int) -> list[str]:
    """The `count` words that say most about `text`: TF-IDF over jieba's table, or frequency for English."""
    if language(text) == "zh":
        tags = dict(tagged(text))
        return list(islice((word for word in _by_tf_idf(text) if _is_keyword(word, tags[word])), count))
    shown: dict[str, str] = {}
    tally: Counter[str] = Counter()
    for word in english_words(text):
        if len(word) > 2 and word.casefold() not in PLAIN_EN:
            tally[word.casefold()] += 1
            # A word that is ever written small is not a name.
            if word[0].islower() or word.casefold() not in shown:
                shown[word.casefold()] = word
    ranked = sorted(tally.items(), key=lambda item: (-item[1] * math.log(1 + len(item[0])), item[0]))
    return [shown[word] for word, _ in ranked[:count]]


def _is_keyword(word: str, tag: str) -> bool:
    if not _HAN_WORD.fullmatch(word):
        return LATIN_WORD.fullmatch(word) is not None
    counted = tag in _COUNTED_TAGS and _COUNTED.match(word)
    return not (word in EMPTY_ZH or counted or _POINTING.fullmatch(word))


@lru_cache(maxsize=16)
def _by_tf_idf(text: str) -> tuple[str, ...]:
    """Words of two characters and more, the weightiest first, by jieba's own table of rarities."""
    table = _jieba().analyse.default_tfidf
    tally = Counter(
        word for word in segment(text) if len(word.strip()) > 1 and word.lower() not in table.stop_words
    )
    rarity = table.idf_freq
    ranked = sorted(tally, key=lambda word: tally[word] * rarity.get(word, table.median_idf), reverse=True)
    return tuple(ranked)


def english_words(text: str) -> list[str]:
    """Words that carry meaning: no stop word nor one with a clitic (it's, can't), names without their 's."""
    found = []
    for word in LATIN_WORD.findall(text.replace("’", "'")):
        stem = _CLITIC.sub("", word)
        # Only auxiliaries take n't, and what is left of them (ca, wo) is no word.
        negated = word.casefold().endswith("n't")
        if not negated and len(stem) > 1 and not {word.casefold(), stem.casefold()} & DULL_EN:
            found.append(stem)
    return found


def content_words(text: str) -> list[str]:
    """Words that carry meaning, in order, with repeats."""
    if language(text) == "zh":
        return [
            word
            for word, tag in tagged(text)
            if tag.startswith(_CONTENT_TAGS) and word not in EMPTY_ZH and (len(word) > 1 or tag[0] in "nm")
        ]
    return english_words(text) + NUMBER.findall(text)
