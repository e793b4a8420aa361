"""Words, keywords and facts of a text: jieba for Chinese, white space for the rest."""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections import Counter
from functools import lru_cache
from types import ModuleType
from typing import Final

from styletui_prep.script import HAN, language

_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’-]*[A-Za-zÀ-ɏ]|[A-Za-zÀ-ɏ]")
_NUMBER = re.compile(r"\d+(?:[.,:：/-]\d+)*%?")
_HAN_WORD = re.compile(f"[{HAN}]{{2,}}")
_NUMERAL = re.compile("[〇零一二两三四五六七八九十百千万亿半第]+")
_CONTENT_TAGS = ("n", "v", "a", "m", "t", "s", "i", "l", "eng", "j", "new")
_NAME_TAGS = ("nr", "ns", "nt", "nz", "nrt", "nrfg")
_EMPTY_ZH: Final = frozenset(
    [
        "一个",
        "一下",
        "一些",
        "一样",
        "一会",
        "一会儿",
        "一点",
        "没有",
        "不是",
        "就是",
        "还是",
        "可是",
        "但是",
        "知道",
        "觉得",
        "起来",
        "出来",
        "下来",
        "过来",
        "这么",
        "那么",
        "怎么",
        "什么",
        "自己",
        "我们",
        "你们",
        "他们",
        "她们",
        "它们",
        "这个",
        "那个",
        "这样",
        "那样",
        "时候",
        "东西",
        "有点",
        "有些",
        "已经",
        "因为",
        "所以",
        "如果",
        "不过",
        "然后",
        "后来",
        "大家",
        "可以",
        "应该",
        "这里",
        "那里",
        "哪里",
        "不能",
        "不会",
    ]
)
# Tagged as numbers or names, but any text may have them.
_VAGUE: Final = frozenset(
    [
        "十分",
        "第二天",
        "第一",
        "第二",
        "第三",
        "诸位",
        "东西",
        "大声",
        "半个钟头",
        "千万",
        "万一",
        "一件事",
        "一会",
        "一点点",
        "一下一下",
        "一个个",
        "两个",
        "半天",
    ]
)
STOP_EN: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "because",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "here",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "like",
        "me",
        "more",
        "my",
        "no",
        "not",
        "of",
        "on",
        "one",
        "only",
        "or",
        "our",
        "out",
        "over",
        "said",
        "she",
        "should",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "through",
        "to",
        "too",
        "up",
        "us",
        "very",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "will",
        "with",
        "would",
        "you",
        "your",
        "about",
        "after",
        "all",
        "also",
        "any",
        "back",
        "before",
        "being",
        "even",
        "every",
        "get",
        "go",
        "got",
        "know",
        "little",
        "made",
        "make",
        "many",
        "may",
        "much",
        "must",
        "never",
        "now",
        "off",
        "old",
        "other",
        "own",
        "same",
        "see",
        "still",
        "take",
        "thing",
        "things",
        "think",
        "though",
        "time",
        "under",
        "until",
        "upon",
        "way",
        "well",
        "went",
        "while",
    ]
)


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
    return list(_jieba().cut(text))


@lru_cache(maxsize=4096)
def _tagged(text: str) -> tuple[tuple[str, str], ...]:
    """Words with the tag the dictionary gives them; `new` for a word that it does not know.

    jieba's own tagger decides every unknown word over 256 states, 30 times slower than cutting alone;
    nothing here needs more than the dictionary's tag.
    """
    tags: dict[str, str] = _jieba().posseg.dt.word_tag_tab
    found = []
    for word in segment(text):
        if _NUMERAL.fullmatch(word):
            found.append((word, "m"))
        else:
            found.append(
                (
                    word,
                    tags.get(word)
                    or (
                        "new" if _HAN_WORD.fullmatch(word) else "eng" if _LATIN_WORD.fullmatch(word) else "x"
                    ),
                )
            )
    return tuple(found)


def keywords(text: str, count: int) -> list[str]:
    """The `count` words that say most about `text`: TF-IDF over jieba's table, or frequency for English."""
    if language(text) == "zh":
        found = _jieba().analyse.extract_tags(text, topK=count * 3)
        good = [
            word
            for word in found
            if (_HAN_WORD.fullmatch(word) and word not in _EMPTY_ZH) or _LATIN_WORD.fullmatch(word)
        ]
        return good[:count]
    tally = Counter(word.casefold() for word in _LATIN_WORD.findall(text) if len(word) > 2)
    ranked = sorted(tally.items(), key=lambda item: (-item[1] * math.log(1 + len(item[0])), item[0]))
    return [word for word, _ in ranked if word not in STOP_EN][:count]


def content_words(text: str) -> list[str]:
    """Words that carry meaning, in order, with repeats."""
    if language(text) == "zh":
        return [
            word
            for word, tag in _tagged(text)
            if tag.startswith(_CONTENT_TAGS) and word not in _EMPTY_ZH and (len(word) > 1 or tag[0] in "nm")
        ]
    return [word for word in _LATIN_WORD.findall(text) if word.casefold() not in STOP_EN] + _NUMBER.findall(
        text
    )


def facts(text: str) -> list[str]:
    """Numbers, names and, in Chinese text, Latin words: what a writer cannot guess. In order, each once."""
    found: list[str] = []
    if language(text) == "zh":
        found += _numbers_and_names(_tagged(text))
        found += [word for word in _LATIN_WORD.findall(text) if len(word) > 1]
    else:
        inner = re.compile(r"(?<=[a-z,;] )[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*")
        found += inner.findall(text)
    found += _NUMBER.findall(text)
    return list(dict.fromkeys(fact for fact in found if len(fact) <= 24))


def _numbers_and_names(pairs: tuple[tuple[str, str], ...]) -> list[str]:
    """Numerals with their measure words (七点五十八分), and names, from tagged words."""
    found: list[str] = []
    number = ""
    often = Counter(word for word, tag in pairs if tag == "new")
    for word, tag in [*pairs, ("", "")]:
        if (tag == "m" and _NUMERAL.match(word)) or (number and tag == "q" and len(word) <= 2):
            number += word
            continue
        if (
            len(number) > 1
            and number not in _VAGUE
            and not (len(number) == 2 and (number[0] == "一" or number[1] == "个"))
        ):
            found.append(number)
        number = ""
        # A word that no dictionary has and that comes again is as good as a name.
        if (tag in _NAME_TAGS or often[word] > 1) and len(word) > 1 and word not in _VAGUE:
            found.append(word)
    return found
