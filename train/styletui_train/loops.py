"""Does a text run in circles? A pair with such a text says something about coherence, not about style."""

from __future__ import annotations

_MIN_RUN = 24
_MIN_REPEATS = 3
_LONG = 40
# Share of different n-grams below which a text is going in circles. Measured on windows of 250 characters: an
# author's own never fell below 0.95 (722 windows), stuck continuations of a small model lay at 0.54-0.79.
_MIN_DISTINCT = 0.80
_CJK_GRAM, _CJK_ENOUGH = 4, 60
_LATIN_GRAM, _LATIN_ENOUGH = 12, 150


def loops(text: str) -> bool:
    """True when `text` repeats itself the way a stuck model does.

    One unit stands at least three times in a row and fills 24 characters or more; or a stretch of 40 characters
    comes again later; or too few of the text's n-grams are different ones. Spaces do not count; a row of one
    and the same character (dashes, dots, laughter) needs twice the length.
    """
    squeezed = "".join(text.split())
    return _unit_in_a_row(squeezed) or _long_stretch_again(squeezed) or _few_different(squeezed)


def _unit_in_a_row(text: str) -> bool:
    for period in range(1, len(text) // _MIN_REPEATS + 1):
        wanted = max(_MIN_RUN, period * _MIN_REPEATS) if period > 1 else 2 * _MIN_RUN
        matched = period
        for index in range(period, len(text)):
            matched = matched + 1 if text[index] == text[index - period] else period
            if matched >= wanted and (period == 1 or len(set(text[index - period + 1 : index + 1])) > 1):
                return True
    return False


def _long_stretch_again(text: str) -> bool:
    seen: dict[str, int] = {}
    for start in range(len(text) - _LONG + 1):
        piece = text[start : start + _LONG]
        first = seen.setdefault(piece, start)
        if start - first >= _LONG:
            return True
    return False


def _few_different(text: str) -> bool:
    cjk = 2 * sum("\u4e00" <= c <= "\u9fff" for c in text) > len(text)
    gram, enough = (_CJK_GRAM, _CJK_ENOUGH) if cjk else (_LATIN_GRAM, _LATIN_ENOUGH)
    count = len(text) - gram + 1
    if len(text) < enough:
        return False
    return len({text[i : i + gram] for i in range(count)}) < _MIN_DISTINCT * count
