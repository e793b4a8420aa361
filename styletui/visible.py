"""Control characters made visible; knows no terminal library, so that commands may use it too."""

from __future__ import annotations

from typing import Final


def _visible_table() -> dict[int, str]:
    """C0 and DEL have pictures of their own in Unicode; C1, bidi controls and other invisible ones are named."""
    table = {code: chr(0x2400 + code) for code in (*range(0x09), *range(0x0B, 0x20))}
    table[0x7F] = chr(0x2421)
    named = (
        *range(0x80, 0xA0),
        0x061C,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        0xFEFF,
    )
    table |= {code: f"<{code:02X}>" for code in named}
    table |= dict.fromkeys((0x2028, 0x2029), "\n")
    # Lone surrogates cannot be written to a terminal at all.
    return table | dict.fromkeys(range(0xD800, 0xE000), chr(0xFFFD))


_VISIBLE: Final = _visible_table()


def plain(text: str) -> str:
    """`text` with every control character made visible; line ends become "\\n", a tab four spaces."""
    return text.replace("\r\n", "\n").replace("\t", "    ").translate(_VISIBLE)


def plain_line(text: str) -> str:
    """The same on one line, for names and paths in the middle of a sentence: a line end is shown as a sign."""
    return plain(text).replace("\n", "␊")


def one_for_one(text: str) -> str:
    """The same with every character shown as exactly one, for a line that is edited: what has no sign is "�"."""
    return "".join(sign if len(sign := _VISIBLE.get(ord(c), c)) == 1 and sign != "\n" else "�" for c in text)
