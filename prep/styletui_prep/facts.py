"""What a writer cannot guess and would otherwise invent: numbers, dates, names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from styletui_prep.script import HAN, language
from styletui_prep.stopwords import DULL_EN, VAGUE_ZH
from styletui_prep.words import LATIN_WORD, NUMBER, NUMERAL, dictionary_weight, tagged

_LONGEST = 24
_DIGITS = "〇零一二两三四五六七八九十廿卅百千万亿"
# 二〇一五年四月二十六号, 九点三十七分, 七点半; not 五年级, 三分之一.
_WHEN = re.compile(
    f"(?<![第{_DIGITS}])(?:[{_DIGITS}]+[几多来]?(?:个月|周岁|分钟|点钟|秒钟|年|月|日|号|点|分|秒|岁)(?![级之钟头]))+半?"
)
# What small numbers are worth keeping of: time, money, measure. Two turns or three layers are not.
_EXACT_UNITS = "年月日号天点分秒钟岁斤两里尺寸米元块角毛克吨亩"
_TWICE = re.compile(r"(.{2,3})\1")
_TITLED = re.compile(f"[{HAN}](?:先生|女士|师傅|老师|太太|小姐|医生|主任|校长)")
_NO_SURNAME = "老小大那这位个名本贵女各的了是我你他她和跟对把叫给问找请说"
_NO_NAME_FIRST, _NO_NAME_LAST = "那这哪每几有没不", "着了过的得个"
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛阎余潘"
    "杜戴夏钟汪田任姜范方姚谭廖邹熊金陆郝孔崔康邱秦顾侯邵孟龙段雷汤尹黎易常武乔贺赖龚文鲁"
)
_PEOPLE_TAGS = ("nr", "nrt", "nrfg")
_PLACE_TAGS = ("ns", "nt")
# The dictionary calls many a common word a person or a place; the rare ones and the big towns are right.
_RARE, _WELL_KNOWN = 20, 1500

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_DATE_WORD = re.compile(rf"\b(?:{_DAYS}|{_MONTHS})\b")
_DATE = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTHS})\b(?: \d{{4}})?"
    rf"|\b(?:{_MONTHS}) \d+(?:st|nd|rd|th)?\b(?:,? \d{{4}})?"
)
_CAPITAL = r"(?:[A-ZÀ-Þ]['’])?[A-ZÀ-Þ][A-Za-zÀ-ɏ0-9]+(?:-[A-Za-zÀ-ɏ]+)*"
_NAME = re.compile(
    rf"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St)\.? )?\b{_CAPITAL}(?: (?:(?:of|de|da|von|van) )?{_CAPITAL})*"
)
_TITLE = re.compile(r"(?:Mr|Mrs|Ms|Dr|Prof|St)\b\.?")
# What stands before the first word of a sentence or of speech.
_BEFORE_FIRST = re.compile(r"(?:\A|[\n.!?…\"“‘(\[])\s*\Z")


def facts(text: str) -> list[str]:
    """Numbers, names and, in Chinese text, Latin words. In the order of the text, each once."""
    found = list(_chinese(text) if language(text) == "zh" else _english(text))
    found = [fact for fact in dict.fromkeys(found) if 1 < len(fact) <= _LONGEST or fact.isdigit()]
    whole = [fact for fact in found if not any(fact != other and _place(fact, other) >= 0 for other in found)]
    return sorted(whole, key=lambda fact: _place(fact, text))


def _place(fact: str, text: str) -> int:
    """Where `text` first says `fact`, -1 for nowhere: Braga is not in Bragança, nor 6 in 36."""
    letter = "[A-Za-zÀ-ɏ0-9]"
    found = re.search(f"(?<!{letter}){re.escape(fact)}(?!{letter})", text) if fact in text else None
    return found.start() if found else -1


def _chinese(text: str) -> Iterator[str]:
    for match in _WHEN.finditer(text):
        if _worth_saying(match[0]):
            yield match[0]
    yield from (match[0] for match in _TITLED.finditer(text) if match[0][0] not in _NO_SURNAME)
    yield from _numbers_and_names(tagged(_WHEN.sub("\n", text)))
    yield from (word for word in LATIN_WORD.findall(text) if len(word) > 1)
    yield from NUMBER.findall(text)


def _worth_saying(number: str) -> bool:
    """Whether a number in characters says something: 四百一十二步 and 三天, not 一下子, 两回 or a bare 二十."""
    digits = [character for character in number if character in _DIGITS]
    if number in VAGUE_ZH or _TWICE.search(number):
        return False
    if len(digits) == len(number):
        return len(digits) > 2
    if len(digits) > 1:
        return "".join(digits) not in ("一两", "两三", "万万")
    return (
        bool(digits)
        and digits[0] not in "〇零一十百千万"
        and number[0] != "第"
        and number[-1] in _EXACT_UNITS
    )


def _numbers_and_names(pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """Numerals with their measure words (四百一十二步), and names, from tagged words."""
    number = ""
    often = Counter(word for word, _ in pairs)
    for word, tag in [*pairs, ("", "")]:
        if (tag == "m" and NUMERAL.match(word)) or (number and tag == "q" and len(word) <= 2):
            number += word
            continue
        if number and _worth_saying(number.lstrip("零")):
            yield number.lstrip("零")
        number = ""
        if len(word) > 1 and word not in VAGUE_ZH and _is_name(word, tag, often[word]):
            yield word


def _is_name(word: str, tag: str, times: int) -> bool:
    weight = dictionary_weight(word)
    # A word that no dictionary has and that comes again is as good as a name.
    if tag == "new":
        return times > 1 and word[0] not in _NO_NAME_FIRST and word[-1] not in _NO_NAME_LAST
    if tag in _PLACE_TAGS:
        return weight >= _WELL_KNOWN or (times > 1 and weight <= _RARE)
    if tag in _PEOPLE_TAGS:
        return (word[0] in _SURNAMES and len(word) < 4) or (times > 1 and weight <= _RARE)
    return False


def _english(text: str) -> Iterator[str]:
    dated = _DATE.sub(lambda match: " " * len(match[0]), text)
    yield from _DATE.findall(text)
    yield from _DATE_WORD.findall(dated)
    small = set(re.findall(r"\b[a-zà-ÿ]+\b", text))
    inside = {m[0] for m in _NAME.finditer(dated) if not _BEFORE_FIRST.search(dated[: m.start()][-3:])}
    for match in _NAME.finditer(dated):
        name = match[0]
        if _BEFORE_FIRST.search(dated[: match.start()][-3:]) and not _TITLE.match(name):
            name = _without_first(name, small, inside)
        if name and name.casefold() not in DULL_EN and not _DATE_WORD.fullmatch(name):
            yield name
    yield from NUMBER.findall(dated)


def _without_first(name: str, small: set[str], inside: set[str]) -> str:
    """A name at the start of a sentence, less a first word that has its capital only from standing there."""
    first, _, rest = name.partition(" ")
    if name in inside or (rest and first.lower() not in small | DULL_EN):
        return name
    return rest
