"""Which characters belong to which way of writing, and which should never reach a model."""

from __future__ import annotations

import re
import unicodedata

# Ideographs, their extensions and compatibility forms.
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Han, kana, Chinese punctuation and the quotation marks that Chinese shares with English.
CJK = HAN + "\u3000-\u303f\u3040-\u30ff\uff01-\uff65“”‘’…—·"

_HAN_CHARACTER = re.compile(f"[{HAN}]")
_LETTER = re.compile(rf"[{HAN}]|[^\W\d_]+")
# Zero-width space, word joiner, byte-order mark, soft hyphen, directional marks. Not U+200D: it holds emoji
# together; not U+200C: some scripts need it.
_INVISIBLE = re.compile(
    "[\u200b\u2060\ufeff\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ue000-\uf8ff\U000f0000-\U0010fffd\ufff9-\ufffc\ufffe\uffff]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def han_count(text: str) -> int:
    """How many ideographs `text` holds."""
    return len(_HAN_CHARACTER.findall(text))


def language(text: str) -> str:
    """`zh` where at least a fifth of the words (an ideograph counts as one) are ideographs, else `en`."""
    words = len(_LETTER.findall(text))
    return "zh" if words == 0 or han_count(text) * 5 >= words else "en"


def one_kind_of_line_break(text: str) -> str:
    r"""Every way of ending a line becomes `\n`; nothing else changes."""
    return _LINE_BREAK.sub("\n", text)


def without_invisible(text: str) -> str:
    r"""Drop control, zero-width and private-use characters; keep `\n`, `\t` and what emoji need.

    A no-break space becomes a plain one (exporters write it for any space); full-width forms, the
    ideographic space and runs of spaces stay as the author typed them.
    """
    text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def writable(text: str) -> str:
    """`text` with lone surrogates (from JSON escapes or file names) replaced, so that UTF-8 can hold it."""
    return text.encode("utf-8", "replace").decode("utf-8")


def comparable(text: str) -> str:
    """Letters and digits alone, width and case folded: for asking whether two lines say the same."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())
