"""Bytes to text, with the four encodings that Chinese backups come in."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from styletui_prep.script import HAN

# Frequent characters of modern prose, simplified and traditional: real text is full of them, text decoded
# with the wrong table has next to none. Enough to tell gb18030 from big5, which accept each other's bytes.
_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
    "种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民"
    "第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话"
    "合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神"
    "总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则"
    "听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候"
    "带导争运笔吃茶饭街巷雨雪风树花草猫狗鱼夜早晚饿笑哭母父妈爸兄弟姐妹钟表针修店铺船江河桥纸字诗画酒烟灯火冷热春夏秋冬"
    "這個們來為國說時會對後發過還進裡經麼學現當沒動開點關與長從實無體見將兩間問業戰頭應樣產話給東門聲員義條氣題變總電數"
    "報務場計書聽卻達強難權設記類據程邊張該規萬術領確傳師觀讓識帶導爭運筆飯貓魚媽鐘錶針舖橋紙詩畫煙燈熱"
)
_PUNCTUATION = frozenset("，。、；：？！“”‘’「」『』《》（）…—　")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_HAN_RE = re.compile(f"[{HAN}]")
# UTF-8 once read as latin-1 or cp1252 and saved again.
_TWICE_ENCODED = re.compile(
    "[\u00c2-\u00f4\u0160\u0161\u0178\u017d\u017e][\u0080-\u00bf\u0152-\u017e\u2013-\u203a\u20ac\u2122]"
)
_KNOWN_WRECKS = ("锟斤拷", "烫烫烫", "屯屯屯", "ï»¿", "銈勩")
_DAMAGE_LIMIT = 0.01
_MIN_HAN_TO_JUDGE = 40


@dataclass(frozen=True, slots=True)
class Decoded:
    """`text` as decoded by `encoding`; `damaged` when a few bytes had to be replaced."""

    text: str
    encoding: str
    damaged: bool = False
    garbled: bool = False


def decode(data: bytes) -> Decoded | str:
    """Decode a text file: utf-8 with and without mark, gb18030, big5; or the reason why it is no text.

    Reasons: `empty`, `binary`, `not_text`. A UTF-16 file with its mark is taken too (old Windows editors
    write it), and a mostly ASCII file in the Western code page. gb18030 and big5 accept each other's bytes,
    so of the two the one that gives more everyday characters wins; an even score goes to gb18030.
    """
    if not data.strip():
        return "empty"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decode_utf16(data)
    if _is_binary(data):
        return "binary"
    body = data.removeprefix(codecs.BOM_UTF8)
    name = "utf-8-sig" if len(body) < len(data) else "utf-8"
    try:
        return _judged(body.decode("utf-8"), name)
    except UnicodeDecodeError:
        pass
    damaged = _mostly_utf8(body)
    if damaged is not None:
        return Decoded(damaged, name, damaged=True, garbled=looks_garbled(damaged))
    return _decode_legacy(body)


def _judged(text: str, encoding: str) -> Decoded:
    return Decoded(text, encoding, garbled=looks_garbled(text))


def _decode_utf16(data: bytes) -> Decoded | str:
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError:
        return "binary"
    if not text.strip():
        return "empty"
    if "\x00" in text or looks_garbled(text):
        return "binary"
    return Decoded(text, "utf-16")


def _is_binary(data: bytes) -> bool:
    """NUL bytes, or more than one control byte in a hundred (ESC counts as text: terminal logs have it)."""
    sample = data[:65536]
    if b"\x00" in sample:
        return True
    control = sum(1 for byte in sample if byte < 32 and byte not in b"\t\n\r\x0b\x0c\x1b\x08")
    return control * 100 > len(sample)


def _mostly_utf8(body: bytes) -> str | None:
    """UTF-8 with a few broken bytes (a cut file, a bad sector), or None when it is another encoding."""
    text = body.decode("utf-8", "replace")
    beyond = len(_BEYOND_ASCII.findall(text))
    broken = text.count("\ufffd")
    # A file cut inside its last character has one broken spot at the very end.
    if broken == 1 and text.endswith("\ufffd") and beyond > 3:
        return text[:-1]
    # One bad byte breaks up to four places; a file in another encoding breaks nearly everywhere.
    return text if broken <= max(4, _DAMAGE_LIMIT * beyond) and broken * 10 <= beyond else None


def _decode_legacy(body: bytes) -> Decoded | str:
    candidates: list[tuple[float, int, Decoded]] = []
    for rank, encoding in enumerate(("gb18030", "big5")):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        candidates.append((-everyday_share(text), rank, Decoded(text, encoding)))
    western = _decode_western(body)
    if candidates:
        score, _, best = min(candidates, key=lambda item: item[:2])
        # One accented Latin letter and its neighbour can look like a rare ideograph.
        if western is not None and -score < 0.2:
            return western
        return _judged(best.text, best.encoding)
    return western if western is not None else "not_text"


def _decode_western(body: bytes) -> Decoded | None:
    if sum(1 for byte in body if byte >= 128) * 10 > len(body):
        return None
    try:
        return Decoded(body.decode("cp1252"), "cp1252")
    except UnicodeDecodeError:
        return None


def everyday_share(text: str) -> float:
    """Share of everyday ideographs and Chinese punctuation among all characters beyond ASCII; 0 to 1."""
    beyond = _BEYOND_ASCII.findall(text)
    if not beyond:
        return 0.0
    return sum(1 for character in beyond if character in _COMMON or character in _PUNCTUATION) / len(beyond)


def looks_garbled(text: str) -> bool:
    """True for text that was decoded with a wrong table somewhere on its way here."""
    if any(text.count(wreck) >= 2 for wreck in _KNOWN_WRECKS):
        return True
    beyond = len(_BEYOND_ASCII.findall(text))
    if beyond >= 8 and 2 * len(_TWICE_ENCODED.findall(text)) > 0.6 * beyond:
        return True
    if text.count("\ufffd") > max(4, _DAMAGE_LIMIT * len(text)):
        return True
    ideographs = _HAN_RE.findall(text)
    if len(ideographs) < _MIN_HAN_TO_JUDGE:
        return False
    # Real prose has 50-70 % everyday characters; wrongly decoded text 2-6 %.
    return sum(1 for character in ideographs if character in _COMMON) < 0.12 * len(ideographs)
