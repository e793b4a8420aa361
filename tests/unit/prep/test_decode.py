from __future__ import annotations

import pytest
from styletui_prep.decode import Decoded, decode, looks_garbled

SIMPLIFIED = "早上六点四十二分，雾还没散。我把铺子的门板一块一块卸下来，数了数，还是十一块；昨天也是这个数。"
TRADITIONAL = (
    "今天早晨下著雨，我們坐在茶館裡說話。老闆娘把爐火撥旺，問我要不要再添一壺。我說不必了，等一會兒還得趕船。"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_simplified_chinese_survives_each_encoding(encoding: str) -> None:
    decoded = decode(SIMPLIFIED.encode(encoding))
    assert isinstance(decoded, Decoded)
    assert decoded.text == SIMPLIFIED
    assert not decoded.garbled


def test_big5_is_told_from_gb18030_which_accepts_its_bytes() -> None:
    data = TRADITIONAL.encode("big5")
    data.decode("gb18030")  # would be taken by the first table that fits
    decoded = decode(data)
    assert isinstance(decoded, Decoded)
    assert (decoded.text, decoded.encoding) == (TRADITIONAL, "big5")


def test_traditional_text_in_gb18030_stays_gb18030() -> None:
    decoded = decode(TRADITIONAL.encode("gb18030"))
    assert isinstance(decoded, Decoded)
    assert (decoded.text, decoded.encoding) == (TRADITIONAL, "gb18030")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\r\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "binary"),
        (bytes(range(1, 32)) * 40, "binary"),
        (b"\xff\xfe\x00", "binary"),
        (b"\x81\xff\xff\x80" * 50, "not_text"),
    ],
)
def test_what_is_no_text_has_a_reason(data: bytes, reason: str) -> None:
    assert decode(data) == reason


def test_one_broken_byte_does_not_turn_a_file_into_another_encoding() -> None:
    data = (SIMPLIFIED * 5).encode()
    decoded = decode(data[:40] + b"\xff" + data[40:])
    assert isinstance(decoded, Decoded)
    assert decoded.damaged
    assert decoded.text.count("雾还没散") >= 4


def test_a_file_cut_inside_its_last_character_loses_only_that() -> None:
    decoded = decode(SIMPLIFIED.encode()[:-2])
    assert isinstance(decoded, Decoded)
    assert decoded.text == SIMPLIFIED[:-1]
    assert decoded.damaged


def test_western_code_page_for_mostly_ascii() -> None:
    decoded = decode("The café closed at nine; nobody minded.".encode("cp1252"))
    assert isinstance(decoded, Decoded)
    assert "café" in decoded.text


def test_mojibake_is_seen() -> None:
    assert looks_garbled((SIMPLIFIED * 3).encode().decode("gb18030", "replace"))
    assert looks_garbled(SIMPLIFIED.encode().decode("cp1252", "replace"))
    assert looks_garbled("锟斤拷锟斤拷，修表。")
    assert not looks_garbled(SIMPLIFIED * 3)
    assert not looks_garbled(TRADITIONAL * 3)
    assert not looks_garbled("Naïve café owners déjà vu über alles, señor.")
